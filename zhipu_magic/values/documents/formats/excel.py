"""Excel: each sheet as a table. A formula whose value was never calculated is shown itself."""

from __future__ import annotations

import io
from datetime import datetime, time
from itertools import islice
from typing import Any, Final

from ..pages import Pages
from . import archive
from .excel_hidden import Hidden, hidden_in
from .found import MOST_CHARACTERS, Found, Parts, table_of

#: Rows that are looked at in a sheet, and columns of a row.
_MOST_ROWS: Final = 1_100_000
_MOST_COLUMNS: Final = 1_000


def read(data: bytes, pages: Pages) -> Found:
    """The sheets that are wanted, without hidden rows and columns; hidden sheets only if they are named or numbered.

    Raises LookupError.
    """
    archive.check(data)
    from openpyxl import load_workbook

    values = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    formulas = load_workbook(io.BytesIO(data), read_only=True, data_only=False)
    names = values.sheetnames
    found = Parts()
    for number in pages.chosen(len(names), names):
        name = names[number - 1]
        sheet, written = values[name], formulas[name]
        if found.is_full or not hasattr(sheet, "iter_rows"):  # a sheet that is a chart
            continue
        if pages.parts or sheet.sheet_state == "visible":
            unseen = hidden_in(sheet)
            text = table_of(_rows(sheet, written, unseen))
            found.add(name, "\n\n".join(filter(None, [text, unseen.told])))
    return found.found(len(names))


def _rows(sheet: Any, written: Any, unseen: Hidden) -> list[list[str]]:
    """The rows that are seen and not empty, without the empty cells at their ends."""
    for one in (sheet, written):
        one.reset_dimensions()  # what a file says of them may be wrong
    rows, left = list[list[str]](), MOST_CHARACTERS
    both = zip(sheet.iter_rows(values_only=True), written.iter_rows(values_only=True), strict=False)
    for number, (row, formulas) in enumerate(islice(both, _MOST_ROWS), 1):
        if unseen.has_row(number):
            unseen.held.update(["rows"] * any(cell is not None for cell in row))
            continue
        cells: list[str] = []
        for column, pair in islice(enumerate(zip(row, formulas, strict=False), 1), _MOST_COLUMNS):
            value, formula = pair
            if column not in unseen.columns:
                cells.append(_text(formula if value is None else value))
            elif formula is not None:
                unseen.held.add("columns")
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows.append(cells)
            left -= sum(map(len, cells))
        if left < 0:
            break
    return rows


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    return str(value)
