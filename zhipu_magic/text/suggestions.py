"""Finds the name that a mistyped one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

from .languages.messages import _

#: Names that are compared: an object can have any number of attributes, and a mapping any number of keys.
_MOST_COMPARED = 1_000
#: How alike two names must be to be looked at, from 0 to 1, and how many are.
_ALIKE, _MOST_TRIED = 0.51, 5
#: Characters of a name that may be the beginning of another.
_SHORTEST_BEGINNING = 3


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant: one that begins with this, or differs by a few slips; else empty."""
    tried = get_close_matches(name, list(islice(known, _MOST_COMPARED)), n=_MOST_TRIED, cutoff=_ALIKE)
    return next((one for one in tried if _may_mean(name.casefold(), one.casefold())), "")


def _may_mean(name: str, other: str) -> bool:
    if len(name) >= _SHORTEST_BEGINNING and other.startswith(name):
        return True
    return _slips(name, other) <= max(1, min(len(name), len(other)) // 3)


def _slips(name: str, other: str) -> int:
    """How many letters must be left out, added, replaced or swapped with the next to turn one name into the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(name, 1):
        before, last, row = row, before, [i]
        for j, another in enumerate(other, 1):
            fewest = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != another))
            if i > 1 and j > 1 and letter == other[j - 2] and name[i - 2] == another:
                fewest = min(fewest, last[j - 2] + 1)
            row.append(fewest)
    return row[-1]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean temperature?`, or nothing."""
    near = nearest(name, known)
    return _("Did you mean {near}?", near=near) if near else ""
