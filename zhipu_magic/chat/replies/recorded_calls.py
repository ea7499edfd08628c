"""What a journal knows of drawings and the like, which no conversation decides: by their keys and occurrences."""

from __future__ import annotations

from typing import Generic, TypeVar

from ...history.events.drawn_event import DrawnEvent
from ...history.events.used_event import UsedEvent
from .occurrences import Occurrences

_Event = TypeVar("_Event", DrawnEvent, UsedEvent)


class RecordedCalls(Generic[_Event]):
    """Where the events of one kind are: at a place in the journal, or at hand if they are of this session."""

    def __init__(self) -> None:
        self._found: dict[str, dict[int, int | _Event]] = {}
        self._occurrences = Occurrences()

    def take(self, place: int, event: _Event, cell: str | None, run: str, *, holds: bool) -> None:
        """Take in the next event of the journal, which `holds` an answer or repeats one."""
        index = self._occurrences.index((event.session, event.key), cell, run)
        if holds:
            self._found.setdefault(event.key, {})[index] = place

    def add(self, index: int, event: _Event) -> None:
        """Add an event of this session."""
        self._found.setdefault(event.key, {})[index] = event

    def find(self, key: str, index: int) -> int | _Event | None:
        """The event, or its place in the journal."""
        return self._found.get(key, {}).get(index)

    def count(self, key: str) -> int:
        """How many there are of this key."""
        return len(self._found.get(key, {}))
