"""Lines that Markdown would take for link definitions by mistake: a bracketed word, a colon, and then no address.

Markdown takes a single word there for an address and shows nothing of the line, and Chinese has no spaces:
`[提示]: 请注意` would vanish, and so would a footnote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..markdown import structure
from .code import Code
from .edits import Edit, edited

_DEFINITION = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*"
    r"\[(?P<label>(?:[^\[\]\\\n]|\\.){1,300})\]:[ \t]*(?P<target>\S*)",
    re.MULTILINE,
)
_ADDRESS = re.compile(r"<|[/#.]|[A-Za-z][A-Za-z0-9+.-]*:|[\x21-\x7e]*[./][\x21-\x7e]*\Z")


def shown_as_words(text: str) -> str:
    """The text with its definitions as words, for one of several on a page: each would hold for all of it."""
    if "]:" not in text:
        return text
    code = Code(text, structure(text))
    places = [found.end("label") + 1 for found in _DEFINITION.finditer(text)]
    return edited(text, [Edit(place, place, "\\") for place in places if not code.holds(place)])


def no_definitions(text: str, code: Code) -> Iterator[Edit]:
    """A backslash before the colon of each such line, so that it is shown."""
    for found in _DEFINITION.finditer(text):
        is_note = found["label"].startswith("^")
        start = found.end("label") + 1
        if (is_note or not _ADDRESS.match(found["target"])) and found["target"] and not code.holds(start):
            yield Edit(start, start, "\\")
