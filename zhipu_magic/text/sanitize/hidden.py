"""Characters that are not seen and yet change what is read (https://trojansource.codes).

Some reorder the text around them, so that code does something else than is read. In code they are shown by their names,
as editors do; words read in the order in which they were written without them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ..characters import REORDERING, TAG
from ..markdown import regions_in, structure
from ..settled import SeenTexts, Settled, is_longer

__all__ = ["unhidden"]

_REORDERING = re.compile(f"[{REORDERING}]|{TAG}")
#: In code, characters without width that pass for a part of a name are shown too, and marks of direction. Those that
#: join emoji, or choose their form, are not shown.
_HIDDEN = re.compile(f"[{REORDERING}\u061c\u200e\u200f\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0]|{TAG}")
#: As Markdown spells them.
_SPELLED = re.compile(
    r"&(?=\#(?:0*(?:823[4-8]|829[4-9]|830[0-3]|65529|6553[01]|9175(?:0[4-9]|[1-9]\d)|9176(?:[0-2]\d|3[01]))"
    r"|[xX]0*(?:[eE]00[0-7][0-9a-fA-F]|202[a-eA-E]|206[6-9a-fA-F]|[fF]{3}[9abAB]));)"
)


_seen = SeenTexts(is_longer)


def unhidden(markdown: str, *, growing: bool = False) -> str:
    """The Markdown with such characters shown in its code, and left out of its words.

    A `growing` text that begins as an earlier one did is continued where that was.
    """
    if not (_HIDDEN.search(markdown) or _SPELLED.search(markdown)):
        return markdown
    before = _seen.before(markdown) if growing else Settled()
    found = structure(markdown, before.end)
    code = regions_in(markdown, found, indented=True)
    shown = before.shown + _shown(markdown, code, before.end, found.settled)
    if growing:
        _seen.replace(before, Settled(markdown, found.settled, shown))
    return shown + _shown(markdown, code, found.settled, len(markdown))


def _shown(markdown: str, code: Sequence[tuple[int, int]], start: int, end: int) -> str:
    """The part from `start` to `end`, neither of which is within code."""
    places = [start, *(place for region in code if start <= region[0] < end for place in region), end]
    pieces = (markdown[first:last] for first, last in pairwise(places))
    return "".join(_HIDDEN.sub(_name, piece) if number % 2 else _in_order(piece) for number, piece in enumerate(pieces))


def _in_order(words: str) -> str:
    return _SPELLED.sub("&amp;", _REORDERING.sub("", words))


def _name(hidden: re.Match[str]) -> str:
    return f"⟨U+{ord(hidden[0]):04X}⟩"
