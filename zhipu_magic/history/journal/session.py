"""One session in a journal that is being read."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..events.event import State


@dataclass(slots=True, eq=False)
class Session:
    """The state that a session has left, where its lines are, and which session it continues (`stands_on`).

    `opening` is the place of its first line, `events` are the places of those after it, and `latest` is the id of the
    last one. `worth` says that it holds a turn, so that it is worth resuming. `taken` is roughly the bytes of memory
    that it takes beside its turns. If that became too much, it is `cut`: no further events of it are applied.
    """

    state: State | None
    """None if another session has resumed it, whose state then holds all of this one's."""
    opening: int | None = None
    events: list[int] = field(default_factory=list)
    worth: bool = False
    stands_on: str | None = None
    taken: int = 0
    cut: bool = False
    base: State | None = None
    """What it began with, if it was forked from another."""
    latest: str = ""
    at_forks: dict[str, State] = field(default_factory=dict)
    """Its state whenever another process was forked from it, by the id of the latest event before the fork."""
