"""A part that fails says so in one line of the console, and takes nothing else with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("server", [0], indirect=True)]

Open = Callable[..., OpenNotebook]

CELLS = ("%load_ext zhipu_magic", "%%glm\nfirst", "%%glm\nsecond", "pass")
#: What each part adds to the page.
SIGNS = {
    "prose": ".zhipu-magic-prose",
    "page": ".jp-Notebook .zhipu-magic-stale",
    "bar": ".zhipu-magic-bar",
    "commands": "body[data-zhipu-magic]",
    "side": ".zhipu-magic-side",
}


def changed(page: Page, module: str, change: Callable[[str], str]) -> None:
    """Have a module of the extension come with other code."""

    def fulfill(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=change(answer.text()))

    page.route(f"**/{module}*", fulfill)


def what_works(notebook: OpenNotebook, server: PracticeServer) -> set[str]:
    """Ask, change the order of the page, and look for what the parts do."""
    notebook.wait_for_kernel()
    server.enqueue(Answer("one"), Answer("two"))
    notebook.finish(0, 1, 2)
    notebook.press(notebook.find("first"), "Control+Shift+ArrowDown")
    notebook.outputs(notebook.find("second")).first.hover()
    notebook.page.wait_for_timeout(1500)
    return {name for name, sign in SIGNS.items() if notebook.page.locator(sign).count()}


@pytest.mark.parametrize(
    ("part", "module", "code", "line"),
    [
        ("side", "side-view.js", "export class SideView { constructor() { throw new Error('boom'); } }", "boom"),
        ("bar", "bar-style.js", "const = 1;", "Unexpected token '='"),
        ("page", "page-stale.js", None, "Failed to fetch dynamically imported module"),
        ("prose", "prose.js", "export const pros = 1;", "its module is another one"),
    ],
    ids=["side", "bar", "page", "prose"],
)
def test_a_part_that_does_not_start_or_load_is_alone(
    lab: FrontEnd,
    server: PracticeServer,
    window: BrowserContext,
    opened: Open,
    complaints: list[str],
    part: str,
    module: str,
    code: str | None,
    line: str,
) -> None:
    def break_it(page: Page) -> None:
        if code is None:
            page.route(f"**/{module}*", lambda route: route.abort())
        else:
            changed(page, module, lambda _: code)

    window.once("page", break_it)
    notebook = opened(lab, lab.write(f"fault-{part}", *CELLS))
    assert what_works(notebook, server) == set(SIGNS) - {part}
    [said] = complaints
    assert said.startswith(f"zhipu_magic, {part}: ")
    assert line in said
    complaints.clear()


def test_a_page_without_a_package_has_the_parts_that_do_not_need_it(
    lab: FrontEnd, server: PracticeServer, window: BrowserContext, opened: Open, complaints: list[str]
) -> None:
    without = "scope = {...scope, '@jupyterlab/launcher': {}};"
    window.once("page", lambda page: changed(page, "shared.js", lambda code: hidden(code, without)))
    notebook = opened(lab, lab.write("no-package", *CELLS))
    assert what_works(notebook, server) == set(SIGNS) - {"commands"}
    assert complaints == ["zhipu_magic, commands: the page has no @jupyterlab/launcher"]
    complaints.clear()


def hidden(code: str, statement: str) -> str:
    """The module with this statement at the beginning of its exported function."""
    head = "export async function packages(scope,names){"
    assert head in code
    return code.replace(head, head + statement)


def test_a_page_of_another_version_says_so_once_and_all_else_works(
    lab: FrontEnd, server: PracticeServer, window: BrowserContext, opened: Open, complaints: list[str]
) -> None:
    notebook = opened(lab, lab.write("version", *CELLS))
    notebook.wait_for_kernel()
    server.enqueue(Answer("one"), Answer("two"))
    notebook.finish(0, 1)
    notebook.save()
    notebook.wait_until_saved()
    changed(notebook.page, "page-cells.js", lambda code: code.replace("VERSION=1", "VERSION=2"))
    notebook.load()
    notebook.finish(2)
    notebook.wait_for(2, "words.includes('two')")
    assert "JupyterLab has another version of zhipu_magic" in notebook.cell(2).inner_text()
    notebook.finish(3)
    until = time.monotonic() + 20
    while not complaints and time.monotonic() < until:  # the console is told of in its own time
        notebook.page.wait_for_timeout(50)
    assert complaints == ["zhipu_magic, page: the kernel speaks version 1 to this page, which speaks 2"]
    complaints.clear()
