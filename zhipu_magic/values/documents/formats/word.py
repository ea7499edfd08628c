"""Word: paragraphs, headings, lists and tables, in their order."""

from __future__ import annotations

import io
from typing import Any

from ..pages import Pages
from . import archive
from .found import Found, Parts, Unreadable, table_of

_DEEPEST_HEADING = 6
#: Points of the smallest letters that anybody sees, and styles that one is based on.
_SMALLEST = 2
_MOST_BASES = 20


def read(data: bytes, pages: Pages) -> Found:
    """The text of a document. Its pages are made by whoever prints it, so that none can be chosen."""
    if pages.parts:
        raise Unreadable("no_pages")
    archive.check(data)
    from docx import Document

    found = Parts()
    blocks = [text for block in Document(io.BytesIO(data)).iter_inner_content() if (text := _block(block))]
    found.add("", "\n\n".join(blocks))
    return found.found()


def _block(block: Any) -> str:
    if hasattr(block, "rows"):
        return table_of([[_plain(cell) for cell in row.cells] for row in _rows(block)])
    words = _words(block).strip()
    style = str(getattr(block.style, "name", "") or "")
    kind, _, level = style.rpartition(" ")
    if words and style == "Title":
        return f"# {words}"
    if words and kind == "Heading" and level.isdecimal():
        return f"{'#' * min(int(level), _DEEPEST_HEADING)} {words}"
    return f"- {words}" if words and style.startswith("List") else words


def _words(paragraph: Any) -> str:
    """The words of a paragraph that are seen."""
    runs = [
        run for piece in paragraph.iter_inner_content() for run in (piece.runs if hasattr(piece, "runs") else [piece])
    ]
    return "".join(run.text for run in runs if not _is_hidden(run, paragraph))


def _is_hidden(run: Any, paragraph: Any) -> bool:
    """Whether a run is hidden, or too small to be seen: by itself or by a style.

    What hides is a toggle: of two styles that hide, one shows again (ECMA-376, 17.7.3).
    """
    hidden, size = run.font.hidden, run.font.size
    by_styles = False
    for style in (run.style, paragraph.style):
        own_hidden = own_size = None
        for each in _with_bases(style):
            font = getattr(each, "font", None)
            if font is not None:
                own_hidden = font.hidden if own_hidden is None else own_hidden
                own_size = font.size if own_size is None else own_size
        by_styles ^= bool(own_hidden)
        size = own_size if size is None else size
    return (by_styles if hidden is None else bool(hidden)) or (size is not None and size.pt < _SMALLEST)


def _with_bases(style: Any) -> list[Any]:
    """A style, and those that it is based on."""
    found: list[Any] = []
    while style is not None and len(found) < _MOST_BASES:
        found.append(style)
        style = getattr(style, "base_style", None)
    return found


def _rows(table: Any) -> list[Any]:
    """The rows of a table that are not hidden."""
    return [row for row in table.rows if not row._tr.xpath("./w:trPr/w:hidden[not(@w:val='0' or @w:val='false')]")]


def _plain(cell: Any) -> str:
    """All words of a table's cell, those of tables in it too."""
    return " ".join(
        " ".join(_plain(inner) for row in _rows(block) for inner in row.cells)
        if hasattr(block, "rows")
        else _words(block)
        for block in cell.iter_inner_content()
    )
