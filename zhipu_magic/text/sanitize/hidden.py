"""Characters that are not seen and yet change what is read (https://trojansource.codes).

Some reorder the text around them, so that code does something else than is read. In code they are shown by their names,
as editors do; words read in the order in which they were written without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ..characters import REORDERING
from ..markdown import code_spans, structure

__all__ = ["unhidden"]

_REORDERING = re.compile(f"[{REORDERING}]")
#: In code, also what takes no room and is taken for a part of a name; what joins emoji, or chooses their form, is not.
_HIDDEN = re.compile(f"[{REORDERING}\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0]")
#: As Markdown spells them.
_SPELLED = re.compile(
    r"&(?=\#(?:0*(?:823[4-8]|829[4-9]|830[0-3]|65529|6553[01])|[xX]0*(?:202[a-eA-E]|206[6-9a-fA-F]|[fF]{3}[9abAB]));)"
)


def unhidden(markdown: str) -> str:
    """The Markdown with such characters shown in its code, and left out of its words."""
    if not (_HIDDEN.search(markdown) or _SPELLED.search(markdown)):
        return markdown
    parts: list[str] = []
    places = [0, *(place for region in _code(markdown) for place in region), len(markdown)]
    for number, (start, end) in enumerate(pairwise(places)):
        piece = markdown[start:end]
        parts.append(_HIDDEN.sub(_name, piece) if number % 2 else _in_order(piece))
    return "".join(parts)


def _in_order(words: str) -> str:
    return _SPELLED.sub("&amp;", _REORDERING.sub("", words))


def _code(markdown: str) -> Iterator[tuple[int, int]]:
    """Where code begins and ends, in order."""
    found = structure(markdown)
    regions = [(block.start, block.end) for block in found.blocks]
    for start, end in found.runs:
        regions += code_spans(markdown, start, end)
    last = 0
    for start, end in sorted(regions):
        if start >= last:
            yield start, end
            last = end


def _name(hidden: re.Match[str]) -> str:
    return f"⟨U+{ord(hidden[0]):04X}⟩"
