"""What a column of answers holds, and whether a library's column holds all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Column:
    """A field as a column: what it `holds` (`integer`, `date`, `array`, …; empty if anything), and if it may be null.

    `items` is what an array holds, or a dict under any name; `members` are the fields of a record.
    """

    name: str
    holds: str
    nullable: bool
    items: Column | None = None
    members: tuple[Column, ...] = ()


def held_whole(held: Sequence[Any], cells: Sequence[Any], *, filled: bool) -> bool:
    """Whether a library gives the cells back as they were: some cut numbers, or drop members, without a word.

    `filled` says whether a record may get the members that it lacks, with nothing in them.
    """
    kinds = [*map(type, cells)]
    if {list, tuple, dict}.isdisjoint(kinds) and [*map(type, held)] == kinds and held == cells:
        return True
    return len(held) == len(cells) and all(_same(each, cell, filled) for each, cell in zip(held, cells, strict=True))


def offsets(cells: Sequence[Any]) -> set[timedelta | None]:
    """The distances from UTC of the times among the cells; None is that of a time without a zone."""
    return {cell.utcoffset() for cell in cells if isinstance(cell, datetime)}


def _same(held: Any, cell: Any, filled: bool) -> bool:
    if isinstance(cell, dict):
        if isinstance(held, list):  # pyarrow's maps
            held = dict(held)
        if not isinstance(held, dict) or not cell.keys() <= held.keys():
            return False
        more = held.keys() - cell.keys()
        return (filled or not more) and all(_same(held[name], cell.get(name), filled) for name in held)
    if isinstance(cell, (list, tuple)):
        return (
            isinstance(held, list)
            and len(held) == len(cell)
            and all(_same(each, inner, filled) for each, inner in zip(held, cell, strict=True))
        )
    if isinstance(cell, bool):
        return held is cell
    return bool(held == cell or (held != held and cell != cell))
