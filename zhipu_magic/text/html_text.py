"""HTML as the text that a reader sees of it: its words, with tables, lists and headings as Markdown has them.

Nothing is built of it, and each character is looked at a few times, whatever it is: outputs of cells are made by
anybody's code.
"""

from __future__ import annotations

import html
import re
from typing import Final

from .languages.messages import for_model
from .tables import row, rule

LONGEST: Final = 500_000
"""Characters of HTML that are read; more is no output that anybody reads."""

#: A tag may hold no angle bracket: what has one in an attribute reads oddly, and is read in one pass.
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,30})([^<>]*)>")
_UNSEEN: Final = frozenset({"script", "style", "head", "template", "noscript", "title", "object", "iframe"})
_BLOCKS: Final = re.compile(
    "address|article|aside|blockquote|div|d[ldt]|details|summary|fieldset|figure|figcaption|footer|form|h[1-6r]|header"
    "|li|main|nav|[ou]l|p|pre|section|table|t(?:body|head|foot)|caption"
)
_HEADINGS: Final = {f"h{level}": f"{'#' * level} " for level in range(1, 7)}
_ALT: Final = re.compile(r"""\balt\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_SPACES: Final = re.compile(r"\s+")


def html_text(source: str) -> str:
    """The text of HTML; empty if it shows none, as a script does."""
    reading = _Reading()
    source = _without_declarations(source[:LONGEST])
    place, lowered = 0, ""
    while (tag := _TAG.search(source, place)) is not None:
        reading.words(source[place : tag.start()])
        closing, name, inside = tag[1] == "/", tag[2].lower(), tag[3]
        place = tag.end()
        if name in _UNSEEN and not closing and not inside.endswith("/"):
            lowered = lowered or source.lower()
            end = lowered.find(f"</{name}", place)
            if end < 0 or len(lowered) != len(source):  # a letter that lowers to two: then places do not agree
                break
            place = end
        elif closing:
            reading.close(name)
        else:
            reading.open(name, inside)
    else:
        reading.words(source[place:])
    return reading.text()


def _without_declarations(source: str) -> str:
    """Without comments, doctypes and processing instructions; what follows one that does not end is left out."""
    pieces, place = [], 0
    for opening in re.finditer(r"<[!?]", source):
        if opening.start() < place:
            continue
        pieces.append(source[place : opening.start()])
        end = "-->" if source.startswith("<!--", opening.start()) else ">"
        found = source.find(end, opening.end())
        if found < 0:
            return "".join(pieces)
        place = found + len(end)
    return "".join([*pieces, source[place:]])


class _Reading:
    """The lines so far, and the table that is open."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._tables = 0
        self._cells: list[list[str]] = []
        self._cell: list[str] | None = None
        self._as_it_is = False

    def words(self, source: str) -> None:
        if not source:
            return
        text = html.unescape(source)
        if self._as_it_is and self._cell is None:
            first, *others = text.split("\n")
            self._line.append(first)
            for line in others:
                self._end_line()
                self._line.append(line)
            return
        (self._line if self._cell is None else self._cell).append(_SPACES.sub(" ", text))

    def open(self, name: str, inside: str) -> None:
        if name == "table":
            self._tables += 1
            if self._tables == 1:
                self._end_line()
        elif name == "tr" and self._tables == 1:
            self._end_cell()
            self._cells.append([])
        elif name in ("td", "th") and self._tables == 1:
            self._end_cell()
            if not self._cells:
                self._cells.append([])
            self._cell = []
        elif name == "img":
            alt = _ALT.search(inside)
            words = alt[1].strip("\"'") if alt else ""
            self.words(for_model("[picture: {alt}]", alt=words) if alt else for_model("[picture]"))
        elif name == "br":
            self._break()
        elif _BLOCKS.fullmatch(name):
            self._break()
            self._as_it_is = self._as_it_is or name == "pre"
            self._line.append("- " if name == "li" and self._cell is None else _HEADINGS.get(name, ""))

    def close(self, name: str) -> None:
        if name in ("td", "th", "tr") and self._tables == 1:
            self._end_cell()
        elif name == "table" and self._tables:
            self._tables -= 1
            if not self._tables:
                self._end_table()
        elif _BLOCKS.fullmatch(name):
            self._break()
            self._as_it_is = self._as_it_is and name != "pre"

    def text(self) -> str:
        self._end_table()
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip()

    def _break(self) -> None:
        if self._cell is not None:
            self._cell.append(" ")
        else:
            self._end_line()

    def _end_line(self) -> None:
        text = "".join(self._line)
        text = text.rstrip() if self._as_it_is else text.strip()
        self._line = []
        if text.strip(" -#") or (self._as_it_is and self._lines):
            self._lines.append(text)

    def _end_cell(self) -> None:
        if self._cell is not None and self._cells:
            self._cells[-1].append(_SPACES.sub(" ", "".join(self._cell)).strip().replace("|", "\\|"))
        self._cell = None

    def _end_table(self) -> None:
        """The table's rows, the first as its head. Rows that are too short are filled up."""
        self._end_cell()
        rows = [cells for cells in self._cells if cells]
        self._cells, self._tables = [], 0
        if not rows:
            return
        widest = max(map(len, rows))
        if widest * len(rows) > 2 * sum(map(len, rows)) + 100:  # one row of very many cells would fill up all others
            widest = len(rows[0])
        lines = [row([*cells, *[""] * (widest - len(cells))]) for cells in rows]
        self._lines += ["", lines[0], rule(widest), *lines[1:], ""]
