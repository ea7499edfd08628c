"""Answers from the journal in place of the service's.

A request is identified by its key (`request.key_of`). Where the same request was sent more than once, its answers are
distinguished by occurrence: within a session, the first request gets the first answer; a cell that is run again asks
for the same occurrence; and answers of a later session take precedence over those of an earlier one. Where nothing goes
out, a request that only the turns before it distinguish from a recorded one may be answered as well (see `explained`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...history.events.drawn_event import DrawnEvent
from ...history.events.event import State
from ...history.events.map_event import MapEvent
from ...history.events.read_event import ReadEvent
from ...history.events.turn_event import TurnEvent
from ...history.events.used_event import UsedEvent
from ...history.journal.journal import Journal
from ...history.rounds import Round
from ...history.turn import Anchor
from ...service.stream import DONE
from ...text.errors import Interrupted, NotRecorded, ReplyBroken
from ...text.languages.messages import _
from ..environment import ReplayMode
from ..request import Request, key_of
from . import stream
from .occurrences import Occurrences
from .recorded_maps import Keys
from .recorded_readings import Wanted
from .recording import Ran, Recording, Seen

if TYPE_CHECKING:
    from .explained import Below


@dataclass(frozen=True)
class Known:
    """A request's key, which occurrence of it this is, and the journal's line that answers it, if there is one.

    `held` is the checksum of the turns that the recorded request held, where the turns before this one are others.
    """

    key: str
    index: int = 0
    answer: TurnEvent | None = None
    held: int | None = None


class Replay:
    """Looks requests up in a chat's journal, which is read when the first one is."""

    def __init__(
        self, mode: ReplayMode, journal: Journal, warn: Callable[[str], None], below: Below = lambda turn: False
    ) -> None:
        self.mode = mode
        self._below = below
        self._given: dict[str, str] = {}
        self._journal = journal
        self._warn = warn
        self._recording: Recording | None = None
        self._path = journal.path
        self._occurrences = Occurrences()
        self._maps = Occurrences()
        self._readings = Occurrences()
        self._uses = Occurrences()

    def look_up(self, request: Request) -> Known:
        """What the journal knows of this request."""
        key = key_of(request.body)
        if self.mode == "off":
            return Known(key)
        index = self._occurrences.index(key, request.anchor.cell, request.anchor.run)
        fresh = request.options.fresh and self.mode == "auto"
        answer = None if fresh else self._recorded().find(key, index)
        if self.mode == "only" and answer is None:
            answer = self._recorded().stopped(key)
        if self.mode == "only" and (answer is None or self._recorded().is_outdated(answer)):
            below = self._below if answer is None else None
            found = self._recorded().explained(request, self._given, below)
            if found is not None:
                return Known(key, index, found.answer, found.held)
        held = self._recorded().held(request, answer, self._given) if self.mode == "only" and answer else None
        return Known(key, index, answer, held)

    def place_of(self, request: Request) -> int:
        """The place in the journal of the first answer to this request; -1 where it has none, or is not looked at."""
        return -1 if self.mode == "off" else self._recorded().place_of(key_of(request.body))

    def look_up_map(self, keys: Keys, anchor: Anchor, *, peek: bool) -> MapEvent | None:
        """What the journal knows of a map, by the keys that it may have. To `peek` is not to ask it."""
        return self._recorded().maps.find(keys, anchor, Occurrences() if peek else self._maps)

    def look_up_reading(self, wanted: Wanted, anchor: Anchor) -> ReadEvent | None:
        """What the journal knows of a document, where it may answer."""
        return None if self.mode == "off" else self._recorded().readings.find(wanted, anchor, self._readings)

    def look_up_drawing(self, key: str, anchor: Anchor, *, fresh: bool) -> tuple[int, DrawnEvent | None]:
        """Which occurrence of a drawing this is, and the event that has it, if there is one.

        Raises NotRecorded where nothing goes out, and there is none.
        """
        if self.mode == "off":
            return 0, None
        index, recorded = self._occurrences.index(key, anchor.cell, anchor.run), self._recorded()
        found = None if fresh and self.mode == "auto" else recorded.drawing(key, index)
        if found is None and self.mode == "only":
            raise recorded.missed_call(_("drawing"), recorded.drawings.count(key), index)
        return index, found

    def look_up_use(self, key: str) -> UsedEvent | None:
        """What the journal knows of what this took, where nothing goes out."""
        return self._recorded().use(key, self._uses.index(key, None, 0)) if self.mode == "only" else None

    def missed(self, request: Request, known: Known) -> NotRecorded:
        """The error of a request that may not go out."""
        return self._recorded().missed(request, known.key, known.index)

    def gave(self, event: TurnEvent) -> None:
        """Note which recorded answer a turn of this session has."""
        if event.of is not None:
            if event.id not in self._given:
                self._recorded().note_given(event.of)
            self._given[event.id] = event.of

    def left_by(self, event: TurnEvent) -> State | None:
        """The state that the answer of this replayed turn left when it was recorded, where that is not as now."""
        return self._recorded().left_by(event.of) if self.mode == "only" and event.of is not None else None

    def seen(self, ran: Callable[[], Ran | None]) -> Seen | None:
        """The page as the running cell saw it when it was recorded, in a replay where that is not as now.

        `ran` gives what the notebook's file says of the cell.
        """
        if self.mode != "only":
            return None
        done = Counter(event.event for event in self._journal.own_events)
        found = self._recorded().moment(ran(), done)
        return found and found._replace(origin=lambda turn: found.origin(self._given.get(turn, turn)))

    def add(self, known: Known, event: TurnEvent) -> None:
        """Add an answer of the service, if the journal has been read; else it is found when it is."""
        if self._recording is not None and self._path == self._journal.path:
            self._recording.add(known.key, known.index, event)

    def add_drawing(self, index: int, event: DrawnEvent) -> None:
        """Add a drawing of the service in the same way."""
        if self._recording is not None and self._path == self._journal.path:
            self._recording.drawings.add(index, event)

    def _recorded(self) -> Recording:
        path = self._journal.path
        if self._recording is None or path != self._path:
            self._recording, self._path = Recording(path), path
            for note in self._recording.notes:
                self._warn(note)
        return self._recording


class Recorded:
    """A reply's source that gives it from the journal, each round in one piece (see `stream.Source`).

    No tool runs again: what the calls gave then is given now.
    """

    def __init__(self, answer: TurnEvent) -> None:
        rounds = [Round.from_json(one) for one in answer.rounds or ()]
        self._answer = answer
        self._bodies = [*(one.body for one in rounds), answer.completion or {}]
        self._between: list[list[stream.StreamEvent]] = [[*one.calls, stream.Again(one.wrong)] for one in rounds]
        self._due: list[stream.StreamEvent] | None = self._next_body()

    def _next_body(self) -> list[stream.StreamEvent]:
        """The next round: whole, but for the last one of a reply that ended early after its code had run."""
        body = self._bodies.pop(0)
        if self._bodies or not self._answer.is_stopped_run:
            return [body, DONE]
        calls = self._answer.calls
        return [body, *(Round.from_json({"completion": body, "calls": calls}).calls if calls is not None else ())]

    def wait(self, timeout: float, linger: float) -> None:
        """Does nothing: everything has been recorded."""

    def take(self) -> list[stream.StreamEvent] | None:
        due, self._due = self._due, None
        if due is None and not self._bodies and self._answer.is_stopped_run:
            self._end()
        return due

    def _end(self) -> None:
        """Raise what ended the reply."""
        if self._answer.broken is None:
            raise Interrupted("The user stopped this reply when it was recorded.", reason="replay.interrupted")
        raise ReplyBroken(
            "When this reply was recorded, it broke off: {why}", reason="replay.broken_off", why=self._answer.broken
        )

    def notify(self, call: Callable[[], None]) -> None:
        """Call this at once: everything has been recorded."""
        call()

    def wake(self) -> None:
        """Does nothing: nobody waits."""

    @property
    def is_over(self) -> bool:
        """True: everything has been recorded."""
        return True

    @property
    def runs_tools(self) -> bool:
        """What they gave is recorded."""
        return False

    def follow(self, body: Mapping[str, Any]) -> bool:
        """Whether another round was recorded."""
        if self._between:
            self._due = [*self._between.pop(0), *self._next_body()]
        return self._due is not None

    def would_follow(self, body: Mapping[str, Any]) -> bool:
        """Whether another round was recorded."""
        return bool(self._between)

    def close(self) -> list[stream.StreamEvent]:
        """Nothing is open."""
        return []
