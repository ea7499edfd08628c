"""Whether a notebook's file asks something further down than in the cell that runs, for a replay of its page."""

from __future__ import annotations

from pathlib import Path

from ...history.turn import Turn
from .identity import is_position
from .saved_cells import asks, code_cells


def asked_below(notebook: Path, running: str, turn: Turn) -> bool:
    """Whether a cell below the one with the source `running` asks what the turn was asked.

    Of several with that source, the last one counts, so that nothing is taken to be below that may be above.
    """
    cells = code_cells(notebook)
    places = [place for place, cell in enumerate(cells) if cell.source.strip() == running.strip()]
    if not places:
        return False
    below = cells[places[-1] + 1 :]
    if turn.cell and not is_position(turn.cell) and any(cell.id == turn.cell for cell in cells):
        return any(cell.id == turn.cell and asks(cell.source, turn) for cell in below)
    return any(asks(cell.source, turn) for cell in below)
