"""DataFrames and Series of any library: their columns with statistics, and a sample of their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from ...text.languages.messages import N_, _, for_model
from ...text.languages.numbers import plural
from ...text.left_out import note_cut
from ...text.tokens import weight
from .column_statistics import missing, summary
from .registry import LATE, add, kind_of
from .table_columns import Columns, column_list
from .table_rows import Rows, escaped, label_of, sample

if TYPE_CHECKING:
    import narwhals as nw

_SHARE_OF_COLUMNS: Final = 0.5
"""The share of the budget for the list of columns."""
_AROUND: Final = 8
_FIRST_VALUES: Final = 20
_LAST_VALUES: Final = 5
"""Values at each end of a column that does not fit: the summary says more than many values would."""


@dataclass(frozen=True)
class _Table:
    """A table or a column of any library. Columns are read by position, because names may repeat."""

    kind: str
    rows: int
    labels: Sequence[str]
    dtypes: Sequence[str]
    column: Callable[[int], Any]
    """Returns a column in its own library's type."""
    index: Sequence[str]
    read_index: Callable[[int, slice], list[Any]]

    def series(self, place: int) -> nw.Series[Any]:
        """A column, wrapped by narwhals."""
        import narwhals as nw

        return nw.from_native(self.column(place), series_only=True)

    def rows_of(self, **ends: int) -> Rows:
        """The source of its rows for a sample."""
        return Rows(self.rows, self.index, self.labels, self._read, **ends)

    def _read(self, place: int, rows: slice) -> list[Any]:
        if place < len(self.index):
            return self.read_index(place, rows)
        return self.series(place - len(self.index))[rows.start : rows.stop].to_list()


def _frame(value: Any, tokens: int) -> str:
    """The table's size, its columns with statistics, and rows."""
    table = _opened(value)
    heading = for_model(
        "{kind}, {rows} × {columns}",
        kind=table.kind,
        rows=plural(table.rows, "row"),
        columns=plural(len(table.labels), "column"),
    )
    columns = Columns(table.labels, table.dtypes, table.rows, table.series)
    listed = column_list(columns, (tokens - weight(heading)) * _SHARE_OF_COLUMNS)
    return _with_rows([heading, listed], table, tokens)


def _column(value: Any, tokens: int) -> str:
    """The column's length, missing values, summary, and values: all, or a few at each end."""
    table = _opened(value)
    absent = missing([table.series(0)])[0]
    name = f" {escaped(table.labels[0])}" if table.labels[0] != for_model(_UNNAMED) else ""
    heading = for_model(
        "{kind}, {values}, {dtype}, {absent} missing",
        kind=f"{table.kind}{name}",
        values=plural(table.rows, "value"),
        dtype=table.dtypes[0],
        absent=absent,
    )
    return _with_rows([heading, summary(table.series(0))], table, tokens, first=_FIRST_VALUES, last=_LAST_VALUES)


def _lazy(value: Any, tokens: int) -> str:
    """The columns of a lazy table. Nothing is computed for them."""
    import narwhals as nw

    schema = nw.from_native(value).collect_schema()
    return _columns_alone(value, [*schema], [str(dtype) for dtype in schema.values()], tokens)


def _of_dask(value: Any, tokens: int) -> str:
    """The columns of one of Dask's tables, which narwhals is going to leave to a package of its own."""
    single = value.ndim == 1
    labels = [_name(value.name)] if single else [label_of(name) for name in value.columns]
    return _columns_alone(value, labels, [str(one) for one in ([value.dtype] if single else value.dtypes)], tokens)


def _columns_alone(value: Any, labels: Sequence[str], dtypes: Sequence[str], tokens: int) -> str:
    some = _SOME_ROWS.get(kind_of(value), ".head(20)")
    note_cut(_("columns sent, no rows, which are not computed: {some} has some", some=some))
    heading = for_model(
        "{kind}, {columns}, rows not computed", kind=kind_of(value), columns=plural(len(labels), "column")
    )
    columns = Columns(labels, dtypes)
    return f"{heading}\n\n{column_list(columns, tokens - weight(heading) - _AROUND)}".rstrip()


def _index_values(value: Any, tokens: int) -> Any:
    """The values of an index as a sequence, or as a range if it is one."""
    if type(value).__name__ == "RangeIndex":
        return range(value.start, value.stop, value.step)
    return _Values(value)


class _Values(Sequence[Any]):
    """The values of an index, each read when needed."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, place: Any) -> Any:
        return self._index[place]


def _from_narwhals(value: Any, tokens: int) -> Any:
    """The value that narwhals has wrapped."""
    import narwhals as nw

    return nw.to_native(value)


def _with_rows(parts: list[str], table: _Table, tokens: int, **ends: int) -> str:
    """The description with rows below it; `ends` is the most rows at each end, if not all fit."""
    above = "\n\n".join(filter(None, parts))
    rows = sample(table.rows_of(**ends), tokens - weight(above) - _AROUND)
    return f"{above}\n\n{rows}" if rows else above


def _opened(value: Any) -> _Table:
    if hasattr(value, "iloc"):  # pandas and the like
        (labels, dtypes, column), (index, read_index) = _with_index(value), _index(value)
    else:
        (labels, dtypes, column), (index, read_index) = _without_index(value), ((), _no_index)
    return _Table(
        kind=kind_of(value),
        rows=len(value),
        labels=labels,
        dtypes=[str(dtype) for dtype in dtypes],
        column=column,
        index=index,
        read_index=read_index,
    )


#: The names, types and columns of a table, or of a single column.
_Columns = tuple[Sequence[str], Sequence[Any], Callable[[int], Any]]


def _with_index(value: Any) -> _Columns:
    if value.ndim == 1:
        return [_name(value.name)], [value.dtype], lambda place: value
    return [label_of(name) for name in value.columns], value.dtypes, lambda place: value.iloc[:, place]


def _without_index(value: Any) -> _Columns:
    if hasattr(value, "column_names"):  # pyarrow's Table
        return value.column_names, value.schema.types, value.column
    if hasattr(value, "columns"):  # polars
        return value.columns, value.dtypes, value.to_series
    dtype, name = getattr(value, "dtype", None), getattr(value, "name", None)
    # pyarrow's columns have no name, and `type` for `dtype`
    return [_name(name)], [value.type if dtype is None else dtype], lambda place: value


_UNNAMED: Final = N_("value")
"""The heading of a column that has no name, in its own table."""
_SOME_ROWS: Final = {
    "polars LazyFrame": ".head(20).collect()",
    "duckdb DuckDBPyRelation": ".limit(20).df()",
    "ibis Table": ".limit(20).execute()",
    "pyspark DataFrame": ".limit(20).toPandas()",
}
"""What has the first rows of a table that is not computed."""


def _name(name: Any) -> str:
    return for_model(_UNNAMED) if name is None or name == "" else label_of(name)


def _no_index(place: int, rows: slice) -> list[Any]:
    return []


def _index(value: Any) -> tuple[Sequence[str], Callable[[int, slice], list[Any]]]:
    """The names of an index's levels and a function that reads them; no names if it only counts the rows."""
    index = value.index
    if type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1:
        return (), _no_index
    names = [for_model("(index)") if name is None else label_of(name) for name in index.names]
    return names, lambda place, rows: list(index[rows].get_level_values(place))


_KINDS: Final[dict[str, dict[str, Callable[[Any, int], Any]]]] = {
    "pandas": {"DataFrame": _frame, "Series": _column, "Index": _index_values},
    "modin.pandas": {"DataFrame": _frame, "Series": _column},
    "cudf": {"DataFrame": _frame, "Series": _column},
    "polars": {"DataFrame": _frame, "Series": _column, "LazyFrame": _lazy},
    "pyarrow": {"Table": _frame, "ChunkedArray": _column},
    "dask.dataframe": {"DataFrame": _of_dask, "Series": _of_dask},
    "duckdb": {"DuckDBPyRelation": _lazy},
    "ibis.expr.types": {"Table": _lazy},
    "pyspark.sql": {"DataFrame": _lazy},
    "narwhals": dict.fromkeys(("DataFrame", "Series", "LazyFrame"), _from_narwhals),
}


def _register(module: ModuleType) -> None:
    for name, function in _KINDS[module.__name__].items():
        add(module, name, function)


LATE.update(dict.fromkeys(_KINDS, _register))
