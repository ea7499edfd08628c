"""How CommonMark reads the delimiters of emphasis, whose rules were made for words with spaces between them.

Renderers differ in one thing: whether symbols, such as emoji, count as punctuation (`Letters`).
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_ASCII_PUNCTUATION = frozenset(string.punctuation)


class Delimiter(NamedTuple):
    """A run of one sign at text[start:end]. Only those of one scope can be a pair: links have scopes of their own."""

    sign: str
    start: int
    end: int
    scope: int = 0

    @property
    def length(self) -> int:
        """How many signs it has."""
        return self.end - self.start


class Pair(NamedTuple):
    """The signs at `opening` and at `closing`, `length` of them at each."""

    sign: str
    opening: int
    closing: int
    length: int


@dataclass(frozen=True)
class Letters:
    """A text's characters as a renderer classes them."""

    text: str
    with_symbols: bool

    def can_open(self, run: Delimiter) -> bool:
        left, right = self._flanks(run)
        return left and (run.sign != "_" or not right or is_punctuation(self.before(run), self.with_symbols))

    def can_close(self, run: Delimiter) -> bool:
        left, right = self._flanks(run)
        return right and (run.sign != "_" or not left or is_punctuation(self.after(run), self.with_symbols))

    def stands_alone(self, run: Delimiter) -> bool:
        """Whether it has spaces on both sides, so that no renderer takes it for a delimiter."""
        return self.before(run).isspace() and self.after(run).isspace()

    def _flanks(self, run: Delimiter) -> tuple[bool, bool]:
        before, after = self.before(run), self.after(run)
        spaces = before.isspace(), after.isspace()
        marks = is_punctuation(before, self.with_symbols), is_punctuation(after, self.with_symbols)
        left = not spaces[1] and (not marks[1] or spaces[0] or marks[0])
        right = not spaces[0] and (not marks[0] or spaces[1] or marks[1])
        return left, right

    def before(self, run: Delimiter) -> str:
        return self.text[run.start - 1] if run.start else " "

    def after(self, run: Delimiter) -> str:
        return self.text[run.end] if run.end < len(self.text) else " "


def is_punctuation(letter: str, with_symbols: bool = True) -> bool:
    if letter.isascii():
        return letter in _ASCII_PUNCTUATION
    kind = unicodedata.category(letter)
    return kind[0] == "P" or (kind[0] == "S" and with_symbols) or kind == "Cn"  # our own marks become HTML


def commonmark_pairs(delimiters: Sequence[Delimiter], letters: Letters) -> set[Pair]:
    """The pairs of `*` and `_` that CommonMark makes of the delimiters of one scope."""
    pairs: set[Pair] = set()
    openers: list[_Opener] = []
    fruitless: dict[tuple[object, ...], int] = {}  # below which opener there is none for such a closer
    for run in delimiters:
        opens, closes = letters.can_open(run), letters.can_close(run)
        length = left = run.length
        kind = (run.sign, opens, length % 3)
        while closes and left:
            place = _opener_for(openers, run, opens, fruitless.get(kind, 0))
            if place is None:
                fruitless[kind] = len(openers)
                break
            opener = openers[place]
            used = 2 if left >= 2 and opener.left >= 2 else 1
            opener.left -= used
            pairs.add(Pair(run.sign, opener.start + opener.left, run.end - left, used))
            left -= used
            del openers[place + bool(opener.left) :]
            fruitless = {each: min(least, len(openers)) for each, least in fruitless.items()}
        if opens and left:
            openers.append(_Opener(run.sign, run.end - left, left=left, length=length, closes=closes))
    return pairs


@dataclass
class _Opener:
    sign: str
    start: int
    left: int  # signs that are not used yet
    length: int
    closes: bool


def _opener_for(openers: Sequence[_Opener], closer: Delimiter, opens: bool, least: int) -> int | None:
    length = closer.length
    for place in range(len(openers) - 1, least - 1, -1):
        opener = openers[place]
        if opener.sign == closer.sign:
            odd = (opener.closes or opens) and (opener.length + length) % 3 == 0
            if not odd or (opener.length % 3 == 0 and length % 3 == 0):
                return place
    return None


def scopes(delimiters: Iterable[Delimiter]) -> list[list[Delimiter]]:
    """The delimiters, grouped by scope."""
    found: dict[int, list[Delimiter]] = {}
    for run in delimiters:
        found.setdefault(run.scope, []).append(run)
    return list(found.values())
