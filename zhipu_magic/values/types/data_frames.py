"""`DataFrame[Model]`: records as a DataFrame of a library that the user has imported. None is imported here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ...text.errors import InvalidRequest
from ..columns.column import Column
from ..columns.in_pandas import pandas_column
from ..columns.in_polars import polars_column
from .columns import cells_of, field_columns
from .names import type_name
from .schema import JsonType

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
        self._fields = row.fields
        self._columns = field_columns(row)

    def of(self, records: Sequence[Any]) -> Any:
        """The DataFrame of these records, one a row."""
        library: Any = sys.modules[self._library]
        build: Callable[[Column, Sequence[Any]], Any]
        build = pandas_column if self._library == "pandas" else polars_column
        rows = [cells_of(record, self._fields) for record in records]
        cells = zip(*rows, strict=True) if rows else [()] * len(self._columns)
        series = [build(column, [*each]) for column, each in zip(self._columns, cells, strict=True)]
        return library.DataFrame(dict(zip(self._fields, series, strict=True)))


def frame_rows(frame: Any, most: int) -> tuple[list[str], list[tuple[Any, ...]], int]:
    """The columns of a DataFrame, its first rows, and how many there are in all."""
    rows: Iterator[tuple[Any, ...]]
    rows = frame.itertuples(index=False, name=None) if hasattr(frame, "itertuples") else frame.iter_rows()
    return list(frame.columns), list(islice(rows, most)), len(frame)
