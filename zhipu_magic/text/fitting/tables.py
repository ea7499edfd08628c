"""Bars in the code and the mathematics of a table, which would end their cell."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

from ..markdown import Structure, code_spans
from .edits import Edit
from .formulas import DOLLARS, TWO_DOLLARS, is_between_brackets, is_between_dollars

_RULE = re.compile(r"^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$", re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|")
_BRACKETS = re.compile(r"\\\(([^\n]*?)\\\)")
_OUTER = re.compile(r"\A[ \t>]*\|?|(?<!\\)\|?[ \t]*\Z")

Spans = list[tuple[int, int]]


def bars(text: str, found: Structure) -> list[Edit]:
    """The bars of rows that have too many cells, escaped where they stand in code or mathematics."""
    edits: list[Edit] = []
    for rule in _RULE.finditer(text):
        if "|" not in rule[0] or any(block.start <= rule.start() < block.end for block in found.blocks):
            continue
        columns = len(_BAR.findall(_OUTER.sub("", rule[0]))) + 1
        header = text.rfind("\n", 0, max(0, rule.start() - 1)) + 1
        for start, end in [(header, rule.start() - 1), *_rows(text, rule.end() + 1)]:
            edits += _escaped(text, start, end, columns)
    return edits


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
    if not ("`" in row or "$" in row or "\\(" in row) or _cells(row, []) <= columns:
        return []
    code = list(code_spans(row, 0, len(row)))
    for inside, formulas in ((code, []), (code, _formulas(row))):
        if _cells(row, inside + formulas) == columns:
            edits = [Edit(start + at, start + at + 1, "\\|") for at in _bars_in(row, inside)]
            return sorted(edits + [Edit(start + at, start + at + 1, "\\vert ") for at in _bars_in(row, formulas)])
    return []


def _cells(row: str, atoms: Spans) -> int:
    outer = [found.end() for found in _OUTER.finditer(row)]
    first, last = outer[0], len(row) - len(row[outer[0] :]) + len(_OUTER.sub("", row))
    held = _holding(atoms)
    return 1 + sum(not held(bar.start()) for bar in _BAR.finditer(row, first, last))


def _bars_in(row: str, atoms: Spans) -> list[int]:
    held = _holding(atoms)
    return [bar.start() for bar in _BAR.finditer(row) if held(bar.start())]


def _holding(atoms: Spans) -> Callable[[int], bool]:
    ordered = sorted(atoms)

    def held(place: int) -> bool:
        last = bisect_right(ordered, (place, len(ordered) and ordered[-1][1])) - 1
        return last >= 0 and ordered[last][0] <= place < ordered[last][1]

    return held


def _formulas(row: str) -> Spans:
    spans = [found.span() for found in _BRACKETS.finditer(row) if is_between_brackets(found[1])]
    at = 0
    while (dollar := row.find("$", at)) >= 0:
        found = TWO_DOLLARS.match(row, dollar) or DOLLARS.match(row, dollar)
        formula = found and is_between_dollars(row, *found.span(), found[1])
        if found and formula:
            spans.append(found.span())
        at = found.end() if found and formula else dollar + 1
    return spans
