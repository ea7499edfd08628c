"""Blocks of code that hold words of their reader's language: prompts, comments, texts in quotes, diagrams.

gettext asks for each of these as one text, and `translations` says where it is missing. Nothing here imports Sphinx, so
that the tests run the blocks of Chinese pages as the pages show them.
"""

from __future__ import annotations

import re

#: What `%%glm` begins, with the lines that set it up above it.
CELL = re.compile(r"(#.*\n|\s)*%%?glm\b")


def has_prose(text: str, kind: str = "") -> bool:
    """Whether a reader of another language has other words in this block. `kind` is the name at its fence."""
    if "▼" in text or kind in ("text", "yaml"):
        return _WORD.search(text) is not None
    if begins := CELL.match(text):
        line, _, prompt = text[begins.end() :].partition("\n")
        words = (_NO_PROSE.sub("", prompt), *_QUOTED.findall(line), *_COMMENT.findall(_NO_WORDS.sub("", begins[0])))
        return any(map(_WORD.search, words))
    quoted, comments = _QUOTED.findall(text), _COMMENT.findall(_QUOTED.sub("", text))
    if kind == "python" and any(map(_NAME.fullmatch, quoted)):
        return True
    return any(map(_WORD.search, comments)) or any(map(_WORDS.fullmatch, quoted))


_WORD = re.compile(r"[A-Za-z]{2,}")
#: What a prompt refers to, and further commands.
_NO_PROSE = re.compile(r"\{\{.*?\}\}|`[^`\n]+`|^%[^\n]*", re.DOTALL | re.MULTILINE)
#: Comments that set up a cell.
_NO_WORDS = re.compile(r"^# ?glm:.*", re.MULTILINE)
_QUOTED = re.compile(r'"""[\s\S]*?"""|"[^"\n]*"|' + r"'[^'\n]*'")
_COMMENT = re.compile(r"(?:^|\s)# ?(.*)", re.MULTILINE)
_WORDS = re.compile(r"""["']+\s*[A-Za-z][\w',.;:?!()-]*(?:\s+[\w',.;:?!()/{}-]+)+\s*["']+""")
#: What may be data, such as a column of a table: no name of a file or of a model.
_NAME = re.compile(r"""["'][a-z]{3,}["']""")
