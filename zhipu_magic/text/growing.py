"""Cuts a growing Markdown text into a part that is finished and the rest, which may still change.

Each part is a text of its own, and looks as it does in the whole, but for links that another part defines, and for the
space around what a cut goes through: a list, between its items, or a block of code, between its lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from .markdown import Structure, closed, outside_code, structure


class Cut(NamedTuple):
    """A text is `finished` up to `end`. The rest is shown after `goes_on`, such as the fence that it continues."""

    finished: str
    end: int
    goes_on: str = ""


def cut(text: str, *, least: int, near: int) -> Cut | None:
    """The text cut after at least so many characters; None if there is no place yet.

    Until the text is twice as long, a place counts only if it is as `near` to the end, in characters: little is then
    shown anew.
    """
    if len(text) < least:
        return None
    found = structure(text)
    place = _between_lines_of_code(text, found) or _between_blocks(text, found)
    if place is None or place.end < least or (len(text) - place.end > near and len(text) < 2 * least):
        return None
    return place


def _between_blocks(text: str, found: Structure) -> Cut | None:
    """The last place between two blocks or two items of a list; none within mathematics, which may go over blocks."""
    marks = list(_mathematics(text, found))
    for place in reversed(found.breaks):
        latest = bisect_right(marks, (place, True)) - 1
        if _is_certain(text, place) and not (latest >= 0 and marks[latest][1]):
            return Cut(text[:place], place)
    return None


def _is_certain(text: str, place: int) -> bool:
    """Whether the block that begins here stays what it is: its line is complete, and it is not indented code."""
    return text.find("\n", place) >= 0 and not text.startswith(("    ", "\t"), place)


_MARK = re.compile(r"\$\$|\\[\[\]]|\\(?:begin|end)\{")


def _mathematics(text: str, found: Structure) -> Iterator[tuple[int, bool]]:
    """The marks of mathematics outside code, and whether any is open after each."""
    dollars, depth = False, 0
    for mark in outside_code(text, _MARK, found):
        if mark[0] == "$$":
            dollars = not dollars
        else:
            depth = max(0, depth + (1 if mark[0] in ("\\[", "\\begin{") else -1))
        yield mark.start(), dollars or depth > 0


#: What a front end draws or typesets, as far as it is whole.
_DRAWN = frozenset({"math", "latex", "tex", "mermaid", "graphviz", "dot", "vega", "vega-lite", "html", "svg"})


def _between_lines_of_code(text: str, found: Structure) -> Cut | None:
    """The last end of a line in the block of code that is still open at the end of the text, if one is."""
    if closed(text) == text or found.blocks[-1].language in _DRAWN:
        return None
    opening_at = text.rfind("\n", 0, found.blocks[-1].start) + 1
    opening, _, code = text[opening_at:].partition("\n")
    lines = code[: code.rfind("\n") + 1]
    if not lines.strip():
        return None
    end = opening_at + len(opening) + 1 + len(lines)
    return Cut(closed(text[:end].rstrip()), end, f"{opening}\n")
