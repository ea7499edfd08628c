"""One session in a journal that is being read."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..events.event import State


@dataclass(slots=True, eq=False)
class Session:
    """What a session keeps, where its events stand in the journal, and which session it stands on.

    `opening` is the place of its first line, `events` are the places of those after it, and `latest` is the id of the
    last one. A session is `worth` resuming once it holds a turn. `taken` is about how many bytes it takes in memory
    beside its turns; one that asked for too much is `cut`: none of its further events is applied.
    """

    state: State | None
    """None where another session has resumed it: that one holds all of it."""
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
    """What it kept when other processes were forked from it, by the latest event before."""
