"""Which page has listed which cells: several notebooks may share a kernel, and one may be loaded again."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..page_says import MOST_CELLS
from .identity import is_position

#: Cells that are remembered, of all pages.
_MOST = 10 * MOST_CELLS


class ListedCells:
    """Remembers the page that has listed each cell last, by the page's name."""

    def __init__(self) -> None:
        self._pages: dict[str, str] = {}
        self._noted: tuple[str, object] = ("", None)

    def note(self, page: str, cells: Collection[str]) -> None:
        """Note that this page lists these cells. A page without a name is not remembered."""
        if not page or self._noted == (page, cells):
            return
        self._noted = (page, cells)
        self.forget(cells)
        self._pages.update(dict.fromkeys(cells, page))
        for cell in [*self._pages][: len(self._pages) - _MOST]:
            del self._pages[cell]

    def forget(self, cells: Iterable[str]) -> None:
        """Note that nobody lists these cells any more."""
        for cell in cells:
            self._pages.pop(cell, None)

    def missing(self, page: str, there: Collection[str]) -> list[str]:
        """The cells of this page that are not among those `there`.

        One whose id may be a position is never missing: it may be there under another one.
        """
        cells = [cell for cell, name in self._pages.items() if name == page] if page else []
        remain = set(there)
        return [cell for cell in cells if cell not in remain and not is_position(cell)]
