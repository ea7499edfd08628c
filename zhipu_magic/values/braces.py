"""Finds what stands between double braces in a text, outside code and mathematics."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

#: None of these backtracks over the same characters, so their time grows linearly with the text.
_BRACES = re.compile(r"(?<!\{)\{\{(?!\{)([^{}\n]*)\}\}")
_MATHEMATICS = re.compile(
    r"""
      (?P<opening> \$\$ | \\\( | \\\[ | \\begin\{ (?P<name>[A-Za-z]+\*?) \} )
    | (?<![\\$]) \$ (?! \s | \{\{ ) (?: [^$\n\\] | \\. )+? (?<! \s ) \$ (?!\d)  # pandoc's rule: $5 and $6 are prices
    | [\^_] \{\{ [^{}\n]* \}\}
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"$$": "$$", "\\(": "\\)", "\\[": "\\]"}
_END = re.compile(r"\\end\{([A-Za-z]+\*?)\}")
_COMMAND = re.compile(r"\\[A-Za-z]+\*? (?: \[[^\[\]\n]*\] )* (?: \{\{ [^{}\n]* \}\} | \{ [^{}\n]* \} )+", re.VERBOSE)


class Found(NamedTuple):
    """What stands between double braces, and where it begins and ends, braces included; lines are counted from 1."""

    inside: str
    start: int
    end: int
    line: int


def between_braces(text: str) -> Iterator[Found]:
    """What stands between double braces, outside code and mathematics."""
    from ..text.markdown import code_regions

    code = _Regions(code_regions(text))
    formulas = _Regions(span for span in _mathematics(text) if not code.hold(span[0]))
    # The end of a formula looks like a command, but what follows is not its argument.
    spans = (match.span() for match in _COMMAND.finditer(text))
    commands = _Regions(span for span in spans if not (code.hold(span[0]) or formulas.hold(span[0])))
    line, counted = 1, 0
    for match in _BRACES.finditer(text):
        start, end = match.span()
        line, counted = line + text.count("\n", counted, start), start
        if not any(regions.touch(start, end) for regions in (code, formulas, commands)):
            yield Found(match[1].strip(" \t"), start, end, line)


class _Regions:
    """Parts of a text, in order."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = list(spans)
        self._ends = [end for _, end in self._spans]

    def touch(self, start: int, end: int) -> bool:
        """Whether one of them overlaps this span."""
        first = bisect_right(self._ends, start)
        return first < len(self._spans) and self._spans[first][0] < end

    def hold(self, place: int) -> bool:
        """Whether the character at this position is in one of them."""
        return self.touch(place, place + 1)


def _mathematics(text: str) -> Iterator[tuple[int, int]]:
    """Where formulas begin and end. An unclosed one does not count."""
    ends: dict[str, list[int]] = {}
    for ending in _END.finditer(text):
        ends.setdefault(ending[1], []).append(ending.end())
    at, searched = 0, dict[str, int]()
    while match := _MATHEMATICS.search(text, at):
        start, at = match.span()
        if match["name"]:
            at = _next(ends.get(match["name"], []), at + len(match["name"]) + len("\\end{}"))
        elif match["opening"]:
            closing = _CLOSING[match["opening"]]
            if searched.get(closing) != -1:  # else there is none from here on
                searched[closing] = text.find(closing, at + 1)
            at = searched[closing] + len(closing) if searched[closing] != -1 else -1
        if at == -1:
            at = start + 1
        else:
            yield start, at


def _next(places: Sequence[int], after: int) -> int:
    """The first of these positions after `after`; -1 if there is none."""
    later = bisect_right(places, after)
    return places[later] if later < len(places) else -1
