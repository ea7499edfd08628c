"""How many rows a map has, and what came of them: of the parts under way, and of those that are done with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from .part import Part


class Counts(NamedTuple):
    """Rows in all, and how many of them repeat another one, were known before, have an answer, failed, or have an
    answer that reached its maximum length.
    """

    rows: int = 0
    equal: int = 0
    known: int = 0
    answered: int = 0
    failed: int = 0
    cut_off: int = 0

    @classmethod
    def of(cls, part: Part) -> Counts:
        return cls(
            rows=part.size,
            equal=part.equal,
            known=part.known,
            answered=part.answered,
            failed=len(part.failures),
            cut_off=part.cut_off,
        )

    def plus(self, other: Counts) -> Counts:
        return Counts(*map(sum, zip(self, other, strict=True)))


class Tally:
    """The counts of all parts of a map, and what identifies all of its requests together."""

    def __init__(self) -> None:
        self._closed = Counts()
        self._digest = hashlib.sha256()
        self._has_closed = False

    def close(self, part: Part) -> None:
        """This part is done with."""
        self._closed = self._closed.plus(Counts.of(part))
        self._digest.update(part.key.encode())
        self._has_closed = True

    def counts(self, parts: Sequence[Part]) -> Counts:
        """The counts, with those of the parts under way."""
        found = self._closed
        for part in parts:
            found = found.plus(Counts.of(part))
        return found

    def key(self, parts: Sequence[Part]) -> str:
        """The key of the map: of one table, that of its rows."""
        if not self._has_closed and len(parts) == 1:
            return parts[0].key
        digest = self._digest.copy()
        for part in parts:
            digest.update(part.key.encode())
        return digest.hexdigest()
