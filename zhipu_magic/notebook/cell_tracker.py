"""The page as it runs: which cell does, in which execution, and which cells are gone."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from IPython.core.error import UsageError

from ..text.errors import GLMError
from . import front_ends

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult


class Keeper(Protocol):
    """Who is told that what some cells asked is no longer on the page."""

    rerun: Any

    def has_asked(self, cell: str) -> bool: ...

    def set_aside(self, cells: list[str], spare: int | None, why: str) -> None: ...


class Failure(NamedTuple):
    """What a cell raised, and the cell's source; empty where that is not known."""

    error: BaseException
    source: str


class Page:
    """Follows the cells that run, for a magic is not told of them. `idle` is set while none does.

    `cell` is the id of the one that runs, if the front end tells it; `run` numbers the executions, and
    `execution_count` is the number that the page shows.
    """

    def __init__(self, shell: Any, keeper: Keeper) -> None:
        self.idle = threading.Event()
        self.cell: str | None = None
        self.run = 0
        self.execution_count: int | None = None
        #: Told once as deleted, and not run since: what is resumed later may hold turns of theirs.
        self.gone: frozenset[str | None] = frozenset(front_ends.deleted_cells(shell))
        self._failure: Failure | None = None
        self._shell = shell
        self._keeper = keeper
        self._info: ExecutionInfo | None = None
        self._runs_again = False
        # Some versions of IPython count a cell before its events, some after: between cells all agree.
        self._next_count: int = shell.execution_count

    @property
    def is_one_reply(self) -> bool:
        """Whether the running cell is a `%%glm` cell and nothing else, so that all on its page is ours."""
        return self._info is not None and (self._info.raw_cell or "").lstrip().startswith("%%glm")

    @property
    def failure(self) -> Failure | None:
        """The last exception of the reader's own code; also one from before the extension was loaded."""
        last = getattr(sys, "last_value", None)
        if self._failure is None and isinstance(last, Exception) and not _is_ours(last):
            return Failure(last, "")
        return self._failure

    def remember(self, errors: Sequence[BaseException]) -> None:
        """Have the last of these as the last exception: tools raised them, and the model was told."""
        if errors:
            self._failure = Failure(errors[-1], "")

    def begin_cell(self, info: ExecutionInfo) -> None:
        """Before each cell: remember what it is, and set aside what deleted ones asked."""
        self.idle.clear()
        if self._info is not None:
            return  # one that the cell on the page runs in turn, as %%capture does
        self._info = info
        self.cell = front_ends.running_cell(self._shell, getattr(info, "cell_id", None))
        self.run += 1
        self.execution_count = self._next_count if info.store_history else None
        self._runs_again = self.cell is not None and self._keeper.has_asked(self.cell)
        # One that was cut and pasted is told as deleted once, and may be the very cell that runs.
        deleted = [cell for cell in front_ends.deleted_cells(self._shell) if cell != self.cell]
        self.gone = self.gone.union(deleted) - {self.cell}
        if deleted:
            self._keeper.set_aside(deleted, None, "deleted")

    def look_only(self) -> None:
        """The running cell asks nothing because it only looks: what it asked before stays."""
        self._runs_again = False

    def end_cell(self, result: ExecutionResult | None) -> None:
        """After each cell: what it asked when it was run before, and not this time, is no longer on the page.

        IPython has no result for a cell that was interrupted before it began.
        """
        if result is not None:
            self._look_at(result)
            if self._info is not None and result.info is not self._info:  # none: the cell that loaded the extension
                return
            if self.cell is not None and self._runs_again and result.success and self._keeper.rerun == "replace":
                self._keeper.set_aside([self.cell], self.run, "run again and did not ask it")
        self._info = self.cell = None
        self._next_count = self._shell.execution_count
        self.idle.set()

    def _look_at(self, result: ExecutionResult) -> None:
        error = result.error_before_exec or result.error_in_exec
        if isinstance(error, Exception) and not _is_ours(error):
            self._failure = Failure(error, getattr(result.info, "raw_cell", "") or "")


def _is_ours(error: BaseException) -> bool:
    """Whether it is one of our own messages: no code of the reader's is at fault."""
    return isinstance(error, (GLMError, UsageError))
