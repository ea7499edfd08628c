"""Headings that a notebook's table of contents does not take for the user's own.

JupyterLab and Notebook look for them in the Markdown of outputs: `#` at the very beginning of a line, and two or more
`=` or `-` below one. Markdown also takes a space before the first, and one sign for the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..markdown import Structure
from .edits import Edit

_UNDERLINE = re.compile(r"( {0,3})(?:={2,}|-{2,})[ \t]*\Z")


def headings(text: str, found: Structure) -> Iterator[Edit]:
    """Changes that leave every heading and every rule one to Markdown alone."""
    for kind, start, end in found.marks:
        if kind == "#":
            if text.startswith("#", start):
                yield Edit(start, start, " ")
        elif line := _UNDERLINE.match(text[start:end]):
            if kind != "hr":
                yield Edit(start, end, f"{line[1]}{kind}")
            elif start and not text.endswith("\n\n", 0, start):
                yield Edit(start, end, f"{line[1]}***")
