"""Blank lines after code that JupyterLab would take for the beginning of mathematics.

It looks for mathematics before it looks for code, and leaves out only fences at the left margin. A dollar in other code
is paired with the next one, wherever that is, unless there is a blank line between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..markdown import Structure
from .edits import Edit

_NEXT_LINE = re.compile(r"\n[ \t]*(?=[^\s>])")
_OPENS = re.compile(r"\\begin\{|\\\\[(\[]")


def gaps(text: str, found: Structure) -> Iterator[Edit]:
    for block in found.blocks:
        protected = block.fenced and (block.start == 0 or text[block.start - 1] == "\n")
        may_open = block.code.count("$") % 2 or _OPENS.search(block.code)
        if may_open and not protected and _NEXT_LINE.match(text, block.end):
            yield Edit(block.end, block.end, "\n")
