"""Values as readable Python source: long ones are broken over several lines, and so are long texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from unicodedata import east_asian_width

#: Columns, as the usual formatters have it: they leave what is written here as it is.
_WIDTH = 88
#: Where a long line of text may be broken: after a word, or any letter of a script that has no spaces.
_BREAKABLE = re.compile(r"[^\s\u2e80-\U0010ffff]+\s*|[\u2e80-\U0010ffff]\s*|\s+")


def source(value: Any, indent: int = 0, *, before: int = 0) -> str:
    """The value of a JSON member; it stands `before` columns into a line that begins at column `indent`."""
    if isinstance(value, str):
        return _text(value, _WIDTH - indent - before - 1)
    if not isinstance(value, (Mapping, list, tuple)):
        return repr(value)
    inner = indent + 4
    if isinstance(value, Mapping):
        opening, closing = "{}"
        names = [f"{_quoted(name)}: " for name in value]
        items = [
            name + source(item, inner, before=_columns(name)) for name, item in zip(names, value.values(), strict=True)
        ]
    else:
        opening, closing = "[]"
        items = [source(item, inner) for item in value]
    line = opening + ", ".join(items) + closing
    is_short = "\n" not in line and indent + before + _columns(line) < _WIDTH
    if is_short and not any(isinstance(item, Mapping) for item in value):
        return line
    lines = [opening, *(f"{' ' * inner}{item}," for item in items), " " * indent + closing]
    return "\n".join(lines)


def _text(text: str, room: int) -> str:
    """The text between quotes, or between three of them where it has several lines or is long."""
    line = _quoted(text)
    if "\n" not in text.strip("\n") and _columns(line) <= room:
        return line
    pieces = ["\\\n".join(map(_between_three, _pieces(line))) for line in text.split("\n")]
    # Formatters and editors take spaces from the ends of lines.
    pieces = [f"{piece[:-1]}\\x20" if piece.endswith(" ") else piece for piece in pieces]
    inside = "\n".join(pieces)
    if inside.endswith('"'):
        inside = f'{inside[:-1]}\\"'
    return f'"""\\\n{inside}"""'


def _quoted(text: str) -> str:
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + _escaped(text).replace(quote, f"\\{quote}") + quote


def _between_three(text: str) -> str:
    return re.sub('"(?="")', r"\"", _escaped(text))


def _escaped(text: str) -> str:
    """Without what cannot be seen: it may be lost on the way through an editor."""
    shown = text.replace("\\", r"\\")
    if shown.replace("\u3000", "").isprintable():
        return shown
    return "".join(
        letter if letter.isprintable() or letter == "\u3000" else letter.encode("unicode_escape").decode()
        for letter in shown
    )


def _pieces(line: str) -> list[str]:
    """The line in pieces that are not too wide, as far as its words let it be broken."""
    pieces, room = [""], _WIDTH
    for part in _BREAKABLE.findall(line):
        room -= _columns(part)
        if room < 0 and pieces[-1]:
            pieces.append("")
            room = _WIDTH - _columns(part)
        pieces[-1] += part
    return pieces


def _columns(text: str) -> int:
    return len(text) + sum(east_asian_width(letter) in "WF" for letter in text)
