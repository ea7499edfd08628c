"""What a user gives for an event, checked before it happens: a journal with it must be one that can be read back."""

from __future__ import annotations

from typing import Any

from ...text.characters import LONGEST_NAME, is_word, shortened
from ...text.errors import InvalidRequest
from ...text.languages.joined import comma
from ...text.languages.messages import N_, Message
from .changes import from_json
from .event import Event
from .members import SENSELESS

#: What a user sets.
_KINDS = {
    "session": N_("session"),
    "model": N_("model"),
    "temperature": N_("temperature"),
    "budget": N_("budget"),
    "system": N_("system text"),
}


def checked_event(members: dict[str, Any]) -> Event:
    """The event with these members. Raises InvalidRequest if a journal with it could not be read back."""
    try:
        return from_json(dict(members))
    except SENSELESS:
        values = comma(
            f"{name} {shortened(repr(value), 60)}"
            for name, value in members.items()
            if name not in ("id", "event", "thread", "forked") and value is not None
        )
        raise InvalidRequest(
            "The {kind} is not valid: {values}.",
            hint="A model's name is one printable word of at most {longest} characters; a temperature is a number from "
            "0 to 2; a budget is 0 or more.",
            reason="setting.invalid",
            kind=Message(_KINDS.get(members["event"], members["event"])),
            values=values,
            longest=LONGEST_NAME,
        ) from None


def check_name(name: str) -> str:
    """A thread's name: one word. Raises InvalidRequest."""
    if not is_word(name) or name.startswith("-"):
        raise InvalidRequest(
            "{name!r} is not a valid name for a thread: it is one word of at most {longest} characters, and does not "
            "begin with a dash.",
            reason="thread.bad_name",
            name=shortened(name, LONGEST_NAME),
            longest=LONGEST_NAME,
        )
    return name
