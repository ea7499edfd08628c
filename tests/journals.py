"""What tests ask of a journal."""

from __future__ import annotations

from zhipu_magic.events import Kept
from zhipu_magic.lines import Lines
from zhipu_magic.sessions import conversations, rebuild


def latest(lines: Lines, *, but: str) -> tuple[str, Kept] | None:
    """The conversation that `%glm resume` takes."""
    found = conversations(rebuild(lines), but=but)
    return list(found.items())[-1] if found else None
