"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .markup import Markup
from .wrapping import width


def row(cells: Iterable[str]) -> str:
    """A row; its cells must not contain anything that ends a cell."""
    return f"| {' | '.join(cells)} |"


def rule(columns: int) -> str:
    """The line below the header."""
    return row(["---"] * columns)


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Markup:
    """A table, with columns that are aligned in plain text."""
    cells = [[Markup.of(cell) for cell in line] for line in (header, *rows)]
    plain = [[cell.plain for cell in line] for line in cells]
    rich = [[cell.rich for cell in line] for line in cells]
    return Markup.vouched(_aligned(rich, plain), plain_table(plain[0], plain[1:]), set_from=_typeset(cells))


def _typeset(cells: Sequence[Sequence[Markup]]) -> str:
    lines = [row(cell.typeset.replace("|", "\\|").replace("\n", " ") for cell in line) for line in cells]
    return "\n".join([lines[0], rule(len(cells[0])), *lines[1:]])


def plain_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table as plain text. Wide characters, such as Chinese ones, take two columns."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in (header, *rows)]
    return _aligned(cells, cells)


def _aligned(cells: Sequence[Sequence[str]], shown: Sequence[Sequence[str]]) -> str:
    """The lines of a table, with each cell padded by the width of what is `shown` of it."""
    widths = [[width(cell) for cell in line] for line in shown]
    columns = [max(column) for column in zip(*widths, strict=True)]
    lines = [
        row(cell + " " * (column - taken) for cell, taken, column in zip(*line, columns, strict=True))
        for line in zip(cells, widths, strict=True)
    ]
    return "\n".join([lines[0], _rule(columns), *lines[1:]])


def _rule(columns: Sequence[int]) -> str:
    return f"|{'|'.join('-' * (column + 2) for column in columns)}|"
