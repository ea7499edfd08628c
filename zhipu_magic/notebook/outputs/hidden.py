"""Which cells are kept back from the model: by their first line, or by a tag that the page or its file tells."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...text import regular_files
from ...values.outputs.marks import mark_of
from ..page_says import PageCell
from .recorder import is_cell
from .store import Ran

if TYPE_CHECKING:
    from ..cell_tracker import CellTracker

#: The tag and the comment, as they stand in a notebook's file; a file without either need not be parsed.
_MARKS: Final = re.compile(rb"glm-hide|glm:[ \\t]*hide", re.IGNORECASE)
_MOST: Final = 1 << 26


class HiddenCells:
    """`notebook` gives the notebook's file, where it is known."""

    def __init__(self, cells: CellTracker, notebook: Callable[[], Path | None]) -> None:
        self._cells = cells
        self._notebook = notebook
        self._read: tuple[object, list[PageCell]] = None, []

    def has(self, ran: Ran) -> bool:
        """Whether this cell is hidden."""
        return mark_of(ran.source) == "hide" or any(is_cell(cell, ran.id, ran.source) for cell in self._marked())

    def _marked(self) -> list[PageCell]:
        """The code cells that are hidden by what the page tells, which only knows those above, or by its file."""
        page = self._cells.page
        cells = [*(page.above or () if page is not None else ()), *self._saved()]
        return [cell for cell in cells if cell.is_code and mark_of(cell.source, cell.tags) == "hide"]

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
                    has_mark = _MARKS.search(regular_files.some(file, _MOST))
                self._read = known, page_cells(notebook) if has_mark else []
        except (OSError, ValueError):
            return []
        return self._read[1]
