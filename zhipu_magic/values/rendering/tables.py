"""DataFrames and Series of any library: their columns, what these hold, and a sample of their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from ...text.clip import plural, weight
from .column_statistics import missing, summary
from .registry import LATE, add, kind_of
from .table_columns import Columns, column_list
from .table_rows import Rows, escaped, label_of, sample

if TYPE_CHECKING:
    import narwhals as nw

_SHARE_OF_COLUMNS: Final = 0.5
"""Of the budget, what the list of columns may take."""
_AROUND: Final = 8
_FIRST_VALUES: Final = 20
_LAST_VALUES: Final = 5
"""Of a column that does not fit as a whole: its summary says more than many of its values."""


@dataclass(frozen=True)
class _Table:
    """A table of any library, or a column. Columns are read by their place, for names may stand twice."""

    kind: str
    rows: int
    labels: Sequence[str]
    dtypes: Sequence[str]
    column: Callable[[int], Any]
    """In its own library's type."""
    index: Sequence[str] = ()
    read_index: Callable[[int, slice], list[Any]] = lambda place, rows: []

    def series(self, place: int) -> nw.Series[Any]:
        """A column, as narwhals gives it for all libraries alike."""
        import narwhals as nw

        return nw.from_native(self.column(place), series_only=True)

    def rows_of(self, **ends: int) -> Rows:
        """Where its rows come from, for a sample of them."""
        return Rows(self.rows, self.index, self.labels, self._read, **ends)

    def _read(self, place: int, rows: slice) -> list[Any]:
        if place < len(self.index):
            return self.read_index(place, rows)
        return self.series(place - len(self.index))[rows.start : rows.stop].to_list()


def _frame(value: Any, tokens: int) -> str:
    """How large it is, its columns with what they hold, and rows."""
    table = _opened(value)
    heading = f"{table.kind}, {plural(table.rows, 'row')} × {plural(len(table.labels), 'column')}"
    columns = Columns(table.labels, table.dtypes, table.rows, table.series)
    told = column_list(columns, (tokens - weight(heading)) * _SHARE_OF_COLUMNS)
    return _with_rows([heading, told], table, tokens)


def _column(value: Any, tokens: int) -> str:
    """How long it is, what is missing, a summary, and values: all of them, or a few of each end."""
    table = _opened(value)
    lacking = missing([table.series(0)])[0]
    name = f" {escaped(table.labels[0])}" if table.labels[0] != _UNNAMED else ""
    heading = f"{table.kind}{name}, {plural(table.rows, 'value')}, {table.dtypes[0]}, {lacking} missing"
    return _with_rows([heading, summary(table.series(0))], table, tokens, first=_FIRST_VALUES, last=_LAST_VALUES)


def _lazy(value: Any, tokens: int) -> str:
    """Its columns. Nothing is computed for it."""
    import narwhals as nw

    schema = nw.from_native(value).collect_schema()
    heading = f"{kind_of(value)}, {plural(len(schema), 'column')}, rows not computed"
    columns = Columns([*schema], [str(dtype) for dtype in schema.values()])
    return f"{heading}\n\n{column_list(columns, tokens - weight(heading) - _AROUND)}".rstrip()


def _index_values(value: Any, tokens: int) -> Any:
    """What an index holds, as a list; one that only counts, as the range that it is."""
    if type(value).__name__ == "RangeIndex":
        return range(value.start, value.stop, value.step)
    return _Values(value)


class _Values(Sequence[Any]):
    """The values of an index, each read when it is asked for."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, place: Any) -> Any:
        return self._index[place]


def _from_narwhals(value: Any, tokens: int) -> Any:
    """What narwhals has wrapped."""
    import narwhals as nw

    return nw.to_native(value)


def _with_rows(parts: list[str], table: _Table, tokens: int, **ends: int) -> str:
    """What is told, and rows below it; `ends` is how many of each end at most, where not all fit."""
    above = "\n\n".join(filter(None, parts))
    rows = sample(table.rows_of(**ends), tokens - weight(above) - _AROUND)
    return f"{above}\n\n{rows}" if rows else above


def _opened(value: Any) -> _Table:
    if hasattr(value, "iloc"):  # pandas, and what is like it
        if value.ndim == 1:
            return _Table(
                kind_of(value), len(value), [_name(value.name)], [str(value.dtype)], lambda place: value, *_index(value)
            )
        labels, dtypes = [label_of(name) for name in value.columns], [str(dtype) for dtype in value.dtypes]
        return _Table(kind_of(value), len(value), labels, dtypes, lambda place: value.iloc[:, place], *_index(value))
    if hasattr(value, "column_names"):  # pyarrow's Table
        dtypes = [str(dtype) for dtype in value.schema.types]
        return _Table(kind_of(value), len(value), value.column_names, dtypes, value.column)
    if hasattr(value, "columns"):  # polars
        return _Table(
            kind_of(value), len(value), value.columns, [str(dtype) for dtype in value.dtypes], value.to_series
        )
    dtype, name = getattr(value, "dtype", None), getattr(value, "name", None)
    kind = str(value.type if dtype is None else dtype)  # pyarrow's columns have no name, and another word for it
    return _Table(kind_of(value), len(value), [_name(name)], [kind], lambda place: value)


_UNNAMED: Final = "value"


def _name(name: Any) -> str:
    return _UNNAMED if name is None or name == "" else label_of(name)


def _index(value: Any) -> tuple[Sequence[str], Callable[[int, slice], list[Any]]]:
    """The names of an index's levels and how to read them; nothing where it only counts the rows."""
    index = value.index
    if type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1:
        return (), lambda place, rows: []
    names = ["(index)" if name is None else label_of(name) for name in index.names]
    return names, lambda place, rows: list(index[rows].get_level_values(place))


_KINDS: Final[dict[str, dict[str, Callable[[Any, int], Any]]]] = {
    "pandas": {"DataFrame": _frame, "Series": _column, "Index": _index_values},
    "modin.pandas": {"DataFrame": _frame, "Series": _column},
    "cudf": {"DataFrame": _frame, "Series": _column},
    "polars": {"DataFrame": _frame, "Series": _column, "LazyFrame": _lazy},
    "pyarrow": {"Table": _frame, "ChunkedArray": _column},
    "dask.dataframe": {"DataFrame": _lazy},
    "duckdb": {"DuckDBPyRelation": _lazy},
    "ibis.expr.types": {"Table": _lazy},
    "pyspark.sql": {"DataFrame": _lazy},
    "narwhals": dict.fromkeys(("DataFrame", "Series", "LazyFrame"), _from_narwhals),
}


def _register(module: ModuleType) -> None:
    for name, function in _KINDS[module.__name__].items():
        add(module, name, function)


LATE.update(dict.fromkeys(_KINDS, _register))
