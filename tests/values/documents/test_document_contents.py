"""What the readers find in a document: slides, sheets and texts of every kind, and where they end."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any

import docx
import openpyxl
import pptx
import pytest
from made_documents import changed, pdf, slides, word, workbook
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pypdf import PdfReader, PdfWriter

from zhipu_magic.values.documents.formats import excel, found, html, powerpoint
from zhipu_magic.values.documents.formats import pdf as pdfs
from zhipu_magic.values.documents.formats import word as words
from zhipu_magic.values.documents.pages import ALL, Pages, pages_of


def saved(made: Any) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def pages_in(reader: ModuleType, data: bytes, pages: Pages = ALL) -> dict[str, str]:
    return dict(reader.read(data, pages).parts)


def presentation(draw: Callable[[Any], object], layout: int = 6) -> Any:
    made = pptx.Presentation()
    draw(made.slides.add_slide(made.slide_layouts[layout]))
    return made


def add_table(slide: Any) -> None:
    table = slide.shapes.add_table(2, 2, 0, 0, 100, 100).table
    for cell, text in zip(table.iter_cells(), ("a", "b|c", "1", "two\vlines"), strict=True):
        cell.text = text


def add_chart(title: str) -> Callable[[Any], None]:
    def add(slide: Any) -> None:
        data: Any = CategoryChartData()  # type: ignore[no-untyped-call]  # python-pptx says nothing of it
        data.categories = ["x"]
        data.add_series("s", [1])
        chart = slide.shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, 100, 100, data).chart
        chart.has_title = bool(title)
        if title:
            chart.chart_title.text_frame.text = title

    return add


def add_groups(slide: Any) -> None:
    """Groups within each other, more than are looked into, each with its number."""
    shapes = slide.shapes
    for number in range(25):
        shapes.add_textbox(0, 0, 10, 10).text_frame.text = f"n{number}"
        shapes = shapes.add_group_shape().shapes


@pytest.mark.parametrize(
    ("draw", "reads"),
    [
        (add_table, "| a | b\\|c |\n| --- | --- |\n| 1 | two lines |"),
        (add_chart("Sales"), "[chart: Sales]"),
        (add_chart(""), "[chart]"),
        (add_groups, "\n\n".join(f"n{number}" for number in range(21))),
        (lambda slide: slide.shapes.add_textbox(0, 0, 10, 10), ""),
        (lambda slide: setattr(slide.notes_slide.notes_text_frame, "text", " "), ""),
    ],
)
def test_each_shape_of_a_slide_reads_in_its_way(draw: Callable[[Any], object], reads: str) -> None:
    assert pages_in(powerpoint, saved(presentation(draw))) == {"1": reads}


def test_a_line_that_is_broken_within_a_paragraph_joins_no_words() -> None:
    def write(slide: Any) -> None:
        slide.shapes.title.text_frame.text = "Green\vtea"
        slide.placeholders[1].text_frame.text = "hot\vwater"
        slide.notes_slide.notes_text_frame.text = "pour\vslowly"

    read = pages_in(powerpoint, saved(presentation(write, layout=1)))
    assert read == {"1": "### Green tea\n\nhot\nwater\n\nNotes: pour\nslowly"}


def test_a_hidden_slide_is_read_if_it_is_numbered_and_a_hidden_title_is_not() -> None:
    made = pptx.Presentation(io.BytesIO(slides("Tea", "Salt")))
    made.slides[0]._element.set("show", "0")
    assert list(pages_in(powerpoint, saved(made))) == ["2"]
    assert list(pages_in(powerpoint, saved(made), pages_of("1"))) == ["1"]
    made.slides[1].shapes.title._element.nvSpPr.cNvPr.set("hidden", "1")
    assert "Salt" not in pages_in(powerpoint, saved(made))["2"].replace("of Salt", "")


def test_the_values_of_a_sheet_read_as_excel_shows_them() -> None:
    made = openpyxl.Workbook()
    cells = [True, None, 0.1 + 0.2, datetime(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5), "x"]
    made.active.append(cells)
    made.active["H1"].number_format = "0.0"  # empty all the same
    made.create_chartsheet("Chart").add_chart(openpyxl.chart.PieChart())
    read = pages_in(excel, saved(made))
    assert list(read) == ["Sheet"]
    assert read["Sheet"].split("\n")[0] == "| TRUE |  | 0.3 | 2026-01-02 | 2026-01-02 03:04:05 | x |"


def test_a_hidden_column_that_is_empty_is_not_told() -> None:
    made = openpyxl.Workbook()
    made.active["A1"], made.active["C1"] = "a", "c"
    made.active.column_dimensions["B"].hidden = True
    assert pages_in(excel, saved(made)) == {"Sheet": "| a | c |\n| --- | --- |"}


def test_hidden_and_empty_sheets() -> None:
    book = workbook({"a": [["x"]], "Empty": [], "b": [["y"]]}, hidden="b")
    assert pages_in(excel, book) == {"a": "| x |\n| --- |", "Empty": ""}


def test_word_has_its_title_its_headings_and_its_lists() -> None:
    made = docx.Document()
    for level, text in ((0, "Tea"), (2, "Green"), (9, "Deep")):
        made.add_heading(text, level)
    made.add_paragraph("hot", style="List Bullet")
    letters = made.styles.add_style("Letters", 2)
    numbers = made.styles.add_style("Numbers", 4)  # nothing that letters can be based on, and a file may say so
    letters.element.get_or_add_basedOn().val = numbers.style_id
    made.add_paragraph().add_run("seen", style="Letters")
    with_empty_part = changed(saved(made), "docProps/app.xml", b"")
    assert pages_in(words, with_empty_part)[""] == "# Tea\n\n## Green\n\n###### Deep\n\n- hot\n\nseen"


def test_html_without_its_comments_and_with_the_words_of_its_pictures() -> None:
    page = b"<p>a<!-- SECRET --> b</p><img src=x alt=' a cup '><img src=y>"
    assert pages_in(html, page)[""].split() == ["a", "b", "[picture:", "a", "cup]"]


@pytest.mark.parametrize(
    ("reader", "document"),
    [
        (powerpoint, slides("one", "two", "three")),
        (pdfs, pdf("x" * 60, "y" * 60, "z" * 60)),
        (excel, workbook({"one": [["x" * 60]] * 9, "two": [["y" * 60]], "three": [["z"]]})),
    ],
)
def test_reading_stops_where_a_text_is_longer_than_any_model_takes(
    reader: ModuleType, document: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (found, excel):
        monkeypatch.setattr(module, "MOST_CHARACTERS", 50)
    read = reader.read(document, ALL)
    assert len(read.parts) < 3
    assert sum(len(text) for _, text in read.parts) == 50
    assert read.total == 3


def without_contents() -> bytes:
    made = PdfWriter()
    made.add_blank_page(200, 200)
    return _written(made)


def encrypted(algorithm: str) -> bytes:
    made = PdfWriter()
    made.append(PdfReader(io.BytesIO(pdf("x"))))
    made.encrypt("", owner_password="owner", algorithm=algorithm)
    return _written(made)


def _written(made: PdfWriter) -> bytes:
    file = io.BytesIO()
    made.write(file)
    return file.getvalue()


def test_a_pdf_that_asks_for_no_password_is_read_and_an_empty_page_is_empty() -> None:
    assert pages_in(pdfs, encrypted("RC4-128"))["1"].strip() == "x"
    assert pages_in(pdfs, without_contents()) == {"1": ""}


@pytest.mark.parametrize(
    ("reader", "document", "pages", "why"),
    [
        (pdfs, pdf("x", password="secret"), "", "encrypted"),
        (words, word("x"), "2", "no_pages"),
        (html, b"<p>x", "2", "no_pages"),
        (words, b"\xd0\xcf\x11\xe0", "", "encrypted"),
        (words, b"PK\3\4", "", "damaged"),
        (words, changed(word("x"), "word/document.xml", b"<?xml version='1.0'?><<"), "", "damaged"),
        (words, changed(word("x"), "word/document.xml", b"<!DOCTYPE a><a/>"), "", "entities"),
        (words, word("x").replace(b"PK\1\2\x14\x03\x14\0\0\0", b"PK\1\2\x14\x03\x14\0\1\0"), "", "encrypted"),
    ],
)
def test_why_a_document_cannot_be_read(reader: ModuleType, document: bytes, pages: str, why: str) -> None:
    with pytest.raises(found.Unreadable) as raised:
        reader.read(document, pages_of(pages) if pages else ALL)
    assert raised.value.why == why
