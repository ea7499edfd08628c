"""Small documents, made by the libraries that also read them, and by fpdf2."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import docx
import openpyxl
import pptx
from fpdf import FPDF


def pdf(*pages: str, password: str = "") -> bytes:
    """A PDF with these texts on its pages; an empty one is a page without text, such as a scan has."""
    made = FPDF()
    made.set_creation_date(datetime(2026, 1, 1, tzinfo=timezone.utc))
    made.set_compression(False)
    for text in pages:
        made.add_page()
        made.set_font("helvetica", size=12)
        if text:
            made.multi_cell(0, 8, text)
    if password:
        made.set_encryption(owner_password="owner", user_password=password)
    return bytes(made.output())


def word(*texts: str) -> bytes:
    """A Word document: a heading, these paragraphs, a table, and words that are hidden."""
    made = docx.Document()
    made.add_heading("Plan", 1)
    for text in texts:
        made.add_paragraph(text)
    table = made.add_table(2, 2)
    for cell, text in zip((cell for row in table.rows for cell in row.cells), ("tea", "12", "a|b", "7"), strict=True):
        cell.text = text
    made.add_paragraph("seen ").add_run("UNSEEN").font.hidden = True
    return _saved(made)


def workbook(sheets: Mapping[str, Sequence[Sequence[Any]]], hidden: str = "") -> bytes:
    """A workbook with these sheets, of which one may be hidden."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        sheet.sheet_state = "hidden" if name == hidden else "visible"
    return _saved(made)


def slides(*titles: str) -> bytes:
    """A presentation of these slides, each with a body and notes."""
    made = pptx.Presentation()
    for title in titles:
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = f"body of {title}"
        slide.notes_slide.notes_text_frame.text = f"notes of {title}"
    return _saved(made)


def changed(archive: bytes, name: str, data: bytes) -> bytes:
    """The office document with other contents of one of its files."""
    found = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            new.writestr(each, data if each == name else old.read(each))
    return found.getvalue()


def _saved(made: Any) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()
