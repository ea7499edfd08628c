"""The cells of a notebook's file, as it was last saved. It may come from anyone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ...history.turn import Turn
from ...text import regular_files, untrusted_json
from .. import glm_cell
from ..page_says import PageCell

#: Bytes of a notebook that are read at most: a longer one says nothing.
_MOST = 1 << 26
#: A cell of one line that asks.
_LINE = re.compile(r"[%％]glm\s+ask\s(.*)")


class SavedCell(NamedTuple):
    """A code cell, and the number of its execution that the page shows."""

    id: str
    source: str
    ran: int | None


def asks(source: str, turn: Turn) -> bool:
    """Whether this is the turn's text: the prompt of a `%%glm` cell, or what one line asks."""
    text, cell = (turn.written or turn.prompt).strip(), glm_cell.find(source)
    if cell is not None:
        return cell.prompt.strip() == text
    line = _LINE.fullmatch(source.strip())
    return line is not None and line[1].strip() == text


def code_cells(notebook: Path) -> Sequence[SavedCell]:
    """The code cells of the file; none of one that cannot be read."""
    return [
        SavedCell(str(cell.get("id", "")), _text(cell.get("source")), _number(cell.get("execution_count")))
        for cell in _cells(notebook)
        if cell.get("cell_type") == "code"
    ]


def page_cells(notebook: Path) -> list[PageCell]:
    """The code and Markdown cells of the file, in their order; none of one that cannot be read."""
    return [
        PageCell(
            str(cell.get("id", "")),
            _text(cell.get("source")),
            is_code=cell.get("cell_type") == "code",
            tags=_tags(cell.get("metadata")),
        )
        for cell in _cells(notebook)
        if cell.get("cell_type") in ("code", "markdown")
    ]


def _cells(notebook: Path) -> list[dict[str, Any]]:
    found: Any = None
    with suppress(OSError, ValueError), regular_files.handed_over(notebook) as file:
        data = regular_files.some(file, _MOST + 1)
        found = untrusted_json.loads(data) if len(data) <= _MOST else None
    cells = found.get("cells") if isinstance(found, dict) else None
    return [cell for cell in (cells if isinstance(cells, list) else ()) if isinstance(cell, dict)]


def _tags(metadata: Any) -> tuple[str, ...]:
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tuple(tag for tag in (tags if isinstance(tags, list) else ()) if isinstance(tag, str))


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


def _number(count: Any) -> int | None:
    return count if type(count) is int and count > 0 else None
