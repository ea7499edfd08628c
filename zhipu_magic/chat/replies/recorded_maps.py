"""The maps of a journal: which of its events a map belongs to that is asked again, where nothing goes out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from ...history.events.map_event import MapEvent
from ...history.turn import Anchor
from .occurrences import Occurrences

#: The keys that a map may have: that of all its rows, and those of its first so many, for each of these numbers.
Keys = Callable[[Collection[int]], Iterable[str]]


class _Taken(NamedTuple):
    """An event, and how many were taken before it."""

    number: int
    event: MapEvent


class RecordedMaps:
    """The events of maps, by the keys of all rows that they looked at together.

    A map belongs to the newest event of its own cell. Where its cell has none, equal maps are told apart by their order
    (see `Occurrences`); of one that is asked more often than it was, the last event counts.
    """

    def __init__(self) -> None:
        self._occurrences = Occurrences()
        self._by_cell: dict[tuple[str, str, int], _Taken] = {}
        self._by_order: dict[str, dict[int, _Taken]] = {}
        self._prepared = set[int]()
        """How many rows the maps had looked at that were stopped before they had looked at all."""
        self._count = 0

    def take(self, event: MapEvent) -> None:
        """Take in the next event of the journal."""
        if event.late is not None or event.of is not None or event.batch is not None:
            return
        place = self._occurrences.place((event.session, event.key), event.cell, event.run or "")
        self._count += 1
        taken = _Taken(self._count, event)
        if event.cell is not None:
            self._by_cell[event.key, event.cell, place.nth] = taken
        self._by_order.setdefault(event.key, {})[place.number] = taken
        if event.prepared is not None:
            self._prepared.add(event.prepared)

    def find(self, keys: Keys, anchor: Anchor, asked: Occurrences) -> MapEvent | None:
        """The event of the map with one of these keys that this cell asks. `asked` numbers what is asked now."""
        own: list[_Taken | None] = []
        others: list[_Taken | None] = []
        for key in keys(self._prepared):
            place = asked.place(key, anchor.cell, anchor.run)
            same = self._by_order.get(key, {})
            own.append(self._by_cell.get((key, anchor.cell or "", place.nth)))
            others.append(same.get(place.number) or next(reversed(same.values()), None))
        newest = max(filter(None, own), default=None, key=lambda taken: taken.number)
        found = newest or next(filter(None, others), None)
        return None if found is None else found.event
