"""When the running cell was run, as the notebook's file tells, for a replay of its page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...chat.replies.recording import Ran
from ...history.turn import Turn
from .. import glm_cell
from .identity import is_position
from .saved_cells import SavedCell, asks, code_cells


def ran_as(notebook: Path, running: str, cell: str | None) -> Ran | None:
    """What the file says of the cell that runs, with this source and this id; None where it does not tell which it is.

    A file that was saved while the page was replayed has other numbers: `Ran.as_recorded` tells.
    """
    cells = code_cells(notebook)
    same = [place for place, one in enumerate(cells) if one.source.strip() == running.strip()]
    if cell is not None and not is_position(cell):
        same = [place for place in same if cells[place].id == cell] or same
    number = cells[same[0]].ran if len(same) == 1 else None
    if number is None:
        return None
    above, below = cells[: same[0]], cells[same[0] + 1 :]
    is_in_order = all(one.ran is None or one.ran < number for one in above) and all(
        one.ran is None or one.ran > number for one in below
    )
    return Ran(number, is_in_order, lambda turn: _has_run(cells, turn))


def _has_run(cells: Sequence[SavedCell], turn: Turn) -> bool:
    """Whether the turn's cell has its number in the file. What Python code asks is not written in its cell."""
    ran = [one for one in cells if one.ran == turn.execution_count]
    return any(asks(one.source, turn) or glm_cell.find(one.source) is None for one in ran)
