"""The links in one run of words, and its images."""

from __future__ import annotations

import re

from ..inline import TARGET

#: An image whose words have no mathematics.
PICTURE = re.compile(r"!\[[^\[\]$]*" + TARGET.pattern)
_BRACKET = re.compile(r"\\.|[\[\]]", re.DOTALL)


def links(text: str) -> dict[int, int]:
    """Where the words of each link begin, and where they end."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for bracket in _BRACKET.finditer(text):
        if bracket[0] == "[":
            opened.append(bracket.start())
        elif bracket[0] == "]" and opened:
            start = opened.pop()
            if TARGET.match(text, bracket.start()):
                found[start] = bracket.start()
    return found
