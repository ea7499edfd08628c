"""The newest lines in memory: those that are not on the disk yet, or never will be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from .row import Row, is_error, row_of


class Newest:
    """The newest line of each key, of at most so many keys and bytes. One thread at a time may change it."""

    def __init__(self, most: float = math.inf, most_bytes: float = math.inf) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._lines: dict[bytes, bytes] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[bytes]:
        return iter(tuple(self._lines))

    def get(self, key: bytes) -> Row | None:
        line = self._lines.get(key)
        return None if line is None else row_of(line)

    def add(self, key: bytes, line: bytes) -> None:
        """Add a line; an error replaces no answer."""
        known = self._lines.get(key)
        if known is not None and is_error(line) and not is_error(known):
            return
        self._drop(key)
        self._lines[key] = line
        self.bytes += len(line)
        while len(self._lines) > 1 and (len(self._lines) > self._most or self.bytes > self._most_bytes):
            self._drop(next(iter(self._lines)))

    def lines(self) -> dict[bytes, bytes]:
        """All of them by their keys, the newest last."""
        return dict(self._lines)

    def drop(self, lines: Mapping[bytes, bytes]) -> None:
        """Forget these very lines, and not newer ones of the same keys."""
        for key, line in lines.items():
            if self._lines.get(key) is line:
                self._drop(key)

    def _drop(self, key: bytes) -> None:
        self.bytes -= len(self._lines.pop(key, b""))
