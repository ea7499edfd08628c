"""Tables of pyarrow."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ..columns.in_arrow import arrow_column
from .answers import Answers
from .python_values import in_nanoseconds, is_between
from .table import Reader


class ArrowTable:
    """A table. Its columns' names may be the same."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self.labels: Sequence[str] = table.column_names
        self.size: int = table.num_rows

    def reader(self, place: int) -> Reader:
        column = self._table.column(place)
        coarser = _in_microseconds(column.type)
        if coarser is None:
            return lambda start, end: list(column.slice(start, end - start).to_pylist())
        return lambda start, end: _times(column.slice(start, end - start), coarser)

    def first(self, count: int) -> ArrowTable:
        return ArrowTable(self._table.slice(0, count))

    def label(self, name: str) -> str:
        return name

    def joined(self, kept: Sequence[int], answers: Answers) -> Any:
        table = self._table
        for place in sorted({*range(len(self.labels))} - {*kept}, reverse=True):
            table = table.remove_column(place)
        for column in answers.columns:
            table = table.append_column(column.name, arrow_column(column, answers.values[column.name]))
        return table


def one_batch(table: Any) -> Any:
    """The table as a RecordBatch."""
    pyarrow: Any = sys.modules["pyarrow"]
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pyarrow.RecordBatch.from_pylist([], schema=table.schema)


def _in_microseconds(kind: Any) -> Any:
    """The type of times in the finest unit that Python has, for one in nanoseconds; None for any other."""
    pyarrow: Any = sys.modules["pyarrow"]
    finer: dict[str, Any] = {
        "timestamp[ns": pyarrow.timestamp("us", getattr(kind, "tz", None)),
        "duration[ns": pyarrow.duration("us"),
        "time64[ns": pyarrow.time64("us"),
    }
    return next((to for name, to in finer.items() if str(kind).startswith(name)), None)


def _times(column: Any, coarser: Any) -> list[Any]:
    """Times in nanoseconds as Python's own, and those that it has none for as text. No pandas is needed."""
    pyarrow: Any = sys.modules["pyarrow"]
    plain = column.cast(coarser, safe=False).to_pylist()
    counts = column.cast(pyarrow.int64()).to_pylist()
    if not any(map(is_between, counts)):
        return list(plain)
    is_duration = str(coarser).startswith("duration")
    texts = map(in_nanoseconds, counts) if is_duration else column.cast(pyarrow.string()).to_pylist()
    return [text if is_between(count) else value for count, text, value in zip(counts, texts, plain, strict=True)]
