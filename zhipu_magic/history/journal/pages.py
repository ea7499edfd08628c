"""The pages of a journal: which turns its conversations hold in the end, and what the request of each had held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..conversation import Conversation, Thread
from ..events.members import SENSELESS
from ..events.turn_event import TurnEvent
from ..turn import Turn
from .asked import system_before, thread_before
from .reader import JournalReader
from .sessions import Rebuilding


@dataclass(frozen=True)
class Asked:
    """A recorded request: its event's id and place, the turns that stood before it, and the system text that it had.

    `own_system` is the one that was set for the thread. `joins` is the turn that it goes on from, `prompt` the hash of
    the prompt.
    """

    id: str
    place: int
    before: Thread
    system: str
    own_system: str
    joins: str | None
    prompt: int


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
        rebuilding = Rebuilding(reader)
        for place in range(len(reader.raw)):
            try:
                event = reader.event_at(place)
            except SENSELESS:
                continue
            if isinstance(event, TurnEvent) and event.event != "once" and event.thread is not None:
                state = rebuilding.now(event.session)
                if state is not None:
                    self._take(place, event, state.conversation.thread(event.thread))
            rebuilding.take(place, event)
        left = [state.conversation for state in rebuilding.conversations().values()]
        self.conversations: Sequence[Conversation] = left[::-1]

    def _take(self, place: int, event: TurnEvent, thread: Thread) -> None:
        if event.of is not None:
            self._origins[event.id] = event.of
        if event.replaces is not None and event.replaces != event.id:
            self._instead[event.replaces] = event.id
        origin = self._asked.get(event.of or "")
        prompt = hash(event.prompt) if origin is None else origin.prompt
        before, system = thread_before(thread, event), system_before(thread, event)
        asked = Asked(
            id=event.id,
            place=place,
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

    def event(self, event_id: str) -> TurnEvent | None:
        """The event of this id, if it is a reply's."""
        place = self._reader.places.get(event_id)
        event = None if place is None else self._reader.event_at(place)
        return event if isinstance(event, TurnEvent) else None

    def place(self, turn: Turn) -> int:
        """The place of the event that added the turn."""
        return self._reader.places.get(turn.id, -1)

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
