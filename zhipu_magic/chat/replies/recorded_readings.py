"""What a journal knows of documents that were read: which of its readings one belongs to that is asked for again."""

from __future__ import annotations

from typing import NamedTuple

from ...history.events.read_event import ReadEvent
from ...history.turn import Anchor
from .occurrences import Occurrences


class Wanted(NamedTuple):
    """What identifies a reading: the hash of a file's bytes or of an address, or without one, how a cell writes it."""

    pages: str
    sha256: str = ""
    source: str = ""


class RecordedReadings:
    """Readings, by what they are of. Equal ones are told apart by their order (see `Occurrences`); of a later session
    they go before those of an earlier one, and what is wanted more often than it was read is the last.
    """

    def __init__(self) -> None:
        self._occurrences = Occurrences()
        self._found: dict[Wanted, dict[int, ReadEvent]] = {}

    def take(self, event: ReadEvent) -> None:
        """Take in the next event of the journal."""
        pages = event.pages or ""
        for wanted in (Wanted(pages, sha256=event.sha256), Wanted(pages, source=event.source)):
            number = self._occurrences.index((event.session, wanted), event.cell, event.run or "")
            self._found.setdefault(wanted, {})[number] = event

    def find(self, wanted: Wanted, anchor: Anchor, asked: Occurrences) -> ReadEvent | None:
        """The reading that this cell asks for. `asked` numbers what is asked for now."""
        same = self._found.get(wanted, {})
        return same.get(asked.index(wanted, anchor.cell, anchor.run)) or next(reversed(same.values()), None)
