"""Fits the Markdown of a model to whoever shows it: the same source reads right in every front end.

Models write Markdown for readers, and renderers go by rules: `**注意：**请看` is no emphasis to CommonMark, half of the
renderers strike out `3~5 天，20~25℃`, an address runs on to the next space, dollars are prices or mathematics, and
hardly any front end knows `\\(x\\)`. What every reader takes a text for is written in the way that all of them show so,
with marks in place of HTML (see `marks`). What needs nothing of this stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..markdown import Structure, structure
from ..settled import SeenTexts, Settled, is_longer
from .code import Code, Spans
from .definitions import no_definitions
from .edits import Edit, edited, place_before
from .gaps import gaps
from .headings import headings
from .layout import displays, nested
from .tables import apart, bars
from .words import fitted_row, fitted_run

#: Whether a text can have anything in it that is fitted.
_NEEDS = re.compile(
    r"""[*$~@\\] | (?<![A-Za-z0-9])_ | _(?![A-Za-z0-9]) | <[bB] | &(?:\#|dollar) | :// | [wW]{3}\. | \| | ^\#
    | ^[ ]{0,3}(?:==|--) | \]: | ^[ >]{1,9}(?:[-+]|1[.)])[ ]""",
    re.VERBOSE | re.MULTILINE,
)


_seen = SeenTexts(is_longer)


def fitted(markdown: str, *, growing: bool = False) -> str:
    """The Markdown as every front end shows it alike; unchanged if they all do.

    A `growing` text that begins as an earlier one did is continued where that was. Of a whole text, nothing depends on
    what was seen before.
    """
    if not _NEEDS.search(markdown):
        return markdown
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    before = _seen.before(text) if growing else Settled()
    rest = _Rest.of(text[before.end :])
    settled = before.shown + edited(rest.text, rest.edits(0, rest.settled), 0, rest.settled)
    if growing:
        _seen.replace(before, Settled(text, before.end + rest.settled_before, settled))
    return settled + edited(rest.text, rest.edits(rest.settled, len(rest.text)), rest.settled)


def fitted_lines(markdown: str) -> str:
    """The Markdown with each line as it was meant, and as many lines as before, for a renderer of our own."""
    if not _NEEDS.search(markdown):
        return markdown
    found = structure(markdown)
    code = Code(markdown, found)
    items, _dependent = nested(markdown, found, code)
    return edited(markdown, sorted([*items, *bars(markdown, code), *no_definitions(markdown, code)]))


@dataclass(frozen=True)
class _Rest:
    """The part of a text that is not settled yet, with its lines as they were meant."""

    text: str
    found: Structure
    settled: int
    settled_before: int  # the same place in the text as it was

    @classmethod
    def of(cls, text: str) -> _Rest:
        found = structure(text)
        code = Code(text, found)
        formulas, unfinished = displays(text, code)
        within = Spans((edit.start + 1, edit.end) for edit in formulas)
        items, dependent = nested(text, found, code)
        lines = [*items, *bars(text, code), *apart(text, found), *no_definitions(text, code)]
        others = [edit for edit in lines if not within.hold(edit.start)]
        edits = sorted(formulas + others)
        if not edits:
            before = found.settled
            settled = 0 if unfinished < before or before in dependent else before
            return cls(text, found, settled, settled)
        laid_out = edited(text, edits)
        found = structure(laid_out)
        before = place_before(edits, found.settled)
        if unfinished < before or before in dependent:
            return cls(laid_out, found, 0, 0)
        return cls(laid_out, found, found.settled, before)

    def edits(self, start: int, end: int) -> list[Edit]:
        """The edits between these two positions, neither of which is inside a run of words."""
        runs = [run for run in self.found.runs if start <= run[0] < end]
        lines = [*headings(self.text, self.found), *gaps(self.text, self.found)]
        lines = sorted(edit for edit in lines if start <= edit.start < end)
        within = Spans(runs)
        edits = [edit for edit in lines if not within.hold(edit.start)]
        at = 0
        for first, last in runs:
            inside = []
            while at < len(lines) and lines[at].start < last:
                inside += [lines[at]] if lines[at].start >= first else []
                at += 1
            words = edited(self.text, inside, first, last)
            shown = fitted_row(words) if (first, last) in self.found.rows else fitted_run(words, quoted=">" in words)
            if shown != self.text[first:last]:
                edits.append(Edit(first, last, shown))
        return sorted(edits)
