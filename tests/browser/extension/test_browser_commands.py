"""Commands: a new cell that asks, the switch in the cell toolbar, the card in the launcher, and the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

at_once = pytest.mark.parametrize("server", [0], indirect=True)

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
#: Whether the notebook that is seen is a new one, in which nothing has been written.
NEW = """() => {
    const written = document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .cm-content');
    return written.length === 2 && written[1].innerText.trim() === '%%glm';
}"""


def source(notebook: OpenNotebook, index: int) -> str:
    """What a cell says."""
    return "\n".join(notebook.cell(index).locator(".cm-line").all_text_contents())


#: What the cells say in the order of the page, which is not always that of the document.
SOURCES = "jupyterapp.shell.currentWidget.content.widgets.map(({model}) => model.sharedModel.getSource())"


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
    notebook.page.wait_for_timeout(500)  # until JupyterLab 4.2 has put the cells into their places
    notebook.press(notebook.find("1 + 1"), "Alt+g")
    keys.insert_text("beside it")
    assert notebook.page.evaluate(SOURCES) == [LOAD, "%%glm\nwhile writing", "1 + 1", "%%glm\nbeside it"]
    server.enqueue(Answer("yes"))
    keys.press("Shift+Enter")
    notebook.wait_for(notebook.find("beside it"), "words === 'yes'")


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
    page.evaluate("jupyterapp.commands.execute('launcher:create')")
    shoot(page, "jupyterlab-commands-launcher")
    page.locator(".jp-LauncherCard[data-category=Notebook]", has_text="GLM").click()
    cells = written_in(page, "dd Well?", "")
    server.enqueue(Answer("Well."))
    page.keyboard.press("Shift+Enter")
    cells.nth(1).locator(".jp-RenderedMarkdown", has_text="Well.").wait_for()


@pytest.mark.parametrize("pause", [0, 0.3, 1.5])
def test_what_is_typed_into_a_new_notebook_is_never_a_command(lab: FrontEnd, opened: Open, pause: float) -> None:
    notebook = opened(lab, lab.write(f"palette-{pause}", "pass"))
    notebook.wait_for_kernel()
    page = notebook.page
    for way in ("palette", "card", "palette"):
        if way == "card":
            page.evaluate("jupyterapp.commands.execute('launcher:create')")
            page.locator(".jp-LauncherCard[data-category=Notebook]:visible", has_text="GLM").click()
        else:
            notebook.open_palette()
            page.keyboard.insert_text("New notebook that asks GLM")
            page.locator(".lm-CommandPalette-item", has_text="New notebook that asks GLM").click()
        page.wait_for_timeout(1000 * pause)
        written_in(page, "dd aa x and 0 0", " 1 m y")


def written_in(page: Page, first: str, then: str) -> Locator:
    """Type into a new notebook as soon as it is seen, and again once its first cell has run. Gives its cells."""
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)", has_text="%load_ext")
    cells = panel.locator(".jp-Notebook .jp-CodeCell")
    page.wait_for_function(NEW)
    page.keyboard.type(first, delay=30)
    panel.locator(".jp-InputPrompt", has_text="[1]:").wait_for()
    page.keyboard.type(then, delay=30)
    assert [lines(cell) for cell in cells.all()] == [[LOAD], ["%%glm", first + then]]
    return cells


def wait_for_python(notebook: OpenNotebook) -> None:
    """Until the kernel is there, and the page knows its language: before that, no cell is one for its commands."""
    notebook.wait_for_kernel()
    notebook.page.wait_for_function("() => jupyterapp.commands.isEnabled('zhipu-magic:new-cell')")


def lines(cell: Locator) -> list[str]:
    return cell.locator(".cm-line").all_text_contents()


@at_once
def test_a_cell_that_is_made_to_ask_has_the_extension_loaded(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    notebook = opened(front_end, front_end.write("not-loaded", "x = 1", "pass"))
    wait_for_python(notebook)
    keys = notebook.page.keyboard
    notebook.cell(1).locator(".cm-content").click()
    keys.press("Alt+g")
    notebook.page.wait_for_function(f"() => {SOURCES}.includes('%%glm\\n')")
    keys.type("What is x?", delay=20)
    notebook.wait_until_ended(0)
    notebook.page.wait_for_function(f"() => {SOURCES}.at(-1) === '%%glm\\nWhat is x?'")
    assert [source(notebook, index) for index in range(4)] == [LOAD, "x = 1", "pass", "%%glm\nWhat is x?"]
    server.enqueue(Answer("It is 1."))
    keys.press("Control+Enter")
    notebook.wait_for(3, "words === 'It is 1.'")
    shoot(notebook.page, f"{front_end.name}-commands-loaded")
    notebook.press(3, "Alt+g", "Escape", "z", "z")  # undone, it is not put there again
    notebook.press(0, "Alt+g")
    notebook.page.wait_for_timeout(500)
    assert sum(LOAD in source(notebook, index) for index in range(4)) <= 1


def test_a_load_cell_that_is_there_is_run(front_end: FrontEnd, opened: Open) -> None:
    notebook = opened(front_end, front_end.write("load-there", "x = 1", f"{LOAD}\n", "pass", "%load_ext zhipu_magic"))
    notebook.wait_for_kernel()
    notebook.cell(2).locator(".cm-content").click()
    notebook.cell(2).get_by_role("button", name="Ask GLM with this cell, or make it code again").click()
    notebook.wait_until_ended(1)
    assert [source(notebook, index) for index in (0, 2)] == ["x = 1", "%%glm\npass"]
    assert notebook.page.locator(".jp-Notebook .jp-CodeCell").count() == 4


def test_one_that_does_more_is_left_to_the_user(front_end: FrontEnd, opened: Open) -> None:
    notebook = opened(front_end, front_end.write("load-and-more", f"import math\n{LOAD}", "pass"))
    wait_for_python(notebook)
    notebook.press(1, "Alt+g")
    notebook.page.wait_for_timeout(1000)
    assert [source(notebook, index) for index in range(3)] == [f"import math\n{LOAD}", "pass", "%%glm\n"]
    assert notebook.page.locator(".jp-InputPrompt").first.text_content() == "[ ]:"


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
