"""The cells of any library as Python's own values, and which of them are missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import MAXYEAR, date, datetime, time, timedelta
from decimal import Decimal
from math import isnan
from typing import Any

_PLAIN = frozenset({type(None), str, int, float, bool, bytes, list, dict, date, datetime, time, timedelta, Decimal})


def python_values(cells: Sequence[Any]) -> list[Any]:
    """Cells as Python's own values, those of numpy, pandas and pyarrow among them; what they hold for nothing is None.

    NaN stays, because it is a number to some libraries.
    """
    return [cell if type(cell) in _PLAIN else _python_value(cell) for cell in cells]


def is_missing(value: Any) -> bool:
    """Whether a value stands for nothing: None, NaN, NA or NaT of any library. An empty text or list does not."""
    if value is None:
        return True
    if isinstance(value, (float, Decimal)):
        return value.is_nan() if isinstance(value, Decimal) else isnan(value)
    if type(value) in _PLAIN:
        return False
    plain = _python_value(value)
    return plain is None or (plain is not value and is_missing(plain))


def is_between(nanoseconds: int | None) -> bool:
    """Whether so many nanoseconds are not a number of microseconds, which are the finest that Python's times have."""
    return nanoseconds is not None and nanoseconds % 1_000 != 0


def in_nanoseconds(count: int | None) -> str | None:
    """A duration of so many nanoseconds as text, such as `0:00:01.000000001`."""
    if count is None:
        return None
    seconds, rest = divmod(abs(count), 10**9)
    return f"{'-' if count < 0 else ''}{timedelta(seconds=seconds)}.{rest:09}"


def _python_value(cell: Any) -> Any:
    library = _library(type(cell))
    if library == "numpy":
        return _of_numpy(cell)
    if library == "pandas":
        return _of_pandas(cell)
    if library == "pyarrow" and hasattr(cell, "as_py"):
        return cell.as_py()
    return cell


def _library(kind: type) -> str:
    return str(kind.__module__).partition(".")[0]


def _of_numpy(cell: Any) -> Any:
    """A scalar, or a row of values, such as pandas reads from a file's lists. Other arrays may be pictures."""
    numpy: Any = sys.modules["numpy"]
    if isinstance(cell, numpy.ndarray):
        return python_values(list(cell)) if cell.ndim == 1 else cell.tolist() if cell.ndim == 0 else cell
    if isinstance(cell, (numpy.datetime64, numpy.timedelta64)):
        return _time_of_numpy(cell, numpy)
    return cell.item() if isinstance(cell, numpy.generic) else cell


def _time_of_numpy(cell: Any, numpy: Any) -> Any:
    if numpy.isnat(cell):
        return None
    unit = numpy.datetime_data(cell)[0]
    return cell.astype(f"{cell.dtype.kind}8[us]").item() if unit in ("ns", "ps", "fs", "as") else cell.item()


def _of_pandas(cell: Any) -> Any:
    kind = type(cell).__name__
    if kind in ("NAType", "NaTType"):
        return None
    if kind == "Timestamp":
        return cell if cell.nanosecond or cell.year > MAXYEAR else cell.to_pydatetime()
    if kind == "Timedelta":
        return cell if cell.nanoseconds else cell.to_pytimedelta()
    return cell
