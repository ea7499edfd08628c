"""Finds the name that a mistyped one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

#: Names that are compared: an object can have any number of attributes, and a mapping any number of keys.
_MOST_COMPARED = 1_000
#: How alike two names must be, from 0 to 1.
_ALIKE = 0.5


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like this one; empty if none is much like it."""
    return next(iter(get_close_matches(name, list(islice(known, _MOST_COMPARED)), n=1, cutoff=_ALIKE)), "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean temperature?`, or nothing."""
    near = nearest(name, known)
    return f"Did you mean {near}?" if near else ""
