"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest

from .characters import without_controls
from .columns import widths_of
from .markup import Markup
from .wrapping import width, wrapped


def row(cells: Iterable[str]) -> str:
    """A row; its cells must not contain anything that ends a cell."""
    return f"| {' | '.join(cells)} |"


def rule(columns: int) -> str:
    """The line below the header."""
    return row(["---"] * columns)


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Markup:
    """A table, with columns that are aligned in a terminal."""
    cells = [[Markup.of(cell) for cell in line] for line in (header, *rows)]
    plain = [[cell.plain for cell in line] for line in cells]
    rich = [[cell.rich for cell in line] for line in cells]
    bare = [[cell.bare.replace("\n", " ") for cell in line] for line in cells]
    return Markup.vouched(
        _aligned(rich, plain),
        plain_table(plain[0], plain[1:]),
        _aligned(bare, bare),
        in_columns=lambda columns: _folded(bare, columns),
    )


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


def _folded(cells: Sequence[Sequence[str]], columns: int) -> str:
    """The lines of a table that takes at most so many columns of a terminal.

    Cells that are too long have several lines. Where the columns would be too narrow to read, each row is a list.
    """
    cells = [[without_controls(cell).replace("\t", " ") for cell in line] for line in cells]
    widths = widths_of(cells, columns - 3 * len(cells[0]) - 1)
    if widths is None:
        return "\n\n".join(_as_list(cells[0], line, columns) for line in cells[1:])
    lines = [[row(piece) for piece in _pieces(line, widths)] for line in cells]
    return "\n".join([*lines[0], _rule(widths), *chain.from_iterable(lines[1:])])


def _pieces(cells: Sequence[str], columns: Sequence[int]) -> Iterator[list[str]]:
    """The cells of a row, line by line."""
    wrapped_cells = [wrapped(cell, column) for cell, column in zip(cells, columns, strict=True)]
    for line in zip_longest(*wrapped_cells, fillvalue=""):
        yield [piece + " " * (column - width(piece)) for piece, column in zip(line, columns, strict=True)]


def _as_list(header: Sequence[str], cells: Sequence[str], columns: int) -> str:
    named = (f"{name}: {cell}" for name, cell in zip(header, cells, strict=True))
    return "\n".join(line for each in named for line in wrapped(each, columns))


def _rule(columns: Sequence[int]) -> str:
    return f"|{'|'.join('-' * (column + 2) for column in columns)}|"
