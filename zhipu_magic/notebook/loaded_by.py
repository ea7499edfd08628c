"""The cell that loads the extension: it begins before anything here sees it, and is a cell of the page as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import front_ends
from .shell import request_metadata

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult

    from .shell import Shell


class LoadedBy(NamedTuple):
    """The cell's id, its number on the page, and its source, as far as they are known."""

    id: str | None
    number: int | None
    source: str

    @classmethod
    def of(cls, shell: Shell, result: ExecutionResult) -> LoadedBy:
        """The cell that has ended with this result."""
        info = result.info
        return cls(
            front_ends.running_cell(request_metadata(shell), getattr(info, "cell_id", None)),
            result.execution_count if getattr(info, "store_history", False) else None,
            getattr(info, "raw_cell", "") or "",
        )
