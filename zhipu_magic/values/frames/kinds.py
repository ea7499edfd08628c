"""What a table may be, and each of them opened."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AnySet
from typing import Any, NamedTuple

from ...text.characters import class_name, shortened
from ...text.errors import GLMError, InvalidRequest
from ...text.languages.joined import comma
from ..types.fields import field_names
from ..types.names import kind_of
from .libraries import is_dask, is_of_arrow, of_library
from .of_lists import Columns, Records, Values
from .table import Elsewhere, Source, Table

_LONGEST_NAME, _MOST_NAMED = 60, 5


class Told(NamedTuple):
    """A value that is to be opened as a table, and who is told what that waits for."""

    value: Any
    waits: Callable[[str], None]


def table_of(value: Any) -> Table:
    """The table that a value is: what narwhals knows (pandas, polars, pyarrow, dask, …), or lists and dicts.

    What is lazy is computed once, and the table is what it computes to; of dask, it stays with the workers. Raises
    `InvalidRequest`, also for what can be read only once.
    """
    import narwhals as nw

    waits: Callable[[str], None] = _told_nobody
    if isinstance(value, Told):
        value, waits = value
    if isinstance(value, (nw.DataFrame, nw.Series, nw.LazyFrame)):
        return Table(_opened(nw.to_native(value), waits), nw.from_native)
    if type(value) is tuple:
        return Table(_opened(value, waits), tuple)
    if is_of_arrow(value, "RecordBatch"):
        from .of_arrow import one_batch

        return Table(_opened(value, waits), one_batch)
    return Table(_opened(value, waits))


def _told_nobody(text: str) -> None:
    pass


def _opened(value: Any, waits: Callable[[str], None]) -> Source | Elsewhere:
    if is_dask(value):
        from .of_dask import of_dask

        return of_dask(value, waits)
    source = of_library(value)
    if source is not None:
        return source
    if isinstance(value, Mapping):
        return _columns(value)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview)):
        return _list([_own(row) for row in value])
    if isinstance(value, Iterator):
        raise InvalidRequest(
            "A value of type {type} can be read only once: a second run would find no rows.",
            hint="Make a list of it first: list(…).",
            reason="rows.once",
            type=class_name(value),
        )
    raise InvalidRequest(
        "There are no rows in {kind}.",
        hint="Take a DataFrame of any library, a Series, a list of texts or of dicts, or a dict of lists. "
        "list(…) makes a list of most other things.",
        reason="rows.none",
        kind=kind_of(value),
    )


def _own(row: Any) -> Any:
    """A row that stays as it is when its record is changed."""
    if type(row) in _UNCHANGED:
        return row
    try:
        return copy.copy(row) if _is_record(type(row)) else row
    except Exception:  # such as a row of a library that cannot be copied
        return row


_UNCHANGED = frozenset({str, int, float, bool, bytes, type(None)})


def _list(rows: Sequence[Any]) -> Source:
    kinds = {*map(type, rows)} - {type(None)}
    unnamed = sorted(kind.__name__ for kind in kinds if _has_values_without_names(kind))
    if unnamed:
        raise InvalidRequest(
            "The values in a row of type {type} have no names.",
            hint="Make a dict of each row, or a DataFrame of them all, with columns=[…].",
            reason="rows.unnamed",
            type=unnamed[0],
        )
    records = {kind for kind in kinds if _is_record(kind)}
    if records and records != kinds:
        raise InvalidRequest(
            "The rows are of different kinds: {record} has named values, {other} has none.",
            hint="Make a dict of each row.",
            reason="rows.mixed",
            record=min(kind.__name__ for kind in records),
            other=min(kind.__name__ for kind in kinds - records),
        )
    return Records(rows) if records else Values(rows)


def _is_record(kind: type) -> bool:
    if issubclass(kind, Mapping) or field_names(kind) is not None:
        return True
    # Such as a row of SQLite, or one of pandas.
    return hasattr(kind, "keys") and hasattr(kind, "__getitem__") and not hasattr(kind, "columns")


def _has_values_without_names(kind: type) -> bool:
    if _is_record(kind) or issubclass(kind, (str, bytes)):
        return False
    is_table = hasattr(kind, "__dataframe__") or hasattr(kind, "__arrow_c_stream__")
    return is_table or issubclass(kind, (Sequence, AnySet))


def _columns(given: Mapping[Any, Any]) -> Source:
    columns = {name: copy.copy(column) for name, column in given.items()}
    sources = {name: _column(name, column) for name, column in columns.items()}
    if len({source.size for source in sources.values()}) > 1:
        sizes = [f"{shortened(str(name), _LONGEST_NAME)} {source.size:,}" for name, source in sources.items()]
        raise InvalidRequest(
            "The columns have different lengths: {lengths}.",
            hint="Each needs one value for each row.",
            reason="rows.lengths",
            lengths=comma([*sizes[:_MOST_NAMED], *["…"] * (len(sizes) > _MOST_NAMED)]),
        )
    return Columns(columns, sources)


def _column(name: Any, column: Any) -> Source:
    """A column of a dict: a list, an array or a Series. Its values may be of any kind."""
    source: Source | None = Values(column) if isinstance(column, (list, tuple, range)) else None
    if source is None and not hasattr(type(column), "columns") and not isinstance(column, (str, Mapping)):
        source = _series(column)
    if source is None:
        raise InvalidRequest(
            "{name} is {kind}, not a list of values.",
            hint="Make a list of it, with a value for each row. A single row is a list of one dict.",
            reason="rows.no_list",
            name=shortened(str(name), _LONGEST_NAME),
            kind=kind_of(column),
        )
    return source


def _series(column: Any) -> Source | None:
    try:
        return of_library(column)
    except GLMError:  # such as an array of several dimensions
        return None
