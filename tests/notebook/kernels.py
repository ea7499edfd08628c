"""Real kernels, and clients of theirs, for the modules that look at what goes over the wire."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any, ClassVar, TypeVar
from uuid import uuid4

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

WIDGET = "application/vnd.jupyter.widget-view+json"
PATIENCE = 20.0
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}

Message = dict[str, Any]


@dataclass
class Run:
    """What a request has brought: the messages of its cell in order, and its reply."""

    messages: list[Message]
    reply: dict[str, Any]

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """What stands on the page in the end, as a front end folds it."""
        outputs: list[dict[str, Any]] = []
        places: dict[str, dict[str, Any]] = {}
        for message in self.messages:
            kind, content = message["msg_type"], message["content"]
            if kind == "clear_output":
                outputs.clear()
            elif kind == "update_display_data":
                place = places.get(content["transient"]["display_id"], {})  # it may stand in another cell
                place.update(data=content["data"], metadata=content["metadata"])
            elif kind == "stream" and outputs and outputs[-1].get("name") == content["name"]:
                outputs[-1]["text"] += content["text"]
            elif kind in ("stream", "error", "display_data", "execute_result"):
                outputs.append({"kind": kind, **content})
                display_id = content.get("transient", {}).get("display_id")
                if display_id:
                    places[display_id] = outputs[-1]
        return outputs

    @property
    def kinds(self) -> list[str]:
        return [output["kind"] for output in self.outputs]

    @property
    def words(self) -> list[str]:
        """The replies that stand on the page."""
        return [output["data"]["text/plain"] for output in self.outputs if "text/markdown" in output.get("data", {})]

    @property
    def refreshes(self) -> list[tuple[float, str]]:
        """When the reply's text was sent, and its Markdown, waiting mark and all."""
        return [
            (message["header"]["date"].timestamp(), message["content"]["data"]["text/markdown"])
            for message in self.messages
            if message["msg_type"] in ("display_data", "update_display_data")
            and "text/markdown" in message["content"]["data"]
        ]

    @property
    def printed(self) -> str:
        return "".join(output["text"] for output in self.outputs if output["kind"] == "stream")

    @property
    def traceback(self) -> list[str]:
        [error] = [output for output in self.outputs if output["kind"] == "error"]
        lines: list[str] = error["traceback"]
        return lines


class Kernel:
    """A kernel process and a client of it that keeps every message."""

    running: ClassVar[set[Kernel]] = set()

    def __init__(self, home: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if not _is_a_setting(name)}
        places = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        self.manager = KernelManager(connection_file=str(home / "kernel.json"))
        self.manager.start_kernel(
            env={**inherited, **places, "IPYTHONDIR": str(home / "ipython"), **NO_KEYRING},
            extra_arguments=["--HistoryManager.enabled=False", "--log-level=ERROR"],
        )
        self.client: BlockingKernelClient = self.manager.client()
        self.transcript: list[Message] = []
        self._pages: dict[str, list[Message]] = {}
        self.running.add(self)
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=60)
        except BaseException:
            self.stop()
            raise

    def run(self, code: str, *, named: bool = True) -> Run:
        return self.finish(self.send(code, named=named))

    def send(self, code: str, *, allow_stdin: bool = False, stop_on_error: bool = True, named: bool = True) -> str:
        """Ask for a cell to be run, `named` as JupyterLab does, or as a console; gives the request's id."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        message = self.client.session.msg(
            "execute_request",
            {**content, "allow_stdin": allow_stdin, "stop_on_error": stop_on_error},
            metadata={"cellId": uuid4().hex} if named else {},
        )
        self.client.shell_channel.send(message)
        request: str = message["header"]["msg_id"]
        return request

    def finish(self, request: str) -> Run:
        """Wait until a request is done."""
        messages = self.watch(request, lambda message: message["content"].get("execution_state") == "idle")
        while True:
            reply = self._kept(self.client.get_shell_msg(timeout=PATIENCE))
            if reply["parent_header"].get("msg_id") == request:
                return Run(messages, reply["content"])

    def watch(self, request: str, until: Callable[[Message], object]) -> list[Message]:
        """The messages of a request up to the first for which `until` holds."""
        seen = self._pages.setdefault(request, [])
        for message in seen:
            if until(message):
                return seen
        while True:
            message = self._kept(self.client.get_iopub_msg(timeout=PATIENCE))
            page = self._pages.setdefault(message["parent_header"].get("msg_id", ""), [])
            page.append(message)
            if page is seen and until(message):
                return seen

    def watch_for(self, request: str, text: str) -> Run:
        """What a request has brought by the time that a text is shown."""

        def shows(message: Message) -> bool:
            return text in json.dumps(message["content"].get("data", {}), ensure_ascii=False)

        return Run(list(self.watch(request, shows)), {})

    def take(self, seconds: float) -> None:
        """Keep the next message, if one comes within so many seconds, whichever cell it belongs to."""
        with suppress(Empty):
            message = self._kept(self.client.get_iopub_msg(timeout=seconds))
            self._pages.setdefault(message["parent_header"].get("msg_id", ""), []).append(message)

    def interrupt(self) -> float:
        """Press the stop button; gives the time at which the kernel's process had the signal."""
        self.manager.interrupt_kernel()
        return time.monotonic()

    def answer(self, request: str, text: str) -> Message:
        """Answer the question that a cell asks of the user; gives the question."""
        question = self._kept(self.client.get_stdin_msg(timeout=PATIENCE))
        assert question["parent_header"]["msg_id"] == request
        self.client.input(text)
        content: Message = question["content"]
        return content

    def set(self, **settings: str) -> None:
        """Set variables of the kernel's environment."""
        assert self.run(f"os.environ.update({settings!r})").reply["status"] == "ok"

    def stop(self) -> None:
        """End it, unless that has been done."""
        if self not in self.running:
            return
        self.running.remove(self)
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    def _kept(self, message: Message) -> Message:
        self.transcript.append(message)
        return message


def _is_a_setting(name: str) -> bool:
    return name.startswith(("ZHIPU", "JPY_", "IPYTHON", "JUPYTER")) or name.upper().endswith("_PROXY")


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


AnyKernel = TypeVar("AnyKernel", bound=Kernel)


@contextmanager
def started(home: Path, setup: str, kind: type[AnyKernel]) -> Iterator[AnyKernel]:
    """A kernel that has run this cell, until it is no longer needed."""
    kernel = kind(home)
    try:
        assert kernel.run(setup).reply["status"] == "ok"
        yield kernel
    finally:
        kernel.stop()


@pytest.fixture(scope="module")
def one_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the extension loaded, for all tests of a module."""
    with started(tmp_path_factory.mktemp("kernel"), "import os\n%load_ext zhipu_magic", Kernel) as kernel:
        yield kernel


@pytest.fixture(autouse=True)
def no_kernel_is_left() -> Iterator[None]:
    """Stop what a test has started and, when it failed, has not stopped: its sockets would fail a later test."""
    before = set(Kernel.running)
    yield
    for kernel in Kernel.running - before:
        kernel.stop()
