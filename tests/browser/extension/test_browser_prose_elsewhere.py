"""What is not for the model keeps its editor: another language's cells, and files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import nbformat
import pytest
from front_end import FrontEnd, OpenNotebook

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]

TEXT = "%%glm\nIt's *fine*"
PROSE = ".zhipu-magic-prose"


def test_cells_of_another_language_are_no_prose(front_end: FrontEnd, window: BrowserContext, opened: Open) -> None:
    path = front_end.write("in-r", TEXT)
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = {
        "kernelspec": {"name": "ir", "display_name": "R", "language": "R"},
        "language_info": {"name": "R", "mimetype": "text/x-r-source", "file_extension": ".r"},
    }
    nbformat.write(notebook, path)
    said: list[str] = []
    window.once("page", lambda page: page.on("console", lambda message: said.append(message.text)))
    page = opened(front_end, path)
    page.go_without_kernel()
    page.cell(0).locator(".cm-content").click()
    page.page.keyboard.press("Control+End")
    page.page.keyboard.type(" {{ x.")
    page.page.wait_for_timeout(500)
    assert page.page.locator(PROSE).count() == 0
    assert page.cell(0).locator(".cm-content").inner_text().endswith("It's *fine* {{ x.")
    assert [line for line in said if "zhipu" in line] == []


@pytest.mark.parametrize("name", ["plain.py", "plain.md"])
def test_files_are_no_prose(lab: FrontEnd, window: BrowserContext, name: str) -> None:
    path = lab.notebooks / name
    path.write_text(TEXT)
    page = window.new_page()
    page.goto(lab.url(path))
    editor = page.locator(".jp-FileEditor .cm-content")
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\n- a\nb")
    page.wait_for_timeout(500)
    assert page.locator(PROSE).count() == 0
    page.close()
