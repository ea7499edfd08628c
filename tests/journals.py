"""What tests ask of a journal."""

from __future__ import annotations

from zhipu_magic.history.events import Event, Kept
from zhipu_magic.history.journal_reader import Lines
from zhipu_magic.history.sessions import rebuilt


def latest(lines: Lines, *, but: str) -> tuple[str, Kept] | None:
    """The conversation that `%glm resume` takes."""
    found = rebuilt(lines).conversations(but=but)
    return list(found.items())[-1] if found else None


def events_of(lines: Lines) -> list[Event]:
    """The events that make sense, in order."""
    return [lines.event_at(place) for place in range(len(lines.raw))]
