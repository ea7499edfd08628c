"""Blocks of Markdown as lines of styled text: headings, paragraphs, lists, quotations, code, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from markdown_it.tree import SyntaxTreeNode
from rich.text import Text

from ....text.columns import widths_of
from ....text.wrapping import widest_line, width
from .code import coloured
from .parser import DEEPEST, tree
from .words import clean, faint, indented, lines_of, words_of

_BULLETS = ("•", "◦", "▪")
_BAR = " │ "
#: Columns of the line around a program.
_RULE = 40
#: What stands apart from the blocks around it, even without a blank line between them.
_APART = ("heading", "fence", "code_block", "table", "hr", "mathematics")


@dataclass(frozen=True)
class Unit:
    """A block of the text, or one item of a list: the smallest part that can be finished while the rest still grows.

    It is in the lines from `first` to `last`, without the latter. An item has a `mark` to begin with, its `order` if
    its list is numbered, and the number of its list in `siblings`, by which items of one list know each other.
    """

    node: SyntaxTreeNode
    first: int
    last: int
    mark: str = ""
    order: int | None = None
    siblings: int = -1

    @property
    def kind(self) -> str:
        return self.node.type

    @property
    def is_program(self) -> bool:
        return self.kind in ("fence", "code_block")


def units_of(root: SyntaxTreeNode, number: int | None = None) -> list[Unit]:
    """The units of a text; `number` is that of its first item, where that goes on with an earlier list."""
    units: list[Unit] = []
    for place, node in enumerate(root.children):
        if node.type in ("bullet_list", "ordered_list"):
            start = number if place == 0 and number is not None else None
            units += [
                Unit(
                    item,
                    *_lines(item),
                    mark=_mark(node, index, start, 0),
                    order=_order(node, index, start),
                    siblings=place,
                )
                for index, item in enumerate(node.children)
            ]
        else:
            units.append(Unit(node, *_lines(node)))
    return units


def _lines(node: SyntaxTreeNode) -> tuple[int, int]:
    assert node.map is not None
    return node.map


def _order(node: SyntaxTreeNode, index: int, start: int | None) -> int | None:
    if node.type == "bullet_list":
        return None
    return index + (int(node.attrs.get("start", 1)) if start is None else start)


def _mark(node: SyntaxTreeNode, index: int, start: int | None, depth: int) -> str:
    order = _order(node, index, start)
    box = node.children[index].meta.get("box", "")
    if order is None:
        return f"{box or _BULLETS[min(depth, 2)]} "
    return f"{order}. {box} " if box else f"{order}. "


def is_apart(before: str, unit: str) -> bool:
    """Whether a blank line stands between two kinds of blocks even where the text has none."""
    return before in _APART or unit in _APART


class Setter:
    """Sets blocks of a text with these lines."""

    def __init__(self, source: Sequence[str]) -> None:
        self._source = source

    def read(self, end: int, addresses: dict[str, Any]) -> None:
        """Add the addresses that the lines up to `end` define."""
        tree("\n".join(self._source[:end]), addresses)

    def unit(self, unit: Unit, columns: int) -> list[Text]:
        """The lines of a unit; those of a program are whole, while `GrowingWords` gives them one by one."""
        if _depth(unit.node) >= DEEPEST:  # what lies deeper would be missing
            text = Text(clean("\n".join(self._source[unit.first : unit.last])).replace("\t", " "), end="")
            return lines_of(text, columns)
        if unit.mark:
            return self._item(unit.node, unit.mark, columns, 1)
        return self._block(unit.node, columns, 0)

    def _block(self, node: SyntaxTreeNode, columns: int, depth: int) -> list[Text]:
        match node.type:
            case "heading":
                style = "bold underline" if node.tag in ("h1", "h2") else "bold"
                return lines_of(_inline(node, style), columns)
            case "bullet_list" | "ordered_list":
                items = [(item, _mark(node, index, None, depth)) for index, item in enumerate(node.children)]
                return self._stacked(
                    [self._item(item, mark, columns, depth + 1) for item, mark in items], node.children
                )
            case "blockquote":
                bar = faint("│ ")
                return indented(self._quoted(node.children, columns - 2, depth), bar, bar)
            case "fence" | "code_block":
                return [
                    piece
                    for line in fence(node, rule=min(_RULE, columns))
                    for piece in lines_of(untabbed(line), columns)
                ]
            case "table":
                return _table(node, columns)
            case "hr":
                return [faint("─" * min(_RULE, columns))]
            case "mathematics":
                return lines_of(Text(clean(node.content).replace("\t", " "), end=""), columns)
        return lines_of(_inline(node), columns)

    def _blocks(self, nodes: Sequence[SyntaxTreeNode], columns: int, depth: int) -> list[Text]:
        return self._stacked([self._block(node, columns, depth) for node in nodes], nodes)

    def _quoted(self, nodes: Sequence[SyntaxTreeNode], columns: int, depth: int) -> list[Text]:
        if len(nodes) == 1 and nodes[0].type == "fence" and not _language(nodes[0]):
            # The bar beside it shows where it begins and ends.
            return [piece for line in coloured(written(nodes[0]), "") for piece in lines_of(untabbed(line), columns)]
        return self._blocks(nodes, columns, depth)

    def _item(self, node: SyntaxTreeNode, mark: str, columns: int, depth: int) -> list[Text]:
        lines = self._blocks(node.children, columns - len(mark), depth) or [Text(end="")]
        return indented(lines, Text(mark, end=""), Text(" " * len(mark), end=""))

    def _stacked(self, parts: Sequence[list[Text]], nodes: Sequence[SyntaxTreeNode]) -> list[Text]:
        """The parts one below the other, with a blank line where the text has one."""
        lines: list[Text] = []
        for place, (part, node) in enumerate(zip(parts, nodes, strict=True)):
            if place and (self.has_gap(_lines(node)[0]) or is_apart(nodes[place - 1].type, node.type)):
                lines.append(Text(end=""))
            lines += part
        return lines

    def has_gap(self, line: int) -> bool:
        """Whether a blank line stands above this one."""
        return line > 0 and not self._source[line - 1].strip(" \t>")


def _depth(node: SyntaxTreeNode) -> int:
    return node.level + 1 if not node.children else max(map(_depth, node.children))


def _inline(node: SyntaxTreeNode, style: str = "") -> Text:
    return words_of(node.children[0].to_tokens()[0].children or () if node.children else (), style)


def fence(node: SyntaxTreeNode, start: int = 0, *, closed: bool = True, rule: int = _RULE) -> list[Text]:
    """A program, from a line on, between two rules, so that it can be copied as it is; the first has its language."""
    language = _language(node)
    name = f"── {clean(language)} " if language else ""
    head = faint(name + "─" * max(2, rule - width(name)))
    return [head, *coloured(written(node), language.lower(), start), *([faint("─" * rule)] if closed else [])]


def is_closed(node: SyntaxTreeNode) -> bool:
    """Whether a program has come to its end."""
    first, last = _lines(node)
    return node.type != "fence" or last - first == len(written(node)) + 2


def written(node: SyntaxTreeNode) -> list[str]:
    """The lines of a program as they were written."""
    lines = node.content.split("\n")
    return lines if lines[-1] else lines[:-1]


def _language(node: SyntaxTreeNode) -> str:
    words = node.info.split() if node.type == "fence" else []
    language = words[0].strip("{}.")[:_RULE] if words else ""
    return "" if language == "text" else language


def untabbed(line: Text) -> Text:
    """The line with its tabs expanded to spaces."""
    line.expand_tabs(4)
    return line


Side = Literal["left", "right", "center"]


def _table(node: SyntaxTreeNode, columns: int) -> list[Text]:
    rows = [row.children for part in node.children for row in part.children]
    sides = [_side(cell) for cell in rows[0]]
    cells = [[_inline(cell, "" if number else "bold") for cell in row] for number, row in enumerate(rows)]
    widths = widths_of([[cell.plain for cell in row] for row in cells], columns - len(_BAR) * (len(sides) - 1))
    if widths is None:
        return _as_lists(cells, columns)
    rule = faint("─┼─".join("─" * size for size in widths))
    lines = [_row(row, widths, sides) for row in cells]
    # Where the first cell of a row has several lines, nothing else shows where the next row begins.
    is_loose = any(widest_line(row[0].plain) > widths[0] or "\n" in row[0].plain for row in cells[1:])
    body = [[*([rule] if is_loose and number else []), *line] for number, line in enumerate(lines[1:])]
    return [*lines[0], rule, *(line for row in body for line in row)]


def _side(cell: SyntaxTreeNode) -> Side:
    style = str(cell.attrs.get("style", ""))
    return "right" if "right" in style else "center" if "center" in style else "left"


def _row(cells: Sequence[Text], widths: Sequence[int], sides: Sequence[Side]) -> list[Text]:
    wrapped = [lines_of(cell, size) for cell, size in zip(cells, widths, strict=True)]
    bar = faint(_BAR)
    lines: list[Text] = []
    for pieces in zip_longest(*wrapped):
        padded = [
            _padded(piece or Text(end=""), size, side) for piece, size, side in zip(pieces, widths, sides, strict=True)
        ]
        line = Text(end="")
        for place, part in enumerate(padded):
            line += part if place == 0 else bar + part
        line.rstrip()
        lines.append(line)
    return lines


def _padded(text: Text, size: int, side: Side) -> Text:
    room = size - width(text.plain)
    left = {"left": 0, "right": room, "center": room // 2}[side]
    return Text(" " * left, end="") + text + " " * (room - left)


def _as_lists(cells: Sequence[Sequence[Text]], columns: int) -> list[Text]:
    """Each row as a list of names and values, where the columns would be too narrow to read."""
    lines: list[Text] = []
    for number, row in enumerate(cells[1:]):
        lines += [Text(end="")] if number else []
        for name, cell in zip(cells[0], row, strict=True):
            lines += lines_of(name + ": " + cell, columns)
    return lines
