"""The pages of a journal: which turns its conversations hold in the end, and what the request of each had held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..conversation import Conversation, Thread
from ..events import turn_event
from ..events.event import State
from ..events.members import SENSELESS
from ..events.turn_event import TurnEvent
from ..turn import Turn
from .asked import system_before, thread_before
from .reader import JournalReader
from .sessions import Rebuilding, rebuilt


@dataclass(frozen=True)
class Asked:
    """A recorded request: its event's id, the turns that stood before it, and the system text that it had.

    `own_system` is the one that was set for the thread. `joins` is the turn that it goes on from, `prompt` the hash of
    the prompt.
    """

    id: str
    before: Thread
    system: str
    own_system: str
    joins: str | None
    prompt: int


#: What a page does by itself, as soon as a cell runs.
_BY_ITSELF = frozenset({"order", "aside", "back"})
#: What ends the time after a reply in which cells may have run that ask nothing.
_ASKED = frozenset({*turn_event.KINDS, "map"})


class Moment(NamedTuple):
    """The state right after an event, which is of this id."""

    event: str
    state: State

    @property
    def session(self) -> str:
        """The kernel in which it was."""
        return _session(self.event)

    def looks_like(self, conversation: Conversation) -> bool:
        """Whether the current thread is listed as in this conversation."""
        return _listed(self.state.conversation) == _listed(conversation)


class _Happened(NamedTuple):
    """An event in its place, by its kind. `ran` is the number on the page of the cell's execution, if it is a reply."""

    id: str
    kind: str
    place: int
    ran: int | None


def _listed(conversation: Conversation) -> list[tuple[object, ...]]:
    return [(link.turn.id, link.aside, link.stale) for link in conversation.here.links]


class Pages:
    """The conversations of a journal as they are in the end, the last first, and all requests that left a turn there.

    An event that repeats an answer has another id than the one that holds it: `origin` tells the latter.
    """

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader
        self._asked: dict[str, Asked] = {}
        self._by_prompt: dict[int, list[Asked]] = {}
        self._origins: dict[str, str] = {}
        self._instead: dict[str, str] = {}
        self._happened: list[_Happened] = []
        self._left: dict[str, State] = {}
        rebuilding = Rebuilding(reader)
        for place in range(len(reader.raw)):
            try:
                event = reader.event_at(place)
            except SENSELESS:
                continue
            if isinstance(event, TurnEvent) and event.event != "once" and event.thread is not None:
                state = rebuilding.now(event.session)
                if state is not None:
                    self._take(event, state.conversation.thread(event.thread))
            rebuilding.take(place, event)
            ran = event.execution_count if isinstance(event, TurnEvent) else None
            self._happened.append(_Happened(event.id, event.event, place, ran))
            if isinstance(event, TurnEvent) and event.holds_answer:
                state = rebuilding.now(event.session)
                if state is not None:
                    self._left[event.id] = state.copy()
        left = rebuilding.conversations()
        self._latest = next(reversed(left), "")
        self.conversations: Sequence[Conversation] = [state.conversation for state in left.values()][::-1]

    def _take(self, event: TurnEvent, thread: Thread) -> None:
        if event.of is not None:
            self._origins[event.id] = event.of
        if event.replaces is not None and event.replaces != event.id:
            self._instead[event.replaces] = event.id
        origin = self._asked.get(event.of or "")
        prompt = hash(event.prompt) if origin is None else origin.prompt
        before, system = thread_before(thread, event), system_before(thread, event)
        asked = Asked(
            id=event.id,
            before=before,
            system=system,
            own_system=thread.own_system,
            joins=event.joins,
            prompt=prompt,
        )
        self._asked[event.id] = asked
        self._by_prompt.setdefault(prompt, []).append(asked)

    def asking(self, prompt: str) -> Sequence[Asked]:
        """The requests with this prompt, in order."""
        return self._by_prompt.get(hash(prompt), ())

    def left_by(self, event_id: str) -> State | None:
        """The state that this reply left in its session, when it was recorded."""
        return self._left.get(event_id)

    def has_one_kernel(self, ran: Callable[[Turn], bool]) -> bool:
        """Whether all turns of the last conversation are of one kernel, where each of their cells `ran` as recorded."""
        threads = self.conversations[0].threads.values() if self.conversations else ()
        turns = [turn for thread in threads for turn in thread.turns if turn.execution_count is not None]
        return all(_session(turn.id) == self._latest and ran(turn) for turn in turns)

    def moment(self, after: str, ran: int | None, done: Mapping[str, int]) -> Moment | None:
        """The moment in which a cell ran that asked nothing: as execution `ran` of the last kernel; right `after` a
        reply where that is not known.

        What the page does by itself between that and the next reply has been done, and of commands as many of a kind as
        are `done` here.
        """
        session = self._latest if ran is not None else _session(after)
        own = [one for one in self._happened if _session(one.id) == session]
        found = [place for place, one in enumerate(own) if _is_before(one, after, ran)]
        if not own or (ran is None and not found):
            return None
        last = found[-1] if found else 0
        kinds = Counter(one.kind for one in own[: last + 1])
        for place, one in enumerate(own[last + 1 :], last + 1):
            kinds[one.kind] += 1
            is_done = one.kind in _BY_ITSELF or kinds[one.kind] <= done.get(one.kind, 0)
            if one.kind in _ASKED or not is_done:
                break
            last = place
        state = self._state_after(own[last])
        return None if state is None else Moment(own[last].id, state)

    def _state_after(self, one: _Happened) -> State | None:
        """The state after an event. Only those after replies are kept: others are many, and seldom asked for."""
        known = self._left.get(one.id)
        return rebuilt(self._reader, one.place + 1).now(_session(one.id)) if known is None else known

    def event(self, event_id: str) -> TurnEvent | None:
        """The event of this id, if it is a reply's."""
        place = self._reader.places.get(event_id)
        event = None if place is None else self._reader.event_at(place)
        return event if isinstance(event, TurnEvent) else None

    def origin(self, event_id: str) -> str:
        """The id of the event that holds the answer."""
        return self._origins.get(event_id, event_id)

    def stands_as(self, event_id: str) -> str:
        """The id of the turn in whose place it is by now: it may have been asked again."""
        seen = set()
        while event_id in self._instead and event_id not in seen:
            seen.add(event_id)
            event_id = self._instead[event_id]
        return event_id


def _is_before(one: _Happened, after: str, ran: int | None) -> bool:
    return one.id == after if ran is None else one.ran is not None and one.ran < ran


def _session(event_id: str) -> str:
    return event_id.rpartition("-")[0]
