"""Changes of a text, by their places in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Edit(NamedTuple):
    """What stands at text[start:end] becomes `new`."""

    start: int
    end: int
    new: str


def edited(text: str, edits: Iterable[Edit], start: int = 0, end: int | None = None) -> str:
    """The part of the text from `start` to `end`, with its edits, which are in order and do not overlap."""
    parts, at = [], start
    for edit in edits:
        parts += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*parts, text[at:end]])


def place_before(edits: Sequence[Edit], place: int) -> int:
    """The position in the original text of a position in the edited text, which is in none of the edits."""
    moved = 0
    for edit in edits:
        if edit.start + moved >= place:
            break
        moved += len(edit.new) - (edit.end - edit.start)
    return place - moved
