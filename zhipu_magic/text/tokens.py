"""Estimates the tokens of texts, and cuts texts to a budget; the same in every run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, islice, takewhile
from typing import Final

from .languages.messages import _, for_model
from .languages.numbers import about
from .left_out import note_cut
from .markdown import backticks

INLINE: Final = 80
"""The longest line, in characters, that can stand within a sentence."""

_MOST_CHARACTERS: Final = 4
"""Characters of a token at most, by this estimate."""
_AROUND: Final = 4
"""Tokens that a message takes beyond its text."""
_SHORTER: Final = 0.8
"""A cut moves back to the end of a line or a word, but keeps at least this share of the text."""


def estimate(text: str) -> float:
    """Tokens of a text, roughly: four ASCII characters to one, and five of other scripts to three."""
    beyond_ascii = 0 if text.isascii() else (len(text.encode("utf-8", "replace")) - len(text)) / 2
    return (len(text) - beyond_ascii) / 4 + beyond_ascii * 0.6 + _AROUND


def weight(text: str) -> float:
    """Tokens of a piece of a text, roughly."""
    return estimate(text) - _AROUND


def cut(text: str, tokens: float, whole: float | None = None) -> str:
    """The text, or its beginning and a note, within so many tokens.

    `whole` is the tokens of the whole text, where `text` is only its beginning.
    """
    tokens = max(0, tokens)
    if whole is None:
        if len(text) <= tokens - _AROUND:
            return text  # no character takes more than one
        whole = estimate(text)
        if whole <= tokens:
            return text
    shares = {"tokens": about(tokens), "whole": about(whole)}
    note = for_model("[cut here: about {tokens} of about {whole} tokens are shown]", **shares)
    note_cut(_("about {tokens} of about {whole} tokens sent", **shares))
    shown = _beginning(text, max(0.0, tokens - estimate(note) - 1))
    return f"{shown}{'' if not shown or shown.endswith(chr(10)) else chr(10) if chr(10) in text else ' '}{note}"


def fenced_within(text: str, language: str, tokens: float, whole: float | None = None) -> str:
    """The text as a block of code, cut inside so that the block takes at most so many tokens."""
    fence = backticks(text, 3)
    room = tokens - weight(f"{fence}{language}\n\n{fence}")
    return f"{fence}{language}\n{cut(text.rstrip(), room, whole)}\n{fence}"


def listed(items: Sequence[str], between: str, tokens: float) -> str:
    """As many of the items as fit, and the number of the others."""
    text = between.join(islice(items, int(tokens * _MOST_CHARACTERS)))
    if len(items) <= tokens * _MOST_CHARACTERS and estimate(text) <= tokens:
        return text
    left = tokens - estimate(f"{between}{and_more(len(items))}")
    used = accumulate(weight(f"{item}{between}") for item in items)
    shown = sum(1 for _ in takewhile(lambda size: size <= left, used))
    note_cut(_("{count:,} names, {shown:,} sent", count=len(items), shown=shown))
    return between.join([*items[:shown], and_more(len(items) - shown)])


def and_more(count: int) -> str:
    """What stands for so many items that are left out."""
    return for_model("… and {count:,} more", count=count)


def ends(text: str, tokens: float) -> str:
    """The text, or a third of its beginning and its end with a note between, within so many tokens.

    Of what a program prints, the end says how it went.
    """
    if len(text) <= tokens - _AROUND:
        return text
    whole = estimate(text)
    if whole <= tokens:
        return text
    note = for_model(
        "[left out here: all but about {tokens} of about {whole} tokens]", tokens=about(tokens), whole=about(whole)
    )
    note_cut(_("about {tokens} of about {whole} tokens sent", tokens=about(max(1, tokens)), whole=about(whole)))
    room = max(0.0, tokens - estimate(note) - 2)
    most = int(room * _MOST_CHARACTERS) + 1
    head = _beginning(text, room / 3)
    tail = _beginning(text[-most:][::-1], room * 2 / 3)[::-1]
    return "\n".join(filter(None, [head.rstrip("\n"), note, tail.lstrip("\n")]))


def fenced_ends(text: str, language: str, tokens: float) -> str:
    """The text as a block of code, with what does not fit left out in its middle."""
    fence = backticks(text, 3)
    room = tokens - weight(f"{fence}{language}\n\n{fence}")
    return f"{fence}{language}\n{ends(text.rstrip(), room)}\n{fence}"


def shares(wanted: Sequence[float], room: float) -> list[float]:
    """What each gets of the room: what it wants, or as much as all others that want more than they get."""
    given = [0.0] * len(wanted)
    left = max(0.0, room)
    for number, place in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        given[place] = min(wanted[place], left / (len(wanted) - number))
        left -= given[place]
    return given


def _beginning(text: str, tokens: float) -> str:
    """As much of the text as fits, up to the end of a line or a word if one is near."""
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
