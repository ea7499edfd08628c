"""The tables and columns of libraries, none of which is imported for that, as sources of rows."""

from __future__ import annotations

import sys
from typing import Any

from ...text.characters import message_of, shortened
from ...text.errors import InvalidRequest
from .of_lists import TEXT, Values
from .python_values import python_values
from .table import Source

_LONGEST_ERROR = 500


def of_library(value: Any) -> Source | None:
    """A library's table, or its column as a table of one; None for anything else.

    What is lazy is computed here. Raises `InvalidRequest` if that fails.
    """
    import narwhals as nw

    known = nw.dependencies
    if known.is_pandas_like_dataframe(value) or known.is_pandas_like_series(value):
        from .of_pandas import PandasFrame

        return PandasFrame(as_frame(value), _pandas_of(value))
    if known.is_polars_dataframe(value) or known.is_polars_series(value):
        from .of_polars import PolarsFrame

        return PolarsFrame(as_frame(value))
    if any(is_of_arrow(value, name) for name in ("Table", "RecordBatch", "ChunkedArray", "Array")):
        from .of_arrow import ArrowTable

        return ArrowTable(_arrow_table(value))
    if known.is_numpy_array(value):
        return _array(value)
    lazy = nw.from_native(value, pass_through=True)
    return of_library(_computed(lazy)) if isinstance(lazy, nw.LazyFrame) else None


def is_of_arrow(value: Any, name: str) -> bool:
    """Whether a value is of pyarrow's class of this name."""
    kind = getattr(sys.modules.get("pyarrow"), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def is_dask(value: Any) -> bool:
    """Whether a value is a DataFrame or a Series of dask."""
    dask = sys.modules.get("dask.dataframe")
    kinds = [getattr(dask, name, None) for name in ("DataFrame", "Series")]
    return any(isinstance(kind, type) and isinstance(value, kind) for kind in kinds)


def as_frame(value: Any) -> Any:
    """A DataFrame as it is, and a Series as one with a single column."""
    if hasattr(value, "columns"):
        return value
    return value.to_frame(value.name if isinstance(value.name, str) and value.name else TEXT)


def _pandas_of(value: Any) -> Any:
    """The library of a DataFrame or a Series that is used like one of pandas."""
    for name in ("modin.pandas", "cudf"):
        library: Any = sys.modules.get(name)
        if library is not None and isinstance(value, (library.DataFrame, library.Series)):
            return library
    return sys.modules["pandas"]


def _arrow_table(value: Any) -> Any:
    pyarrow: Any = sys.modules["pyarrow"]
    if isinstance(value, pyarrow.RecordBatch):
        return pyarrow.Table.from_batches([value])
    return value if isinstance(value, pyarrow.Table) else pyarrow.table({TEXT: value})


def _array(value: Any) -> Source:
    if value.ndim == 1 and not value.dtype.names:
        return Values(python_values(list(value)))
    raise InvalidRequest(
        "The columns of an array have no names.",
        hint="Make a DataFrame of it, with columns=[…].",
        reason="rows.array",
    )


def _computed(lazy: Any) -> Any:
    try:
        return lazy.collect().to_native()
    except Exception as error:  # whatever the user's own query raises
        raise InvalidRequest(
            "The rows could not be computed: {error}",
            reason="rows.not_computed",
            error=shortened(f"{type(error).__name__}: {message_of(error)}".partition("\n")[0], _LONGEST_ERROR),
        ) from error
