"""Tables of pyarrow."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ..columns.in_arrow import arrow_column
from .answers import Answers
from .table import Reader


class ArrowTable:
    """A table. Its columns' names may be the same."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self.labels: Sequence[str] = table.column_names
        self.size: int = table.num_rows

    def reader(self, place: int) -> Reader:
        column = _in_microseconds(self._table.column(place))
        return lambda start, end: list(column.slice(start, end - start).to_pylist())

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


def _in_microseconds(column: Any) -> Any:
    """A column of times in the finest unit that Python has: with nanoseconds they need pandas, or are refused."""
    pyarrow: Any = sys.modules["pyarrow"]
    kind = column.type
    finer: dict[str, Any] = {
        "timestamp[ns": pyarrow.timestamp("us", getattr(kind, "tz", None)),
        "duration[ns": pyarrow.duration("us"),
        "time64[ns": pyarrow.time64("us"),
    }
    coarser = next((to for name, to in finer.items() if str(kind).startswith(name)), None)
    return column if coarser is None else column.cast(coarser, safe=False)
