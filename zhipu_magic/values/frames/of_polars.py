"""DataFrames of polars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..columns.in_polars import polars_column
from .answers import Answers
from .table import Reader


class PolarsFrame:
    """A DataFrame, as it was: polars can change one in place."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame.clone()
        self.labels: Sequence[str] = frame.columns
        self.size: int = frame.height

    def reader(self, place: int) -> Reader:
        series = self._frame.to_series(place)
        return lambda start, end: list(series.slice(start, end - start).to_list())

    def first(self, count: int) -> PolarsFrame:
        return PolarsFrame(self._frame.head(count))

    def label(self, name: str) -> str:
        return name

    def joined(self, kept: Sequence[int], answers: Answers) -> Any:
        joined = self._frame.clone()
        for place in {*range(len(self.labels))} - {*kept}:
            joined.drop_in_place(self.labels[place])  # `drop` and `select` would lose a subclass
        return joined.hstack([polars_column(column, answers.values[column.name]) for column in answers.columns])
