"""A cell in the background, in a real browser: its reply grows in its place while other cells run, and stays there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from front_end import NO_KERNEL, FrontEnd, OpenNotebook

from zhipu_magic.practice import DONE, STALL, Answer, PracticeServer, Raw, chunk, sse

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
SEA = "How deep is the sea?"
PIECES = [f"The sea is **deep**, line {number}.\n\n" for number in range(40)]
BROKEN = ["Error displaying widget", "model not found"]


def slowly(pieces: list[str], gap: float = 0.12) -> Raw:
    steps = [each for piece in pieces for each in (sse(chunk(piece)), gap)]
    return Raw((*steps, sse(chunk(finish_reason="stop")), DONE))


def test_it_grows_in_its_place_while_other_cells_run_and_stays(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    wait = "import asyncio\nawait asyncio.sleep(1.5)\nprint('done here')"
    path = front_end.write("background", LOAD, f"%%glm --bg -b r\n{SEA}", wait, "%%glm --once\nHello", "%glm jobs")
    notebook = opened(front_end, path)
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(slowly(PIECES), Answer("Hello to you, meanwhile."))
    notebook.finish(1)
    notebook.wait_for(1, "words.includes('line 2') && live")
    notebook.run(2)
    before = notebook.outputs(1).nth(0).inner_text()
    notebook.page.wait_for_timeout(700)
    assert "*" in (notebook.cell(2).locator(".jp-InputPrompt").text_content() or ""), "it still runs"
    assert len(notebook.outputs(1).nth(0).inner_text()) > len(before), "it grows while another cell runs"
    shoot(notebook.page, f"{front_end.name}-background-growing")
    notebook.wait_until_ended(2)
    expect(notebook.outputs(2)).to_have_text(["done here"])
    notebook.finish(3)
    assert "Hello to you" in notebook.outputs(3).nth(0).inner_text()
    notebook.finish(4)
    shoot(notebook.page, f"{front_end.name}-background-jobs")
    expect(notebook.outputs(1).nth(0)).to_contain_text("line 39", timeout=20_000)
    expect(notebook.cell(1).get_by_text("still being written")).to_have_count(0)
    expect(notebook.panel(1)).to_contain_text("tok/s")
    expect(notebook.outputs(1)).to_have_count(2)
    assert [notebook.outputs(index).count() for index in (2, 3)] == [1, 2]
    shoot(notebook.page, f"{front_end.name}-background-settled")

    saved = notebook.save().cells
    assert [sorted(output.data) for output in saved[1].outputs] == [
        ["text/markdown", "text/plain"],
        ["text/html", "text/plain"],
    ]
    assert saved[1].outputs[0].data["text/plain"] == "".join(PIECES)
    notebook.page.close()
    again = opened(front_end, front_end.copy(path, "background-again", kernel=NO_KERNEL))
    again.go_without_kernel()
    expect(again.panel(1)).to_contain_text("tok/s")
    shown = again.page.locator(".jp-Notebook").inner_text()
    assert not any(words in shown for words in BROKEN)


def test_it_is_stopped_by_a_command_and_replaced_by_a_rerun(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = opened(lab, lab.write("stopped", LOAD, f"%%glm --bg -b r\n{SEA}", "%glm stop", "r.state, r.text"))
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(Raw((sse(chunk("The first beginning")), STALL)), Raw((sse(chunk("A second one")), STALL)))
    notebook.finish(1)
    notebook.wait_for(1, "words.includes('The first beginning') && live")
    notebook.finish(1)
    notebook.wait_for(1, "words.includes('A second one') && live")
    expect(notebook.outputs(1)).to_have_count(2)
    assert "The first beginning" not in notebook.cell(1).inner_text()
    notebook.finish(2)
    expect(notebook.panel(1)).to_contain_text("Interrupted.")
    expect(notebook.outputs(1)).to_have_count(2)
    notebook.finish(3)
    expect(notebook.outputs(3)).to_contain_text("interrupted")
    shoot(notebook.page, "background-stopped")


def test_a_failure_stands_in_its_place(lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot) -> None:
    from playwright.sync_api import expect

    from zhipu_magic.practice import Fault

    notebook = opened(lab, lab.write("failed", LOAD, f"%%glm --bg -b r\n{SEA}", "await r"))
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(Fault(400, "1210"))
    notebook.finish(1)
    expect(notebook.outputs(1).nth(0)).to_contain_text("1210")
    notebook.finish(2)
    expect(notebook.outputs(2).nth(0)).to_contain_text("1210")
    shoot(notebook.page, "background-failed")
