"""DataFrames of pandas, and of libraries that are used like it: modin and cuDF."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ..columns.in_pandas import pandas_column
from .answers import Answers
from .table import Reader


class PandasFrame:
    """A DataFrame. Its index may be any, and its columns may have any names, the same ones too.

    It is a shallow copy: what the user adds, renames or leaves out later does not change it.
    """

    def __init__(self, frame: Any, library: Any) -> None:
        self._frame = frame.copy(deep=False)
        self._library = library
        self.labels: Sequence[Any] = list(frame.columns)
        self.size = len(frame)

    def reader(self, place: int) -> Reader:
        series = self._frame.iloc[:, place]
        # Theirs are quick as a whole, and slow in slices.
        if not self._is_of_pandas:  # pragma: no cover  # needs modin or cuDF
            import narwhals as nw

            series = nw.from_native(series, series_only=True).to_pandas()
        return lambda start, end: list(series.iloc[start:end].tolist())

    def first(self, count: int) -> PandasFrame:
        return PandasFrame(self._frame.iloc[:count], self._library)

    def label(self, name: str) -> Any:
        levels = self._frame.columns.nlevels
        return name if levels == 1 else (name, *[""] * (levels - 1))

    def joined(self, kept: Sequence[int], answers: Answers) -> Any:
        return self.beside(kept, [column.name for column in answers.columns], answer_cells(answers))

    def beside(self, kept: Sequence[int], names: Sequence[str], cells: Any) -> Any:
        """A new DataFrame: the columns at these places, and after them those of `cells`, under these names."""
        left = self._frame if len(kept) == len(self.labels) else self._frame.iloc[:, [*kept]]
        right = self._library.DataFrame(cells)
        right.index = left.index
        if self._is_of_pandas:  # pragma: no branch  # needs modin or cuDF
            right.attrs = left.attrs  # or else they would be left out
        joined = self._library.concat([left, right], axis=1)
        joined.columns = self._columns(left.columns, [*map(self.label, names)])
        return joined

    @property
    def _is_of_pandas(self) -> bool:
        return self._library is sys.modules["pandas"]

    def _columns(self, left: Any, labels: Sequence[Any]) -> Any:
        """The columns' index, of the same levels and with the same name."""
        pandas: Any = sys.modules["pandas"]
        if left.nlevels > 1:
            return left.append(pandas.MultiIndex.from_tuples(labels, names=left.names))
        return left.append(pandas.Index(labels, name=left.name)) if len(left) else pandas.Index(labels, name=left.name)


def answer_cells(answers: Answers) -> Any:
    """The answers as a DataFrame of pandas, whose columns are numbered."""
    pandas: Any = sys.modules["pandas"]
    cells = [pandas_column(column, answers.values[column.name]) for column in answers.columns]
    return pandas.DataFrame(dict(enumerate(cells)))
