"""The lines in memory: those that are not on the disk yet, or never will be."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping

from .row import Row, is_error, row_of

Lines = tuple[bytes, ...]
"""The lines of one key, in the order in which they came."""


class KeptLines:
    """The lines of the newest keys, of at most so many keys and bytes. One thread at a time may change it."""

    def __init__(self, most: float = math.inf, most_bytes: float = math.inf) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._lines: OrderedDict[bytes, Lines] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[bytes]:
        return iter(tuple(self._lines))

    def get(self, key: bytes) -> Row | None:
        """The newest answer of this key, else its newest error."""
        lines = self._lines.get(key)
        if lines is None:
            return None
        return row_of(next((line for line in reversed(lines) if not is_error(line)), lines[-1]))

    def rows(self, key: bytes) -> list[Row]:
        """All that came of this key, the oldest first."""
        return [row_of(line) for line in self._lines.get(key, ())]

    def add(self, key: bytes, *lines: bytes) -> None:
        """Add lines to this key, which becomes the newest. An interrupt loses none."""
        self.bytes += sum(map(len, lines))
        self._lines[key] = self._lines.get(key, ()) + lines
        self._lines.move_to_end(key)
        while len(self._lines) > 1 and (len(self._lines) > self._most or self.bytes > self._most_bytes):
            self._leave(next(iter(self._lines)), 0)

    def lines(self) -> dict[bytes, Lines]:
        """All of them by their keys, the newest last."""
        return dict(self._lines)

    def drop(self, lines: Mapping[bytes, Lines]) -> None:
        """Forget these lines, and not those of the same keys that came later."""
        for key, gone in lines.items():
            known = self._lines.get(key, ())
            if known and known[: len(gone)] == gone:
                self._leave(key, len(known) - len(gone))

    def _leave(self, key: bytes, count: int) -> None:
        """Have only the last so many lines of this key."""
        known = self._lines[key]
        gone = len(known) - count
        self.bytes -= sum(map(len, known[:gone]))
        if count:
            self._lines[key] = known[gone:]
        else:
            del self._lines[key]
