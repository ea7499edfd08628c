"""PowerPoint: the title, texts, tables and notes of each slide."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

from ..pages import Pages
from . import archive
from .found import Found, Parts, table_of

#: Groups within groups.
_MOST_LEVELS: Final = 20


def read(data: bytes, pages: Pages) -> Found:
    """The slides that are wanted; those that are hidden only if they are numbered. Raises LookupError."""
    archive.check(data)
    from pptx import Presentation

    slides = list(Presentation(io.BytesIO(data)).slides)
    found = Parts()
    for number in pages.chosen(len(slides)):
        slide = slides[number - 1]
        if found.is_full:
            break
        if pages.parts or slide._element.get("show") not in ("0", "false"):
            found.add(str(number), _text(slide))
    return found.found(len(slides))


def _text(slide: Any) -> str:
    title = slide.shapes.title
    pieces = [] if title is None else [f"### {' '.join(text.split())}" for text in _texts(title, 0)]
    pieces += [text for shape in slide.shapes if shape != title for text in _texts(shape, _MOST_LEVELS)]
    if slide.has_notes_slide:
        notes = slide.notes_slide.notes_text_frame
        if notes is not None and (said := _lines(notes)):
            pieces.append(f"Notes: {said}")
    return "\n\n".join(pieces)


def _texts(shape: Any, levels: int) -> Iterator[str]:
    if shape._element.xpath("./*/p:cNvPr[@hidden='1' or @hidden='true']"):
        return
    if hasattr(shape, "shapes"):
        for inner in shape.shapes if levels else ():
            yield from _texts(inner, levels - 1)
    elif getattr(shape, "has_table", False):
        yield table_of([[cell.text for cell in row.cells] for row in shape.table.rows])
    elif getattr(shape, "has_chart", False):
        chart = shape.chart
        name = chart.chart_title.text_frame.text if chart.has_title and chart.chart_title.has_text_frame else ""
        yield f"[chart{': ' if name else ''}{name}]"
    elif shape.has_text_frame and (text := _lines(shape.text_frame)):
        yield text


def _lines(frame: Any) -> str:
    """The text of a frame: python-pptx has a vertical tab where a line is broken within a paragraph."""
    text: str = frame.text
    return text.replace("\v", "\n").strip()
