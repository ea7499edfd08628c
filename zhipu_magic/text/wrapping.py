"""Where the lines of a terminal end: by the columns that characters take, and between words of any script.

Chinese has no spaces, and wide characters take two columns. A line may end between any two wide characters, but none
begins with a closing mark, nor ends with an opening one, and the braces of a reference stay with its name, if they fit.
A name that is longer than a line is parted at a hyphen.
"""

from __future__ import annotations

import re
import shutil
import sys
from itertools import accumulate, pairwise

#: Marks that no line begins with, and those that none ends with.
_CLOSING = frozenset("，。、；：？！）》〉」』】〕〗｝］”’…—·～％℃,.;:?!)]}%")
_OPENING = frozenset("（《〈「『【〔〖｛［“‘([{￥＄")
_VARIATION, _JOINER = "\ufe0f", "\u200d"
#: Columns that a terminal has at least.
_NARROWEST = 20
_NO_BREAK = "\u00a0"
_NO_BEGINNING = frozenset(f" {_NO_BREAK}{_VARIATION}")
#: Up to here, what follows makes no emoji of a character.
_LETTERS = "\u2000"


#: The sign before a command, which closes nothing.
_MAGIC = re.compile(r"%%?[A-Za-z]")


def width(text: str) -> int:
    """The columns that the text takes on one line."""
    return len(text) if text.isascii() and text.isprintable() else sum(_columns(text))


def widest_line(text: str) -> int:
    """The columns of the widest line of a text."""
    return max(map(width, text.split("\n")))


def wrapped(text: str, columns: int) -> list[str]:
    """The lines of the text, broken so that none takes more than so many columns."""
    return [piece for line in text.split("\n") for piece in _pieces(line, columns)]


def fitted(text: str) -> list[str]:
    """The lines of a text as they are printed: on a terminal, they end between words rather than at its edge."""
    if not (sys.stdout is not None and sys.stdout.isatty()):
        return text.splitlines()
    columns = max(_NARROWEST, shutil.get_terminal_size().columns - 1)
    return [piece for line in text.splitlines() for piece in wrapped(line, columns)]


def _pieces(line: str, columns: int) -> list[str]:
    places = [0, *breaks(line, columns), len(line)]
    return [line[start:end].rstrip() for start, end in pairwise(places)]


def longest_word(text: str) -> int:
    """The columns of the longest piece in which no line should be broken, such as a word."""
    longest = size = 0
    is_wide = False
    for at, (letter, columns) in enumerate(zip(text, _columns(text), strict=True)):
        was_wide, is_wide = is_wide, _is_wide(letter, columns, after_wide=is_wide)
        if at and (
            letter.isspace()
            or _is_after_hyphen(text, at)
            or (columns and _may_part(text[at - 1], letter, was_wide or is_wide))
        ):
            size = 0
        size += 0 if letter.isspace() else columns
        longest = max(longest, size)
    return longest


def breaks(line: str, columns: int) -> list[int]:
    """The places in a line at which it is broken. Spaces before one are beyond the edge, and are not shown."""
    sizes = _columns(line)
    ends = [0, *accumulate(sizes)]
    if ends[-1] <= columns:
        return []
    places: list[int] = []
    start = chance = hyphen = 0
    is_wide = False
    for at, letter in enumerate(line):
        was_wide, is_wide = is_wide, _is_wide(letter, sizes[at], after_wide=is_wide)
        if (
            at > start
            and sizes[at]
            and (
                _may_part(line[at - 1], letter, was_wide or is_wide)
                or (was_wide and _MAGIC.match(line, at))
                or line.startswith("}}{{", at - 2)
            )
        ):
            if _is_in_braces(line, at):
                hyphen = at
            else:
                chance = at
        elif _is_after_hyphen(line, at):
            hyphen = at
        if letter == " ":
            continue
        while ends[at + 1] - ends[start] > columns and at > start:
            start = chance = chance if chance > start else hyphen if hyphen > start else at
            places.append(start)
    return places


def _is_wide(letter: str, columns: int, *, after_wide: bool) -> bool:
    return columns == 2 or (after_wide and columns == 0) or letter == _VARIATION


def _may_part(before: str, letter: str, is_wide: bool) -> bool:
    """Whether a line may end between these two characters."""
    if letter in _NO_BEGINNING or before in (_JOINER, _NO_BREAK):
        return False
    return before == " " or (is_wide and letter not in _CLOSING and before not in _OPENING)


def _is_in_braces(line: str, at: int) -> bool:
    """Whether the space before this stands inside braces, as in `{{ name }}`, whose braces stay with the name."""
    return line[at - 1] == " " and (line[at] == "}" or line.endswith("{ ", 0, at))


def _is_after_hyphen(line: str, at: int) -> bool:
    """Whether this is within a long name, after a hyphen. A number stays with its sign, an option with its dashes."""
    return at > 1 and line[at - 1] == "-" and line[at - 2].isalnum() and line[at].isalpha()


def _columns(text: str) -> list[int]:
    """The columns of each character: what joins an emoji or stands on a letter takes none."""
    from wcwidth import wcwidth  # it has large tables, which are not needed until something is shown

    if text.isascii():
        return [1] * len(text)
    sizes: list[int] = []
    for at, letter in enumerate(text):
        size = max(0, wcwidth(letter))
        if letter == _VARIATION and at and sizes[-1] == 1 and text[at - 1] > _LETTERS:
            size = 1  # what it makes an emoji takes two
        elif at and text[at - 1] == _JOINER:
            size = 0
        sizes.append(size)
    return sizes
