"""What a journal knows of replies, by the requests that they answer."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...history.events.drawn_event import DrawnEvent
from ...history.events.event import Event, State
from ...history.events.map_event import MapEvent
from ...history.events.read_event import ReadEvent
from ...history.events.turn_event import TurnEvent
from ...history.events.used_event import UsedEvent
from ...history.journal.checks import images_of
from ...history.journal.file import kept_images
from ...history.journal.reader import JournalReader
from ...text.errors import REPLAY_ONLY, NotRecorded
from ...text.languages.joined import in_lines
from ...text.languages.messages import _, ngettext
from ..request import Request, key_of
from .difference import difference
from .occurrences import Occurrences
from .recorded_calls import RecordedCalls
from .recorded_maps import RecordedMaps
from .recorded_readings import RecordedReadings

if TYPE_CHECKING:
    from ...history.journal.pages import Moment, Pages
    from ...history.turn import Turn
    from .explained import Below, Explained


class Ran(NamedTuple):
    """What the notebook's file says of the running cell: the number of its execution, and whether the cells above have
    lower numbers and those below higher ones. `as_recorded` tells whether a turn's cell has the number there that was
    recorded.
    """

    number: int
    is_in_order: bool
    as_recorded: Callable[[Turn], bool]


class Seen(NamedTuple):
    """A page as it was when a cell was recorded that looks at it. `origin` gives the id of the reply that a turn has.

    It `is_sure` where it is known when that was.
    """

    moment: Moment
    origin: Callable[[str], str]
    is_sure: bool


class Recording:
    """The whole replies of a journal, by the key of the request that they answer."""

    def __init__(self, path: Path | None = None) -> None:
        """Read the journal, if there is one. Raises JournalError."""
        self._path = path
        self._answers: dict[str, dict[int, int | TurnEvent]] = {}
        self.maps = RecordedMaps()
        self.readings = RecordedReadings()
        self.drawings = RecordedCalls[DrawnEvent]()
        self.uses = RecordedCalls[UsedEvent]()
        self._asked = array("Q")
        self._occurrences = Occurrences()
        self._stopped: dict[str, int | TurnEvent] = {}
        self._newest: dict[tuple[str, int], str] = {}
        self._pages: Pages | None = None
        self._given = 0
        self._last_given = ""
        self._in_order = True
        self._reader = JournalReader(path) if path is not None and os.path.lexists(path) else None
        if self._reader is not None:
            self._reader.read(self._take)
            self._reader.note_senseless()

    @property
    def notes(self) -> list[str]:
        """What of the journal could not be used."""
        return self._reader.notes if self._reader else []

    def _take(self, place: int, event: Event) -> None:
        if isinstance(event, MapEvent):
            self.maps.take(event)
        if isinstance(event, ReadEvent):
            self.readings.take(event)
        if isinstance(event, DrawnEvent) and not event.failed:
            self.drawings.take(place, event, event.cell, event.run or "", holds=event.holds_picture)
        if isinstance(event, UsedEvent):
            self.uses.take(place, event, None, "", holds=event.of is None)
        if not isinstance(event, TurnEvent):
            return
        if event.holds_answer:
            self._asked.append(place)
            if event.cell is not None and event.key is not None:
                self._newest[event.cell, _asked_as(event)] = event.key
        key = event.key
        if key is not None and event.is_stopped_run:
            self._stopped[key] = place
        if key is None or (event.holds_answer and not event.is_whole):
            return
        # A key is asked for anew in each session.
        index = self._occurrences.index((event.session, key), event.cell, event.run or "")
        if event.holds_answer:
            self._answers.setdefault(key, {})[index] = place

    def find(self, key: str, index: int) -> TurnEvent | None:
        """The event that holds the answer."""
        return self._event_of(self._answers.get(key, {}).get(index))

    def stopped(self, key: str) -> TurnEvent | None:
        """The newest event of a reply that ended early, after code of the model's had run; it repeats what that did."""
        return self._event_of(self._stopped.get(key))

    def _event_of(self, answer: int | Event | None) -> TurnEvent | None:
        if isinstance(answer, int) and self._reader is not None:
            answer = self._reader.event_at(answer)
            answer = self._reader.with_answer(answer) if isinstance(answer, TurnEvent) else None
        return answer if isinstance(answer, TurnEvent) else None

    def drawing(self, key: str, index: int) -> DrawnEvent | None:
        """The event that holds this drawing, with its picture."""
        found = self.drawings.find(key, index)
        event = self._event_at(found)
        if isinstance(event, DrawnEvent) and self._reader is not None and isinstance(found, int):
            return event.with_fields({"images": kept_images(event, images_of(self._reader.path))})
        return event if isinstance(event, DrawnEvent) else None

    def use(self, key: str, index: int) -> UsedEvent | None:
        """The event that says what this took."""
        event = self._event_at(self.uses.find(key, index))
        return event if isinstance(event, UsedEvent) else None

    def _event_at(self, found: int | Event | None) -> Event | None:
        """The event at this place; others as they are."""
        if not isinstance(found, int):
            return found
        assert self._reader is not None  # which has told the place
        return self._reader.event_at(found)

    def place_of(self, key: str) -> int:
        """The place of the first answer with this key; -1 if there is none."""
        answer = self._answers.get(key, {}).get(0)
        return answer if isinstance(answer, int) else -1

    def is_outdated(self, answer: TurnEvent) -> bool:
        """Whether the cell that got this answer has asked the same again later, after other turns."""
        return answer.cell is not None and self._newest.get((answer.cell, _asked_as(answer))) != answer.key

    def explained(self, request: Request, given: Mapping[str, str], below: Below | None) -> Explained | None:
        """The reply to a request that differs from a recorded one in its earlier turns, if the journal explains it."""
        from .explained import explained

        pages = self._pages_of_journal()
        return explained(pages, request, given, below) if pages is not None else None

    def held(self, request: Request, answer: TurnEvent, given: Mapping[str, str]) -> int | None:
        """The checksum of the turns that the request of this answer held, unless it is that of the turns here."""
        pages = None if self._in_order or request.options.once else self._pages_of_journal()
        if pages is None:
            return None
        from .explained import held_by

        return held_by(pages, request, answer, given)

    def note_given(self, answer: str) -> None:
        """Note that the answer of this event has been given."""
        place = self._reader.places.get(answer) if self._reader is not None else None
        is_next = self._given < len(self._asked) and place == self._asked[self._given]
        self._in_order = self._in_order and is_next
        self._given += 1
        self._last_given = answer

    def left_by(self, answer: str) -> State | None:
        """The state that an answer left when it was recorded, unless all so far were given in the order of the journal.

        In that order, the state of now is the same.
        """
        pages = None if self._in_order else self._pages_of_journal()
        return pages.left_by(answer) if pages is not None else None

    def moment(self, ran: Ran | None, done: Mapping[str, int]) -> Seen | None:
        """The page as it was when the running cell was recorded, where it asks nothing; None where that is as now.

        `ran` is what the notebook's file says of its execution, `done` how many commands of a kind have run here.
        """
        is_in_order = self._in_order and (ran is None or ran.is_in_order)
        pages = None if is_in_order else self._pages_of_journal()
        if pages is None:
            return None
        number = ran.number if ran is not None and pages.has_one_kernel(ran.as_recorded) else None
        if number is None and self._in_order:
            return None
        moment = pages.moment(self._last_given, number, done)
        if moment is None:
            return None
        is_sure = number is not None or moment.looks_like(pages.conversations[0])
        return Seen(moment, pages.origin, is_sure=is_sure)

    def _pages_of_journal(self) -> Pages | None:
        if self._pages is None and self._reader is not None:
            from ...history.journal.pages import Pages

            self._pages = Pages(self._reader)
        return self._pages

    def add(self, key: str, index: int, event: TurnEvent) -> None:
        """Add this answer, if it is complete."""
        if event.is_whole:
            self._answers.setdefault(key, {})[index] = event
        elif event.is_stopped_run:
            self._stopped[key] = event

    def missed_call(self, what: str, known: int, index: int) -> NotRecorded:
        """The error of a drawing or the like that the journal has fewer times than it is asked for."""
        return NotRecorded(
            "This {what} is not in the {journal}.",
            hint='chat.replay = "auto" asks the service, and records the answer.',
            detail=ngettext(
                "The journal has it once, and this is request number {number}.",
                "The journal has it {count} times, and this is request number {number}.",
                known,
                number=index + 1,
            )
            if known
            else "",
            reason="replay.call_not_recorded",
            outcomes=[REPLAY_ONLY],
            what=what,
            journal=self._named,
        )

    @property
    def _named(self) -> str:
        return _("journal {name}", name=self._path.name) if self._path else _("journal")

    def missed(self, request: Request, key: str, index: int) -> NotRecorded:
        """The error that says what the journal knows instead."""
        from ...history.journal.nearest import nearest

        near = nearest(self._reader, self._asked, request.prompt) if self._reader else None
        known = len(self._answers.get(key, {}))
        if known:
            detail: str = ngettext(
                "The journal has this very request once, and this is request number {number}.",
                "The journal has this very request {count} times, and this is request number {number}.",
                known,
                number=index + 1,
            )
        elif near is None:
            detail = _("The journal has no requests at all.") if self._reader else ""
        elif not near.whole and key_of(near.body) == key:
            detail = _(
                "Line {line} is this very request, but its reply was interrupted and is not complete.", line=near.line
            )
        else:
            detail = _(
                "The closest is the request of line {line}: {difference}",
                line=near.line,
                difference=difference(near.body, request.body),
            )
        return NotRecorded(
            "This request is not in the {journal}." if self._reader else "There is no {journal} to answer from.",
            hint='chat.replay = "auto" asks the service, and records the answer.',
            detail=in_lines([detail, *self.notes]),
            reason="replay.not_recorded" if self._reader else "replay.no_journal",
            outcomes=[REPLAY_ONLY],
            journal=self._named,
        )


def _asked_as(event: TurnEvent) -> int:
    """What distinguishes the questions of one cell: those to several models at once differ in the model."""
    return hash((event.prompt, event.model if event.comparison else None))
