"""The notices on turns that were set aside because their cells were deleted or changed."""

from __future__ import annotations

from ..text.characters import shorten
from ..text.languages.messages import _, ngettext

#: Characters of a system text in a notice.
_LONGEST_SYSTEM = 60


def set_aside(count: int, why: str, *, elsewhere: str = "") -> str:
    """Says that so many turns were set aside; `elsewhere` is the name of their thread if it is not the current one."""
    if elsewhere:
        return ngettext(
            "1 turn of thread {thread} was set aside: its cell was {why}. %glm thread {thread} and then %glm restore "
            "brings it back.",
            "{count} turns of thread {thread} were set aside: their cells were {why}. %glm thread {thread} and then "
            "%glm restore brings them back.",
            count,
            thread=elsewhere,
            why=why,
        )
    return ngettext(
        "1 turn was set aside: its cell was {why}. %glm restore brings it back.",
        "{count} turns were set aside: their cells were {why}. %glm restore brings them back.",
        count,
        why=why,
    )


def system_gone(gone: str, why: str, now: str) -> str:
    """Says that the system text that a cell gave is no longer in force, and which one is now."""
    text = shorten(gone, _LONGEST_SYSTEM)
    if not now:
        return _(
            "The system text “{text}”, which came with a cell that was {why}, is no longer in force: now there is "
            "none.",
            text=text,
            why=why,
        )
    return _(
        "The system text “{text}”, which came with a cell that was {why}, is no longer in force: now it is “{now}”.",
        text=text,
        why=why,
        now=shorten(now, _LONGEST_SYSTEM),
    )
