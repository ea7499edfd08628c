"""Cell options: comments such as `#| label: x` at the beginning of a cell, which Quarto and nbdev read.

A bare `#|` ends them, for a text that begins as they do.
"""

from __future__ import annotations

import re

#: Blanks within a line, the wide one of a Chinese keyboard among them.
_BLANK = r"[^\S\r\n]"
_END = r"(?:\r\n?|\n|\Z)"
_LIKE_CELL_OPTIONS = re.compile(rf"{_BLANK}*#\|")
#: With the bare one at their end.
CELL_OPTIONS = re.compile(rf"(?:{_BLANK}*#\|(?={_BLANK}*\S)[^\r\n]*{_END})*(?:{_BLANK}*#\|{_BLANK}*{_END})?")


def below_options(prompt: str) -> str:
    """The prompt as it stands below options: after a bare `#|` if it begins as cell options do."""
    return f"#|\n{prompt}" if _LIKE_CELL_OPTIONS.match(prompt) else prompt
