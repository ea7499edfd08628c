"""The gallery's page, as the site has it: in its language, and with pictures that Sphinx finds.

The tests read it as the site does, so nothing here imports Sphinx, which `gallery` has.
"""

from __future__ import annotations

import re
from pathlib import Path

PAGE = "gallery"
#: A picture that moves, but not for those who want no motion, as GitHub shows it.
_MOVING = re.compile(r'<picture><source media="[^"]*" srcset="([^"]+)"><img src="([^"]+)" alt="([^"]+)"></picture>')


def in_language(page: str, folder: Path, language: str) -> str:
    """The page, or that for its language, with a ``{moving-picture}`` for each picture that moves."""
    other = folder / f"{PAGE}.{language.replace('_', '-')}.md"
    text = other.read_text("utf-8") if other.exists() else page
    return _MOVING.sub(r"```{moving-picture} \1 \2\n:alt: \3\n```", text)
