"""The words of a block as styled text, and their lines.

Nothing in them is markup of rich's: all is appended as text, without what a terminal would obey.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from markdown_it.token import Token
from rich.text import Text

from ....text.characters import without_controls
from ....text.languages.messages import _, told
from ....text.wrapping import breaks

FAINT = "dim"
CODE = "cyan"
_STYLES = {"strong": "bold", "em": "italic", "s": "strike", "link": "underline"}
#: Line ends that only some programs know, and a mark that is no letter.
_ODD = re.compile("[\u2028\u2029\ufeff]")


def clean(text: str) -> str:
    """The text in the language of its reader, with nothing that a terminal would obey; no longer or shorter by that."""
    return _ODD.sub(" ", without_controls(told(text)))


def words_of(tokens: Iterable[Token], style: str = "") -> Text:
    """The words of a paragraph, a heading or a cell."""
    words = Text(end="")
    styles = [style] if style else []
    links: list[tuple[int, str]] = []
    for token in tokens:
        kind, end = token.type.rpartition("_")[::2]
        if end == "open" and kind in _STYLES:
            styles.append(_STYLES[kind])
            if kind == "link":
                links.append((len(words), str(token.attrs.get("href", ""))))
        elif end == "close" and kind in _STYLES:
            styles.pop()
            if kind == "link":
                start, address = links.pop()
                _add_address(words, words.plain[start:], address)
        elif token.type == "image":
            _append(words, _("[image: {text}]", text=token.content) if token.content.strip() else _("[image]"), styles)
            _add_address(words, "", str(token.attrs.get("src", "")))
        elif token.type in ("softbreak", "hardbreak"):
            words.append("\n")
        else:
            _append(words, token.content, [*styles, CODE] if token.type == "code_inline" else styles)
    return words


def _append(words: Text, text: str, styles: list[str]) -> None:
    words.append(clean(text).replace("\t", " "), " ".join(styles) or None)


def _add_address(words: Text, shown: str, address: str) -> None:
    """Add the address of a link, unless its words are that address."""
    if address and address not in (shown, f"mailto:{shown}"):
        words.append(f" <{clean(address)}>", FAINT)


def faint(text: str) -> Text:
    """The text, fainter than others."""
    return Text(end="").append(text, FAINT)


def lines_of(text: Text, columns: int) -> list[Text]:
    """The lines of a text in so many columns."""
    lines: list[Text] = []
    for line in text.split("\n", allow_blank=True):
        for piece in line.divide(breaks(line.plain, max(1, columns))):
            piece.rstrip()
            lines.append(piece)
    return lines


def indented(lines: Iterable[Text], first: Text, rest: Text) -> list[Text]:
    """The lines, with something before the first, and something as wide before the others."""
    indented = [(rest if number else first) + line for number, line in enumerate(lines)]
    for line in indented:
        line.rstrip()
    return indented
