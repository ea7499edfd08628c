"""Which cells are kept back from the model: by their first line, or by a tag that the page or its file tells."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...text import regular_files
from ...values.outputs.marks import mark_of
from ..page_told import PageCell
from .recorder import is_cell
from .store import Ran

if TYPE_CHECKING:
    from ..cell_tracker import CellTracker

#: The tag, as it stands in a notebook's file; a file without it need not be parsed.
_TAG: Final = b"glm-hide"
_MOST: Final = 1 << 26


class HiddenCells:
    """`notebook` gives the notebook's file, where it is known."""

    def __init__(self, cells: CellTracker, notebook: Callable[[], Path | None]) -> None:
        self._cells = cells
        self._notebook = notebook
        self._read: tuple[object, list[PageCell]] = None, []

    def has(self, ran: Ran) -> bool:
        """Whether this cell is hidden."""
        return mark_of(ran.source) == "hide" or any(is_cell(cell, ran.id, ran.source) for cell in self._tagged())

    def _tagged(self) -> list[PageCell]:
        """The code cells with the tag: as the page tells with the running cell, else as the file has them."""
        told = self._cells.told
        cells = told.above if told is not None and told.above is not None else self._saved()
        return [cell for cell in cells if cell.is_code and mark_of("", cell.tags) == "hide"]

    def _saved(self) -> list[PageCell]:
        notebook = self._notebook()
        if notebook is None:
            return []
        from ..page.saved_cells import page_cells

        try:
            status = os.stat(notebook)
            known = notebook, status.st_mtime_ns, status.st_size
            if self._read[0] != known:
                with regular_files.handed_over(notebook) as file:
                    has_tag = _TAG in regular_files.some(file, _MOST)
                self._read = known, page_cells(notebook) if has_tag else []
        except (OSError, ValueError):
            return []
        return self._read[1]
