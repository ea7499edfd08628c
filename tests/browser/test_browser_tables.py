"""A cell over a table as its reader sees it: how it counts, what it settles to, and what is left after every ending."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from front_end import AT_LENGTH, LAB, NOTEBOOK, FrontEnd, OpenNotebook
from test_browser_looks import CONTRASTS, READABLE

from zhipu_magic.practice import Answer, Fault, PracticeServer

if TYPE_CHECKING:
    import nbformat

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

#: Of 80 rows, 25 repeat another one, and one has no text: 54 requests. Those that are asked first, in whatever order,
#: are repeated by none.
SETUP = """%load_ext zhipu_magic
import pandas as pd
reviews = pd.DataFrame({"text": [
    "发货很快，包装完好，值得推荐。", "屏幕有划痕，客服一直不回复。", None, "还行吧，价格偏贵。",
    "The battery lasts two days.",
    *(f"评论 {number}" for number in [*range(25, 50), *range(25), *range(25)]),
]})"""
ASK = "%%glm --each reviews -m glm-4.7 -b mapped -o labelled\n把评论分类：好评、差评或中评。\n{{ text }}"
ANSWERED = "int(labelled.answer.notna().sum())"
REQUESTS = 54

NAME = "Rows of this table"
BROKEN = ["Error displaying widget", "model not found"]
RUNNING = (
    r"^\d+/80 \(25 equal\) · \d+ of \d+ in flight · 2 failed · [\d.,]+k?\+[\d.,]+k? tokens · "
    r"≈ ¥0\.\d{4} of ≈ ¥0\.\d\d · ETA \d+:\d\d$"
)


def has(pattern: str) -> str:
    """JavaScript for `wait_for`: the panel's words are so."""
    return f"new RegExp({json.dumps(pattern)}, 'm').test(panel)"


@pytest.fixture
def limited(server: PracticeServer) -> PracticeServer:
    """A practice server that takes six requests at once, and some time for each."""
    server.limit, server.load.latency = 6, 0.15
    return server


def answers(count: int = REQUESTS) -> list[Answer]:
    return [Answer("好评", prompt_tokens=820, completion_tokens=310)] * count


def begun(front_end: FrontEnd, opened: Open, name: str, *cells: str, **size: int) -> OpenNotebook:
    """A notebook whose table is there."""
    notebook = opened(front_end, front_end.write(name, SETUP, *cells), **size)
    notebook.wait_for_kernel()
    notebook.finish(0)
    return notebook


def assert_settled(saved: nbformat.NotebookNode, index: int, line: str) -> None:
    """The file has the first rows and the panel, each as HTML and as text, and no trace of the line."""
    table, panel, *errors = saved.cells[index].outputs
    assert [sorted(output.data) for output in (table, panel)] == [["text/html", "text/plain"]] * 2
    assert "<table" in table.data["text/html"]
    assert "发货很快" in table.data["text/plain"]
    assert re.search(line, panel.data["text/plain"], re.MULTILINE)
    assert "in flight" not in str(saved.cells[index].outputs)
    assert "progressbar" not in panel.data["text/html"]
    assert {error.output_type for error in errors} <= {"error"}


# While it runs, and when it is whole


@pytest.mark.parametrize("front_end", [LAB, pytest.param(NOTEBOOK, marks=AT_LENGTH)], indirect=True)
def test_it_counts_in_one_line_and_settles_to_the_first_rows_and_what_failed(
    front_end: FrontEnd, limited: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = begun(front_end, opened, "counts", ASK, ANSWERED)
    limited.enqueue(Fault.of("1301"), *answers())
    # Some answers, so that there is an estimate; then time to look, on a busy machine too.
    limited.load.latency = lambda: 0.1 if limited.load.let_in < 12 else 2.0
    notebook.run(1)
    notebook.wait_for(1, has(RUNNING))
    line = notebook.cell(1).get_by_role("group", name=NAME)
    expect(line.get_by_role("progressbar", name=re.compile(r"^\d+ of 80 rows$"))).to_have_attribute(
        "aria-valuemax", "80"
    )
    expect(notebook.outputs(1)).to_have_count(1)
    shoot(notebook.page, f"{front_end.name}-table-running")

    limited.load.latency = 0.0
    notebook.wait_until_ended(1)
    expect(notebook.outputs(1)).to_have_count(2)
    expect(notebook.outputs(1).nth(0).locator("tbody tr")).to_have_count(5)
    panel = notebook.cell(1).get_by_role("group", name=NAME)
    expect(panel.get_by_role("note")).to_have_count(2)
    expect(panel).to_contain_text(re.compile(r"1 failed \(row \d\): The service found unsafe content"))
    expect(panel).to_contain_text("Rephrase what is sent.")
    expect(panel).to_contain_text('1 failed (row 2): {{ text }} is missing in this row. {{ column | default("…") }}')
    expect(panel.locator("summary")).to_have_text(
        re.compile(r"^80 rows \(25 equal\) · 2 failed · 43\.5k \+ 16\.4k tokens · ≈ ¥0\.\d{4} · 0:\d\d$")
    )
    panel.locator("summary").click()
    expect(panel).to_contain_text("78 of 80 rows")
    shoot(notebook.page, f"{front_end.name}-table-settled")
    notebook.finish(2)
    assert notebook.outputs(2).inner_text() == "78"
    assert_settled(notebook.save(), 1, r"^80 rows \(25 equal\) · 2 failed")


def test_while_the_service_is_busy_it_says_when_it_tries_again(
    lab: FrontEnd, limited: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    notebook = begun(lab, opened, "busy", ASK)
    limited.enqueue(*answers())
    notebook.run(1)
    notebook.wait_for(1, "panel.includes('in flight')")
    limited.load.storm = Fault.of("1305")
    notebook.wait_for(1, r"/ · service busy, next try in \d s · /.test(panel)")
    words = notebook.panel(1).inner_text()
    assert "in flight" not in words and "ETA" not in words
    shoot(notebook.page, "table-busy")
    limited.load.storm = None
    notebook.wait_until_ended(1)
    assert "80 rows (25 equal) · 1 failed" in notebook.panel(1).inner_text()


# Stopped


def test_interrupted_it_fails_and_binds_what_there_is_and_the_next_run_asks_the_rest(
    lab: FrontEnd, limited: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = begun(lab, opened, "interrupted", ASK, ANSWERED)
    limited.enqueue(*answers())
    notebook.run(1)
    notebook.wait_for(1, has(r"^[1-9]\d/80"))
    notebook.interrupt()
    notebook.wait_until_ended(1)
    expect(notebook.outputs(1)).to_have_count(3)
    shown = notebook.outputs(1).nth(2)
    expect(shown).to_have_text(
        re.compile(r"Interrupted: \d+ rows without an answer\.\s+Run the cell again: it asks only those\.")
    )
    expect(notebook.panel(1).locator("summary")).to_have_text(re.compile(r"^\d+/80 \(25 equal\) · 1 failed"))
    shoot(notebook.page, "table-interrupted")
    assert_settled(notebook.save(), 1, r"^\d+/80 \(25 equal\) · 1 failed")
    notebook.finish(2)
    assert 0 < int(notebook.outputs(2).inner_text()) < 79

    limited.load.latency = 0.4
    notebook.run(1)
    notebook.wait_for(1, has(r"^\d+/80 \(25 equal, [1-9]\d* known\) · \d+ of \d+ in flight"))
    shoot(notebook.page, "table-resumed")
    notebook.wait_until_ended(1)
    expect(notebook.outputs(1)).to_have_count(2)
    expect(notebook.panel(1).locator("summary")).to_have_text(
        re.compile(r"^80 rows \(25 equal, \d+ known\) · 1 failed")
    )
    notebook.finish(2)
    assert notebook.outputs(2).inner_text() == "79"
    assert limited.load.let_in == REQUESTS, "none was asked twice"


def test_a_page_reloaded_while_it_runs_loses_no_answer(
    lab: FrontEnd, limited: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = begun(lab, opened, "reloaded", ASK, ANSWERED)
    limited.enqueue(*answers())
    notebook.run(1)
    notebook.wait_for(1, has(r"^[1-9]\d/80"))
    notebook.save()
    notebook.page.close()  # a page that has changed since would ask before it is loaded again
    notebook = opened(lab, notebook.path)
    notebook.wait_for_kernel()
    expect(notebook.panel(1)).to_contain_text("/80")
    assert not any(words in notebook.page.locator(".jp-Notebook").inner_text() for words in BROKEN)
    shoot(notebook.page, "table-reloaded")
    notebook.finish(1, 2)
    expect(notebook.outputs(1)).to_have_count(2)
    assert notebook.outputs(2).inner_text() == "79"
    assert limited.load.let_in == REQUESTS, "none was asked twice"
    assert_settled(notebook.save(), 1, r"^80 rows \(25 equal, \d+ known\)")


# Apart from its cell


def test_in_the_background_it_counts_while_another_cell_runs(
    lab: FrontEnd, limited: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    wait = "import asyncio\nawait asyncio.sleep(1)\nprint('done here')"
    notebook = begun(lab, opened, "background-table", ASK.replace("%%glm", "%%glm --bg"), wait, "%glm wait", ANSWERED)
    limited.enqueue(*answers())
    notebook.finish(1)
    notebook.wait_for(1, "panel.includes('in flight')")
    before = notebook.panel(1).inner_text()
    notebook.run(2)
    notebook.page.wait_for_function(
        "([index, before]) => document.querySelectorAll('.jp-CodeCell')[index]"
        ".querySelector('.zhipu-magic-panel').innerText !== before",
        arg=[1, before],
    )
    assert "*" in (notebook.cell(2).locator(".jp-InputPrompt").text_content() or ""), "it still runs"
    shoot(notebook.page, "table-background")
    notebook.wait_until_ended(2)
    notebook.finish(3)
    expect(notebook.outputs(1)).to_have_count(2)
    expect(notebook.panel(1).locator("summary")).to_have_text(re.compile(r"^80 rows \(25 equal\) · 1 failed"))
    notebook.finish(4)
    assert notebook.outputs(4).inner_text() == "79"
    shoot(notebook.page, "table-background-settled")
    saved = notebook.save()
    assert_settled(saved, 1, r"^80 rows \(25 equal\) · 1 failed")
    assert [len(saved.cells[index].outputs) for index in (2, 3)] == [1, 0]


def test_a_preview_sends_nothing_and_a_batch_is_collected(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    preview, batch = (ASK.replace("%%glm", f"%%glm {option}") for option in ("--preview", "--batch"))
    notebook = begun(lab, opened, "batch", preview, batch, "%glm collect", ANSWERED, height=1300)
    notebook.finish(1)
    seen = notebook.cell(1)
    expect(seen).to_contain_text("Nothing was sent. 80 rows, 54 distinct; about ")
    expect(seen).to_contain_text("1 would fail (row 2)")
    expect(seen).to_contain_text("as a batch")
    assert not server.requests
    notebook.finish(2)
    expect(notebook.cell(2)).to_contain_text("54 requests submitted, 1 row cannot be asked, of 80 rows")
    shoot(notebook.page, "table-preview")
    for _ in range(20):
        notebook.finish(3)
        if notebook.panel(3).count():
            break
    expect(notebook.outputs(3).nth(0).locator("tbody tr")).to_have_count(5)
    expect(notebook.panel(3)).to_contain_text("80 rows (25 equal, 54 known) · 1 failed")
    notebook.finish(4)
    assert notebook.outputs(4).inner_text() == "79"
    shoot(notebook.page, "table-batch")
    assert not server.requests


# How it looks


@pytest.mark.parametrize(
    ("theme", "width"),
    [
        pytest.param("Dark", 1100, id="dark"),
        pytest.param("Light", 1100, id="light", marks=AT_LENGTH),
        pytest.param("Light", 420, id="narrow", marks=AT_LENGTH),
    ],
)
def test_it_is_legible_and_no_wider_than_the_window(
    lab: FrontEnd, limited: PracticeServer, opened: Open, shoot: Shoot, theme: str, width: int
) -> None:
    """The line, the panel, a table of ours that has long texts, and a wide table of a library's."""
    from playwright.sync_api import expect

    more = """wide = pd.DataFrame({"text": reviews.text[:6], **{f"column {n}": ["some words"] * 6 for n in range(14)}})
records = [{"text": text, "long": "x" * 500, "long too": "很长的评论" * 50} for text in wide.text]"""
    name = f"table-{theme}-{width}".lower()
    with lab.setting("@jupyterlab/apputils-extension/themes", {"theme": f"JupyterLab {theme}"}):
        over = (ASK.replace("reviews", table) for table in ("records", "wide"))
        notebook = begun(lab, opened, name, more, ASK, *over, width=width, height=1300)
        notebook.page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
        notebook.finish(1)
        limited.enqueue(Fault.of("1301"), *answers())
        notebook.run(2)
        notebook.wait_for(2, "panel.includes('in flight') && panel.includes('¥')")
        line = notebook.panel(2)
        found = line.evaluate(CONTRASTS)
        assert line.evaluate("line => line.scrollWidth <= line.clientWidth")
        shoot(notebook.page, f"{name}-running")
        notebook.wait_until_ended(2)
        notebook.panel(2).locator("summary").click()
        notebook.finish(3, 4)
        found += notebook.panel(2).evaluate(CONTRASTS)
        expect(notebook.panel(4)).to_contain_text("6 rows (")
        for index, what in enumerate(("reviews", "records", "wide"), 2):
            notebook.reach(index)
            notebook.cell(index).scroll_into_view_if_needed()
            shoot(notebook.page, f"{name}-{what}")
    assert len(found) > 15
    assert [each for each in found if each["contrast"] < READABLE] == []
    for panel in (notebook.panel(index) for index in (2, 3, 4)):
        box = panel.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    assert notebook.page.evaluate("document.documentElement.scrollWidth") <= width
