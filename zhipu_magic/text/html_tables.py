"""A table in HTML from outside, made anew: its rows, its cells and their text, and nothing else of it.

What a DataFrame shows of itself may come back from a journal, which may come from anywhere. So no tag of it is passed
on: the page gets tags of ours, with the text of the cells in them.
"""

from __future__ import annotations

from html.parser import HTMLParser

from .characters import without_controls
from .markup import Markup

#: Cells of a table, and characters of its HTML: a library shows some sixty rows and twenty columns.
_MOST_CELLS, _MOST_CHARACTERS = 5_000, 1_000_000
#: Rows or columns that one cell may cover.
_WIDEST = 1_000
_CELL_TAGS = ("td", "th")
#: Elements whose text nobody sees.
_UNSEEN = frozenset({"style", "script", "title", "template", "textarea", "noscript", "svg", "math"})


def table_of(html: str) -> Markup | None:
    """The first table in this HTML; None where there is none, or where it is too large."""
    if len(html) > _MOST_CHARACTERS:
        return None
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except (ValueError, RecursionError, AssertionError):  # some versions of Python raise them for odd declarations
        return None
    if not reader.rows or sum(map(len, reader.rows)) > _MOST_CELLS:
        return None
    rows = [Markup("<tr>{cells}</tr>", cells=Markup().join(row)) for row in reader.rows]
    heads = next((number for number, is_head in enumerate(reader.are_heads) if not is_head), len(rows))
    head = Markup("<thead>{rows}</thead>", rows=Markup().join(rows[:heads])) if heads else Markup()
    body = Markup("<tbody>{rows}</tbody>", rows=Markup().join(rows[heads:])) if rows[heads:] else Markup()
    return Markup("<table>{head}{body}</table>", head=head, body=body)


class _Reader(HTMLParser):
    """Collects the rows of the first table."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[Markup]] = []
        self.are_heads: list[bool] = []
        self._tables = self._unseen = 0
        self._is_over = self._in_head = False
        self._cell: tuple[str, int, int] | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "table":
            self._tables += 1
        elif self._is_over or self._tables != 1:
            return
        elif tag in ("thead", "tbody", "tfoot"):
            self._in_head = tag == "thead"
        elif tag == "tr":
            self._end_cell()
            self.rows.append([])
            self.are_heads.append(self._in_head)
        elif tag in _CELL_TAGS and self.rows:
            self._end_cell()
            given = dict(attrs)
            self._cell = tag, _count(given.get("colspan")), _count(given.get("rowspan"))
        elif tag == "br":
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "table":
            self._tables = max(0, self._tables - 1)
            if self._tables == 0:
                self._end_cell()
                self._is_over = self._is_over or bool(self.rows)
        elif tag in (*_CELL_TAGS, "tr") and self._tables == 1:
            self._end_cell()
        elif tag == "thead":
            self._in_head = False

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._unseen:
            self._text.append(data)

    def close(self) -> None:
        super().close()
        self._end_cell()

    def _end_cell(self) -> None:
        if self._cell is not None and self.rows:
            tag, columns, rows = self._cell
            text = without_controls(" ".join("".join(self._text).split()))
            wide = Markup(' colspan="{count}"', count=columns) if columns > 1 else Markup()
            high = Markup(' rowspan="{count}"', count=rows) if rows > 1 else Markup()
            form = Markup("<th{wide}{high}>{text}</th>", wide=wide, high=high, text=text)
            if tag == "td":
                form = Markup("<td{wide}{high}>{text}</td>", wide=wide, high=high, text=text)
            self.rows[-1].append(form)
        self._cell, self._text = None, []


def _count(text: str | None) -> int:
    """The rows or columns that a cell covers."""
    return min(int(text), _WIDEST) if text and text.isascii() and text.isdigit() and len(text) < 5 else 1
