"""Texts of ours put together: sentences, clauses, lists, as each language does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .language import Language
from .messages import N_, Message, Tellable, _, as_english, in_language, pgettext


class Joined(Tellable):
    """The texts that are not empty, with the same text between them; that may be a message too."""

    between: str
    parts: Sequence[str]

    def __new__(cls, between: str, parts: Iterable[str]) -> Joined:
        parts = tuple(part for part in parts if part)
        joined = super().__new__(cls, as_english(between).join(map(as_english, parts)))
        joined.between, joined.parts = between, parts
        return joined

    def in_language(self, language: Language) -> str:
        if language == "en":
            return str.__str__(self)
        parts = [str(in_language(part, language)) for part in self.parts]
        between = str(in_language(self.between, language))
        if between == _ITEMS and any(_CLAUSES in part for part in parts):
            between = _CLAUSES  # what has clauses is one
        return between.join(parts)


class Sentences(Tellable):
    """Sentences one after the other: what stands between them is for each language to say."""

    parts: Sequence[str]

    def __new__(cls, parts: Iterable[str]) -> Sentences:
        parts = tuple(part for part in parts if part)
        all_of_them = super().__new__(cls, run_on(map(as_english, parts), "en"))
        all_of_them.parts = parts
        return all_of_them

    def in_language(self, language: Language) -> str:
        return run_on((str(in_language(part, language)) for part in self.parts), language)


def sentences(*parts: str) -> Sentences:
    """Sentences one after the other; those that are empty are left out."""
    return Sentences(parts)


def comma(parts: Iterable[str]) -> Joined:
    """Items of a list, as each language separates them."""
    return Joined(_(", "), parts)


def clauses(parts: Iterable[str]) -> Joined:
    """Clauses of a sentence, as each language separates them: Chinese has another comma for these."""
    return Joined(pgettext("clauses", ", "), parts)


def distinct_notes(parts: Iterable[str]) -> Joined:
    """Notes on one thing, separated by semicolons; those that say the same are one."""
    return Joined(_("; "), dict.fromkeys(parts))


def dotted(parts: Iterable[str]) -> Joined:
    """Facts on one line, each for itself."""
    return Joined(" · ", parts)


def in_lines(parts: Iterable[str]) -> Joined:
    """Each part on a line of its own, or on several."""
    return Joined("\n", parts)


def all_of(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return _ended(parts, N_("{most} and {last}"))


def any_of(parts: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return _ended(parts, N_("{most} or {last}"))


def _ended(parts: Sequence[str], template: str) -> str:
    *most, last = parts or [""]
    return Message(template, most=comma(most), last=last) if most else last


#: The comma between the items of a list in Chinese, and that between clauses.
_ITEMS, _CLAUSES = "、", "，"
_SPACE = " "
#: After these, Chinese leaves no space before the next sentence, and none before those that open.
_CLOSE, _OPEN = "。！？；：，、”』」）】…", "“『「（【"


def run_on(parts: Iterable[str], language: Language) -> str:
    """Sentences in this language, one after the other."""
    if language == "en":
        return _SPACE.join(filter(None, parts))
    text = ""
    for part in filter(None, parts):
        text += part if not text or text[-1] in _CLOSE or part[0] in _OPEN else _SPACE + part
    return text
