"""The notices on turns that were set aside because their cells were deleted or changed."""

from __future__ import annotations

from ..text.characters import shorten

#: Characters of a system text in a notice.
_LONGEST_SYSTEM = 60


def set_aside(count: int, why: str, *, elsewhere: str = "") -> str:
    """Says that so many turns were set aside; `elsewhere` is the name of their thread if it is not the current one."""
    where = f" of thread {elsewhere}" if elsewhere else ""
    back = f"%glm thread {elsewhere} and then %glm restore" if elsewhere else "%glm restore"
    if count == 1:
        return f"1 turn{where} was set aside: its cell was {why}. {back} brings it back."
    return f"{count} turns{where} were set aside: their cells were {why}. {back} brings them back."


def system_gone(gone: str, why: str, now: str) -> str:
    """Says that the system text that a cell gave is no longer in force, and which one is now."""
    now = f"it is “{shorten(now, _LONGEST_SYSTEM)}”" if now else "there is none"
    text = shorten(gone, _LONGEST_SYSTEM)
    return f"The system text “{text}”, which came with a cell that was {why}, is no longer in force: now {now}."
