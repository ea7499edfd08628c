"""How wide the columns of a table are where they do not all fit: the wide ones share what the narrow ones leave."""

from __future__ import annotations

from collections.abc import Sequence

#: Columns of a terminal: a narrower column of a table is hard to read.
_NARROWEST = 6


def fitted(widths: Sequence[int], room: int) -> list[int] | None:
    """The widths that columns with contents of these `widths` get in so much room; None if they would be too narrow."""
    if sum(widths) <= room:
        return list(widths)
    left, shares = room, list(widths)
    for count, column in zip(
        range(len(widths), 0, -1), sorted(range(len(widths)), key=widths.__getitem__), strict=True
    ):
        shares[column] = min(widths[column], left // count)
        left -= shares[column]
    too_narrow = any(share < min(width, _NARROWEST) for share, width in zip(shares, widths, strict=True))
    return None if too_narrow else shares
