"""Templates filled as Chinese is written: a space between Chinese and Latin, and none between Chinese and Chinese.

Whoever translates a template does not know which language its facts will be in, nor whether one is a whole sentence. So
a space is put where a fact meets the text around it, and one that stands there is taken away, if the fact is a text of
ours: a name keeps it. The stop at the end of such a text goes where the sentence goes on, or ends with one of its own.
An address is followed by a space: front ends and terminals make a link of all that follows it, marks of Chinese too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from string import Formatter
from typing import Final

from ..characters import HAN

_HAN: Final = re.compile(f"[{HAN}]")
_LATIN: Final = re.compile(r"[A-Za-z0-9]")
_FULL_WIDTH: Final = re.compile(f"[{HAN}，。：；？！、（）“”…]")
#: After these stands no space.
_CLOSED: Final = re.compile(r"[，。：；？！、）”]")
#: Where these follow, a sentence goes on, or has its own stop.
_GOES_ON: Final = ("。", "，", "；", "：", "、", "！", "？")
#: An address at the end of a text, also as Markdown, and the marks that would be taken for a part of it.
_ENDS_IN_ADDRESS: Final = re.compile(r"\bhttps?\\?:\\?/\\?/[^\s`<>\"”]+\Z")
_AFTER_ADDRESS: Final = re.compile(r"[，。：；？！、（）]")
#: Characters of an address that are looked at.
_LONGEST: Final = 500
_FORMATTER: Final = Formatter()


def filled_in_chinese(template: str, facts: Mapping[str, object], tell: Callable[[object], object]) -> str:
    """The template with the facts in it; `tell` makes of a fact what is shown of it."""
    text, is_ours = "", False
    for literal, name, spec, conversion in _FORMATTER.parse(template):
        if is_ours and text.endswith("。") and literal.startswith(_GOES_ON):
            text = text[:-1]
        text = _met(text, literal, ours=is_ours)
        if name is None:
            continue
        fact, _key = _FORMATTER.get_field(name, (), facts)
        shown = tell(fact)
        is_ours = hasattr(type(fact), "in_language")
        text = _met(text, format(_FORMATTER.convert_field(shown, conversion), spec or ""), ours=is_ours)
    return text


def _met(left: str, right: str, *, ours: bool) -> str:
    """Two texts, one after the other. A space that stands between them goes if it is between Chinese."""
    if not left or not right:
        return left + right
    if ours and left.endswith(" ") and _FULL_WIDTH.match(left[-2:-1]) and _FULL_WIDTH.match(right):
        return left[:-1] + right
    if ours and right.startswith(" ") and _CLOSED.match(left[-1]):
        return left + right[1:]
    if ours and right.startswith(" ") and _FULL_WIDTH.match(left[-1]) and _FULL_WIDTH.match(right[1:2]):
        return left + right[1:]
    if _AFTER_ADDRESS.match(right) and _ENDS_IN_ADDRESS.search(left[-_LONGEST:]):
        return f"{left} {right}"
    if (_HAN.match(left[-1]) and _LATIN.match(right)) or (_LATIN.match(left[-1]) and _HAN.match(right)):
        return f"{left} {right}"
    return left + right
