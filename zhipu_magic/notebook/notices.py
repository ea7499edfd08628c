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


def system_gone(system: str) -> str:
    """Says that a cell's system text was set aside with its turn, and which one is in force now."""
    now = f"it is “{shorten(system, _LONGEST_SYSTEM)}”" if system else "there is none"
    return f"The system text that its cell gave went with it: now {now}."
