"""A saved notebook on another desk: without its kernel, with a new one, or not trusted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from front_end import NO_KERNEL, FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
WIDGET = "application/vnd.jupyter.widget-view+json"
REPLY = {"text/markdown", "text/plain"}
PANEL = {"text/html", "text/plain"}
#: What a front end says in place of a widget that it cannot show.
BROKEN = ["Error displaying widget", "Loading widget", "model not found"]


def read(notebook: OpenNotebook) -> None:
    """See that both turns of `test_a_saved_notebook_is_whole_without_its_kernel` can be read."""
    from playwright.sync_api import expect

    expect(notebook.outputs(1).nth(0).locator("strong")).to_have_text("Deep")
    expect(notebook.outputs(1).nth(0).locator("details")).to_contain_text("Let me think of the sea.")
    expect(notebook.outputs(2).nth(0)).to_have_text("你好！有什么我可以帮助你的吗？")
    for index in (1, 2):
        panel = notebook.panel(index)
        expect(panel.locator("summary")).to_contain_text("glm-4.7-flash")
        panel.locator("summary").click()
        expect(panel.get_by_text("finish reason")).to_be_visible()
    for words in BROKEN:
        expect(notebook.page.get_by_text(words)).to_have_count(0)


def test_a_saved_notebook_is_whole_without_its_kernel(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    path = front_end.write("saved", LOAD, "%%glm\nHow deep is the sea?", "%%glm -b response\n你好")
    notebook = opened(front_end, path)
    notebook.wait_for_kernel()
    server.enqueue(Answer("**Deep**.", reasoning="Let me think of the sea."))
    notebook.finish(0, 1, 2)
    saved = notebook.save()
    assert [[set(output.data) for output in cell.outputs] for cell in saved.cells[1:3]] == [[REPLY, PANEL]] * 2
    assert saved.cells[2].outputs[0].data["text/plain"] == "你好！有什么我可以帮助你的吗？"
    assert WIDGET not in path.read_text()
    notebook.page.close()
    front_end.shut_kernels_down()

    reopened = opened(front_end, front_end.copy(path, "no-kernel", kernel=NO_KERNEL))
    reopened.go_without_kernel()
    read(reopened)
    shoot(reopened.page, f"{front_end.name}-no-kernel")
    foreign = opened(front_end, front_end.copy(path, "not-trusted", kernel=NO_KERNEL, trusted=False))
    foreign.go_without_kernel()
    read(foreign)
    shoot(foreign.page, f"{front_end.name}-not-trusted")


def test_the_dashboard_updates_itself_after_a_later_turn(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    path = front_end.write("dashboard", LOAD, "%%glm\n你好", "%glm usage", "%%glm\nWhy $x$ or $y$?")
    notebook = opened(front_end, path)
    notebook.wait_for_kernel()
    notebook.finish(0, 1, 2)
    dashboard = notebook.cell(2).locator(".zhipu-magic-dashboard")
    expect(dashboard).to_contain_text("1 request ")
    expect(dashboard.locator("table tr")).to_have_count(2)
    server.enqueue(Answer("Because."))
    notebook.finish(3)
    expect(dashboard).to_contain_text("2 requests")
    expect(dashboard.locator("table tr").nth(1)).to_contain_text("Why $x$ or $y$?")
    shoot(notebook.page, f"{front_end.name}-dashboard")


def test_a_saved_dashboard_shows_its_last_figures_without_its_kernel(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    path = lab.write("figures", LOAD, "%glm usage", "%%glm\n你好")
    notebook = opened(lab, path)
    notebook.wait_for_kernel()
    notebook.finish(0, 1, 2)
    saved = notebook.save().cells[1].outputs
    assert len(saved) == 1
    assert set(saved[0].data) >= PANEL
    notebook.page.close()
    lab.shut_kernels_down()

    without = opened(lab, lab.copy(path, "figures-no-kernel", kernel=NO_KERNEL))
    without.go_without_kernel()
    anew = opened(lab, lab.copy(path, "figures-new-kernel"))
    anew.wait_for_kernel()
    for reopened in (without, anew):
        expect(reopened.outputs(1)).to_contain_text("1 request ")
        expect(reopened.outputs(1).locator("svg rect")).to_have_count(2)


def test_a_panel_kept_live_has_its_fallbacks_beside_it(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    path = lab.write("live", f"{LOAD}\n%config GLMMagics.panel = 'live'", "%%glm\n你好")
    notebook = opened(lab, path)
    notebook.wait_for_kernel()
    notebook.finish(0, 1)
    notebook.wait_for(1, "live && panel.includes('7 + 10 tokens')")
    notebook.panel(1).locator("summary").click()
    expect(notebook.panel(1).get_by_text("finish reason")).to_be_visible()
    shoot(notebook.page, "jupyterlab-kept-live")
    _, panel = notebook.save().cells[1].outputs
    assert set(panel.data) == {WIDGET, *PANEL}

    foreign = opened(lab, lab.copy(path, "live-not-trusted", kernel=NO_KERNEL, trusted=False))
    foreign.go_without_kernel()
    expect(foreign.panel(1).locator("summary")).to_contain_text("7 + 10 tokens")
