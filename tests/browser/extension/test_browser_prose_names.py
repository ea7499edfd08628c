"""Names in a prompt: completed by the kernel alone, opened in references and nowhere else, and unknown ones marked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from front_end import STEP_TIMEOUT, FrontEnd, OpenNotebook

from zhipu_magic.practice import PracticeServer

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]

LOAD = (
    "%load_ext zhipu_magic\n"
    "from types import SimpleNamespace as S\n"
    "inventory, invoices, crate = {'bolts': 7}, [], S(lid=1, lock=2)\n"
    "reviews = [{'text': 'Good', 'stars': 5}]"
)
#: A kernel that takes its time.
SLOW = (
    "import time\n"
    "kernel = get_ipython().kernel\n"
    "complete = kernel.do_complete\n"
    "kernel.do_complete = lambda *asked: time.sleep(1) or complete(*asked)"
)
BOX = ".jp-Completer:visible"
PROSE = ".zhipu-magic-prose"


@pytest.fixture
def patient(front_end: FrontEnd) -> Iterator[FrontEnd]:
    """A front end that waits for the kernel's completions also on a machine that has much to do."""
    with front_end.setting("@jupyterlab/completer-extension/manager", {"providerTimeout": STEP_TIMEOUT * 1000}):
        yield front_end


def ready(front_end: FrontEnd, opened: Open, name: str, *cells: str) -> OpenNotebook:
    notebook = opened(front_end, front_end.write(name, LOAD, *cells))
    notebook.wait_for_kernel()
    notebook.finish(0)
    return notebook


def type_anew(notebook: OpenNotebook, index: int, text: str) -> None:
    notebook.cell(index).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+a")
    notebook.page.keyboard.insert_text("%%glm")
    first, *lines = text.split("\n")
    notebook.page.keyboard.type(first)
    for line in lines:
        notebook.page.keyboard.press("Enter")
        notebook.page.keyboard.type(line)


def expect_offered(notebook: OpenNotebook, *names: str, only: bool = False) -> None:
    from playwright.sync_api import expect

    items = notebook.page.locator(f"{BOX} .jp-Completer-item .jp-Completer-match")
    for name in names:
        expect(items.filter(has_text=re.compile(f"^{re.escape(name)}$"))).to_have_count(1)
    if only:
        expect(items).to_have_count(len(names))
    notebook.page.keyboard.press("Escape")
    expect(notebook.page.locator(BOX)).to_have_count(0)


def expect_nothing_opens(notebook: OpenNotebook, text: str = "") -> None:
    notebook.page.wait_for_timeout(800)
    assert notebook.page.locator(BOX).count() == 0, text


def test_completion_opens_in_references_and_is_the_kernels(
    patient: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    notebook = ready(patient, opened, "opens", "...")
    for _ in range(2):
        type_anew(notebook, 1, " -q\nWe have {{")
        expect_offered(notebook, "inventory", "crate", "error")
        type_anew(notebook, 1, " -q\nWe have {{ crate.")
        expect_offered(notebook, "lid", "lock", only=True)
        type_anew(notebook, 1, " -q\nWe have {{ inv")
        notebook.page.keyboard.press("Tab")
        expect_offered(notebook, "inventory", "invoices", only=True)
    type_anew(notebook, 1, " --each reviews\nOf {{ ")
    expect_offered(notebook, "text", "stars", "row", "inventory")


def test_in_prose_nothing_opens_by_itself(patient: FrontEnd, server: PracticeServer, opened: Open) -> None:
    notebook = ready(patient, opened, "quiet", "...")
    for text in ("\nIt is fine. See crate.", "\n```\n{{ ", "\nx^{{", "\n{{ crate }}."):
        type_anew(notebook, 1, text)
        expect_nothing_opens(notebook, text)


def test_what_is_written_while_the_kernel_answers_counts(
    patient: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    from playwright.sync_api import expect

    notebook = ready(patient, opened, "slow", "...", SLOW)
    notebook.finish(2)
    type_anew(notebook, 1, "\nWe have {{ ")
    notebook.page.wait_for_timeout(300)
    notebook.page.keyboard.type("inv")
    expect(notebook.page.locator(f"{BOX} .jp-Completer-match")).to_have_text(["inventory", "invoices"])
    notebook.page.keyboard.press("Enter")
    expect(notebook.cell(1).locator(".cm-line").last).to_have_text("We have {{ inventory")
    for begins, key, goes_on in (("\nWe have {{ ", "Shift", "crate }} here"), (" --", "Tab", "quiet --")):
        type_anew(notebook, 1, begins)
        notebook.page.keyboard.press(key)
        notebook.page.wait_for_timeout(300)
        notebook.page.keyboard.type(goes_on)
        notebook.page.wait_for_timeout(2500)
        expect_nothing_opens(notebook, goes_on)


def test_nor_where_hints_come_at_each_key(lab: FrontEnd, server: PracticeServer, opened: Open) -> None:
    with lab.setting("@jupyterlab/completer-extension/manager", {"autoCompletion": True, "providerTimeout": 9000}):
        notebook = ready(lab, opened, "hinted", "...")
        type_anew(notebook, 1, "\nWe im")
        expect_nothing_opens(notebook)
        type_anew(notebook, 1, "\nWe {{ in")
        expect_offered(notebook, "inventory", "invoices", only=True)


def test_unknown_names_are_marked_when_the_kernel_is_idle(
    front_end: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    from playwright.sync_api import expect

    asking, each = (
        "%%glm\n{{ later }} and {{ inventory }}",
        "%%glm --each reviews\n{{ txt }}, {{ text }}, {{ text.upper() }}",
    )
    cells = (
        asking,
        "import time, pathlib\nwhile not pathlib.Path('enough').exists():\n    time.sleep(0.05)",
        "later = 1",
        each,
    )
    notebook = ready(front_end, opened, "unknown", *cells)
    unknown = [notebook.cell(index).locator(f"{PROSE}-unknown") for index in range(5)]
    expect(unknown[1]).to_have_text(["{{ later }}"])
    expect(unknown[1]).to_have_attribute("title", "There is no value named later.")
    expect(unknown[4]).to_have_text(["{{ txt }}", "{{ text.upper() }}"])
    expect(unknown[4].first).to_have_attribute("title", "There is no value named txt. Did you mean text?")
    expect(unknown[4].last).to_have_attribute("title", re.compile("This is code, which is not run from a prompt"))

    # While it is busy, nothing is asked; what has been said stays.
    notebook.run(2)
    notebook.cell(1).locator(".cm-line").last.click()
    notebook.page.keyboard.press("End")
    notebook.page.keyboard.type(" {{ zebra }}")
    notebook.page.wait_for_timeout(1200)
    expect(unknown[1]).to_have_text(["{{ later }}"])
    (front_end.notebooks / "enough").touch()
    notebook.wait_until_ended(2)
    expect(unknown[1]).to_have_text(["{{ later }}", "{{ zebra }}"])

    notebook.finish(3)
    expect(unknown[1]).to_have_text(["{{ zebra }}"])
    notebook.restart()
    expect(unknown[1]).to_have_count(0)
    expect(notebook.cell(1).locator(f"{PROSE}-reference")).to_have_count(3)
