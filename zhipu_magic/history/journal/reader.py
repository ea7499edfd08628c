"""Reading a journal: what of it can be used, and notes on what cannot."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from ...text import regular_files
from ...text.errors import JournalError
from ...text.languages.joined import comma
from ...text.languages.messages import _, ngettext
from ...text.languages.system_words import why
from ...values.images.stored import from_json as image_from_json
from ...values.tools.ran import with_images
from ..events.changes import from_json, plain_turns
from ..events.event import Event
from ..events.members import SENSELESS
from ..events.plain_turns import PlainTurns
from ..events.turn_event import TurnEvent
from .checks import check_version, images_of, size_of
from .lines import LINE_END, blocks_of, value_of, values_of
from .lock import locked

#: Lines that a note names by number.
_MOST_NAMED = 10
#: The fewest lines that are worth reading together.
_FEWEST_TOGETHER = 4

#: Take an event at its place. Take turns, the first at this place and with lines of these sizes; returns how many.
Take = Callable[[int, Event], None]
TakePlain = Callable[[int, PlainTurns, Sequence[int]], int]


class JournalReader:
    """Reads a journal, and keeps the text and the number of each line that can be used.

    `raw` and `numbers` are the lines and their numbers; `places` are the indexes of events in them, by id. `notes` say
    what could not be used. A line whose event is not valid stays in the lists all the same, so that saving loses
    nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.raw: list[bytes] = []
        self.numbers = array("Q")
        self.places: dict[str, int] = {}
        self.notes: list[str] = []
        self._lines = 0
        self._damaged: list[int] = []
        self._senseless: set[int] = set()
        self._answers: dict[int, Mapping[str, Any] | None] = {}

    def read(self, take: Take | None = None, take_plain: TakePlain | None = None) -> None:
        """Read all lines. `take` is called with the place of each valid event, and the event.

        `take_plain` is called first where plain turns stand in a row, with the place of the first one, the turns, and
        the sizes of their lines in bytes; it returns how many it has taken, and `take` gets the next one. The events
        are not kept, which takes less time and a third of the memory. A torn last line and damaged lines are left out,
        and mentioned in `notes`. Raises JournalError if there is no journal, or a newer version wrote it.
        """
        for lines in self._blocks():
            start = 0
            found = values_of(lines)
            for values, are_alike in _parted(found) if take_plain else [(found, False)]:
                stop = start + len(values)
                taken = 0
                if are_alike and take and take_plain:
                    taken = self._read_plain(lines[start:stop], values, take, take_plain)
                for line, members in zip(lines[start + taken : stop], values[taken:], strict=True):
                    self._read_line(line, members, take)
                start = stop
        if self._damaged:
            self.note(
                ngettext(
                    "{journal}: line {lines} is damaged and left out; all others are used.",
                    "{journal}: lines {lines} are damaged and left out; all others are used.",
                    len(self._damaged),
                    journal=self.path.name,
                    lines=_listed(self._damaged),
                )
            )

    def _read_plain(self, lines: list[bytes], values: list[Any], take: Take, take_plain: TakePlain) -> int:
        """Read lines together, as long as enough of them can be. Returns how many were read."""
        if type(values[0]) is not dict or lines[-1][-1] != LINE_END:
            return 0
        sizes = list(map(len, lines))
        turns = plain_turns(values, sizes)
        if turns is None:
            return 0
        ids = [turn.id for turn in turns.turns]
        if len(set(ids)) < len(ids) or not self.places.keys().isdisjoint(ids):
            return 0
        start = 0
        while start < len(lines):
            first = len(self.raw)
            count = take_plain(first, turns.after(start), sizes[start:])
            stop = start + count
            self.places.update(zip(ids[start:stop], range(first, first + count), strict=True))
            self.raw.extend(lines[start:stop])
            self.numbers.extend(range(self._lines + 1, self._lines + 1 + count))
            self._lines += count
            if count < _FEWEST_TOGETHER or stop == len(lines):
                return stop
            self._read_line(lines[stop], values[stop], take)
            start = stop + 1
        return start

    def _read_line(self, line: bytes, members: Any, take: Take | None) -> None:
        self._lines += 1
        event_id = members.get("id") if type(members) is dict else None
        if line[-1] != LINE_END:
            self.note(
                _(
                    "{journal}: the last line was torn off, by a crash perhaps, and is left out.",
                    journal=self.path.name,
                )
            )
        elif type(event_id) is not str or type(members.get("event")) is not str:
            if line.strip() and len(self._damaged) <= _MOST_NAMED:
                self._damaged.append(self._lines)
        elif event_id not in self.places:
            if members["event"] == "session":
                check_version(members.get("version"), self.path)
            place = self.places[event_id] = len(self.raw)
            self.raw.append(line)
            self.numbers.append(self._lines)
            if take is None:
                return
            try:
                event = from_json(members, len(line))
            except SENSELESS:
                self.leave_out(place)
            else:
                take(place, event)

    def _blocks(self) -> Iterator[list[bytes]]:
        try:
            with regular_files.opened(self.path) as file:
                yield from blocks_of(file, _end(file))
        except OSError as error:
            raise JournalError(
                "The journal {journal} cannot be read: {why}.",
                reason="journal.unreadable",
                journal=self.path.name,
                why=why(error),
            ) from None

    def by_id(self) -> dict[str, bytes]:
        """The text of each line, by the id of its event."""
        return {event_id: self.raw[place] for event_id, place in self.places.items()}

    def event_at(self, place: int) -> Event:
        """The event at this place. Raises LookupError or ValueError if it is not valid."""
        return from_json(value_of(self.raw[place]), len(self.raw[place]))

    def with_answer(self, event: TurnEvent) -> TurnEvent:
        """The event with what an earlier line holds for it, and with the images that are kept beside the journal.

        Raises LookupError or ValueError.
        """
        if event.of is not None and event.completion is None:
            return event.with_fields(self._answer(event.of))
        return self._with_images(event)

    def _answer(self, event_id: str) -> Mapping[str, Any]:
        """The request and answer in the line with this id, for another line that repeats them.

        An answer that many lines repeat is parsed twice, and then kept in memory once.
        """
        place = self.places[event_id]
        found = self._answers.get(place)
        if found is None:
            event = self.event_at(place)
            if not isinstance(event, TurnEvent):
                raise LookupError("no answer")
            found = self._with_images(event).answer()
            self._answers[place] = found if place in self._answers else None
        return found

    def _with_images(self, event: TurnEvent) -> TurnEvent:
        folder, found = images_of(self.path), dict[str, Any]()
        if event.images is not None:
            found["images"] = tuple(image_from_json(image, folder) for image in event.images)
        if event.rounds is not None:
            found["rounds"] = with_images(event.rounds, folder)
        if event.calls is not None:
            found["calls"] = with_images([{"calls": event.calls}], folder)[0]["calls"]
        return event.with_fields(found) if found else event

    def leave_out(self, place: int) -> None:
        """Leave out the event at this place, which is not valid."""
        if len(self._senseless) <= _MOST_NAMED:
            self._senseless.add(self.numbers[place])

    def note(self, note: str) -> None:
        """Add a note, once."""
        if note not in self.notes:
            self.notes.append(note)

    def note_senseless(self) -> None:
        """Add a note on the lines whose events are not valid."""
        if self._senseless:
            lines = sorted(self._senseless)
            self.note(
                ngettext(
                    "{journal}: line {lines} makes no sense there and is left out.",
                    "{journal}: lines {lines} make no sense there and are left out.",
                    len(lines),
                    journal=self.path.name,
                    lines=_listed(lines),
                )
            )


def read(path: Path) -> JournalReader:
    """Read the lines of a journal, but none of its events. Raises JournalError."""
    reader = JournalReader(path)
    reader.read()
    return reader


def _parted(values: list[Any]) -> Iterator[tuple[list[Any], bool]]:
    """The values in parts, and whether those of a part have the same members in the same order, and are enough."""
    are_objects = set(map(type, values)) == {dict}
    names = tuple if are_objects else lambda value: tuple(value) if type(value) is dict else None
    others: list[Any] = []
    for _names, group in groupby(values, names):
        alike = list(group)
        if len(alike) < _FEWEST_TOGETHER:
            others += alike
            continue
        if others:
            yield others, False
            others = []
        yield alike, True
    if others:
        yield others, False


def _listed(numbers: list[int]) -> str:
    """These numbers of lines, or the first ten of them."""
    return comma([*map(str, numbers[:_MOST_NAMED]), *(["…"] if len(numbers) > _MOST_NAMED else [])])


def _end(file: IO[bytes]) -> int:
    """The file's length at a moment when nobody writes to it: reading stops there, and others may go on writing.

    A file that another program has locked is read all the same: at worst its last line is torn.
    """
    with suppress(BlockingIOError), locked(file.fileno(), shared=True):
        return size_of(file)
    return size_of(file)
