"""Replies where updates are not shown, such as an `Output` and a console, and beside what others print into a cell."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from kernels import WIDGET, Kernel, no_kernel_is_left, one_kernel

from zhipu_magic.practice import DONE, PracticeServer, Raw, chunk, sse

__all__ = ["no_kernel_is_left", "one_kernel"]

WORDS = [f"word{number} " for number in range(6)]
SECTIONS = [f"## Section {number}\n" + "It goes on for a while. " * 85 + "\n\n" for number in range(1, 5)]


def slowly(pieces: list[str]) -> Raw:
    """A reply with pauses that are longer than the page waits for a refresh, where it shows any."""
    steps = [step for piece in pieces for step in (sse(chunk(piece)), 0.1)]
    return Raw((*steps, sse(chunk(finish_reason="stop")), DONE))


@pytest.fixture
def kernel(one_kernel: Kernel, server: PracticeServer) -> Kernel:
    one_kernel.set(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key)
    assert one_kernel.run("%glm reset").reply["status"] == "ok"
    return one_kernel


def test_a_client_that_knows_no_updates_shows_all_of_it(kernel: Kernel, server: PracticeServer) -> None:
    """qtconsole, and Spyder with it, ignores `update_display_data`."""
    server.enqueue(slowly(WORDS))
    run = kernel.run("%%glm\ngo on", named=False)
    first_frames = [message["content"]["data"] for message in run.messages if message["msg_type"] == "display_data"]
    assert len(first_frames) == 2
    assert first_frames[0]["text/plain"] == "".join(WORDS)
    assert WIDGET not in first_frames[1]
    assert {"update_display_data", "clear_output", "comm_open"}.isdisjoint(
        message["msg_type"] for message in run.messages
    )


def test_an_output_widget_gets_all_of_it(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(slowly(WORDS), slowly(WORDS))
    kernel.run("from ipywidgets import Output\nout = Output()")
    run = kernel.run("with out:\n    get_ipython().run_cell_magic('glm', '', 'go on')")
    assert run.words == ["".join(WORDS)]
    assert "update_display_data" not in {message["msg_type"] for message in run.messages}
    after = kernel.run("%%glm\ngo on")
    assert "update_display_data" in {message["msg_type"] for message in after.messages}


#: What prints as a cell begins, and what prints in a thread as soon as some of the reply is shown.
PRINTING = """\
import threading
def at_once(info): print('at once')
def later(info):
    if not info.raw_cell.startswith("%%glm"):
        return
    publisher = get_ipython().display_pub
    def shown(message):
        if message["header"]["msg_type"] == "update_display_data":
            publisher.unregister_hook(shown)
            threading.Thread(target=print, args=["later"], kwargs={"flush": True}).start()
        return message
    publisher.register_hook(shown)"""
#: A user at the widgets of a page: what a front end sends for them, and the output that takes what comes of it.
BUTTON = """\
from ipywidgets import Button, Output
button, below = Button(), Output()
@button.on_click
def ask(button):
    with below:
        get_ipython().run_cell_magic("glm", "", "go on")
print(button.comm.comm_id)"""
INTERACT = """\
from ipywidgets import interactive
def ask(number):
    get_ipython().run_cell_magic("glm", "", f"number {number}")
both = interactive(ask, number=(1, 3))
below = both.out
print(both.children[0].comm.comm_id)"""
CLICK = {"method": "custom", "content": {"event": "click"}}
SLIDE = {"method": "update", "state": {"value": 3}, "buffer_paths": []}


@pytest.mark.parametrize(("widgets", "done"), [(BUTTON, CLICK), (INTERACT, SLIDE)], ids=["button", "interact"])
def test_what_a_widget_asks_for_is_shown_once_and_whole(
    kernel: Kernel, server: PracticeServer, widgets: str, done: dict[str, object]
) -> None:
    comm = kernel.run(widgets).printed.strip()
    server.enqueue(slowly(WORDS))
    message = kernel.client.session.msg("comm_msg", {"comm_id": comm, "data": done})
    kernel.client.shell_channel.send(message)
    messages = kernel.watch(message["header"]["msg_id"], lambda each: each["content"].get("execution_state") == "idle")
    kinds = [each["msg_type"] for each in messages]
    assert "update_display_data" not in kinds
    shown = [each["content"]["data"] for each in messages if each["msg_type"] == "display_data"]
    assert [data["text/plain"] for data in shown if "text/markdown" in data] == ["".join(WORDS)]
    assert len(shown) == 2 and not any(WIDGET in data for data in shown), "the reply and its settled panel"
    assert kernel.run("len(_glm.choices[0].message.content)").reply["status"] == "ok"


def test_what_is_printed_into_the_cell_meanwhile_stays(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(slowly(SECTIONS), slowly(SECTIONS), slowly(SECTIONS))
    kernel.run(PRINTING)
    events = "get_ipython().events"
    for printing, printed in (("at_once", "at once\n"), ("later", "later\n")):
        kernel.run(f"{events}.register('pre_run_cell', {printing})")
        run = kernel.run("%%glm\ngo on")
        kernel.run(f"{events}.unregister('pre_run_cell', {printing})")
        assert run.printed == printed
        assert [words for words in run.words if words] == ["".join(SECTIONS)]
    run = kernel.run("%%glm\ngo on")
    assert run.kinds == ["display_data", "display_data"]
    assert sum(message["msg_type"] == "clear_output" for message in run.messages) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal on Windows")
@pytest.mark.parametrize("cell", ["%glm ask go on", "get_ipython().run_cell_magic('glm', '', 'go on')"])
def test_jupyter_console_shows_all_of_it(server: PracticeServer, tmp_path: Path, cell: str) -> None:
    pexpect = pytest.importorskip("pexpect", reason="a pseudo-terminal needs pexpect")
    pytest.importorskip("jupyter_console", reason="needs jupyter console")
    places = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "jupyter_console", "--simple-prompt"],
        env={
            **kept,
            **places,
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "TERM": "dumb",
            "ZHIPUAI_BASE_URL": server.base_url,
            "ZHIPUAI_API_KEY": server.api_key,
        },
        encoding="utf-8",
        dimensions=(50, 120),
        timeout=60,
    )
    try:
        child.expect(r"In \[1\]: ")
        child.sendline("%load_ext zhipu_magic")
        child.expect(r"In \[2\]: ")
        server.enqueue(slowly(WORDS))
        child.sendline(cell)
        child.expect_exact("word5", timeout=20)
        child.expect(r"tok/s.*In \[3\]: ")
    finally:
        child.close(force=True)
