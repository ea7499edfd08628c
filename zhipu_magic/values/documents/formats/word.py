"""Word: paragraphs, headings, lists and tables, in their order."""

from __future__ import annotations

import io
from typing import Any

from ..pages import Pages
from . import archive
from .found import Found, Parts, Unreadable, table_of

_DEEPEST_HEADING = 6


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
        return table_of([[_plain(cell) for cell in row.cells] for row in block.rows])
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
    return "".join(
        piece.text for piece in paragraph.iter_inner_content() if not (hasattr(piece, "font") and piece.font.hidden)
    )


def _plain(cell: Any) -> str:
    """All words of a table's cell, those of tables in it too."""
    return " ".join(
        " ".join(_plain(inner) for row in block.rows for inner in row.cells)
        if hasattr(block, "rows")
        else _words(block)
        for block in cell.iter_inner_content()
    )
