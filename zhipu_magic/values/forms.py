"""What stands after the bar of a reference: how many tokens of its value are sent, which pages, or its `repr`."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..text.suggestions import nearest

#: Tokens: more than any context holds.
LARGEST_BUDGET: Final = 10_000_000
_FORM = re.compile(r"\s*(?P<repr>repr\b)?\s*(?P<budget>\d[\d_,]*)?\s*")
_PAGES = re.compile(r"\s*((?:page|slide|sheet)s?)\s+([^\[\]()]*\S)\s*", re.IGNORECASE)
_WORDS: Final = ("pages", "sheets", "slides", "repr", "page", "sheet", "slide")
#: Letters that are taken for digits.
_DIGITS: Final = str.maketrans("oOlI", "0011")
#: Characters that are looked through for a bar: more than any expression has.
_LONGEST: Final = 1_001
_PIECES = re.compile(r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<opens>[\[(])|(?P<closes>[\])])|\|""")


class Inside(NamedTuple):
    """What stands between the braces of a reference, in parts."""

    wanted: str
    """The expression."""
    tokens: int | None = None
    """The budget of its value; None where it names none."""
    as_repr: bool = False
    """Whether the value is wanted as its `repr`."""
    pages: str = ""
    """Which pages of a document are wanted; empty for all."""
    unit: str = ""
    """What the pages are, as it is written: `pages`, `sheet`."""

    @property
    def forms(self) -> str:
        """What stands after the expression, from the first bar on."""
        forms = (
            " | repr" if self.as_repr else "",
            f" | {self.unit} {self.pages}" if self.pages else "",
            "" if self.tokens is None else f" | {self.tokens}",
        )
        return "".join(forms)


def split(inside: str) -> Inside:
    """The expression, and what the forms after it say, in any order: `| 500`, `| repr`, `| repr 500`, `| pages 2`.

    What is no form, and what says again what one after it says, stays with the expression.
    """
    tokens: int | None = None
    as_repr, pages, unit = False, "", ""
    while True:
        wanted, bar, last = inside.rpartition("|")
        chosen = _PAGES.fullmatch(last) if bar and not pages else None
        if chosen is not None and all(chosen[2].count(quote) % 2 == 0 for quote in "\"'"):
            inside, unit, pages = wanted.rstrip(), chosen[1].lower(), chosen[2]
            continue
        form = _FORM.fullmatch(last) if bar and last.strip() else None
        if form is None or (form["repr"] and as_repr) or (form["budget"] and tokens is not None):
            return Inside(wanted=inside, tokens=tokens, as_repr=as_repr, pages=pages, unit=unit)
        inside, as_repr = wanted.rstrip(), as_repr or bool(form["repr"])
        if form["budget"]:
            digits = re.sub("[_,]", "", form["budget"])
            tokens = int(digits) if len(digits) <= len(str(LARGEST_BUDGET)) else LARGEST_BUDGET + 1


def before_bar(inside: str) -> str | None:
    """What stands before the first bar, outside quotes and brackets; None without one, or where two stand together.

    `a || b` is no reference, but a choice, as other languages write it.
    """
    depth = 0
    first: int | None = None
    for piece in _PIECES.finditer(inside[:_LONGEST]):
        if piece["text"]:
            continue
        depth += bool(piece["opens"]) - bool(piece["closes"])
        if piece[0] == "|" and depth <= 0:
            if inside[piece.end() : piece.end() + 1] == "|":
                return None
            first = piece.start() if first is None else first
    return None if first is None else inside[:first]


def slip_of(forms: str) -> str:
    """Of what stands after the bar, the last that can not stand there, or not once more."""
    left = split(f"|{forms}").wanted
    wrong = left.split("|")[1:] or [""]
    return next((one for one in wrong if split(f"|{one}").wanted or not one.strip()), wrong[-1])


def near_form(form: str) -> str:
    """The form that was probably meant: `5oo` is 500, and `pgaes 2` are pages 2; empty if there is none."""
    first, *others = form.split(maxsplit=1) or [""]
    number = first.translate(_DIGITS)
    if number != first and number[:1].isdigit() and split(f"|{number}").tokens is not None:
        return number
    near = nearest(first.casefold(), _WORDS)
    return " ".join([near, *others]) if near and near != first else ""
