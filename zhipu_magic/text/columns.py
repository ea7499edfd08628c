"""The widths of a table's columns where not all of them fit: words stay whole, and narrow columns keep their width."""

from __future__ import annotations

from collections.abc import Sequence

from .wrapping import longest_word, widest_line

#: Columns of a terminal: a narrower column of a table is hard to read.
_NARROWEST = 6
#: A word that is longer, such as an address, may be broken.
_LONGEST_WORD = 20


def widths_of(rows: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """The column widths of a table of these cells, `room` in all; None if they would be too narrow for their words."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(widest_line, cells)) for cells in columns]
    words = [max(map(longest_word, cells)) for cells in columns]
    if sum(widths) <= room:
        return widths
    if sum(words) <= room:
        return _raised(words, widths, room)
    least = [max(min(_NARROWEST, size), min(_LONGEST_WORD, word)) for size, word in zip(widths, words, strict=True)]
    return _raised(least, widths, room) if sum(least) <= room else None


def _raised(least: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """The `least` widths, widened one column at a time, the narrowest first, until there is no more room."""
    sizes = list(least)
    for _ in range(room - sum(least)):
        narrow = [place for place, size in enumerate(sizes) if size < most[place]]
        sizes[min(narrow, key=sizes.__getitem__)] += 1
    return sizes
