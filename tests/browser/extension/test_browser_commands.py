"""Commands: a new cell that asks, the switch in the cell toolbar, the card in the launcher, and the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer

pytestmark = pytest.mark.browser

at_once = pytest.mark.parametrize("server", [0], indirect=True)

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"


def source(notebook: OpenNotebook, index: int) -> str:
    """What a cell says."""
    return "\n".join(notebook.cell(index).locator(".cm-line").all_text_contents())


@at_once
def test_alt_g_adds_a_cell_that_asks_and_is_written_in(
    front_end: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    notebook = opened(front_end, front_end.write("alt-g", LOAD, "1 + 1"))
    notebook.wait_for_kernel()
    keys = notebook.page.keyboard
    notebook.finish(0)
    notebook.cell(0).locator(".cm-content").click()
    keys.press("Alt+g")
    keys.insert_text("while writing")
    notebook.press(2, "Alt+g")
    keys.insert_text("beside it")
    assert [source(notebook, index) for index in range(4)] == [
        LOAD,
        "%%glm\nwhile writing",
        "1 + 1",
        "%%glm\nbeside it",
    ]
    server.enqueue(Answer("yes"))
    keys.press("Shift+Enter")
    notebook.wait_for(3, "words === 'yes'")


def test_the_switch_makes_a_cell_ask_and_code_again(front_end: FrontEnd, opened: Open, shoot: Shoot) -> None:
    from playwright.sync_api import expect

    notebook = opened(front_end, front_end.write("switch", "x = 1\ny = 2", "%%time\n%%glm -b name\nwords", "pass"))
    for index, asking, code in (
        (0, "%%glm\nx = 1\ny = 2", "x = 1\ny = 2"),
        (1, "%%time\n%%glm -b name\nwords", "%%time\nwords"),
    ):
        cell = notebook.cell(index)
        cell.locator(".cm-content").click()
        switch = cell.get_by_role("button", name="Ask GLM with this cell, or make it code again")
        asks = source(notebook, index) == asking
        expect(switch).to_have_attribute("aria-pressed", str(asks).lower())
        switch.click()
        expect(switch).to_have_attribute("aria-pressed", str(not asks).lower())
        assert source(notebook, index) == (code if asks else asking)
        switch.click()
        expect(switch).to_have_attribute("aria-pressed", str(asks).lower())
        assert source(notebook, index) == (asking if asks else code)
    shoot(notebook.page, f"{front_end.name}-commands-switch")


def test_it_follows_what_is_written(front_end: FrontEnd, opened: Open) -> None:
    from playwright.sync_api import expect

    notebook = opened(front_end, front_end.write("switch-written", "", "pass"))
    notebook.edit(0, "%%glm\nwords")
    switch = notebook.cell(0).get_by_role("button", name="Ask GLM with this cell, or make it code again")
    expect(switch).to_have_attribute("aria-pressed", "true")
    notebook.edit(0, "words")
    expect(switch).to_have_attribute("aria-pressed", "false")


def test_cells_of_another_language_have_no_switch_and_no_such_cell_is_added(front_end: FrontEnd, opened: Open) -> None:
    from playwright.sync_api import expect

    path = front_end.write("switch-in-r", "x <- 1")
    in_r = nbformat.read(path, as_version=4)
    in_r.metadata = {
        "kernelspec": {"name": "ir", "display_name": "R", "language": "R"},
        "language_info": {"name": "R", "mimetype": "text/x-r-source", "file_extension": ".r"},
    }
    nbformat.write(in_r, path)
    notebook = opened(front_end, path)
    notebook.go_without_kernel()
    notebook.cell(0).locator(".cm-content").click()
    expect(notebook.page.locator(".jp-cell-toolbar").first).to_be_visible()
    expect(notebook.cell(0).get_by_role("button", name="Ask GLM with this cell")).to_be_hidden()
    notebook.page.keyboard.press("Alt+g")
    notebook.page.wait_for_timeout(300)
    assert notebook.page.locator(".jp-Notebook .jp-CodeCell").count() == 1


@at_once
def test_the_launcher_opens_a_notebook_that_can_ask_at_once(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    notebook = opened(lab, lab.write("launcher", "pass"))
    notebook.wait_for_kernel()
    page = notebook.page
    page.keyboard.press("Control+Shift+l")
    shoot(page, "jupyterlab-commands-launcher")
    page.locator(".jp-LauncherCard[data-category=Notebook]", has_text="GLM").click()
    cells = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-CodeCell")
    cells.nth(1).locator(".cm-content").wait_for()
    page.wait_for_function(
        "[...document.querySelectorAll('.jp-InputPrompt')].some(each => each.textContent === '[1]:')"
    )
    page.keyboard.insert_text("Well?")
    server.enqueue(Answer("Well."))
    page.keyboard.press("Shift+Enter")
    cells.nth(1).locator(".jp-RenderedMarkdown", has_text="Well.").wait_for()
    assert cells.nth(0).locator(".cm-line").all_text_contents() == [LOAD]
    assert cells.nth(1).locator(".cm-line").all_text_contents() == ["%%glm", "Well?"]


@at_once
def test_what_a_user_has_set_holds_in_every_notebook(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    settings = {"system": "Be brief.", "temperature": 0.25, "model": "glm-4.5-air", "panel": "off", "bar": False}
    server.enqueue(Answer("yes"))
    with front_end.setting("zhipu-magic/plugin", settings):
        notebook = opened(front_end, front_end.write("settings", LOAD, "%%glm\nx"))
        notebook.wait_for_kernel()
        notebook.finish(0, 1)
    body = server.requests[-1].body
    assert (body["model"], body["temperature"]) == ("glm-4.5-air", 0.25)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert notebook.panel(1).count() == 0
    notebook.cell(1).hover()
    assert notebook.page.locator(".zhipu-magic-bar").count() == 0


def test_the_settings_have_a_page(lab: FrontEnd, opened: Open, shoot: Shoot) -> None:
    notebook = opened(lab, lab.write("settings-page", "pass"))
    page = notebook.page
    page.keyboard.press("Control+,")
    page.locator(".jp-PluginList [data-id='zhipu-magic:plugin']").click()
    page.get_by_text("Temperature", exact=True).wait_for()
    assert page.locator(".jp-SettingsForm input[type=checkbox]").count() > 3
    shoot(page, "jupyterlab-commands-settings")
