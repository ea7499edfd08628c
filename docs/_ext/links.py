"""Links between the files of the repository, as they are on the site.

The tests follow them too, so nothing here imports Sphinx, which `reference` has.
"""

from __future__ import annotations

import re
from pathlib import Path

#: What the files of the repository link to beside `docs/`, and where that is on the site, whose pages have the
#: notebooks of their language.
_MOVED = (
    (re.compile(r"\]\((?:\.\./)*notebooks/(?:zh/)?([\w-]+\.ipynb)\)"), r"](/notebooks/\1)"),
    (re.compile(r"\]\((?:\.\./)?SECURITY\.md(#[\w-]+)?\)"), r"](/security.md\1)"),
    (re.compile(r"\]\((?:\.\./)?ARCHITECTURE\.md(#[\w-]+)?\)"), r"](/architecture.md\1)"),
    (re.compile(r"\]\((?:\.\./)?CHANGELOG\.md(#[\w-]+)?\)"), r"](/changelog.md\1)"),
    (re.compile(r"\]\((?:\.\./)?CONTRIBUTING\.md(#[\w-]+)?\)"), r"](/contributing.md\1)"),
    (re.compile(r"\]\((?:\.\./)*docs/([\w/-]+\.(?:md|png|webp))(#[\w-]+)?\)"), r"](/\1\2)"),
    (re.compile(r"\]\((?:\.\./)?README\.md(#[\w-]+)?\)"), r"](/index.md)"),
)


def moved(text: str) -> str:
    """The text with its links as they are on the site."""
    for link, there in _MOVED:
        text = link.sub(there, text)
    return text


def in_one_language(text: str, language: str) -> str:
    """The half of CONTRIBUTING.md in this language: its Chinese stands below a line, with a link to it above."""
    english, line, chinese = text.partition("\n---\n\n")
    return chinese if line and language.startswith("zh") else re.sub(r"(?m)^\[中文\]\(#.*\)\n\n", "", english)


def included(text: str, folder: Path) -> str:
    """The text with the files of the repository that stand at its `include`s, whose links are those of the root."""
    return re.sub(
        r"^```\{include\} (\S+)\n```$", lambda found: (folder / found[1]).read_text("utf-8"), text, flags=re.MULTILINE
    )
