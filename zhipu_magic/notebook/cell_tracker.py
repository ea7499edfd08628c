"""Which cell is running, in which execution, and which cells were deleted. IPython tells a magic none of this."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..text.errors import GLMError
from . import front_ends, glm_cell
from .page_says import PageSays, said_with
from .shell import request_metadata
from .usage_error import UsageError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

    from .shell import Shell

#: A cell that is a command of ours, perhaps below comments.
_ONE_LINE = re.compile(r"(?:[^\S\r\n]*(?:#[^\r\n]*)?\r?\n)*[^\S\r\n]*[%％]glm\b[^\r\n]*\s*")


class Failure(NamedTuple):
    """The exception that a cell raised; where they are known, the cell's source, its id, and the run that raised it."""

    error: BaseException
    source: str = ""
    cell: str | None = None
    run: int = 0


class CellTracker:
    """Follows the cells as they run. `idle` is set while no cell runs.

    `cell` is the running cell's id, if the front end sends one; `run` counts the executions; `execution_count` is the
    number that the page shows.
    """

    def __init__(self, shell: Shell) -> None:
        self.idle = threading.Event()
        self.cell: str | None = None
        self.run = 0
        self.execution_count: int | None = None
        #: What the front end's extension has said with the running cell, or the last one; None where there is none.
        self.page: PageSays | None = said_with(request_metadata(shell))
        #: The cells that the front end reported as deleted when it ran this one.
        self.just_deleted = self._deleted(request_metadata(shell))
        #: All cells reported as deleted and not run since: a journal that is resumed later may hold their turns.
        self.deleted: frozenset[str] = frozenset(self.just_deleted)
        self._failure: Failure | None = None
        #: Whether the cell of the newest failure has run again without one.
        self.put_right = False
        #: The number on the page of the run that put it right, if it has one.
        self.put_right_by: int | None = None
        #: The newest message of our own that has failed a cell, until that cell runs again without it.
        self._message: Failure | None = None
        #: The run that has failures repaired: it neither adds one nor puts one right.
        self._repairs = -1
        #: The last exception that IPython had shown when the last cell ended.
        self._shown = _last_shown()
        self._shell = shell
        self._info: ExecutionInfo | None = None
        # Some versions of IPython count a cell before its events, some after; between cells they all agree.
        self._next_count = shell.execution_count

    @property
    def source(self) -> str:
        """The source of the running cell; empty where none runs."""
        return (self._info.raw_cell or "") if self._info is not None else ""

    @property
    def is_glm_cell(self) -> bool:
        """Whether the running cell is a `%%glm` cell or a `%glm` line and nothing else, so that all output is ours."""
        cell = glm_cell.find(self.source)
        return not cell.around if cell is not None else _ONE_LINE.fullmatch(self.source) is not None

    @property
    def failure(self) -> Failure | None:
        """The newest exception that the page has shown of the user's own code, even before the extension was loaded.

        That of a thread is none: no cell has failed.
        """
        last = _last_shown()
        if self._failure is None and last is not None and not _is_ours(last):
            return Failure(last)
        return self._failure

    @property
    def message(self) -> Failure | None:
        """The newest message of our own that has failed a cell, unless that cell has run again without it."""
        return self._message

    def begin_repair(self) -> None:
        """Note that the running cell has the newest failure repaired, which stays the newest however this cell ends."""
        self._repairs = self.run

    def remember(self, errors: Sequence[BaseException], by: tuple[str | None, int] | None = None) -> None:
        """Make the last of these errors, which tools raised, the last exception.

        They were raised `by` the running cell, or by an earlier one in that run of it.
        """
        if errors:
            cell, run = (self.cell, self.run) if by is None else by
            self._fail(Failure(errors[-1], cell=cell, run=run))

    def _fail(self, failure: Failure) -> None:
        self._failure, self.put_right, self.put_right_by = failure, False, None

    def begin(self, info: ExecutionInfo) -> bool:
        """Note that a cell begins. Returns False for a cell within a cell, such as one run by %%capture."""
        self.idle.clear()
        if self._info is not None:
            return False
        self._info = info
        metadata = request_metadata(self._shell)
        self.cell = front_ends.running_cell(metadata, getattr(info, "cell_id", None))
        self.run += 1
        self.execution_count = self._next_count if info.store_history else None
        self.page = said_with(metadata, self.page)
        self.just_deleted = self._deleted(metadata)
        self.deleted = self.deleted.union(self.just_deleted).difference({self.cell})
        self.are_there((self.page or PageSays()).cells or ())
        return True

    def are_there(self, cells: Iterable[str]) -> None:
        """Note that these cells are on the page, whatever was deleted before."""
        self.deleted = self.deleted.difference(cells)

    def are_gone(self, cells: Iterable[str]) -> None:
        """Note that these cells are no longer on the page."""
        self.deleted = self.deleted.union(cells)

    def _deleted(self, metadata: Mapping[str, Any]) -> list[str]:
        """The cells that were deleted. One that was cut and pasted is reported too, and may be the one that runs."""
        page = self.page or PageSays()
        there = {self.cell, *(page.cells or ())}
        return [cell for cell in dict.fromkeys((*front_ends.deleted_cells(metadata), *page.gone)) if cell not in there]

    def end(self, result: ExecutionResult | None) -> bool:
        """Note that a cell has ended, with no `result` if it was interrupted before it began.

        Returns False where `begin` did.
        """
        if result is not None:
            self._note_failure(result)
            if self._info is not None and result.info is not self._info:  # none: the cell that loaded the extension
                return False
            if result.success:
                self._note_success(getattr(result.info, "raw_cell", "") or "")
        self._info = self.cell = None
        self._next_count = self._shell.execution_count
        self.idle.set()
        return True

    def _note_failure(self, result: ExecutionResult) -> None:
        error, shown = result.error_before_exec or result.error_in_exec, _last_shown()
        # What a script that %run ran has raised is shown, and the cell goes on.
        error = error or (shown if shown is not self._shown else None)
        self._shown = shown
        if error is None:
            return
        failure = Failure(error, getattr(result.info, "raw_cell", "") or "", self.cell, self.run)
        if not _is_ours(error):
            self._fail(failure)
        elif self._repairs != self.run:
            self._message = failure

    def _note_success(self, source: str) -> None:
        """Note that the running cell has run without a failure: an earlier one of the same cell is put right."""
        if self._message is not None and self._is_rerun_of(self._message, source):
            self._message = None
        if self._failure is not None and self._is_rerun_of(self._failure, source):
            self.put_right, self.put_right_by = True, self.execution_count or None

    def _is_rerun_of(self, failure: Failure, source: str) -> bool:
        """Whether the running cell is the failed one: by its id, or by its source where cells have no ids."""
        if self.run in (failure.run, self._repairs):
            return False
        return failure.cell == self.cell if self.cell is not None else bool(source) and failure.source == source


def _last_shown() -> BaseException | None:
    """The last exception that IPython has shown."""
    last = getattr(sys, "last_value", None)
    return last if isinstance(last, BaseException) else None


def _is_ours(error: BaseException) -> bool:
    """Whether the error is one of our own messages rather than a fault in the user's code."""
    return isinstance(error, (GLMError, UsageError))
