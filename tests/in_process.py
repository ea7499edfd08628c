"""The fast layer: a notebook page without a kernel, whose display messages are caught and folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from zhipu_magic.notebook.magics import GLMMagics
from zhipu_magic.notebook.session import Session
from zhipu_magic.practice import Answer, PracticeServer, Script


@dataclass
class Cell:
    """What a cell left on the page: its outputs after all updates, and how it ended."""

    outputs: list[dict[str, Any]]
    error: BaseException | None
    every: list[dict[str, Any]]
    """Every message in order, updates and clearings among them."""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Every message that shows something."""
        return [message for message in self.every if message["kind"] != "clear_output"]

    @property
    def success(self) -> bool:
        return self.error is None

    def html(self, index: int) -> str:
        return str(self.outputs[index]["data"]["text/html"])

    def markdown(self, index: int = 0) -> str:
        return str(self.outputs[index]["data"]["text/markdown"])

    def plain(self, index: int = 0) -> str:
        return str(self.outputs[index]["data"]["text/plain"])


class Shell(InteractiveShell):
    """Knows the request that its cell came with, as a kernel's shell does."""

    request: dict[str, Any] = {}  # noqa: RUF012  # replaced, never changed in place

    def get_parent(self) -> dict[str, Any]:
        return self.request


class Wire:
    """Where a kernel's messages go out to the front end, which keeps those that show something."""

    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []

    def send(self, stream: object, message: Any, content: Any = None, parent: Any = None, **more: Any) -> None:
        kind = message if isinstance(message, str) else message["header"]["msg_type"]
        told = content if isinstance(message, str) else message["content"]
        if kind != "execute_input":
            self.shown.append({"kind": kind, **told})


class Publisher(DisplayPublisher):
    """Publishes as a kernel does: `outputs` has what the front end was told, clearings among it."""

    def __init__(self) -> None:
        super().__init__()
        self.session: Any = Wire()
        self.cell = ""

    @property
    def outputs(self) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = self.session.shown
        return shown

    def publish(
        self, data: Any, metadata: Any = None, *, transient: Any = None, update: bool = False, **more: Any
    ) -> None:
        kind = "update_display_data" if update else "display_data"
        self._send(kind, data=data, metadata=metadata or {}, transient=transient or {}, update=update)

    def clear_output(self, wait: bool = False) -> None:
        self._send("clear_output", data={}, wait=wait)

    def begin(self, cell: str) -> None:
        """Say that a cell begins, as a kernel does."""
        self.cell = cell
        self.session.send(None, "execute_input", {}, {"header": {"msg_id": cell}})

    def print(self, text: str) -> None:
        """Print into the cell, as a thread might."""
        said = {"name": "stdout", "text": text}
        self._send("stream", **said, data={"text/plain": text}, metadata={}, transient={}, update=False)

    def _send(self, kind: str, **content: Any) -> None:
        header, parent = {"msg_type": kind}, {"msg_id": self.cell}
        self.session.send(None, {"header": header, "parent_header": parent, "content": content})


#: A cell that is not run again: its id is its own.
NEW = "new"


class Page:
    """A notebook without a kernel: an in-process shell whose display messages are caught."""

    def __init__(self, *, numbers: bool = False) -> None:
        """With `numbers`, each cell has one, as on a page."""
        self.numbers = numbers
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = Shell(config=config)
        self.publisher = Publisher()
        self.shell.display_pub = self.publisher

    def run(self, cell: str, cell_id: str | None = NEW, *, deleted: Sequence[str] = (), told: object = None) -> Cell:
        """Run a cell as JupyterLab would, which tells of `deleted` cells; with no `cell_id`, as a console would.

        `told` is what the front end's extension says with it.
        """
        request = uuid4().hex
        cell_id = f"cell of {request}" if cell_id is NEW else cell_id
        named = cell_id is not None or deleted
        metadata: dict[str, Any] = {"cellId": cell_id, "deletedCells": list(deleted)} if named else {}
        if told is not None:
            metadata["zhipu_magic"] = told
        self.shell.request = {"header": {"msg_id": request}, "metadata": metadata}
        self.publisher.begin(request)
        result = self.shell.run_cell(cell, store_history=self.numbers, cell_id=cell_id)
        return self.taken(result.error_before_exec or result.error_in_exec)

    def taken(self, error: BaseException | None = None) -> Cell:
        """What has been shown since this was last asked."""
        messages = list(self.publisher.outputs)
        self.publisher.outputs.clear()
        return Cell(folded(messages), error, messages)

    @property
    def names(self) -> dict[str, Any]:
        """The user's namespace."""
        return self.shell.user_ns

    @property
    def magics(self) -> GLMMagics:
        magics = self.shell.magics_manager.registry["GLMMagics"]
        assert isinstance(magics, GLMMagics)
        return magics

    @property
    def session(self) -> Session:
        return self.magics.session


class Notebook:
    """A page in a front end that names its cells: each asks its own name, in a few words."""

    def __init__(self, page: Page, server: PracticeServer) -> None:
        self.page = page
        self.server = server

    def ask(self, cell: str, reply: str | Script, *, line: str = "%%glm", deleted: Sequence[str] = ()) -> Cell:
        """Run the cell of this name; the service answers with `reply`."""
        return self.run(cell, f"{line}\nabout {cell}", reply, deleted=deleted)

    def run(self, cell: str, code: str, *replies: str | Script, deleted: Sequence[str] = ()) -> Cell:
        """Run this code in the cell of this name; `replies` answer its requests."""
        self.server.enqueue(*(Answer(reply) if isinstance(reply, str) else reply for reply in replies))
        return self.page.run(code, cell, deleted=deleted)

    def sent(self) -> list[str]:
        """The texts of the last request: prompts and replies in turn, its own prompt last."""
        return texts(self.server.requests[-1].body["messages"])

    def turns(self, thread: str | None = None) -> list[tuple[str, str]]:
        """The turns that stand."""
        return [(turn.prompt, turn.reply) for turn in self.page.magics.chat.thread(thread).turns]

    def replies(self, thread: str | None = None) -> list[str]:
        return [reply for _, reply in self.turns(thread)]

    def command(self, line: str) -> str:
        """What a `%glm` line answers, in text."""
        cell = self.page.run(f"%glm {line}")
        assert cell.success
        return cell.plain()

    def marks(self) -> dict[str, str]:
        """What the history says of each reply, by the reply's first line."""
        lines = self.command("history --full").split("\n")
        return {lines[place + 3]: line for place, line in enumerate(lines) if " · glm-" in line}


def texts(messages: list[dict[str, Any]]) -> list[str]:
    """The texts of a request's messages, which must alternate."""
    roles = [message["role"] for message in messages]
    assert roles == ["user", "assistant"] * (len(messages) // 2) + ["user"]
    return [message["content"] for message in messages]


def folded(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outputs that stand on the page after all updates, as a front end folds them."""
    outputs: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    to_clear = False
    for message in messages:
        if message["kind"] == "clear_output" or (to_clear and not message["update"]):
            to_clear = message.get("wait", False)
            if not to_clear:
                outputs.clear()
                places.clear()
        if message["kind"] == "clear_output":
            continue
        display_id = message["transient"].get("display_id")
        output = {"data": message["data"], "metadata": message["metadata"]}
        if not message["update"]:
            places[display_id] = len(outputs)
            outputs.append(output)
        elif display_id in places:
            outputs[places[display_id]] = output
    return outputs
