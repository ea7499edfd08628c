"""Texts of the package, which are plain, as Markdown: tables, code, and sentences in which names are code."""

from __future__ import annotations

import re
from collections.abc import Iterable

from zhipu_magic.notebook.commands.registry import COMMANDS


def table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def bars(text: str) -> str:
    """A bar within a table's cell."""
    return text.replace("|", r"\|")


def code(text: str) -> str:
    """A text as code, whatever marks are in it."""
    if not text.strip():
        return ""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{bars(text)}{space}{fence}"


_NAMES = "|".join(sorted(COMMANDS, key=len, reverse=True))
#: What reads as code in a sentence of the package, which is plain text.
_AS_CODE = re.compile(
    r"`[^`]+`"
    r"|\{\{ .*? \}\}"
    r"|%config GLMMagics(?:\.\w+(?: = '[^']*'| = \[[^\]]*\]| = [\w{}:]+)?)?"
    rf"|%%?glm(?: (?:{_NAMES})\b)?(?: (?:[A-Z]+|--[a-z]+)\b)*"
    r"|%pip install \S+[^\s.;,]"
    r"|# glm: \w+"
    r"|(?<![\w-])--?[a-z][a-z-]*(?: [A-Z]+\b)?"
    r"|\bchat(?:\.\w+)+(?:\([^)]*\))?"
    r"|\bZHIPU\w+(?:=\w+)?"
    r"|\bpython -m zhipu_magic \w+(?: [A-Z]+)?"
)
_MARKS = re.compile(r"([\\*_\[\]{}<>$#|])")


def prose(text: str) -> str:
    """A sentence of the package as Markdown: names and commands as code, and nothing else marked."""
    parts, at = [], 0
    for found in _AS_CODE.finditer(text):
        parts += [_MARKS.sub(r"\\\1", text[at : found.start()]), code(found.group().strip("`"))]
        at = found.end()
    return "".join([*parts, _MARKS.sub(r"\\\1", text[at:])]).replace("\n", " ")
