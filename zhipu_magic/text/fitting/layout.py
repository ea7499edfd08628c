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
from .formulas import is_begun_after_words, is_displayed, is_formula, on_one_line, without_comments

_OPENING = re.compile(
    r"""^(?P<margin>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+){0,9})
        (?P<opening>(?P<slashes>\\{1,2})\[|\$\$(?!\$)|\\begin\{[A-Za-z]+\*?\})
      | (?<![\\$])(?P<within>\$\$)(?!\$)""",
    re.MULTILINE | re.VERBOSE,
)
#: Characters of the longest formula; where none ends so far, what seemed to begin one is shown as it was written.
_LONGEST = 6_000
#: A line within a formula that would end its paragraph.
_BREAKS = re.compile(r"\n[ \t]*(?:\n|>|[-+*][ \t]|[-=]+[ \t]*\n|#{1,6}[ \t]|\d{1,9}[.)][ \t]|\|)")
_LINE_END = re.compile(r"[ \t]*(?:\n|\Z)")
_MARGIN = re.compile(r"[ \t>]*")
_PARAGRAPH_END = re.compile(r"\n[ \t>]*\n")

_QUOTED = re.compile(r"(?: {0,3}> ?)*")
#: The beginning of a numbered item; one that is empty so far has no space before its words.
_ITEM = re.compile(r"( {0,9})(\d{1,9})[.)](?:( {1,9})(?=\S)|[ \t]*\Z)")
_NESTED = re.compile(r"( {1,9})(?:[-*+]|1[.)])[ \t]")
#: A line that may be moved, or that may become one while it grows.
_MAY_NEST = re.compile(r"^[ >]{1,9}(?:[-*+]|1[.)]?)(?:[ \t]|\Z)", re.MULTILINE)


def displays(text: str, code: Code) -> tuple[list[Edit], int]:
    """Edits that put formulas of several lines on one line; and where a formula begins that has no end yet.

    Where none does, that is the end of the text.
    """
    edits: list[Edit] = []
    unfinished = len(text)
    opening, at = _OPENING.search(text), 0
    while opening:
        after_words = opening["within"] is not None
        start, at = opening.span("within" if after_words else "opening")
        if not code.holds(start):
            formula = (_begun_after_words if after_words else _begun_on_a_line)(text, opening, code)
            if formula is None:
                unfinished = min(unfinished, opening.start())
                if not after_words:
                    break
            else:
                at = max(at, formula.end)
                edits += [formula] if formula.new else []
        opening = _OPENING.search(text, at)
    return edits, unfinished


def _begun_on_a_line(text: str, opening: re.Match[str], code: Code) -> Edit | None:
    """The formula whose line begins with its opening, on one line, or without `new` if it stays; none so far."""
    start, at = opening.span("opening")
    closing = closing_of(opening["opening"])
    end = text.find(closing, at, at + _LONGEST)
    if end < 0 and len(text) - at < _LONGEST:
        return None
    if end < 0 or code.fence_between(start, end):
        return Edit(start, at, "")
    after = end + len(closing)
    goes_on = _LINE_END.match(text, after) is None
    return Edit(start, after, _on_one_line(opening, text[at:end], closing, goes_on=goes_on))


def _begun_after_words(text: str, opening: re.Match[str], code: Code) -> Edit | None:
    """The same for dollars within a line: a line that ends with them begins a display to VS Code, but so it does not.

    Its formula ends in the same paragraph. A row of a table has none of several lines.
    """
    start, at = opening.span("within")
    end = text.find("$$", at, at + _LONGEST)
    paragraph_ends = _PARAGRAPH_END.search(text, at, end if end >= 0 else at + _LONGEST)
    if end < 0 and not paragraph_ends and len(text) - at < _LONGEST:
        return None
    if end < 0 or paragraph_ends or "\n" not in text[at:end]:
        return Edit(start, at if paragraph_ends or end < 0 else end + 2, "")
    margin = _MARGIN.match(text, text.rfind("\n", 0, start) + 1)
    inside = _unquoted(text[at:end], margin[0] if margin else "")
    in_a_row = margin and text.startswith("|", margin.end())
    if in_a_row or code.fence_between(start, end) or not is_begun_after_words(inside):
        return Edit(start, at, "")
    return Edit(start, end + 2, _joined("$$", inside, "$$"))


def _on_one_line(opening: re.Match[str], inside: str, closing: str, *, goes_on: bool) -> str:
    """The formula, if its lines would be taken for something else; empty if it can stay as it is.

    It cannot if its last line `goes_on`: VS Code would not show the rest of it. Nor can it if a dollar in a comment
    would end it.
    """
    if "\n" not in inside:
        return ""
    inside = _unquoted(inside, opening["margin"])
    begins, ends = opening["opening"], closing
    if opening["slashes"]:
        begins = ends = "$$"
        fits = not is_displayed(without_comments(inside), alone=True)
    else:
        fits = not (goes_on or _BREAKS.search(inside) or _is_ended_by_a_comment(inside))
    return "" if fits else _joined(begins, inside, ends)


def _is_ended_by_a_comment(inside: str) -> bool:
    """Whether only what is in a comment keeps this from being a formula."""
    bare = without_comments(inside)
    return bare != inside and ("$" in inside or not is_formula(inside)) and is_formula(bare)


def _joined(begins: str, inside: str, ends: str) -> str:
    formula = on_one_line(inside)
    # Some front ends would take a backslash before a dollar for its escape.
    return f"{begins}{formula}{' ' if formula.endswith(chr(92)) else ''}{ends}"


def _unquoted(inside: str, margin: str) -> str:
    """The lines without the marks of the quotation that the formula is in; what else begins them is of the formula."""
    depth = margin.count(">")
    return re.sub(rf"\n(?:[ \t]*>){{1,{depth}}}[ \t]?", "\n", inside) if depth else inside


def nested(text: str, found: Structure, code: Code) -> tuple[list[Edit], set[int]]:
    """Edits that indent nested items enough to be inside the numbered item above them.

    And the starts of the lines whose place may depend on the item above, so that no text can be begun with them.
    """
    if not _MAY_NEST.search(text):
        return [], set()
    items = _Items(text, found, code)
    return list(items.moved()), items.dependent


class _Items:
    """Goes through the lines of a text, and knows in which numbered item they are."""

    def __init__(self, text: str, found: Structure, code: Code) -> None:
        self._text = text
        self._openings = found.openings
        self._code = code
        self._margin = self._words = -1  # where the mark of the item is, and where its words begin
        self._least = self._by = 0  # what is indented so far is moved so much; nothing, if it is 0
        self.dependent: set[int] = set()

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
                is_code = self._code.blocks_hold(start + margin + indent)
                if self._margin >= 0 and (self._margin < indent or is_code):
                    self.dependent.add(start)
                self._by = self._by if indent >= self._least else 0
                if not self._by and not is_code:
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
