"""A column of answers as a polars Series."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from .column import Column, held_whole, offsets


def polars_column(column: Column, cells: Sequence[Any]) -> Any:
    """The Series, of a type that is the same for any cells, or of objects if they do not fit into that."""
    polars: Any = sys.modules["polars"]
    for dtype in (_type(column, cells, polars), None):
        try:
            series = polars.Series(column.name, cells, dtype=dtype)
            if held_whole(series.to_list(), cells, filled=dtype is not None):
                return series
        except (ValueError, TypeError, OverflowError, polars.exceptions.PolarsError):
            continue
    return polars.Series(column.name, cells, dtype=polars.Object)


def _type(column: Column, cells: Sequence[Any], polars: Any) -> Any:
    """The dtype for what a column holds; None if polars has none that is known before the cells are."""
    match column.holds:
        case "date-time":
            return polars.Datetime("us", "UTC" if offsets(cells) - {None} else None)
        case "duration":
            return polars.Duration("us")
        case "array":
            inner = column.items and _type(column.items, (), polars)
            return None if inner is None else polars.List(inner)
        case "object":
            members = {each.name: _type(each, (), polars) for each in column.members}
            return None if not members or None in members.values() else polars.Struct(members)
    simple = {
        "integer": polars.Int64,
        "boolean": polars.Boolean,
        "number": polars.Float64,
        "string": polars.String,
        "date": polars.Date,
        "time": polars.Time,
    }
    return simple.get(column.holds)
