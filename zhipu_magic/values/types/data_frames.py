"""`DataFrame[Model]`: records as a DataFrame of a library that the user has imported. None is imported here."""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ...text.errors import InvalidRequest
from .names import type_name
from .schema import JsonType, resolved
from .typed_dicts import Unsupported

_LIBRARIES = ("pandas", "polars")


class DataFrame:
    """`DataFrame[Invoice]`: a DataFrame whose columns are the fields of `Invoice`, in order, even without rows.

    It is a pandas one, or a polars one if only polars has been imported.
    """

    def __class_getitem__(cls, record: Any) -> FrameType:
        return FrameType(record)


@dataclass(frozen=True, repr=False)
class FrameType:
    """A DataFrame of such records, from the named `library`, or else from one that has been imported."""

    record: Any
    library: str = ""

    def __repr__(self) -> str:
        return f"DataFrame[{type_name(self.record)}]"


def library_of(kind: Any) -> str:
    """`pandas` or `polars` for that library's DataFrame class; empty for anything else."""
    if not isinstance(kind, type) or kind.__name__ != "DataFrame":
        return ""
    library = str(kind.__module__).partition(".")[0]
    return library if library in _LIBRARIES else ""


@dataclass(frozen=True)
class Column:
    """A field as a column: what it `holds` (`integer`, `date`, …; empty if anything), and whether it may be null."""

    name: str
    holds: str
    nullable: bool


class Frame:
    """Makes DataFrames of one type.

    Raises `InvalidRequest` if there is no library for it, or its records have no fields.
    """

    def __init__(self, wanted: FrameType, row: JsonType) -> None:
        imported = [name for name in _LIBRARIES if name in sys.modules]
        self._library = wanted.library or next(iter(imported), "")
        if not self._library:
            raise InvalidRequest(
                "{type} needs pandas or polars, and neither has been imported.",
                hint="Run `import pandas` (or `import polars`) first.",
                reason="frame.no_library",
                type=repr(wanted),
            )
        if row.fields is None:
            raise InvalidRequest(
                "{type} has no columns: {record} has no fields.",
                hint="Use a pydantic model, a dataclass, a TypedDict or a NamedTuple for its rows.",
                reason="frame.no_fields",
                type=repr(wanted),
                record=row.name,
            )
        self._columns = _columns(row.fields, row)

    def of(self, rows: Sequence[Mapping[str, Any] | tuple[Any, ...]]) -> Any:
        """The DataFrame of these rows, whose values are by name or in the order of the columns."""
        values: dict[str, list[Any]] = {}
        for number, column in enumerate(self._columns):
            cells = (row[number] if isinstance(row, tuple) else row.get(column.name) for row in rows)
            values[column.name] = [_cell(cell) for cell in cells]
        build = _pandas if self._library == "pandas" else _polars
        return build(self._columns, values)


def frame_rows(frame: Any, most: int) -> tuple[list[str], list[tuple[Any, ...]], int]:
    """The columns of a DataFrame, its first rows, and how many there are in all."""
    rows: Iterator[tuple[Any, ...]]
    rows = frame.itertuples(index=False, name=None) if hasattr(frame, "itertuples") else frame.iter_rows()
    return list(frame.columns), list(islice(rows, most)), len(frame)


def _cell(value: Any) -> Any:
    """A value as a column holds it; a set is sorted, so that every run gives the same."""
    if isinstance(value, enum.Enum):
        return value.value
    return sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value


def _columns(names: Sequence[str], row: JsonType) -> list[Column]:
    try:
        root = row.schema_of_fields
    except Unsupported as error:
        raise InvalidRequest(
            "A reply cannot be read as {type}: {error}.",
            reason="type.unreadable",
            type=row.name,
            error=str(error),
        ) from error
    fields = resolved(root, root).get("properties", {})
    return [_column(name, fields.get(name, {}), root) for name in names]


def _column(name: str, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Column:
    choices = [resolved(each, root) for each in schema.get("anyOf", [schema])]
    kinds = {each.get("format") or each.get("type") or "" for each in choices}
    others = kinds - {"null"}
    return Column(name, str(others.pop()) if len(others) == 1 else "", "null" in kinds)


def _pandas(columns: Sequence[Column], values: Mapping[str, list[Any]]) -> Any:
    pandas: Any = sys.modules["pandas"]
    text = pandas.Series([""]).dtype

    def series(column: Column, cells: list[Any]) -> Any:
        nullable = column.nullable or any(cell is None for cell in cells)
        empty = all(cell is None for cell in cells)
        try:
            match column.holds:
                case "integer":
                    return pandas.Series(cells, dtype="Int64" if nullable else "int64")
                case "boolean":
                    return pandas.Series(cells, dtype="boolean" if nullable else "bool")
                case "number":
                    return pandas.Series(cells, dtype="float64")
                case "date" | "date-time":
                    return pandas.Series(pandas.to_datetime(cells))
                case "duration":
                    return pandas.Series(pandas.to_timedelta(cells))
                case "string" if empty:
                    return pandas.Series(cells, dtype=text)
                case "string":
                    return pandas.Series(cells)
        except (ValueError, TypeError, OverflowError):  # such as an integer or a date out of range
            pass
        return pandas.Series(cells, dtype=object)

    return pandas.DataFrame({each.name: series(each, values[each.name]) for each in columns}, columns=list(values))


def _polars(columns: Sequence[Column], values: Mapping[str, list[Any]]) -> Any:
    polars: Any = sys.modules["polars"]
    kinds = {
        "integer": polars.Int64,
        "boolean": polars.Boolean,
        "number": polars.Float64,
        "string": polars.String,
        "date": polars.Date,
        "time": polars.Time,
        "duration": polars.Duration("us"),
    }

    def series(column: Column, cells: list[Any]) -> Any:
        kind = kinds.get(column.holds)
        if column.holds == "date-time" and not any(getattr(cell, "tzinfo", None) for cell in cells):
            kind = polars.Datetime("us")
        for dtype in (kind, None, polars.Object):
            try:
                return polars.Series(column.name, cells, dtype=dtype)
            except (ValueError, TypeError, OverflowError, polars.exceptions.PolarsError):
                continue
        raise AssertionError("a polars column of objects takes anything")

    return polars.DataFrame([series(each, values[each.name]) for each in columns])
