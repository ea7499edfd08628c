"""Words that grow, as lines: those of finished blocks, each once, and those that may still change."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from rich.text import Text

from .blocks import Setter, Unit, fence, is_apart, is_closed, units_of, untabbed, written
from .parser import tree
from .words import clean, lines_of


class Lines(NamedTuple):
    """Lines that stay as they are, and the lines below them that may still change."""

    finished: list[Text]
    growing: list[Text]


@dataclass(frozen=True)
class GrowingWords:
    """How far the words of one round of a reply have been given as finished lines.

    A block is finished once another one begins below it, in a line that is complete: what a line is cannot be known
    before its end. An item of a list is finished by the next item, a line of a program by the next line. A finished
    block is not looked at again.

    The unfinished rest of the words begins `at` this position. `kind` is the kind of the finished block before it, and
    `gap` says whether there is a blank line between them. If the rest begins with an item of a list, `number` is its
    number; if with a program, `code` is how many of its lines are finished (-1: not even the line above the program).
    `addresses` are the link definitions so far.
    """

    at: int = 0
    kind: str = ""
    gap: bool = False
    number: int | None = None
    code: int = -1
    addresses: dict[str, Any] = field(default_factory=dict)

    @property
    def has_begun(self) -> bool:
        """Whether any line has been given as finished."""
        return bool(self.kind) or self.code >= 0

    def grown(self, words: str, columns: int, *, whole: bool) -> tuple[GrowingWords, Lines]:
        """The new state, the lines that were finished since the last call, and those that may still change.

        `words` begins with the words of the last call. They are `whole` if nothing more comes.
        """
        source = clean(words[self.at :]).replace("\r\n", "\n").split("\n")
        addresses = deepcopy(self.addresses)  # what a line defines that is not whole may be something else
        units = units_of(tree("\n".join(source), addresses), self.number)
        setter, last = Setter(source), len(source) - 1
        done = len(units) if whole else _finished(units, last)
        parts = [self._set(setter, units, place, columns, closed=place < done) for place in range(len(units))]
        after = self._after(units, done, setter, words) if done else self
        finished, growing = parts[:done], parts[done:]
        if growing and units[done].kind == "fence" and units[done].first < last:
            after, cut = _cut(after, units[done], growing[0], last)
            finished.append(growing[0][:cut])
            growing[0] = growing[0][cut:]
        lines = (piece for part in growing for line in part for piece in lines_of(untabbed(line), columns))
        return after, Lines([line for part in finished for line in part], list(lines))

    def _set(self, setter: Setter, units: Sequence[Unit], place: int, columns: int, *, closed: bool) -> list[Text]:
        unit = units[place]
        closed = closed or is_closed(unit.node)
        if place == 0 and self.code >= 0:
            return fence(unit.node, self.code, closed=closed)[1:]
        before = units[place - 1].kind if place else self.kind
        gap = setter.has_gap(unit.first) if place else self.gap
        lines = fence(unit.node, closed=closed) if unit.is_program else setter.unit(unit, columns)
        return [Text(end=""), *lines] if before and (gap or is_apart(before, unit.kind)) else lines

    def _after(self, units: Sequence[Unit], done: int, setter: Setter, words: str) -> GrowingWords:
        """The state in which the first unit that is not done comes next."""
        kind = units[done - 1].kind
        if done == len(units):
            return GrowingWords(len(words), kind, addresses=self.addresses)
        unit, at, addresses = units[done], self.at, deepcopy(self.addresses)
        setter.read(unit.first, addresses)
        for _ in range(unit.first):
            at = words.index("\n", at) + 1
        number = unit.order if unit.mark and unit.siblings == units[done - 1].siblings else None
        return GrowingWords(at, kind, setter.has_gap(unit.first), number, addresses=addresses)


def _cut(words: GrowingWords, unit: Unit, lines: Sequence[Text], last: int) -> tuple[GrowingWords, int]:
    """The state after the complete lines of a program, and how many of its `lines` these are."""
    count = len(written(unit.node))
    code = min(count, last - unit.first - 1)
    head = 0 if words.code >= 0 else len(lines) - count - is_closed(unit.node)
    return replace(words, code=code), head + code - max(0, words.code)


def _finished(units: Sequence[Unit], last: int) -> int:
    """How many of the units are finished; `last` is the line that may not be whole."""
    return max((place for place, unit in enumerate(units) if unit.first < last), default=0)
