"""Which of the notebook's values are tables, and their columns. No code of the user's is run, as in `names`."""

from __future__ import annotations

import inspect
from typing import Any

from ...values.types.fields import field_names

_LIKE_PANDAS = ("cudf", "dask", "modin", "narwhals", "pandas", "polars")
#: What names the columns of a library's table; None where asking for it might compute something.
_FRAMES: dict[tuple[str, str], str | None] = {
    **{(package, "DataFrame"): "columns" for package in _LIKE_PANDAS},
    ("narwhals", "LazyFrame"): None,
    ("polars", "LazyFrame"): None,
    ("pyarrow", "RecordBatch"): None,
    ("pyarrow", "Table"): "column_names",
}
_SERIES = {(package, "Series") for package in _LIKE_PANDAS} | {("pyarrow", "ChunkedArray"), ("numpy", "ndarray")}
#: What a column without a name is called in a template (see `values.frames`).
_TEXT = "text"


def is_table(value: Any) -> bool:
    """Whether `--each` takes it, as far as its type tells: a library's table or column, a list, or a dict of those."""
    if issubclass(type(value), dict):
        parts = list(dict.values(value))
        return bool(parts) and all(_is_list(part) or _known_class(part, _SERIES) for part in parts)
    return _first(value) is not None or _known_class(value, {*_FRAMES, *_SERIES}) is not None


def columns(value: Any) -> list[str]:
    """The string keys of a dict, the columns of a DataFrame."""
    if issubclass(type(value), dict):
        return [key for key in dict.keys(value) if type(key) is str]
    kind = _known_class(value, {*_FRAMES})
    attribute = None if kind is None else _FRAMES[_named(kind)]
    if kind is None or attribute is None:
        return []
    return [name for name in _as_defined(value, kind, attribute) if type(name) is str]


def first_row(value: Any) -> dict[str, Any]:
    """The columns of a table, each with what it has in the first row, or None where asking for that might run code."""
    if _is_list(value):
        first = _first(value)
        if issubclass(type(first), dict):
            return {name: dict.get(first, name) for name in columns(first)}
        fields = field_names(type(first))
        return {_TEXT: first} if fields is None else dict.fromkeys(fields)
    if issubclass(type(value), dict):
        return {name: _first(dict.get(value, name)) for name in columns(value)}
    series = _known_class(value, _SERIES)
    if series is None:
        return dict.fromkeys(columns(value))
    name = _as_defined(value, series, "name") if series.__name__ == "Series" else None
    return {name if type(name) is str and name else _TEXT: None}


def _is_list(value: Any) -> bool:
    return issubclass(type(value), (list, tuple))


def _first(value: Any) -> Any:
    """The first item of a list; None if it has none."""
    if not _is_list(value):
        return None
    kind: Any = list if issubclass(type(value), list) else tuple
    return next(iter(kind.__getitem__(value, slice(1))), None)


def _known_class(value: Any, known: set[tuple[str, str]]) -> type | None:
    """The class of a library that the value is of, even where a subclass of the user's is."""
    return next((kind for kind in type(value).__mro__ if _named(kind) in known), None)


def _named(kind: type) -> tuple[str, str]:
    return kind.__module__.partition(".")[0], kind.__name__


def _as_defined(value: Any, kind: type, attribute: str) -> Any:
    """An attribute as the library defines it, even if a subclass overrides it."""
    return inspect.getattr_static(kind, attribute).__get__(value, kind)
