"""A column of answers as a pyarrow Array."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from .column import Column, held_whole, offsets


def arrow_column(column: Column, cells: Sequence[Any]) -> Any:
    """The Array, of a type that is the same for any cells, or of JSON if they do not fit into that.

    pyarrow has no arrays of just any objects.
    """
    pyarrow: Any = sys.modules["pyarrow"]
    for dtype in (_type(column, cells, pyarrow), None):
        try:
            array = pyarrow.array(cells, type=dtype)
            if held_whole(array.to_pylist(), cells, filled=dtype is not None):
                return array
        except (ValueError, TypeError, OverflowError, pyarrow.ArrowException):
            continue
    return pyarrow.array([None if cell is None else _text(column, cell) for cell in cells], type=pyarrow.string())


def _text(column: Column, cell: Any) -> str:
    return str(cell) if column.holds == "string" else json.dumps(cell, ensure_ascii=False, default=str)


def _type(column: Column, cells: Sequence[Any], pyarrow: Any) -> Any:
    """The type for what a column holds; None if pyarrow has none that is known before the cells are."""
    match column.holds:
        case "date-time":
            return pyarrow.timestamp("us", "UTC" if offsets(cells) - {None} else None)
        case "time":
            return pyarrow.time64("us")
        case "duration":
            return pyarrow.duration("us")
        case "array":
            inner = column.items and _type(column.items, (), pyarrow)
            return None if inner is None else pyarrow.list_(inner)
        case "object" if column.items:
            inner = _type(column.items, (), pyarrow)
            return None if inner is None else pyarrow.map_(pyarrow.string(), inner)
        case "object":
            members = [(each.name, _type(each, (), pyarrow)) for each in column.members]
            known = members and all(kind is not None for _, kind in members)
            return pyarrow.struct(members) if known else None
    simple = {
        "integer": pyarrow.int64,
        "boolean": pyarrow.bool_,
        "number": pyarrow.float64,
        "string": pyarrow.string,
        "date": pyarrow.date32,
    }
    return simple[column.holds]() if column.holds in simple else None
