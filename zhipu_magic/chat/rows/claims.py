"""Which requests are being asked: an equal row of another table, or of another map, waits for that answer."""

from __future__ import annotations

import threading
from typing import Protocol

from ...service.forks import register_at_fork
from .asked import Answered


class Waiting(Protocol):
    """A row that waits for the answer to an equal one."""

    def bring(self, answered: Answered) -> None:
        """This came of the equal row."""

    def put_back(self) -> None:
        """Nothing came of it: this one is to be asked itself."""

    def changed(self) -> None:
        """One of both has happened."""


class Claims:
    """The requests of one chat's maps that are being asked, by their keys."""

    def __init__(self) -> None:
        self.landing = threading.Lock()
        """Held while an answer is kept and brought to its rows, and while a map ends: so the answer is in the store
        and in the table before that end, or it is after it and in no table. Nobody waits for the disk meanwhile.
        """
        self._waiting: dict[str, list[Waiting]] = {}
        self._lock = threading.Lock()
        register_at_fork(self)

    def after_fork(self, *, in_child: bool) -> None:
        """In a child nothing is being asked."""
        if in_child:
            self.landing, self._lock, self._waiting = threading.Lock(), threading.Lock(), {}

    def claim(self, key: str, row: Waiting) -> bool:
        """Whether the caller is to ask this; if not, the row waits for whoever does."""
        with self._lock:
            others = self._waiting.get(key)
            if others is None:
                self._waiting[key] = []
                return True
            others.append(row)
            return False

    def settle(self, key: str, answered: Answered | None) -> list[Waiting]:
        """Bring what came of this to all who wait for it; None if nothing did. Returns them, to be told of it."""
        with self._lock:
            others = self._waiting.pop(key, [])
        for row in others:
            if answered is None:
                row.put_back()
            else:
                row.bring(answered)
        return others
