"""How the running cell asks, for what depends on it: which of the cells above go along."""

from __future__ import annotations

from typing import NamedTuple


class Asking(NamedTuple):
    """How the running cell asks: in this `thread` (None: the current one), or outside the conversation; whether it only
    shows what would be sent.
    """

    thread: str | None = None
    once: bool = False
    previews: bool = False
