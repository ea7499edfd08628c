"""A real kernel in a separate process, seen from the front end: every message of a cell is timed and measured."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil  # type: ignore[import-untyped]  # it has no types
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from zhipu_magic.practice import Script

from .contenders import Contender
from .servers import Practice, Servers, characters

_LONGEST_CELL = 1_200.0
_SAMPLE_GAP = 0.05
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Frame:
    """One message from a cell to the front end: when it arrived, and its bytes on the socket.

    `sent` is when the kernel made it, in seconds since 1970, before any delay in the front end.
    """

    at: float
    sent: float
    size: int
    kind: str
    content: dict[str, Any]

    @property
    def markdown(self) -> str | None:
        """The Markdown that it shows, if any."""
        text: str | None = self.content.get("data", {}).get("text/markdown")
        return text


@dataclass(frozen=True)
class Cell:
    """A cell that has run. Times are `time.monotonic()`, memory is in megabytes."""

    sent: float
    ended: float
    frames: list[Frame]
    values: dict[str, Any]
    rss_before: float
    rss_peak: float

    @property
    def seconds(self) -> float:
        return self.ended - self.sent

    @property
    def megabytes(self) -> float:
        return sum(frame.size for frame in self.frames) / _MEGABYTE

    def first_display(self) -> float:
        """When the first output arrived."""
        return next(frame.at for frame in self.frames if frame.kind == "display_data")

    def refreshes(self) -> list[Frame]:
        """The frames that show words of the reply, without the mark that stands there before them."""
        return [frame for frame in self.frames if frame.markdown and not frame.markdown.startswith("<div")]


class Kernel:
    """Runs cells as a front end does."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._client = client
        self._process = psutil.Process(manager.provisioner.pid)  # type: ignore[union-attr]  # the kernel runs

    def interrupt(self) -> float:
        """Interrupt what runs, from another thread. Returns when, by `time.monotonic()`."""
        at = time.monotonic()
        self._process.send_signal(signal.SIGINT)
        return at

    def run(self, code: str, *, cell_id: str | None = None, may_fail: bool = False, **expressions: str) -> Cell:
        """Run a cell, then evaluate the expressions in its namespace. Raises RuntimeError if it fails, but `may_fail`.

        `cell_id` is sent to the kernel as JupyterLab does it; without one, it is a cell that is not run again.
        """
        rss_before = rss_peak = self._rss()
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = self._client.session.msg(
            "execute_request",
            {**content, "user_expressions": expressions},
            metadata={"cellId": cell_id or uuid4().hex},
        )
        request = message["header"]["msg_id"]
        sampled = sent = time.monotonic()
        self._client.shell_channel.send(message)
        frames = []
        while True:
            frame = self._next_frame(request, patience=_SAMPLE_GAP)
            if frame is not None:
                frames.append(frame)
                if frame.kind == "status" and frame.content["execution_state"] == "idle":
                    break
            now = time.monotonic()
            if now - sampled >= _SAMPLE_GAP:
                rss_peak, sampled = max(rss_peak, self._rss()), now
            if now - sent > _LONGEST_CELL:
                raise RuntimeError(f"This cell does not end:\n{code}")
        reply = self._reply_to(request)
        if reply["status"] != "ok" and not may_fail:
            raise RuntimeError(f"This cell failed:\n{code}\n{reply['ename']}: {reply['evalue']}")
        values = {name: _value(result) for name, result in reply.get("user_expressions", {}).items()}
        return Cell(sent, frames[-1].at, frames, values, rss_before, max(rss_peak, self._rss()))

    def cpu_seconds(self) -> float:
        """Processor time that the kernel has used so far, in all its threads."""
        seconds: float = self.run("", cpu="__import__('time').process_time()").values["cpu"]
        return seconds

    def _rss(self) -> float:
        rss: int = self._process.memory_info().rss
        return rss / _MEGABYTE

    def _next_frame(self, request: str, patience: float) -> Frame | None:
        channel: Any = self._client.iopub_channel
        if not channel.socket.poll(1000 * patience):
            return None
        parts = channel.socket.recv_multipart()
        at = time.monotonic()
        message = self._client.session.deserialize(self._client.session.feed_identities(parts)[1])
        if message["parent_header"].get("msg_id") != request:
            return None
        header = message["header"]
        return Frame(at, header["date"].timestamp(), sum(map(len, parts)), header["msg_type"], message["content"])

    def _reply_to(self, request: str) -> dict[str, Any]:
        while True:
            message = self._client.get_shell_msg(timeout=60)
            if message["parent_header"].get("msg_id") == request:
                content: dict[str, Any] = message["content"]
                return content


def _value(result: dict[str, Any]) -> Any:
    if result["status"] != "ok":
        raise RuntimeError(f"{result['ename']}: {result['evalue']}")
    return ast.literal_eval(result["data"]["text/plain"])


class Bench:
    """Starts servers, and kernels that ask them."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self._servers = servers
        self._pages = 0
        self.folder = folder

    def practice(self, *, pace: float = 0.0, limit: int | None = None, latency: float = 0.0) -> Practice:
        """A practice server. A `pace` of about 100 is that of a model; 0 is as fast as possible.

        It takes up to `limit` requests at once, and about `latency` seconds until an answer begins.
        """
        return self._servers.practice(pace=pace, limit=limit, latency=latency)

    def environment(self) -> dict[str, str]:
        """The machine's environment without the user's settings, proxies and history, with a new page for a journal."""
        without = ("proxy", "zhipu")
        rest = {name: value for name, value in os.environ.items() if not any(word in name.lower() for word in without)}
        self._pages += 1
        return {
            **rest,
            "IPYTHONDIR": str(self.folder),
            "JPY_SESSION_NAME": str(self.folder / f"page-{self._pages}.ipynb"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "XDG_DATA_HOME": str(self.folder / f"data-{self._pages}"),
        }

    @contextmanager
    def kernel(self, server: Practice) -> Iterator[Kernel]:
        """A fresh, idle kernel with nothing loaded."""
        manager = KernelManager(kernel_name="python3")
        environment = {**self.environment(), **server.environment()}
        manager.start_kernel(env=environment, cwd=str(self.folder), stderr=subprocess.DEVNULL)
        client = manager.client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=60)
            kernel = Kernel(manager, client)
            kernel.run("")
            yield kernel
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


@dataclass(frozen=True)
class Asked:
    """A contender's cell that has run: when the service received its request, and the kernel's processor time."""

    cell: Cell
    received_at: float
    cpu_seconds: float

    @property
    def left_after(self) -> float:
        """Seconds from the front end's request to run the cell until the service received the cell's request."""
        return self.received_at - self.cell.sent


def ask(kernel: Kernel, contender: Contender, server: Practice, script: Script, count: int) -> Asked:
    """Run a contender's cell against a reply of `count` tokens. Raises RuntimeError if not all of it arrived."""
    if contender.reset:
        kernel.run(contender.reset)
    server.answer_next(script)
    before = kernel.cpu_seconds()
    cell = kernel.run(contender.cell, arrived=contender.arrived, first=contender.first)
    used = kernel.cpu_seconds() - before
    if cell.values["arrived"] != characters(count):
        raise RuntimeError(f"{contender.column}: {cell.values['arrived']} characters arrived.")
    return Asked(cell, server.received_at(), used)
