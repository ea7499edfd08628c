"""Which of several equal requests one is: a journal answers them in the order in which they were asked."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple


class Place(NamedTuple):
    """Where something is asked: the number of the place, and how often its cell had asked the same before, in a run."""

    number: int
    nth: int


class Occurrences:
    """Numbers the requests that have the same key, within one session."""

    def __init__(self) -> None:
        self._asked: dict[Hashable, dict[Hashable, int]] = {}
        self._runs: dict[Hashable, int] = {}

    def index(self, key: Hashable, cell: str | None, run: Hashable) -> int:
        """0 for the first place that asks, and so on; a cell that is run again is no new place."""
        return self.place(key, cell, run).number

    def place(self, key: Hashable, cell: str | None, run: Hashable) -> Place:
        """The same, with how often this run of the cell had asked before."""
        asked = self._asked.setdefault(key, {})
        if cell is None:
            return Place(asked.setdefault(len(asked), len(asked)), 0)
        nth = self._runs.get((key, cell, run), 0)
        self._runs[key, cell, run] = nth + 1
        return Place(asked.setdefault((cell, nth), len(asked)), nth)
