"""The Tab key in JupyterLab and in Notebook 7."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from front_end import STEP_TIMEOUT, FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic\ninventory = 'seven bolts'\ninvoices = []"
BOX = ".jp-Completer:visible"


def type_anew(notebook: OpenNotebook, index: int, text: str) -> None:
    """Write a cell anew, key by key."""
    notebook.cell(index).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+a")
    notebook.page.keyboard.type(text)


def tab(notebook: OpenNotebook, *names: str, only: bool = False) -> None:
    """Press Tab, and wait until ``names`` (and ``only`` them) stand in the box at the cursor, which fills by and by."""
    from playwright.sync_api import expect

    notebook.page.keyboard.press("Tab")
    items = notebook.page.locator(f"{BOX} .jp-Completer-item .jp-Completer-match")
    for name in names:
        expect(items.filter(has_text=re.compile(f"^{re.escape(name)}$"))).to_have_count(1)
    if only:
        expect(items).to_have_count(len(names))


def close_box(notebook: OpenNotebook) -> None:
    from playwright.sync_api import expect

    notebook.page.keyboard.press("Escape")
    expect(notebook.page.locator(BOX)).to_have_count(0)


@pytest.fixture
def patient(front_end: FrontEnd) -> Iterator[FrontEnd]:
    """A front end that waits for the kernel's completions also on a machine that has much to do."""
    with front_end.setting("@jupyterlab/completer-extension/manager", {"providerTimeout": STEP_TIMEOUT * 1000}):
        yield front_end


def test_options_models_and_names_are_completed(
    patient: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = opened(patient, patient.write("completion", LOAD, "..."))
    notebook.wait_for_kernel()
    notebook.finish(0)
    lines, keyboard = notebook.cell(1).locator(".cm-line"), notebook.page.keyboard

    type_anew(notebook, 1, "%%glm --mo")
    tab(notebook, "--model", only=True)
    shoot(notebook.page, f"{patient.name}-completes-an-option")
    keyboard.press("Enter")
    expect(lines).to_have_text(["%%glm --model"])

    type_anew(notebook, 1, "%%glm -m glm-4.7")
    tab(notebook, "glm-4.7", "glm-4.7-flash", "glm-4.7-flashx", only=True)
    shoot(notebook.page, f"{patient.name}-completes-models")
    close_box(notebook)

    type_anew(notebook, 1, "%%glm ")
    tab(notebook, "--model", "--bind", "--thread")
    shoot(notebook.page, f"{patient.name}-completes-options")
    close_box(notebook)

    type_anew(notebook, 1, "%glm ")
    tab(notebook, "model", "history", "help")
    shoot(notebook.page, f"{patient.name}-completes-commands")
    close_box(notebook)

    type_anew(notebook, 1, "%%glm --once\nWe have {{ inv")
    tab(notebook, "inventory", "invoices", only=True)
    shoot(notebook.page, f"{patient.name}-completes-names")
    keyboard.type("en")
    keyboard.press("Enter")
    expect(lines.nth(1)).to_have_text("We have {{ inventory")
    keyboard.type(" }}")
    expect(lines.nth(0)).to_have_text("%%glm --once")

    server.enqueue(Answer("Enough."))
    notebook.finish(1)
    assert [message["content"] for message in server.requests[0].body["messages"]] == ["We have seven bolts"]
