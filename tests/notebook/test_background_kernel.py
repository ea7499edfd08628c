"""Cells in the background in real kernels: what goes over the wire, and what is recorded, replayed and compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kernels import PATIENCE, WIDGET, Kernel, Message, no_kernel_is_left, one_kernel, until
from test_notebook_tools import execute, home, notebook
from test_runner import Told, folder, outputs, strict_nbval, told, written

from zhipu_magic.practice import DONE, STALL, Answer, Fault, PracticeServer, Raw, chunk, sse

__all__ = ["folder", "home", "no_kernel_is_left", "one_kernel", "told"]

END = (sse(chunk(finish_reason="stop")), DONE)
WORDS = [f"word{number} " for number in range(12)]
SHOWN = ("display_data", "update_display_data", "clear_output", "stream", "error", "execute_result")


def slowly(pieces: list[str] = WORDS, gap: float = 0.15) -> Raw:
    return Raw((*(step for piece in pieces for step in (sse(chunk(piece)), gap)), *END))


@pytest.fixture
def kernel(one_kernel: Kernel, server: PracticeServer) -> Iterator[Kernel]:
    one_kernel.set(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key)
    assert one_kernel.run("%unload_ext zhipu_magic\n%load_ext zhipu_magic").reply["status"] == "ok"
    yield one_kernel
    one_kernel.run("%glm stop")


class Since:
    """What the kernel has sent since this was made, whichever cell it belongs to."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._start = len(kernel.transcript)

    def until(self, condition: Callable[[list[Message]], object]) -> list[Message]:
        deadline = time.monotonic() + PATIENCE
        while not condition(self.shown):
            assert time.monotonic() < deadline, self.shown
            self._kernel.take(0.1)
        return self.shown

    @property
    def shown(self) -> list[Message]:
        return [message for message in self._kernel.transcript[self._start :] if message["msg_type"] in SHOWN]


def text_of(message: Message) -> str:
    return str(message["content"].get("data", {}).get("text/plain", ""))


def shows(text: str) -> Callable[[list[Message]], bool]:
    return lambda shown: any(text in text_of(message) for message in shown)


def is_settled(shown: list[Message]) -> bool:
    """Whether the panel has become static."""
    panels = [message for message in shown if "zhipu-magic-panel" in str(message["content"].get("data"))]
    return bool(panels) and WIDGET not in panels[-1]["content"]["data"]


def test_it_grows_while_the_kernel_is_idle_and_adds_no_output(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(slowly())
    since = Since(kernel)
    request = kernel.send("%%glm --bg -b r\nhi")
    ran = kernel.finish(request)
    assert len(ran.outputs) == 2 and ran.reply["status"] == "ok"
    shown = since.until(is_settled)
    assert [message["msg_type"] for message in shown].count("display_data") == 2
    assert {message["msg_type"] for message in shown} == {"display_data", "update_display_data"}
    growing = [message for message in shown if "still being written" in str(message["content"]["data"])]
    assert len(growing) >= 3
    assert {message["parent_header"]["msg_id"] for message in shown} == {request}, "all belongs to its own cell"
    settled = [message["content"] for message in shown if "text/markdown" in message["content"]["data"]][-1]
    assert settled["data"]["text/plain"] == "".join(WORDS)
    assert settled["metadata"]["zhipu_magic"]["finish_reason"] == "stop"


def test_it_grows_while_a_cell_awaits_and_catches_up_after_one_that_computes(
    kernel: Kernel, server: PracticeServer
) -> None:
    server.enqueue(slowly())
    since = Since(kernel)
    asked = kernel.send("%%glm --bg\nhi")
    kernel.finish(asked)
    other = kernel.run("import asyncio\nawait asyncio.sleep(0.8)\nprint('mine')")
    assert [output["kind"] for output in other.outputs] == ["stream"], "nothing lands in the cell that runs"
    assert shows("still being written")(since.shown) or len(since.shown) > 4
    computes = kernel.run("import time\ntime.sleep(3)\nprint('mine too')")
    assert computes.printed == "mine too\n"
    shown = since.until(is_settled)
    assert text_of(
        [message for message in shown if "text/markdown" in message["content"].get("data", {})][-1]
    ) == "".join(WORDS)


def test_await_in_a_cell_lets_it_grow(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(slowly())
    kernel.run("%%glm --bg -b r\nhi")
    since = Since(kernel)
    assert kernel.run("print((await r).text)").printed == "".join(WORDS) + "\n"
    assert len([message for message in since.shown if message["msg_type"] == "update_display_data"]) >= 2


def test_an_interrupt_stops_the_cell_that_runs_and_no_job(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(slowly(gap=0.3))
    since = Since(kernel)
    kernel.run("%%glm --bg -b r\nhi")
    for code in ("import time\nprint('on')\ntime.sleep(60)", "import asyncio\nprint('on')\nawait asyncio.sleep(60)"):
        request = kernel.send(code)
        kernel.watch(request, lambda message: message["msg_type"] == "stream")
        kernel.interrupt()
        assert kernel.finish(request).reply["status"] == "error"
    kernel.interrupt()  # while the kernel is idle
    since.until(is_settled)
    assert kernel.run("print(r.state, r.text)").printed == f"complete {''.join(WORDS)}\n"


def test_an_interrupt_of_wait_ends_the_wait_alone(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("begun")), STALL)))
    kernel.run("%%glm --bg -b r\nhi")
    request = kernel.send("%glm wait")
    kernel.watch(request, lambda message: message["content"].get("execution_state") == "busy")
    time.sleep(0.3)
    kernel.interrupt()
    run = kernel.finish(request)
    assert "the jobs go on" in run.traceback[0] and len(run.traceback) == 1
    assert kernel.run("print(r.ended)").printed == "None\n"


def test_stop_is_served_and_painted_at_once(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("The beginning")), STALL)))
    since = Since(kernel)
    kernel.run("%%glm --bg -b r\nhi")
    since.until(shows("still being written"))
    run = kernel.run("%glm stop 1")
    assert "Stopped: 1 job (1)" in str(run.outputs)
    since.until(is_settled)
    assert kernel.run("print(r.state)").printed == "interrupted\n"


def test_a_cell_that_asks_meanwhile_keeps_its_own_outputs(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(slowly(), slowly(["other "] * 8))
    since = Since(kernel)
    kernel.run("%%glm --bg\nhi")
    since.until(shows("still being written"))
    run = kernel.run("%%glm --once\nanother")
    assert run.words[-1] == "other " * 8
    ids = [m["content"]["transient"]["display_id"] for m in since.shown if m["msg_type"] == "display_data"]
    assert len(ids) == 4
    grown = {m["content"]["transient"]["display_id"] for m in run.messages if m["msg_type"] == "update_display_data"}
    assert set(ids[:1]) <= grown, "what goes on in the background is painted while another reply grows"


def test_a_failure_stands_in_its_cell(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1210"))
    since = Since(kernel)
    assert kernel.run("%%glm --bg -b r\nhi").reply["status"] == "ok"
    since.until(shows("1210"))
    failed = kernel.run("await r")
    assert failed.reply["status"] == "error" and "1210" in failed.traceback[-1]


def test_a_captured_cell_keeps_it_with_the_rest(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(slowly(WORDS[:2]))
    assert kernel.run("%%capture kept\n%%glm --bg\nhi").outputs == []
    waited = kernel.run("%glm wait")
    assert waited.outputs == []
    assert "".join(WORDS[:2]) in str(kernel.run("kept.show()").outputs)


def test_a_kernel_that_is_shut_down_does_not_wait(server: PracticeServer, tmp_path: Path) -> None:
    server.enqueue(Raw((sse(chunk("begun")), STALL)))
    kernel = Kernel(tmp_path)
    try:
        # What was registered before us ends after us, and all of that after the threads that a process waits for.
        # The process itself may go on: ipykernel now and then waits in its own end until it is killed.
        ended = tmp_path / "ended"
        kernel.run(f"import atexit, os, pathlib\natexit.register(pathlib.Path({str(ended)!r}).touch)")
        kernel.run("%load_ext zhipu_magic")
        kernel.set(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key)
        assert kernel.run("%%glm --bg\nhi").reply["status"] == "ok"
        kernel.client.shutdown()
        until(ended.exists)
    finally:
        kernel.stop()


# What runs notebooks by itself


def test_nbclient_settles_it_in_its_place_at_a_later_cell(home: Path, server: PracticeServer) -> None:
    server.enqueue(Answer("in the background"))
    made = execute(notebook("%%glm --bg\nhi", "1 + 1", "%glm wait", "2 + 2"), home, server)
    reply, panel = made.cells[1].outputs
    assert reply.data["text/plain"] == "in the background"
    assert "zhipu-magic-panel" in panel.data["text/html"] and WIDGET not in panel.data
    assert made.cells[3].outputs == []


def test_nbclient_leaves_a_word_where_nothing_waits(home: Path, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("begun")), STALL)))
    made = execute(notebook("%%glm --bg\nhi"), home, server)
    assert "%glm wait, in the last cell, waits for it" in made.cells[1].outputs[0].data["text/plain"]


def test_a_recorded_notebook_passes_strict_nbval(folder: Path, told: Told, server: PracticeServer) -> None:
    server.enqueue(slowly(WORDS[:4]), Answer("high"), Answer("wide"), Answer("deep still"))
    path = written(
        folder,
        notebook(
            "%%glm --bg -b r\nabout the sea",
            "%%glm -t other\nabout the sky",
            "%%glm --bg -t third -q\nabout the land",
            "%glm wait 1",
            "r.text",
            "%%glm --bg\nand the sea?",
        ),
    )
    status, printed = told("record", path)
    assert status == 0, printed
    shown: list[Any] = outputs(path)
    assert len(shown) == 7 and [len(each) for each in shown[1:]] == [2, 2, 1, 0, 1, 2]
    assert shown[6][0].data["text/plain"] == "deep still"
    assert told("replay", path) == (0, "page.ipynb: 7 cells, all as recorded.\n")
    done = strict_nbval(path)
    assert done.returncode == 0, done.stdout


def test_a_failure_in_the_background_fails_the_recording(folder: Path, told: Told, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1210"))
    path = written(folder, notebook("%%glm --bg\nhi"))
    status, printed = told("record", path)
    assert status == 1
    assert "hat was asked in the background failed" in printed and "1210" in printed
