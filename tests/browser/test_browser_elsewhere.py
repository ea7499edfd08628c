"""Replies where no front end shows updates: in an `Output`, from a button, in `interact`, and in Voilà."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from front_end import AT_LENGTH, START_TIMEOUT, FrontEnd, OpenNotebook, free_port

from zhipu_magic.practice import DONE, PracticeServer, Raw, chunk, sse

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

pytestmark = [pytest.mark.browser, AT_LENGTH]

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
OUTPUT = """\
from ipywidgets import Button, Output, interact
out = Output()
display(out)
with out:
    get_ipython().run_cell_magic("glm", "", "one")"""
BUTTON = """\
button, below = Button(description="Ask"), Output()
@button.on_click
def ask(button):
    with below:
        get_ipython().run_cell_magic("glm", "", "two")
display(button, below)"""
INTERACT = """\
@interact(number=(1, 3))
def ask(number):
    get_ipython().run_cell_magic("glm", "", f"number {number}")"""


def slowly(number: int) -> Raw:
    pieces = [sse(chunk(f"word {place} of reply {number}. ")) for place in range(1, 11)]
    return Raw((*(step for piece in pieces for step in (piece, 0.1)), sse(chunk(finish_reason="stop")), DONE))


def test_widgets_show_all_of_a_reply(lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot) -> None:
    from playwright.sync_api import expect

    notebook = opened(lab, lab.write("widgets", LOAD, OUTPUT, BUTTON, INTERACT))
    notebook.wait_for_kernel()
    server.enqueue(*(slowly(number) for number in range(1, 4)))
    notebook.finish(0, 1, 2)
    notebook.cell(2).get_by_role("button", name="Ask").click()
    expect(notebook.cell(2)).to_contain_text("word 10 of reply 2.")
    notebook.finish(3)
    for index, number in ((1, 1), (2, 2), (3, 3)):
        expect(notebook.cell(index)).to_contain_text(f"word 10 of reply {number}.")
        expect(notebook.panel(index)).to_contain_text("tok/s")
        expect(notebook.cell(index).get_by_text("still being written")).to_have_count(0)
    server.enqueue(slowly(4))
    notebook.cell(3).get_by_role("slider").press("ArrowRight")
    expect(notebook.cell(3)).to_contain_text("word 10 of reply 4.")
    shoot(notebook.page, "jupyterlab-widgets")


@pytest.fixture
def voila(lab: FrontEnd) -> Iterator[Callable[[Path], str]]:
    """Serve a notebook as a Voilà page; gives its address."""
    pytest.importorskip("voila", reason="needs voila")
    running: list[subprocess.Popen[bytes]] = []

    def serve(path: Path) -> str:
        port = free_port()
        address = f"http://127.0.0.1:{port}/"
        options = ["--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1", "--token="]
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "voila", str(path), *options],
                env=lab.environment(),
                cwd=lab.notebooks,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    return address
            except OSError:
                assert time.monotonic() < deadline, "Voilà does not come up."
                time.sleep(0.1)

    yield serve
    for process in running:
        process.terminate()
        process.wait(timeout=START_TIMEOUT)


def test_voila_shows_all_of_a_reply(
    lab: FrontEnd, server: PracticeServer, voila: Callable[[Path], str], window: BrowserContext, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    server.enqueue(slowly(1), slowly(2))
    page = window.new_page()
    page.goto(voila(lab.write("voila", LOAD, "%%glm\none", OUTPUT)), timeout=1000 * START_TIMEOUT)
    for number in (1, 2):
        expect(page.get_by_text(f"word 10 of reply {number}.")).to_be_visible(timeout=1000 * START_TIMEOUT)
    expect(page.locator(".zhipu-magic-panel")).to_have_count(2)
    expect(page.get_by_text("still being written")).to_have_count(0)
    shoot(page, "voila")
    page.close()
