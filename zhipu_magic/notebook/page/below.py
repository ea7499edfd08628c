"""Whether a notebook's file asks something further down than in the cell that runs, for a replay of its page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ...history.turn import Turn
from ...text import regular_files, untrusted_json
from .. import glm_cell
from .identity import is_position

#: Bytes of a notebook that are read at most: a longer one says nothing.
_MOST = 1 << 26
#: A cell of one line that asks.
_LINE = re.compile(r"[%％]glm\s+ask\s(.*)")


class _Cell(NamedTuple):
    id: str
    source: str


def asked_below(notebook: Path, running: str, turn: Turn) -> bool:
    """Whether a cell below the one with the source `running` asks what the turn was asked.

    Of several with that source, the last one counts, so that nothing is taken to be below that may be above.
    """
    cells = _code_cells(notebook)
    places = [place for place, cell in enumerate(cells) if cell.source.strip() == running.strip()]
    if not places:
        return False
    below = cells[places[-1] + 1 :]
    if turn.cell and not is_position(turn.cell) and any(cell.id == turn.cell for cell in cells):
        return any(cell.id == turn.cell and _asks(cell.source, turn) for cell in below)
    return any(_asks(cell.source, turn) for cell in below)


def _asks(source: str, turn: Turn) -> bool:
    """Whether this is the turn's text: the prompt of a `%%glm` cell, or what one line asks."""
    text, cell = (turn.written or turn.prompt).strip(), glm_cell.find(source)
    if cell is not None:
        return cell.prompt.strip() == text
    line = _LINE.fullmatch(source.strip())
    return line is not None and line[1].strip() == text


def _code_cells(notebook: Path) -> Sequence[_Cell]:
    """The code cells of the file; none of one that cannot be read."""
    found: Any = None
    with suppress(OSError, ValueError), regular_files.handed_over(notebook) as file:
        data = regular_files.some(file, _MOST + 1)
        found = untrusted_json.loads(data) if len(data) <= _MOST else None
    cells = found.get("cells") if isinstance(found, dict) else None
    return [
        _Cell(str(cell.get("id", "")), _text(cell.get("source")))
        for cell in (cells if isinstance(cells, list) else ())
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))
