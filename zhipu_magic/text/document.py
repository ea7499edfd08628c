"""What commands answer with is made of these pieces, each of which shows a text from outside as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

from .markup import Markup, escape, inert

_AS_CODE = "white-space:pre-wrap;font-family:var(--jp-code-font-family, monospace);font-size:13px"


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Markup:
    """A table, whose columns stand under each other in a terminal."""
    cells = [[Markup.of(cell) for cell in row] for row in (header, *rows)]
    plain = [[cell.plain for cell in row] for row in cells]
    rich = [[cell.rich for cell in row] for row in cells]
    bare = [[cell.bare.replace("\n", " ") for cell in row] for row in cells]
    return Markup.vouched(_lines(rich, plain), plain_table(plain[0], plain[1:]), _lines(bare, bare))


def plain_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table where there is no page, Chinese letters counting double."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (header, *rows)]
    return _lines(cells, cells)


def _lines(cells: Sequence[Sequence[str]], shown: Sequence[Sequence[str]]) -> str:
    """The lines of a table, padded by what is `shown` of each cell."""
    widths = [[_width(cell) for cell in row] for row in shown]
    columns = [max(column) for column in zip(*widths, strict=True)]
    lines = [
        f"| {' | '.join(cell + ' ' * (column - width) for cell, width, column in zip(*row, columns, strict=True))} |"
        for row in zip(cells, widths, strict=True)
    ]
    return "\n".join([lines[0], f"|{'|'.join('-' * (column + 2) for column in columns)}|", *lines[1:]])


def code(text: str) -> Markup:
    """A text on one line, as code within a sentence."""
    mark = "`" * (_longest_run(text) + 1)
    plain = f"{mark} {text} {mark}" if len(mark) > 1 else f"{mark}{text}{mark}"
    return Markup.vouched(f"<code>{escape(text)}</code>", plain, text)


def block(text: str, language: str = "text") -> Markup:
    """A text as it was written, letter below letter, apart from what is around it."""
    inside = inert(text).replace("\n", "&#10;")
    return Markup.vouched(f'<pre style="{_AS_CODE}">{inside}</pre>', fenced(text, language))


def quotation(text: str) -> Markup:
    """A text as it was written, as a quotation, with its lines and indents."""
    return Markup.vouched(f"<blockquote>{escape(text)}</blockquote>", fenced(text))


def folded(line: object, texts: Iterable[str]) -> Markup:
    """Texts as they were written, folded away under one line."""
    blocks = Markup().join(block(text) for text in texts if text)
    return Markup("<details><summary>{line}</summary>{blocks}</details>", line=line, blocks=blocks)


def link(text: str, address: str) -> Markup:
    """The text as a link to an address of the web; the text alone, where it is none."""
    target = _web_address(address)
    if target is None:
        return Markup.of(text)
    return Markup.vouched(f"[{escape(text)}](<{target}>)", text if text == address else f"{text} <{address}>")


def fenced(text: str, language: str = "text") -> str:
    """The text as it is, in a fence that nothing in it can close."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def money(yuan: float) -> str:
    """An estimate, and marked as one."""
    if yuan == 0:
        return "free"
    return f"≈ ¥{yuan:.2f}" if yuan >= 1 else f"≈ ¥{yuan:.4f}" if yuan >= 0.0001 else "≈ ¥0.0001"


#: Punctuation of an address that stays, for nobody takes it for the end of it, for mathematics or for a mark.
_PLAIN = ":/?#&=+,;%.-"
_LONGEST_ADDRESS = 2_000


def _web_address(address: str) -> str | None:
    """The address between pointed brackets; None for what is not a whole address of the web."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # reading the port checks it
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    if len(address) > _LONGEST_ADDRESS or any(letter.isspace() or letter == "\\" for letter in address):
        return None
    return quote(address, safe=_PLAIN, errors="replace").replace("&", "&amp;")


def _longest_run(text: str) -> int:
    """Of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)


def _width(text: str) -> int:
    from wcwidth import wcswidth  # large tables, of no use to a notebook until a command answers

    return max(0, wcswidth(text))
