"""Saves work on growing texts: what is shown for the settled beginning of a text is kept from one call to the next.

A reply is shown anew with each refresh, and only its end is new. `SeenTexts` finds the earlier call whose work can be
continued.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

#: A reply with tools has several growing texts on the page.
_MOST_TEXTS = 8
_INDENT = re.compile(r"[ \t]*(?=\S)")


@dataclass(frozen=True)
class Settled:
    """A text seen before: what is `shown` for text[:end], which stays the same when the text grows."""

    text: str = ""
    end: int = 0
    shown: str = ""


class SeenTexts:
    """The latest texts; `goes_on` says whether a new text continues one of them."""

    def __init__(self, goes_on: Callable[[Settled, str], bool]) -> None:
        self._goes_on = goes_on
        self._latest: tuple[Settled, ...] = ()

    def before(self, text: str) -> Settled:
        """The latest text that this one continues; an empty one if there is none."""
        return next((each for each in self._latest if self._goes_on(each, text)), Settled())

    def replace(self, earlier: Settled, new: Settled) -> None:
        """Remember the new text in place of the earlier one that it continues."""
        others = [each for each in self._latest if each is not earlier]
        self._latest = (new, *others[: _MOST_TEXTS - 1])

    def forget(self) -> None:
        """Remember nothing."""
        self._latest = ()


def is_longer(earlier: Settled, text: str) -> bool:
    """Whether the text begins with all of the earlier one."""
    return text.startswith(earlier.text)


def is_settled_alike(earlier: Settled, text: str) -> bool:
    """Whether the text begins with the settled part of the earlier one, and a block begins after it in both.

    With the same indent, that block is not inside one before it; what it is may be something else.
    """
    same = text.startswith(earlier.text[: earlier.end])
    return same and _indent_at(text, earlier.end) == _indent_at(earlier.text, earlier.end)


def _indent_at(text: str, place: int) -> str | None:
    """The indent of the line that begins there; None if it is blank."""
    line = _INDENT.match(text, place)
    return line[0] if line else None
