"""Which parts of a text are code, to be asked about one position at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property

from ..markdown import Structure, inline_code


class Spans:
    """Parts of a text that do not overlap."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = sorted(spans)
        self._starts = [start for start, _ in self._spans]

    def hold(self, place: int) -> bool:
        """Whether the character at this position is in one of them."""
        return self.begin_before(place) > 0 and place < self._spans[self.begin_before(place) - 1][1]

    def begin_before(self, place: int) -> int:
        """How many of them begin at this position or before it."""
        return bisect_right(self._starts, place)

    def begin_between(self, start: int, end: int) -> bool:
        """Whether one of them begins after `start` and before `end`."""
        return bisect_right(self._starts, start) < bisect_left(self._starts, end)


class Code:
    """The code of a text: its blocks, and what is between backticks."""

    def __init__(self, text: str, found: Structure) -> None:
        self._text = text
        self._found = found

    def holds(self, place: int) -> bool:
        return self.blocks_hold(place) or self._inline.hold(place)

    def blocks_hold(self, place: int) -> bool:
        return self._blocks.hold(place)

    def fence_between(self, start: int, end: int) -> bool:
        return self._fences.begin_between(start, end)

    @cached_property
    def _blocks(self) -> Spans:
        return Spans((block.start, block.end) for block in self._found.blocks)

    @cached_property
    def _fences(self) -> Spans:
        return Spans((block.start, block.end) for block in self._found.blocks if block.fenced)

    @cached_property
    def _inline(self) -> Spans:
        return Spans(inline_code(self._text, self._found))
