"""Text within a budget of tokens: cut with a note, fenced, on one line; and the same from run to run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from .tokens import estimate

INLINE: Final = 80
"""The longest line, in characters, that stands within a sentence."""

_MOST_CHARACTERS: Final = 4
"""In a token, by the estimate."""
_NO_TEXT: Final = estimate("")
_SHORTER: Final = 0.8
"""Of a cut text, the least that is kept to end with a line or a word."""

_TICKS: Final = re.compile(r"`{3,}")


def weight(text: str) -> float:
    """Tokens of a piece of a text."""
    return estimate(text) - _NO_TEXT


def cut(text: str, tokens: float, whole: float | None = None) -> str:
    """The text, or its beginning with a note: within so many tokens.

    `whole` is how many tokens all of it takes, where `text` is but its beginning.
    """
    tokens = max(0, tokens)
    if whole is None:
        if len(text) <= tokens - _NO_TEXT:
            return text  # no character takes more than one
        whole = estimate(text)
        if whole <= tokens:
            return text
    note = f"[cut here: about {about(tokens)} of about {about(whole)} tokens are shown]"
    kept = _beginning(text, max(0.0, tokens - estimate(note) - 1))
    return f"{kept}{'' if not kept or kept.endswith(chr(10)) else chr(10) if chr(10) in text else ' '}{note}"


def fenced(text: str, language: str, tokens: float, whole: float | None = None) -> str:
    """The text as a block of code, cut within it to so many tokens."""
    ticks = max([3, *(len(run) + 1 for run in _TICKS.findall(text))]) * "`"
    room = tokens - weight(f"{ticks}{language}\n\n{ticks}")
    return f"{ticks}{language}\n{cut(text.rstrip(), room, whole)}\n{ticks}"


def listed(items: Sequence[str], between: str, tokens: float) -> str:
    """As many of the items as fit, and how many more there are."""
    text = between.join(islice(items, int(tokens * _MOST_CHARACTERS)))
    if len(items) <= tokens * _MOST_CHARACTERS and estimate(text) <= tokens:
        return text
    left, shown = tokens - estimate(f"{between}… and {len(items):,} more"), 0
    for item in items:
        left -= weight(f"{item}{between}")
        if left < 0:
            break
        shown += 1
    return between.join([*items[:shown], f"… and {len(items) - shown:,} more"])


def about(number: float) -> str:
    """A number to two digits: 25,000."""
    digits = max(0, len(str(int(number))) - 2)
    return f"{round(number / 10**digits) * 10**digits:,}"


def on_one_line(text: str) -> str:
    """Line ends told as `\\n`."""
    return "\\n".join(text.splitlines())


def plural(count: int, what: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _beginning(text: str, tokens: float) -> str:
    """As much of the text as fits, to the end of a line or a word if there is one near."""
    low, high = 0, min(len(text), int(tokens * _MOST_CHARACTERS))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if weight(text[:middle]) <= tokens else (low, middle - 1)
    if low == len(text) or text[low : low + 1].isspace():
        return text[:low]
    for end in "\n", " ":
        place = text.rfind(end, int(low * _SHORTER), low)
        if place > 0:
            return text[:place]
    return text[:low]
