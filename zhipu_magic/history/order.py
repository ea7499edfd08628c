"""The order of a page's cells, and where it has turns stand in a thread.

A cell that is not listed, or that asks to be last whatever its place, keeps its turn behind the one before it, and such
turns keep their order among each other: they may be another page's, which shares the kernel.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence, Set

from .link import Link, back_from
from .turn import Turn

#: About how many bytes of memory a listed cell takes besides its id.
_BYTES_A_CELL = 160
#: So many cells are looked up one by one.
_FEW = 3


class Order:
    """Cells in the order of their page. No two are the same."""

    __slots__ = ("_ranks", "cells")

    def __init__(self, cells: Sequence[str] = ()) -> None:
        self.cells = tuple(cells)
        self._ranks = {cell: rank for rank, cell in enumerate(self.cells)}

    def __contains__(self, cell: object) -> bool:
        return cell in self._ranks

    @property
    def listed(self) -> Set[str]:
        """The cells, as a set."""
        return self._ranks.keys()

    @property
    def bytes(self) -> int:
        """About how many bytes of memory it takes."""
        return len(self.cells) * _BYTES_A_CELL + sum(map(len, self.cells))

    def place(self, last: Link | None, cell: str | None) -> Link | None:
        """The link behind which the turn of a cell goes that has none in this chain, which is in this order."""
        mine, place = self._ranks.get(cell or ""), last
        if mine is None:
            return last
        for link in back_from(last):
            rank = self._rank(link.turn)
            if rank is not None:
                if rank <= mine:
                    break
                place = link.before
        return place

    def arranged(self, last: Link | None) -> list[Link]:
        """The links of this chain in this order."""
        links = list(back_from(last))[::-1]
        if not self._ranks:
            return links
        ranks, rank, other = [], -1, -1
        for link in links:
            own = self._rank(link.turn)
            if own is None:
                other = max(other, rank)
            else:
                rank = own
            ranks.append(other if own is None else own)
        return [links[place] for place in sorted(range(len(links)), key=ranks.__getitem__)]

    def matters(self, last: Link | None, known: Order, asking: Collection[str] | None) -> bool:
        """Whether links of this chain would move, or turns of the cells `asking` come to another place, which is in
        the order `known`. Without `asking`, any listed cell may ask.
        """
        if not self._holds(last):
            return True
        if asking is not None and len(asking) <= _FEW:
            new = [cell for cell in asking if cell in self._ranks and not self._has(last, cell)]
            return any(self.place(last, cell) is not known.place(last, cell) for cell in new)
        after, before = _Ranked(last, self._rank), _Ranked(last, known._rank)
        found = {link.turn.cell for link in after.links}
        return any(
            after.place(rank) is not before.place(known._ranks.get(cell))
            for cell, rank in self._ranks.items()
            if cell not in found and (asking is None or cell in asking)
        )

    def _holds(self, last: Link | None) -> bool:
        """Whether this chain is in this order."""
        later = len(self.cells)
        for link in back_from(last):
            rank = self._rank(link.turn)
            if rank is not None:
                if rank > later:
                    return False
                later = rank
        return True

    def _has(self, last: Link | None, cell: str) -> bool:
        """Whether the cell has a link in this chain that stands in its order."""
        return any(link.turn.cell == cell and not link.turn.appended for link in back_from(last))

    def _rank(self, turn: Turn) -> int | None:
        return None if turn.appended or turn.cell is None else self._ranks.get(turn.cell)


class _Ranked:
    """The links of a chain whose cells are listed, and their ranks."""

    def __init__(self, last: Link | None, rank: Callable[[Turn], int | None]) -> None:
        self._last = last
        found = [(own, link) for link in back_from(last) if (own := rank(link.turn)) is not None][::-1]
        self.ranks = [own for own, _ in found]
        self.links = [link for _, link in found]

    def place(self, rank: int | None) -> Link | None:
        """The link behind which a turn of this rank goes, where the ranks grow."""
        place = len(self.ranks) if rank is None else bisect_right(self.ranks, rank)
        return self.links[place].before if place < len(self.links) else self._last


#: Where nothing is known of a page.
NO_ORDER = Order()
