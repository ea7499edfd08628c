"""A notebook's file as data: its cells, with what they showed when it was saved (nbformat 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...text.languages.messages import _
from ...text.untrusted_json import loads
from .above import CODE, MARKDOWN, Piece
from .marks import mark_of
from .output import ERROR, KINDS, STREAM, Cell, CellOutput, Output

_MOST_CELLS: Final = 5_000
_MOST_OUTPUTS: Final = 2_000
_OTHERS: Final = {"markdown": MARKDOWN, "raw": _("Raw cell")}


def cells_of(data: bytes) -> tuple[tuple[Piece, ...], int] | None:
    """The cells of a notebook in order, without those that are hidden, and how many are; None for any other file."""
    try:
        page = loads(data)
    except ValueError:
        return None
    cells = page.get("cells") if isinstance(page, dict) else None
    if not isinstance(cells, list):
        return None
    pieces, hidden = [], 0
    for cell in cells[:_MOST_CELLS]:
        if not isinstance(cell, dict):
            continue
        source, metadata = _text(cell.get("source")), cell.get("metadata")
        mark = mark_of(source, metadata.get("tags") if isinstance(metadata, dict) else ())
        hidden += mark == "hide"
        if mark != "hide" and source.strip():
            pieces.append(_piece(cell, source, pinned=mark == "pin"))
    return tuple(pieces), hidden


def _piece(cell: Mapping[str, Any], source: str, *, pinned: bool) -> Piece:
    kind = _OTHERS.get(str(cell.get("cell_type")))
    if kind is not None:
        return Piece(kind, source, text=source, pinned=pinned)
    number, outputs = cell.get("execution_count"), cell.get("outputs")
    shown = tuple(_outputs(outputs if isinstance(outputs, list) else []))
    title = _("Code cell [{number}]", number=number) if type(number) is int else CODE
    return Piece(title, source, Cell(CellOutput(shown, source=source)), pinned=pinned)


def _outputs(entries: list[Any]) -> Iterator[Output]:
    for entry in entries[:_MOST_OUTPUTS]:
        kind = KINDS.get(str(entry.get("output_type"))) if isinstance(entry, dict) else None
        if kind == STREAM:
            yield Output(STREAM, str(entry.get("name", "stdout")), _text(entry.get("text")))
        elif kind == ERROR:
            lines = entry.get("traceback")
            traceback = "\n".join(filter(_is_text, lines)) if isinstance(lines, list) else ""
            yield Output(ERROR, str(entry.get("ename")), traceback or f"{entry.get('ename')}: {entry.get('evalue')}")
        elif kind is not None and isinstance(data := entry.get("data"), dict):
            yield Output(kind, data={name: _form(form) for name, form in data.items()})


def _form(form: Any) -> Any:
    """A form of what was displayed; one that is text may be a list of lines."""
    return "".join(form) if isinstance(form, list) and all(map(_is_text, form)) else form


def _text(source: Any) -> str:
    """A text, which a file may have as a list of lines."""
    lines = source if isinstance(source, list) else [source]
    return "".join(filter(_is_text, lines))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
