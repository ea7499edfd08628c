"""A column of answers as a pandas Series."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from .column import Column, offsets

#: What Python counts times in. pandas would take the unit from the values.
_UNIT = "us"


def pandas_column(column: Column, cells: Sequence[Any]) -> Any:
    """The Series, of a type that is the same for any cells, or of objects if they do not fit into that."""
    pandas: Any = sys.modules["pandas"]
    try:
        return _typed(column, cells, pandas)
    except (ValueError, TypeError, OverflowError):  # such as an integer or a date out of range
        return pandas.Series(cells, dtype=object)


def _typed(column: Column, cells: Sequence[Any], pandas: Any) -> Any:
    nullable = column.nullable or any(cell is None for cell in cells)
    match column.holds:
        case "integer":
            return pandas.Series(cells, dtype="Int64" if nullable else "int64")
        case "boolean":
            return pandas.Series(cells, dtype="boolean" if nullable else "bool")
        case "number":
            return _numbers(cells, pandas)
        case "date" | "date-time":
            return _times(cells, pandas)
        case "duration":
            return pandas.Series(pandas.to_timedelta(cells)).dt.as_unit(_UNIT)
        case "string" if all(cell is None for cell in cells):
            return pandas.Series(cells, dtype=pandas.Series([""]).dtype)
        case "string":
            return pandas.Series(cells)
    return pandas.Series(cells, dtype=object)


def _numbers(cells: Sequence[Any], pandas: Any) -> Any:
    if any(float(cell) != cell for cell in cells if isinstance(cell, int)):
        raise ValueError("an integer that no float is equal to")
    return pandas.Series(cells, dtype="float64")


def _times(cells: Sequence[Any], pandas: Any) -> Any:
    zones = offsets(cells)
    if None in zones and len(zones) > 1:
        raise ValueError("times with and without a zone")
    return pandas.Series(pandas.to_datetime(cells, utc=len(zones) > 1)).dt.as_unit(_UNIT)
