"""DataFrames of polars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..columns.in_polars import polars_column
from .answers import Answers
from .python_values import in_nanoseconds, is_between
from .table import Reader

#: How the names of those types begin whose values can be finer than Python's times are.
_NANOSECONDS = ("Datetime(time_unit='ns'", "Duration(time_unit='ns'", "Time")


class PolarsFrame:
    """A DataFrame, as it was: polars can change one in place."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame.clone()
        self.labels: Sequence[str] = frame.columns
        self.size: int = frame.height

    def reader(self, place: int) -> Reader:
        series = self._frame.to_series(place)
        if not str(series.dtype).startswith(_NANOSECONDS):
            return lambda start, end: list(series.slice(start, end - start).to_list())
        return lambda start, end: _times(series.slice(start, end - start))

    def first(self, count: int) -> PolarsFrame:
        return PolarsFrame(self._frame.head(count))

    def label(self, name: str) -> str:
        return name

    def joined(self, kept: Sequence[int], answers: Answers) -> Any:
        joined = self._frame.clone()
        for place in {*range(len(self.labels))} - {*kept}:
            joined.drop_in_place(self.labels[place])  # `drop` and `select` would lose a subclass
        return joined.hstack([polars_column(column, answers.values[column.name]) for column in answers.columns])


def _times(series: Any) -> list[Any]:
    """Times in nanoseconds as Python's own, and those that it has none for as text."""
    plain, counts = series.to_list(), series.to_physical().to_list()
    if not any(map(is_between, counts)):
        return list(plain)
    is_duration = str(series.dtype).startswith("Duration")
    texts = map(in_nanoseconds, counts) if is_duration else series.dt.to_string().to_list()
    return [text if is_between(count) else value for count, text, value in zip(counts, texts, plain, strict=True)]
