"""Lines that renderers would group differently from what was meant.

displays    mathematics of several lines, whose lines would be lists and paragraphs
nested      items of a list that are indented too little to be in the item above
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..inline import closing_of
from ..markdown import Structure
from .code import Code
from .edits import Edit
from .formulas import is_displayed, on_one_line

_OPENING = re.compile(
    r"""^(?P<margin>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+){0,9})
        (?P<opening>(?P<slashes>\\{1,2})\[|\$\$(?!\$)|\\begin\{[A-Za-z]+\*?\})""",
    re.MULTILINE | re.VERBOSE,
)
#: Characters of the longest formula; where none ends so far, what seemed to begin one is shown as it was written.
_LONGEST = 6_000
#: A line within a formula that would end its paragraph.
_BREAKS = re.compile(r"\n[ \t>]*(?:\n|[-+*][ \t]|[-=]+[ \t]*\n|#{1,6}[ \t]|\d{1,9}[.)][ \t]|\|)")
_LINE_END = re.compile(r"[ \t]*(?:\n|\Z)")

_QUOTED = re.compile(r"(?: {0,3}> ?)*")
#: The beginning of a numbered item; one that is empty so far has no space before its words.
_ITEM = re.compile(r"( {0,9})(\d{1,9})[.)](?:( {1,9})(?=\S)|[ \t]*\Z)")
_NESTED = re.compile(r"( {1,9})(?:[-*+]|1[.)])[ \t]")
_MAY_NEST = re.compile(r"^[ >]{1,9}(?:[-*+]|1[.)])[ \t]", re.MULTILINE)


def displays(text: str, code: Code) -> tuple[list[Edit], int]:
    """Edits that put formulas of several lines on one line; and where a formula begins that has no end yet.

    Where none does, that is the end of the text.
    """
    edits: list[Edit] = []
    opening, at = _OPENING.search(text), 0
    while opening:
        start, at = opening.start("opening"), opening.end()
        if not code.holds(start):
            closing = closing_of(opening["opening"])
            end = text.find(closing, at, at + _LONGEST)
            if end < 0 and len(text) - at < _LONGEST:
                return edits, opening.start()
            if end >= 0 and not code.fence_between(start, end):
                goes_on = _LINE_END.match(text, end + len(closing)) is None
                formula = _on_one_line(opening, text[at:end], closing, goes_on=goes_on)
                at = end + len(closing)
                if formula:
                    edits.append(Edit(start, at, formula))
        opening = _OPENING.search(text, at)
    return edits, len(text)


def _on_one_line(opening: re.Match[str], inside: str, closing: str, *, goes_on: bool) -> str:
    """The formula, if its lines would be taken for something else; empty if it can stay as it is.

    It cannot if its last line `goes_on`: VS Code would not show the rest of it.
    """
    if "\n" not in inside:
        return ""
    if not opening["slashes"]:
        if not (goes_on or _BREAKS.search(inside)):
            return ""
        begins, ends = opening["opening"], closing
    elif is_displayed(inside, alone=True):
        begins = ends = "$$"
    else:
        return ""
    return f"{begins}{on_one_line(inside, quoted='>' in opening['margin'])}{ends}"


def nested(text: str, found: Structure, code: Code) -> list[Edit]:
    """Edits that indent nested items enough to be inside the numbered item above them."""
    return list(_Items(text, found, code).moved()) if _MAY_NEST.search(text) else []


class _Items:
    """Goes through the lines of a text, and knows in which numbered item they are."""

    def __init__(self, text: str, found: Structure, code: Code) -> None:
        self._text = text
        self._openings = found.openings
        self._code = code
        self._margin = self._words = -1  # where the mark of the item is, and where its words begin
        self._least = self._by = 0  # what is indented so far is moved so much; nothing, if it is 0

    def moved(self) -> Iterator[Edit]:
        start, blank, quoted = 0, True, 0
        for line in self._text.split("\n"):
            marks = _QUOTED.match(line)
            margin = marks.end() if marks else 0
            if quoted != line.count(">", 0, margin):
                quoted, blank = line.count(">", 0, margin), True
                self._margin = self._words = -1
                self._by = 0
            words = line[margin:].lstrip(" ")
            indent = len(line) - margin - len(words)
            if words.strip():
                self._by = self._by if indent >= self._least else 0
                if not self._by and not self._code.blocks_hold(start + margin + indent):
                    self._look_at(line[margin:], indent, begins=blank or start in self._openings)
                if self._by:
                    yield Edit(start + margin, start + margin, " " * self._by)
            blank = not words.strip()
            start += len(line) + 1

    def _look_at(self, line: str, indent: int, *, begins: bool) -> None:
        item, inner = _ITEM.match(line), _NESTED.match(line)
        if inner and self._margin < indent < self._words:
            self._least, self._by = indent, self._words - indent
        elif item and indent <= max(3, self._words) and (begins or self._words >= 0 or (item[3] and item[2] == "1")):
            is_usual = item[3] and len(item[3]) <= 4
            self._margin, self._words = indent, item.end() if is_usual else item.end(2) + 2
        elif begins and indent < self._words:
            self._margin = self._words = -1
