"""The widths of a table's columns where not all of them fit: words stay whole, and narrow columns keep their width."""

from __future__ import annotations

from collections.abc import Sequence

from .wrapping import longest_word, widest_line

#: Columns of a terminal: a narrower column of a table is hard to read.
_NARROWEST = 6


def widths_of(rows: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """The column widths of a table of these cells, `room` in all; None if they would be too narrow to read."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(widest_line, cells)) for cells in columns]
    words = [max(map(longest_word, cells)) for cells in columns]
    return fitted(widths, words, room)


def fitted(widths: Sequence[int], words: Sequence[int], room: int) -> list[int] | None:
    """The same, given the `widths` of the columns' contents and the widths of their longest `words`."""
    if sum(widths) <= room:
        return list(widths)
    if sum(words) <= room:
        return _raised(words, widths, room)
    least = [min(_NARROWEST, size) for size in widths]
    return _raised(least, widths, room) if sum(least) <= room else None


def _raised(least: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """The `least` widths, widened one column at a time, the narrowest first, while there is room and a use for it."""
    sizes = list(least)
    for _ in range(room - sum(least)):
        narrow = [place for place, size in enumerate(sizes) if size < most[place]]
        if not narrow:
            break
        sizes[min(narrow, key=sizes.__getitem__)] += 1
    return sizes
