"""Code in colours. They are the terminal's own, so that they can be read on a light ground and on a dark one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token
from pygments.util import ClassNotFound
from rich.text import Text

from .words import clean

#: Yellow, white and the bright ones vanish on white, blue vanishes on black.
_STYLES = {
    Token.Comment: "italic dim",
    Token.Keyword: "magenta",
    Token.Keyword.Constant: "cyan",
    Token.Name.Tag: "magenta",
    Token.Name.Attribute: "cyan",
    Token.Name.Builtin: "cyan",
    Token.Name.Class: "bold",
    Token.Name.Decorator: "cyan",
    Token.Name.Function: "bold",
    Token.Literal.Number: "cyan",
    Token.Literal.String: "green",
    Token.Literal.String.Doc: "green italic",
    Token.Operator.Word: "magenta",
    Token.Generic.Deleted: "red",
    Token.Generic.Inserted: "green",
    Token.Generic.Heading: "bold",
    Token.Generic.Subheading: "bold",
}
#: Lines that are coloured at once, and those before them that are read for what they open.
_MOST_LINES, _BEFORE = 400, 100
#: Characters of a line that is coloured: a longer one is data.
_LONGEST_LINE = 2_000


def coloured(lines: Sequence[str], language: str, start: int = 0) -> list[Text]:
    """The lines of a program from `start` on."""
    lexer = _lexer(language)
    first = max(0, start - _BEFORE)
    last = min(len(lines), start + _MOST_LINES)
    if lexer is None or any(len(line) > _LONGEST_LINE for line in lines[first:last]):
        return [Text(clean(line), end="") for line in lines[start:]]
    code, text = "\n".join(map(clean, lines[first:last])), Text(end="")
    for kind, piece in lexer.get_tokens(code):
        text.append(piece, _style(kind))
    if text.plain != code:  # what reads a language may drop what it does not expect
        text = Text(code, end="")
    found = text.split("\n", allow_blank=True)[start - first : last - first]
    return [*found, *coloured(lines, language, last)] if last < len(lines) else found


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False) if language else None
    except ClassNotFound:
        return None


@lru_cache(maxsize=256)
def _style(kind: Any) -> str | None:
    while kind not in _STYLES and kind.parent is not None:
        kind = kind.parent
    return _STYLES.get(kind)
