"""Tables that renderers would not see as they were meant.

bars    bars in the code and the mathematics of a table, which would end their cell
apart   tables directly below an item or a quotation, which CommonMark takes for the rest of its words
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..markdown import Structure, code_spans
from .code import Code, Spans
from .edits import Edit
from .formulas import BAR, DOLLARS, TWO_DOLLARS, is_between_brackets, is_between_dollars

_RULE = re.compile(r"^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$", re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|")
_BRACKETS = re.compile(r"\\\(([^\n]*?)\\\)")
_OUTER, _LAST = re.compile(r"[ \t>]*\|?"), re.compile(r"(?<!\\)\|?[ \t]*\Z")


def bars(text: str, code: Code) -> list[Edit]:
    """Edits that escape the bars in code or mathematics, in rows that have too many cells because of them."""
    edits: list[Edit] = []
    at = 0
    while rule := _RULE.search(text, at):
        at = rule.end()
        if "|" in rule[0] and not code.blocks_hold(rule.start()):
            columns = _cells(rule[0], Spans([]))
            header = text.rfind("\n", 0, max(0, rule.start() - 1)) + 1
            for start, end in [(header, rule.start() - 1), *_rows(text, rule.end() + 1)]:
                edits += _escaped(text, start, end, columns)
                at = max(at, end)
    return edits


def apart(text: str, found: Structure) -> Iterator[Edit]:
    """A blank line above each such table."""
    words = Spans(found.runs)
    for rule in _RULE.finditer(text) if "|" in text else ():
        header = text.rfind("\n", 0, max(0, rule.start() - 1)) + 1
        if header > 0 and words.hold(header - 1) and words.hold(header):
            line = text[header : rule.start() - 1]
            if not line.lstrip().startswith(">") and begins_table(line, rule[0]):
                yield Edit(header, header, "\n")


def begins_table(line: str, below: str) -> bool:
    """Whether two lines are the header of a table and its rule."""
    if "|" not in line or "|" not in below or not _RULE.fullmatch(below):
        return False
    return _cells(line, Spans(code_spans(line, 0, len(line)))) == _cells(below, Spans([]))


def _rows(text: str, start: int) -> Iterator[tuple[int, int]]:
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if not text[start:end].strip(" \t>"):
            return
        yield start, end
        start = end + 1


def _escaped(text: str, start: int, end: int, columns: int) -> list[Edit]:
    row = text[max(start, 0) : max(end, 0)]
    if not ("`" in row or "$" in row or "\\(" in row) or _cells(row, Spans([])) <= columns:
        return []
    code = list(code_spans(row, 0, len(row)))
    for formulas in ([], _formulas(row)):
        if _cells(row, Spans(code + formulas)) == columns:
            in_code = [Edit(start + at, start + at + 1, "\\|") for at in _bars_in(row, Spans(code))]
            in_formulas = [Edit(start + at, start + at + 1, BAR) for at in _bars_in(row, Spans(formulas))]
            return sorted({edit.start: edit for edit in in_formulas + in_code}.values())
    return []


def _cells(row: str, atoms: Spans) -> int:
    first = _OUTER.match(row)
    start = first.end() if first else 0
    return 1 + sum(not atoms.hold(bar.start()) for bar in _BAR.finditer(row, start, len(_LAST.sub("", row))))


def _bars_in(row: str, atoms: Spans) -> list[int]:
    return [bar.start() for bar in _BAR.finditer(row) if atoms.hold(bar.start())]


def _formulas(row: str) -> list[tuple[int, int]]:
    spans = [found.span() for found in _BRACKETS.finditer(row) if is_between_brackets(found[1])]
    at = 0
    while (dollar := row.find("$", at)) >= 0:
        found = TWO_DOLLARS.match(row, dollar) or DOLLARS.match(row, dollar)
        formula = found and is_between_dollars(row, *found.span(), found[1])
        if found and formula:
            spans.append(found.span())
        at = found.end() if found and formula else dollar + 1
    return spans
