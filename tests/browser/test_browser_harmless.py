"""A page of attacks as replies, in JupyterLab and in Notebook 7: nothing of them runs, and nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import nbformat
import pytest
from front_end import IS_OLDEST, NO_KERNEL, FrontEnd, OpenNotebook
from trap import FETCHED, FOREIGN, Trap, attacks, requested

from zhipu_magic.text.sanitize.pages import page_of

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LAST = "$z$ is the last one.\n\n```mermaid\ngraph TD\n    Here --> There\n```"


def write(front_end: FrontEnd, name: str, replies: list[str]) -> Path:
    """A notebook whose cells have these replies as outputs: a front end shows at most fifty of a cell."""
    cells = [
        nbformat.v4.new_code_cell(
            "pass",
            execution_count=1,
            outputs=[
                nbformat.v4.new_output("display_data", {"text/markdown": each, "text/plain": "not shown"})
                for each in replies[start : start + 40]
            ],
        )
        for start in range(0, len(replies), 40)
    ]
    path = front_end.notebooks / f"{name}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def wait_until_shown(page: Page, count: int) -> None:
    from playwright.sync_api import expect

    areas = page.locator(".jp-OutputArea-output.jp-RenderedMarkdown")
    expect(areas).to_have_count(count)
    expect(areas.last.locator("mjx-container").first).to_be_attached()
    expect(areas.last.locator(".jp-RenderedMermaid img")).to_have_count(1)
    page.evaluate(FETCHED)


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "not-trusted"])
def test_a_page_of_attacks_runs_nothing_and_fetches_nothing(
    front_end: FrontEnd, window: BrowserContext, opened: Open, shoot: Shoot, trap: Trap, trusted: bool
) -> None:
    replies = [page_of([each]).rich for each in [*attacks(trap), "\n\n".join(attacks(trap)), LAST]]
    path = write(front_end, "attacks", replies)
    copy = front_end.copy(path, f"attacks-{trusted}", kernel=NO_KERNEL, trusted=trusted)
    with requested(window) as hosts:
        notebook = opened(front_end, copy, height=12_000)
        notebook.go_without_kernel()
        wait_until_shown(notebook.page, len(replies))
        shoot(notebook.page, f"{front_end.name}-attacks-{'' if trusted else 'not-'}trusted")
        assert notebook.page.evaluate(FOREIGN) == []
        assert notebook.page.evaluate("window.__pwned") is None
        for link in notebook.page.locator(".jp-RenderedMarkdown a", has_text="press").all():
            link.hover()
    assert notebook.dialogs == []
    assert hosts == {urlsplit(front_end.url(copy)).netloc}
    assert trap.visits == set()


def test_without_that_the_attacks_do_run_and_fetch(
    front_end: FrontEnd, window: BrowserContext, opened: Open, trap: Trap
) -> None:
    # but for those that take the page away, or its addresses
    path = write(front_end, "raw", [each for each in attacks(trap) if not re.search("<base|refresh", each)])
    with requested(window) as hosts:
        # All cells are in sight: JupyterLab 4.2 has no others on the page.
        notebook = opened(front_end, front_end.copy(path, "raw-trusted", kernel=NO_KERNEL), height=12_000)
        notebook.page.wait_for_function("window.__pwned === 1")
        pictures = () if IS_OLDEST else ("/mermaid-image",)  # its Mermaid has none
        for fetched in ("/img", "/markdown", "/fence-language", "/mermaid-theme", *pictures):
            trap.wait_for(fetched, notebook.page)
        assert len(notebook.page.evaluate(FOREIGN)) > 20
    assert notebook.dialogs
    assert urlsplit(trap.address).netloc in hosts


def test_even_where_the_page_is_not_trusted_an_image_is_fetched(lab: FrontEnd, opened: Open, trap: Trap) -> None:
    path = write(lab, "image", [f"![a picture]({trap.address}/markdown)"])
    notebook = opened(lab, lab.copy(path, "image-not-trusted", kernel=NO_KERNEL, trusted=False))
    trap.wait_for("/markdown", notebook.page)
