"""Emphasis as its writer meant it: marked for every renderer where CommonMark would read it otherwise.

Signs pair in turn: one opens before a letter and closes after one, whatever punctuation is beside it. CommonMark wants
a space or punctuation outside where there is punctuation inside, so that `**注意：**请看` is no emphasis to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from . import marks
from .flanking import Delimiter, Letters, Pair, commonmark_pairs, is_punctuation, scopes

_DIGITS = frozenset("0123456789")
_ASCII_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_ENDS_OPERAND, _BEGINS_OPERAND = frozenset(")]}）】"), frozenset("([{（【")
#: Chinese, Japanese and Korean letters.
CJK = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]"
)
_WORD_BEFORE = re.compile(r"[A-Za-z0-9_]*\Z")
_WORD_AFTER = re.compile(r"[A-Za-z0-9_]*")
_EXPONENT = re.compile(r"[-+(]{1,2}\d")
#: Arguments as Python has them: *args，**kwargs.
_NAME = re.compile(r"[a-z_]\w*", re.ASCII)
_BETWEEN_NAMES = frozenset("，、,；;(（[{ ")
#: Between these a formula is written without spaces, such as 体积=长*宽*高.
_CLAUSE_END = re.compile(r"[，。；：！？,;!?\n]")
_LONGEST_CLAUSE = 200
_PARTNERS = dict(zip("\"'([{“‘（「『《【〈`", "\"')]}”’）」』》】〉`", strict=True))
#: What a closing sign is: hardly anything that is emphasized begins with it, but for names such as `.py` and `:hover`.
_CLOSING = frozenset("，。、；：！？,.;:!?…")
_NAME_WITH_SIGN = re.compile(r"[.:!?…]+[^\W_]")
#: A product written without spaces: short operands, none of which has a word of a sentence in it, such as 长*宽*高.
_PRODUCT = re.compile(
    r"\s*(?:[^\s*是的了在和与及或把被请这那此其我你他她它们要会能可应该对为就都也很最更先再则将让不没]{1,8}(?:\*(?=[^*])|\s*\Z)){3,}"
)


def emphasised(text: str, delimiters: Sequence[Delimiter]) -> str:
    """The text with emphasis that every renderer shows alike, and no other."""
    if not delimiters:
        return text
    strict, loose = Letters(text, with_symbols=True), Letters(text, with_symbols=False)
    pairs: list[Pair] = []
    read: list[set[Pair]] = [set(), set()]
    for group in scopes(delimiters):
        pairs += _meant(text, group, strict)
        for found, letters in zip(read, (strict, loose), strict=True):
            found |= commonmark_pairs([run for run in group if run.sign != "~"], letters)
    changed = {sign for sign in "*_" if any(_of(sign, pairs) != _of(sign, found) for found in read)}
    tildes = [run for run in delimiters if run.sign == "~" and not strict.stands_alone(run)]
    if not _strikes_alike(tildes, _of("~", pairs), (strict, loose)):
        changed.add("~")
    return _marked(text, [run for run in delimiters if run.sign in changed], pairs) if changed else text


def _of(sign: str, pairs: Iterable[Pair]) -> set[Pair]:
    return {pair for pair in pairs if pair.sign == sign}


def _strikes_alike(tildes: Sequence[Delimiter], pairs: set[Pair], letters: Sequence[Letters]) -> bool:
    """Whether every renderer strikes these pairs and nothing else."""
    if len(tildes) < 2:
        return True
    opening = {pair.opening for pair in pairs}
    closing = {pair.closing for pair in pairs}
    return all(
        (run.start in opening and all(each.can_open(run) for each in letters))
        or (run.start in closing and all(each.can_close(run) for each in letters))
        for run in tildes
    )


def _marked(text: str, delimiters: Iterable[Delimiter], pairs: Iterable[Pair]) -> str:
    """The text with marks for the pairs of these delimiters, and with what is left of them escaped."""
    tags: dict[int, tuple[str, int]] = {}
    for pair in pairs:
        opening, closing = _TAGS[pair.sign, pair.length]
        if "$" in text[pair.opening : pair.closing]:
            opening += marks.APART  # VS Code sees no mathematics after a tag that is open
        tags |= {pair.opening: (opening, pair.length), pair.closing: (closing, pair.length)}
    parts, at = [], 0
    letters = Letters(text, with_symbols=True)
    for run in delimiters:
        parts.append(text[at : run.start])
        at = run.start
        inert = letters.stands_alone(run)
        while at < run.end:
            shown, length = tags.get(at, (run.sign if inert else f"\\{run.sign}", 1))
            parts.append(shown)
            at += length
    return "".join([*parts, text[at:]])


_TAGS = {
    ("*", 1): (marks.EMPHASIS, marks.END_EMPHASIS),
    ("*", 2): (marks.STRONG, marks.END_STRONG),
    ("_", 1): (marks.EMPHASIS, marks.END_EMPHASIS),
    ("_", 2): (marks.STRONG, marks.END_STRONG),
    ("~", 2): (marks.STRUCK, marks.END_STRUCK),
}


@dataclass
class _Opened:
    run: Delimiter
    start: int
    left: int  # signs that are not used yet


def _meant(text: str, group: Sequence[Delimiter], letters: Letters) -> list[Pair]:
    """The pairs that the writer meant. No two of them cross."""
    pairs: list[Pair] = []
    opened: list[_Opened] = []
    roles = [_Role(text, run, letters) for run in group]
    for number, (run, role) in enumerate(zip(group, roles, strict=True)):
        left = run.length
        while left and role.closes and (place := _partner(text, opened, role, left)) is not None:
            other = opened[place]
            if role.is_mask_with(other.run, text):
                del opened[place:]
                role.opens = False
                break
            used = 2 if left >= 2 and other.left >= 2 else 1
            other.left -= used
            pairs.append(Pair(run.sign, other.start + other.left, run.end - left, used))
            left -= used
            del opened[place + bool(other.left) :]
        opens = role.opens or (role.operator and _is_emphasis(text, roles[number], roles[number + 1 :]))
        if opens and 0 < left <= 3:
            opened.append(_Opened(run, run.end - left, left))
    return pairs


def _partner(text: str, opened: Sequence[_Opened], role: _Role, left: int) -> int | None:
    """The nearest opening sign that this closing one can belong to."""
    for place in range(len(opened) - 1, -1, -1):
        other = opened[place]
        if other.run.sign == role.run.sign and _fit(role.run.sign, other.left, left):
            inside = text[other.run.end : role.run.start]
            return place if role.ends(inside) and not _are_apart(text, other.run, role) else None
    return None


def _is_emphasis(text: str, role: _Role, later: Sequence[_Role]) -> bool:
    """Whether `**` that looks like a power is emphasis after all, because its partner is no power: Java**8**和."""
    if role.operator is not _Operator.BY_LETTERS or role.run.length != 2:
        return False
    other = next((each for each in later if each.run.sign == "*" and each.run.length == 2), None)
    if other is None or not other.closes:
        return False
    inside = text[role.run.end : other.run.start]
    if other.operator:
        outside = (
            _WORD_BEFORE.search(text, max(0, role.run.start - 30), role.run.start),
            _WORD_AFTER.match(text, other.run.end),
        )
        return inside.isalpha() and all(word and len(word[0]) > 1 and word[0].isalpha() for word in outside)
    return inside[-1:] in _ASCII_WORD or CJK.search(inside) is not None


def _are_apart(text: str, opening: Delimiter, closing: _Role) -> bool:
    """Whether two runs have nothing to do with each other: two arguments of Python, or two ranges of numbers."""
    run = closing.run
    if run.sign == "~":
        return all(_is_between_digits(text, each) for each in (opening, run))
    if closing.operator is _Operator.BY_EQUATION:
        return text[opening.start - 1 : opening.start].isalnum()
    names = _NAME.match(text, opening.end), _NAME.match(text, run.end)
    return run.sign == "*" and text[run.start - 1] in _BETWEEN_NAMES and all(names)


def _is_between_digits(text: str, run: Delimiter) -> bool:
    return text[run.start - 1 : run.start].isdigit() and text[run.end : run.end + 1].isdigit()


def _fit(sign: str, opening: int, closing: int) -> bool:
    if sign == "~":
        return opening == closing == 2
    return opening == closing or opening == 3 or closing == 3 or (opening == 2 and closing == 4)


class _Role:
    """What a delimiter can do, judged by the characters beside it: open emphasis, close it, or both."""

    def __init__(self, text: str, run: Delimiter, letters: Letters) -> None:
        self.run = run
        self.operator: _Operator | None = None
        self._letters = letters
        before, after = letters.before(run), letters.after(run)
        self.closes = self.opens = False
        length = run.length
        if _PARTNERS.get(before) == after or length > 4 or (run.sign == "~" and length != 2):
            return
        self.opens = not after.isspace()
        self.closes = not before.isspace()
        if run.sign == "_":
            self.opens = self.opens and letters.can_open(run)
        elif run.sign == "*":
            self.operator = _operator(text, run, before, after)
            self.opens = self.opens and not self.operator
            self.closes = self.closes and self.operator is not _Operator.BY_DIGITS

    def ends(self, inside: str) -> bool:
        """Whether it can close emphasis around these words."""
        if not inside:
            return False
        if unicodedata.category(inside[-1]) in ("Ps", "Pi"):
            return False  # a bracket between two notes: A*（*含税）
        if self.run.sign != "_" or self._letters.can_close(self.run):
            return True
        return CJK.search(inside) is not None and self._letters.after(self.run) not in _ASCII_WORD

    def is_mask_with(self, opening: Delimiter, text: str) -> bool:
        """Whether this run and that one each stand for letters that are left out, as in 张**，李**."""
        inside = text[opening.end : self.run.start]
        goes_on = inside[0] in _CLOSING and not _NAME_WITH_SIGN.match(inside)
        return goes_on and not all(map(is_punctuation, inside)) and self._letters.before(opening).isalnum()


class _Operator(Enum):
    """Why a run of asterisks looks like a multiplication or a power, so that it does not open emphasis."""

    BY_DIGITS = auto()  # beside it: it does not close emphasis either
    BY_LETTERS = auto()  # beside it
    BY_EQUATION = auto()  # around it


def _operator(text: str, run: Delimiter, before: str, after: str) -> _Operator | None:
    """Why this run of asterisks looks like an operator; None if it does not."""
    ascii_before, ascii_after = before in _ASCII_WORD, after in _ASCII_WORD
    digits = before in _DIGITS or after in _DIGITS
    if run.length == 1:
        if (ascii_before or before in ")]}") and (ascii_after or after in "([{"):
            return _Operator.BY_DIGITS if digits else _Operator.BY_LETTERS
        operands = (before.isalnum() or before in _ENDS_OPERAND) and (after.isalnum() or after in _BEGINS_OPERAND)
        if operands and _in_an_equation(text, run):
            return _Operator.BY_EQUATION
        return _Operator.BY_LETTERS if before in _DIGITS else None
    if before in _DIGITS and _EXPONENT.match(text, run.end):
        return _Operator.BY_DIGITS
    if not ascii_after or not (ascii_before or before in ")]}"):
        return None
    if before in _DIGITS and after in _DIGITS:
        return _Operator.BY_DIGITS
    words = _WORD_BEFORE.search(text, max(0, run.start - 30), run.start), _WORD_AFTER.match(text, run.end)
    return _Operator.BY_LETTERS if digits or any(word and len(word[0]) == 1 for word in words) else None


def _in_an_equation(text: str, run: Delimiter) -> bool:
    before = _CLAUSE_END.split(text[max(0, run.start - _LONGEST_CLAUSE) : run.start])[-1]
    after = _CLAUSE_END.split(text[run.end : run.end + _LONGEST_CLAUSE], maxsplit=1)[0]
    return bool(re.search("[=＝]", before + after)) or _PRODUCT.fullmatch(f"{before}*{after}") is not None
