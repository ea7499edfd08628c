"""What tests ask of a journal."""

from __future__ import annotations

from typing import Any

from zhipu_magic.history.events.changes import from_json
from zhipu_magic.history.events.event import State
from zhipu_magic.history.journal.reader import JournalReader
from zhipu_magic.history.journal.sessions import rebuilt


def latest(reader: JournalReader, *, but: str) -> tuple[str, State] | None:
    """The conversation that `%glm resume` takes."""
    found = rebuilt(reader).conversations(but=but)
    return list(found.items())[-1] if found else None


def events_of(reader: JournalReader) -> list[dict[str, Any]]:
    """The members of the events that make sense, in order."""
    return [reader.event_at(place).to_json() for place in range(len(reader.raw))]


def applied(state: State, members: dict[str, Any]) -> State:
    """What the state is after the event of these members."""
    return from_json({**members}).applied_to(state)
