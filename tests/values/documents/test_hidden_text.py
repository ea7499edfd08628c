"""What a document does not show is not read, and what it shows is."""

from __future__ import annotations

import io
import time
from typing import Any

import docx
import openpyxl
import pptx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhipu_magic.values.documents.formats import css, html, pdf
from zhipu_magic.values.documents.formats.excel import read as read_excel
from zhipu_magic.values.documents.formats.powerpoint import read as read_powerpoint
from zhipu_magic.values.documents.formats.word import read as read_word
from zhipu_magic.values.documents.pages import ALL


def saved(made: Any) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


# HTML


def text_of(body: str, sheet: str = "", head: str = "") -> str:
    page = f"<html><head><style>{sheet}</style>{head}</head><body>{body}</body></html>"
    return html.read(page.encode(), ALL).parts[0][1]


HIDING = [
    *("display:none", "DISPLAY : NONE !important", "visibility:hidden", "opacity:0", "opacity:.01", "opacity: 0%"),
    *("font-size:0", "font-size:1px", "font-size:.1em", "font-size:5%", "font:1px serif", "height:0;overflow:hidden"),
    *("max-height:0;overflow:hidden", "width:1px;height:1px;overflow:hidden", "width:0;overflow-x:clip"),
    *("position:absolute;left:-9999px", "position:fixed;top:-200vh", "position:absolute;left:9999px"),
    *("text-indent:-9999px", "margin-left:-9999px", "transform:scale(0)", "transform: scaleX(0.01)", "scale:0"),
    *("transform:translateX(-9999px)", "translate:-9999px 0", "clip:rect(0,0,0,0)", "clip: rect(1px 1px 1px 1px)"),
    *("clip-path:inset(50%)", "clip-path:circle(0)", "filter:opacity(0)", "content-visibility:hidden"),
    *("color:transparent", "color:rgba(0,0,0,0)", "color:#fff", "color:white;background:#ffffff"),
    *(
        "color:#fff;background:transparent",
        "color:#102030;background-color:rgb(16,32,48)",
        "d\\69splay:none",
        "display:/* x */none",
    ),
]
SHOWING = [
    *("display:block", "opacity:.5", "opacity:1", "font-size:12px", "font-size:80%", "font-size:.8em", "height:0"),
    *("height:40px;overflow:hidden", "position:absolute;left:50%;transform:translate(-50%,-50%)", "scale:1"),
    *("transform:scale(4)", "transform:scale(0.5)", "left:-9999px", "position:relative;left:50%;margin-left:-50vw"),
    *("color:#fff;background:#036", "color:black", "color:#eee;background:url(a.png)", "visibility:visible"),
    *(
        "clip-path:circle(40%)",
        "clip:rect(0,100px,50px,0)",
        "text-indent:-2em",
        "margin-left:-10px",
        "color:#12345",
        "color:rgb(1,2)",
        "color:#fff;background-image:url(a.png)",
        "color:red",
    ),
]


@pytest.mark.parametrize("style", HIDING)
def test_what_hides(style: str) -> None:
    assert text_of(f'<p>a</p><p style="{style}">SECRET<b>TOO</b></p><p>z</p>').split() == ["a", "z"]
    assert text_of("<p>a</p><p class='q'>SECRET</p><p>z</p>", f".q{{{style}}}").split() == ["a", "z"]


@pytest.mark.parametrize("style", SHOWING)
def test_what_does_not(style: str) -> None:
    assert "shown" in text_of(f'<p style="{style}">shown</p>')
    assert "shown" in text_of("<p class='q'>shown</p>", f".q{{{style}}}")


@pytest.mark.parametrize(
    ("body", "sheet"),
    [
        ('<p class="a b">SECRET</p>', "p.b, .x { color:red; display:none }"),
        ('<p id="i">SECRET</p>', "#i{display:none}"),
        ('<div class="a"><p>SECRET</p></div>', ".a > p{visibility:hidden}"),
        ('<div class="a"><p>SECRET</p></div>', ".a { & p {display:none} }"),
        ('<div class="a"><p>SECRET</p></div>', ".a { color:red; p {display:none} }"),
        ("<p class=q>SECRET</p>", "@media screen { @supports (display:grid) { .q{display:none} } }"),
        ("<p class=q>SECRET</p>", ":root{--d:none} .q{display:var(--d)}"),
        ("<p class=q>SECRET</p>", ".q{display:var(--e, none)}"),
        ("<p class=q>SECRET</p>", "/* } */ a{content:'}'} .q{display:none"),
        ("<p class=q>SECRET</p>", ".q{display:none} p{display:block}"),
        ('<p class=q style="display:block">SECRET</p>', ".q{display:none !important}"),
        ('<p data-x="1">SECRET</p>', "[data-x='1']{display:none}"),
        ("<p>SECRET</p>", "p:not(.shown){display:none}"),
        ("<p class=q>SECRET</p>", f"{'@media screen {' * 9} .shown{{display:none}} {'}' * 9} .q{{display:none}}"),
        ("<p class=q>SECRET</p>", ":root{--d:var(--d)} .shown{display:var(--d)} .q{display:none}"),
        ("<dialog>SECRET</dialog>", ""),
        ("<div popover>SECRET</div>", ""),
        ("<div hidden>SECRET</div>", ""),
        ("<div style='font-size:0'>SECRET<b>TOO</b></div>", ""),
        ("<div style='color:#fff'>SECRET<b>TOO</b></div>", ""),
        ("<datalist><option>SECRET</option></datalist><canvas>SECRET</canvas>", ""),
    ],
)
def test_what_style_sheets_and_elements_hide(body: str, sheet: str) -> None:
    assert text_of(f"<p class='shown'>a</p>{body}<p class='shown'>z</p>", sheet).split() == ["a", "z"]


@pytest.mark.parametrize(
    ("body", "sheet"),
    [
        ("<p class=q>shown</p>", "@media print{.q{display:none}} @media (max-width: 600px){.q{display:none}}"),
        ("<p class='q on'>shown</p>", ".q{display:none} .q.on{display:block}"),
        ("<p class=q>shown</p>", ".q{display:none} .q{display:block}"),
        ("<p class=q>shown</p>", ".q:hover{display:none} .q::before{display:none}"),
        ("<dialog open>shown</dialog>", ""),
        ("<div hidden class=q>shown</div>", "[hidden].q{display:block}"),
        ("<div style='font-size:0'><b style='font-size:12px'>shown</b></div>", ""),
        ("<div style='visibility:hidden'><b style='visibility:visible'>shown</b></div>", ""),
        ("<table bgcolor='#003366'><tr><td style='color:#fff'>shown</td></tr></table>", ""),
        ("<p class=q>shown</p>", "@keyframes x{from{opacity:0}} @font-face{font-size:0} .r{display:none}"),
        ("<p class=q>shown</p>", "]]{{ ;; .r{display:none}"),
    ],
)
def test_what_stays_seen(body: str, sheet: str) -> None:
    assert "shown" in text_of(body, sheet)


def test_where_sheets_are_elsewhere_white_may_be_on_anything() -> None:
    assert "shown" in text_of("<p style='color:#fff'>shown</p>", head='<link rel="stylesheet" href="x.css">')


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("{}:;@&/*\"'()[].#,>+~ -aq0!\\"), max_size=60))
def test_any_sheet_is_read(sheet: str) -> None:
    assert all(rule.selector and rule.declarations for rule in css.rules_of(sheet))
    text_of("<p class=q id=a>x</p>", sheet)


def test_many_rules_take_little_time() -> None:
    sheet = "".join(f".c{number} p, div .d{number}{{display:none;color:red}}" for number in range(3_000))
    body = "".join(f"<div class='c{number % 50}'><span class='d{number}'>x</span></div>" for number in range(3_000))
    began = time.monotonic()
    text_of(body, sheet)
    assert time.monotonic() - began < 20


# Word, Excel, PowerPoint


def test_word_hides_by_runs_styles_and_rows() -> None:
    made = docx.Document()
    made.add_paragraph("seen").add_run("SECRET").font.hidden = True
    made.add_paragraph().add_run("SECRET").font.size = docx.shared.Pt(1)
    style = made.styles.add_style("Hid", 1)
    style.font.hidden = True
    based = made.styles.add_style("Based", 1)
    based.base_style = style
    letters = made.styles.add_style("Letters", 2)
    letters.font.hidden = True
    made.add_paragraph("SECRET", style="Hid")
    made.add_paragraph("SECRET", style="Based")
    made.add_paragraph().add_run("SECRET", style="Letters")
    made.add_paragraph("", style="Hid").add_run("toggled", style="Letters")
    made.add_paragraph("", style="Hid").add_run("shown").font.hidden = False
    table = made.add_table(2, 1)
    table.cell(0, 0).text = "cell"
    table.cell(1, 0).text = "SECRET"
    row = table.rows[1]._tr.get_or_add_trPr()
    row.append(docx.oxml.OxmlElement("w:hidden"))
    assert read_word(saved(made), ALL).parts[0][1].split() == [
        "seen",
        "toggled",
        "shown",
        "|",
        "cell",
        "|",
        "|",
        "---",
        "|",
    ]


def test_excel_hides_rows_and_columns_and_says_so() -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    for row in (["a", "SECRET", "c"], ["SECRET", "SECRET", "SECRET"], [1, "SECRET", 3]):
        sheet.append(row)
    sheet.column_dimensions["B"].hidden = True
    sheet.column_dimensions["Z"].hidden = True
    sheet.row_dimensions[2].hidden = True
    sheet.row_dimensions[9].hidden = True
    (_, text), *_ = read_excel(saved(made), ALL).parts
    assert text == "| a | c |\n| --- | --- |\n| 1 | 3 |\n\n[Hidden columns and rows of this sheet are left out.]"
    sheet.column_dimensions["B"].hidden = sheet.row_dimensions[2].hidden = False
    (_, text), *_ = read_excel(saved(made), ALL).parts
    assert "left out" not in text
    sheet.sheet_format.zeroHeight = True
    sheet.row_dimensions[1].height = 15
    (_, text), *_ = read_excel(saved(made), ALL).parts
    assert text.startswith("| a | SECRET | c |\n| --- | --- | --- |\n\n[Hidden rows")


def test_a_shape_that_a_slide_hides_is_not_read() -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = "seen", "SECRET"
    slide.placeholders[1]._element.nvSpPr.cNvPr.set("hidden", "1")
    assert read_powerpoint(saved(made), ALL).parts[0][1] == "### seen"


# PDF

#: States of the graphics: G paints nothing, S has a font of tiny letters.
GRAPHICS = "<< /G << /ca 0 >> /S << /Font [5 0 R 0.1] >> >>"


def page(stream: str, forms: str = "", more: str = "") -> bytes:
    """A PDF of one page with this content; `forms` is that of a form, whose name is X."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F 5 0 R >>"
        f" /XObject << /X 6 0 R /I 7 0 R /P 8 0 R >> /ExtGState {GRAPHICS} {more} >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /Font << /F 5 0 R >>"
        f" /ExtGState {GRAPHICS} >> /Length {len(forms)} >>\nstream\n{forms}\nendstream",
        "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray /Length 1 >>"
        "\nstream\n0\nendstream",
        "<< /Type /XObject /Subtype /PS /Length 1 >>\nstream\n0\nendstream",
    ]
    made, places = "%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    made += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer << /Size {len(objects) + 1} /Root 1 0 R >>"
    )
    return f"{made}\nstartxref\n{made.index('xref')}\n%%EOF".encode()


def read_page(stream: str, forms: str = "") -> str:
    return pdf.read(page(stream, forms), ALL).parts[0][1].strip()


SEEN = "BT /F 12 Tf 50 700 Td (seen) Tj ET "
LEFT_OUT = "[Text of this page that is not seen is left out.]"


@pytest.mark.parametrize(
    "stream",
    [
        "BT 3 Tr /F 12 Tf 50 650 Td (SECRET) Tj ET",
        "BT 7 Tr /F 12 Tf 50 650 Td [(SEC) -20 (RET)] TJ ET",
        "1 1 1 rg BT /F 12 Tf 50 650 Td (SECRET) Tj ET",
        "1 g BT /F 12 Tf 50 650 Td (SECRET) Tj ET",
        "0 0 0 0 k BT /F 12 Tf 50 650 Td (SECRET) Tj ET",
        "/DeviceRGB cs 1 1 1 sc BT /F 12 Tf 50 650 Td (SECRET) Tj ET",
        "BT /F 0.1 Tf 50 650 Td (SECRET) Tj ET",
        "q 0.01 0 0 0.01 0 0 cm BT /F 12 Tf 5000 65000 Td (SECRET) Tj ET Q",
        "BT /F 12 Tf 0.01 0 0 0.01 50 650 Tm (SECRET) Tj ET",
        "BT /F 12 Tf -5000 550 Td (SECRET) Tj ET",
        "BT /F 12 Tf 50 950 Td (SECRET) ' ET",
        '14 TL BT /F 12 Tf 50 950 Td 0 0 (SECRET) " ET',
        "/G gs BT /F 12 Tf 50 650 Td (SECRET) Tj ET",
        "BT /F 12 Tf /S gs 50 650 Td (SECRET) Tj ET",
        "BT /F 12 Tf 50 500 Td 0 250 TD T* (SECRET) Tj ET",
        "q 1 g 40 640 100 30 re f Q 1 g BT /F 12 Tf 50 650 Td (SECRET) Tj ET",
    ],
)
def test_a_pdf_without_what_it_hides(stream: str) -> None:
    assert read_page(SEEN + stream) == f"seen\n\n{LEFT_OUT}"
    assert read_page(f"{SEEN} q 0 g /X Do Q", stream) == f"seen\n\n{LEFT_OUT}"
    assert read_page(stream + " 0 g 0 Tr " + SEEN).split("\n")[0] == "seen" or "/G" in stream


@pytest.mark.parametrize(
    "stream",
    [
        "BT /F 12 Tf 50 650 Td (shown) Tj ET",
        "q 0.2 g 40 640 100 30 re f Q 1 g BT /F 12 Tf 50 650 Td (shown) Tj ET",
        "q 100 0 0 30 40 640 cm /I Do Q 1 g BT /F 12 Tf 50 650 Td (shown) Tj ET",
        "BT /F 1 Tf 12 0 0 12 50 650 Tm (shown) Tj ET",
        "q 0.1 0 0 0.1 0 0 cm BT /F 120 Tf 500 6500 Td (shown) Tj ET Q",
        "q 1 g 3 Tr Q BT /F 12 Tf 50 650 Td (shown) Tj ET",
        "BT 0 1 -1 0 300 50 Tm /F 12 Tf (shown) Tj ET",
        "/Other cs 1 scn BT /F 12 Tf 50 650 Td (shown) Tj ET",
        "q 1 0 0 1 0 -200 cm BT /F 12 Tf 50 900 Td (shown) Tj ET Q",
        "q 0.2 g 40 640 m 140 640 l 140 670 l 40 670 l f Q 1 g BT /F 12 Tf 50 650 Td (shown) Tj ET",
        "/Shading sh 1 g BT /F 12 Tf 50 650 Td (shown) Tj ET",
        f"0 g {'0 0 1 1 re f ' * 2_001} 1 g BT /F 12 Tf 50 650 Td (shown) Tj ET",
        "/Unknown gs BT /F 12 Tf 50 950 Td 0 -150 TD T* (shown) Tj ET",
        "/P Do BT /F 12 Tf 50 650 Td (shown) Tj ET",
    ],
)
def test_a_pdf_with_what_it_shows(stream: str) -> None:
    assert "shown" in read_page(SEEN + stream)
    assert "shown" in read_page(f"{SEEN} q /X Do Q", stream) or "/I" in stream


def test_the_layer_of_a_scan_is_kept_where_a_page_has_nothing_else() -> None:
    layer = "q 612 0 0 792 0 0 cm /I Do Q BT 3 Tr /F 12 Tf 50 650 Td (recognised) Tj ET"
    assert read_page(layer) == "recognised"
    assert read_page("/X Do", "BT 3 Tr /F 12 Tf 50 650 Td (recognised) Tj ET") == "recognised"
    assert read_page(layer + " BT /F 0.1 Tf 0 Tr 50 550 Td (SECRET) Tj ET") == f"recognised\n\n{LEFT_OUT}"
    assert read_page("BT /F 0.1 Tf 50 550 Td (SECRET) Tj ET") == ""


def test_a_form_that_is_drawn_twice_is_seen_where_it_is() -> None:
    form = "BT /F 12 Tf 50 650 Td (shown) Tj ET"
    assert read_page("1 g /X Do 0 g /X Do", form) == f"shown\n\n{LEFT_OUT}"
