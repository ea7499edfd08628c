"""Whether the running cell has outputs that are not ours: only a cell without any may be cleared."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..shell import request_id

if TYPE_CHECKING:
    from ..shell import Shell

#: What the display ids of our own outputs begin with.
OURS = "zhipu_magic-"
#: Messages that add an output to a cell.
_OUTPUTS = frozenset({"stream", "display_data", "execute_result", "error"})
#: And those that change one.
_TOLD = _OUTPUTS | {"update_display_data", "clear_output"}


class CellOutputs:
    """Sees what the kernel sends for the running cell, from the cell's beginning on.

    IPython has hooks for what is displayed, but none for what is printed, nor for other threads. So this looks at what
    goes through the kernel's session, as every message does. Where there is no session, nothing is known.

    `listen` is called with each message about outputs that is not ours: its kind, the request that it belongs to, and
    its content.
    """

    def __init__(self, shell: Shell, listen: Callable[[str, object, Mapping[str, Any]], None]) -> None:
        self._shell = shell
        self._listen = listen
        self._speaking: int | None = None
        self._session: Any = getattr(shell.display_pub, "session", None)
        self._cell: object = None
        self._others = False
        self._asked_in: object = None
        if self._session is not None:
            self._send = self._session.send
            self._session.send = self._sending

    def close(self) -> None:
        """Stop looking at what the kernel sends."""
        if self._session is not None and vars(self._session).get("send") == self._sending:
            self._session.send = self._send

    @property
    def are_ours(self) -> bool:
        """Whether it is certain that nothing else is in the running cell."""
        return not self._others and self._knows_cell

    def note_question(self) -> None:
        """Note that the user is asked something in the running cell: that, and what they type, is not to stay."""
        self._asked_in = request_id(self._shell)

    @property
    def holds_question(self) -> bool:
        """Whether the user was asked something in the running cell, that was not cleared since."""
        return self._asked_in is not None and self._asked_in == request_id(self._shell)

    def clear(self, *, wait: bool = False) -> bool:
        """Clear the cell: at once or, to `wait`, with its next output. Returns False if something else is lost by it.

        Where nothing can be known of that, it is cleared.
        """
        for stream in (sys.stdout, sys.stderr):  # what is printed is sent a little later
            with suppress(Exception):
                stream.flush()
        if self._session is not None and not self.are_ours:
            return False
        self._shell.display_pub.clear_output(wait=wait)
        self._asked_in = None
        return True

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """What this thread publishes within the block is ours, although no display id says so."""
        before, self._speaking = self._speaking, threading.get_ident()
        try:
            yield
        finally:
            self._speaking = before

    @property
    def _knows_cell(self) -> bool:
        return self._cell is not None and self._cell == request_id(self._shell)

    def _sending(self, *args: Any, **kwargs: Any) -> Any:
        with suppress(Exception):  # a message is sent whatever is the matter with looking at it
            given = dict(zip(("stream", "msg_or_type", "content", "parent"), args, strict=False)) | kwargs
            message = given["msg_or_type"]
            if isinstance(message, Mapping):
                self._look(message["header"]["msg_type"], message["parent_header"], message["content"])
            else:
                self._look(message, given.get("parent") or {}, given.get("content") or {})
        return self._send(*args, **kwargs)

    def _look(self, kind: str, parent: Mapping[str, Any], content: Mapping[str, Any]) -> None:
        cell = parent.get("header", parent).get("msg_id")
        if kind == "execute_input":
            self._cell, self._others = cell, False
        elif kind in _OUTPUTS and cell == self._cell:
            display_id = content.get("transient", {}).get("display_id")
            self._others = self._others or not str(display_id).startswith(OURS)
        if kind in _TOLD and self._speaking != threading.get_ident():
            self._listen(kind, cell, content)
