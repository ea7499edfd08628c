"""Finds the recorded request that is most similar to one that the journal does not have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from heapq import nlargest
from typing import Any

from ..events.turn_event import TurnEvent
from .asked import messages_of
from .reader import JournalReader
from .sessions import rebuilt

#: How many of the latest requests are compared; how many of those, the likeliest, in the order of their characters; and
#: how many characters of each.
_MOST_COMPARED, _MOST_ORDERED, _CHARACTERS = 500, 20, 200


@dataclass(frozen=True)
class Nearest:
    """A recorded request: the number of its line, whether its reply is whole, and the compared part of its body."""

    line: int
    whole: bool
    body: Mapping[str, Any]


def nearest(reader: JournalReader, asked: Sequence[int], prompt: str) -> Nearest | None:
    """The request at one of these places with the same prompt, or else the most similar one; the last of several."""
    found: dict[int, str] = {}
    for place in reversed(asked[-_MOST_COMPARED:]):
        found[place] = _turn_at(reader, place).prompt or ""
    if not found:
        return None
    matcher = SequenceMatcher(None, b=prompt[:_CHARACTERS], autojunk=False)

    def likeness(place: int, measure: Callable[[], float]) -> float:
        if found[place] == prompt:
            return 2.0
        matcher.set_seq1(found[place][:_CHARACTERS])
        return measure()

    # Comparing in order takes longer the more a character repeats, and a journal from elsewhere may do that on purpose.
    likely = nlargest(_MOST_ORDERED, found, key=lambda place: likeness(place, matcher.quick_ratio))
    place = max(likely, key=lambda place: (likeness(place, matcher.ratio), place))
    event = reader.with_answer(_turn_at(reader, place))
    state = rebuilt(reader, place).state_of(event.session)
    thread = state.conversation.thread(event.thread or "")
    body = {"model": event.model, "messages": messages_of(thread, event), **(event.members or {})}
    return Nearest(reader.numbers[place], event.is_whole, body)


def _turn_at(reader: JournalReader, place: int) -> TurnEvent:
    event = reader.event_at(place)
    assert isinstance(event, TurnEvent)
    return event
