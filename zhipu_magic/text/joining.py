"""Two parts of a reply as one text: the second goes on where the first was cut."""

from __future__ import annotations

import re

from .markdown import closed

#: A fence with a language opens code; one without is more likely the end of it.
_OPENING = re.compile(r"\s*(`{3,}|~{3,})[ \t]*[\w{.][^\n`]*\n")


def joined(first: str, more: str) -> str:
    """The two as one text. A model that was cut off within code often repeats the fence, which is left out."""
    again = _OPENING.match(more)
    return first + (more[again.end() :] if again and closed(first) != first else more)
