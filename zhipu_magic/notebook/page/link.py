"""The comm between a page's kernel and the front end's extension (docs/front-end.md)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ...service.forks import register_at_fork
from ..page_says import NAME
from ..ticker import Ticker

#: Seconds between two messages.
_GAP = 0.2


class PageLink:
    """Tells what there is to tell, soon after it has changed, and hears what the page says.

    `tell` gives what is new since it was last called, None if there is nothing; `hear` is given what comes, which is
    data from outside.
    """

    def __init__(self, tell: Callable[[], dict[str, Any] | None], hear: Callable[[object], None]) -> None:
        self._tell = tell
        self._hear = hear
        self._comm: Any = None
        self._told_at = 0.0
        self._is_due = False
        register_at_fork(self)

    @property
    def is_open(self) -> bool:
        return self._comm is not None

    def open(self) -> None:
        """Open it, if it is not open yet: the page must have said that it listens."""
        if self._comm is not None:
            return
        from comm import create_comm

        self._told_at = time.monotonic()
        self._comm = create_comm(target_name=NAME, data=self._tell() or {})
        self._comm.on_msg(self._take)
        self._comm.on_close(self._was_closed)

    def changed(self) -> None:
        """Tell what is new: now, or soon if something was told just now."""
        if self._comm is None:
            return
        wait = self._told_at + _GAP - time.monotonic()
        if wait <= 0:
            self._send()
        elif not self._is_due and Ticker.is_possible():
            self._is_due = True
            Ticker(self._step).start(wait)  # once no cell runs

    def close(self) -> None:
        """Tell the page that nothing more comes."""
        comm, self._comm = self._comm, None
        if comm is not None:
            comm.close()

    def after_fork(self, *, in_child: bool) -> None:
        """The link is the parent's."""
        if in_child and self._comm is not None:
            self._comm._closed = True  # or the child would close it in the parent's name
            self._comm = None

    def _step(self) -> None:
        self._is_due = False
        self._send()

    def _send(self) -> None:
        if self._comm is None:
            return
        data = self._tell()
        if data is not None:
            self._told_at = time.monotonic()
            self._comm.send(data)

    def _take(self, message: object) -> None:
        content = message.get("content") if isinstance(message, Mapping) else None
        self._hear(content.get("data") if isinstance(content, Mapping) else None)

    def _was_closed(self, message: object) -> None:
        self._comm = None
