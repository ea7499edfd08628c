"""Which rows and columns of a sheet are hidden: openpyxl does not say that of a sheet that it reads row by row."""

from __future__ import annotations

from typing import Any, Final
from xml.parsers import expat

_PIECE: Final = 1 << 16
_MOST_COLUMNS: Final = 16_384
_FALSE: Final = ("", "0", "false")


class Hidden:
    """The numbers of rows and columns that are hidden, from 1 on, and which of them have `held` something."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.columns: set[int] = set()
        self._rows: set[int] = set()
        self._shown: set[int] = set()
        self._usually = False
        self._row = 0

    def has_row(self, number: int) -> bool:
        """Whether this row is hidden."""
        return number in self._rows or (self._usually and number not in self._shown)

    @property
    def told(self) -> str:
        """Says that some are left out; empty if none is."""
        return f"[Hidden {' and '.join(sorted(self.held))} of this sheet are left out.]" if self.held else ""

    def begun(self, name: str, given: dict[str, str]) -> None:
        """An element of the sheet's XML."""
        name = name.rpartition(":")[2]
        if name == "sheetFormatPr":
            self._usually = given.get("zeroHeight", "") not in _FALSE
        elif name == "col" and (given.get("hidden", "") not in _FALSE or _is_zero(given.get("width"))):
            first, last = _number(given.get("min")), _number(given.get("max"))
            self.columns.update(range(first, min(last, _MOST_COLUMNS) + 1))
        elif name == "row":
            self._row = _number(given.get("r")) or self._row + 1
            if given.get("hidden", "") not in _FALSE or _is_zero(given.get("ht")):
                self._rows.add(self._row)
            elif "ht" in given:
                self._shown.add(self._row)


def hidden_in(sheet: Any) -> Hidden:
    """What is hidden in a sheet of a workbook that is read row by row."""
    found, parser = Hidden(), expat.ParserCreate()
    parser.StartElementHandler = found.begun
    with sheet._get_source() as file:
        while piece := file.read(_PIECE):
            parser.Parse(piece)
    return found


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0


def _is_zero(text: str | None) -> bool:
    try:
        return text is not None and float(text) == 0
    except ValueError:
        return False
