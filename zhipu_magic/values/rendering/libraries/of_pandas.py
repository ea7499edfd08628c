"""What pandas and polars make of tables: a styled one is its data, a grouped one its groups and their sizes."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ....text.languages.messages import _, for_model, sent
from ....text.languages.numbers import plural
from ..registry import LATE, SaysNothing, add
from ..table_rows import label_of
from .parts import block, briefly, library_and_class, quietly


def _styled(value: Any, tokens: int) -> Any:
    return value.data


def _grouped(value: Any, tokens: int) -> str:
    """By what, of what, and how many rows each group has; the groups themselves are not made."""
    with quietly():
        sizes = value.size()
    if sizes.ndim == 2:  # as_index=False
        keys = [label_of(name) for name in sizes.columns[:-1]]
        rows = ((tuple(row[:-1]), row[-1]) for row in sizes.itertuples(index=False))
    else:
        keys = [label_of(name) for name in sizes.index.names if name is not None]
        rows = ((key if isinstance(key, tuple) else (key,), size) for key, size in sizes.items())
    obj = value.obj
    chosen = getattr(value, "_selection", None)  # what `[["a"]]` has chosen
    columns: Any = obj.columns if chosen is None and obj.ndim == 2 else chosen
    is_series = obj.ndim == 1 or type(value).__name__.startswith("Series")
    what = _("a Series") if is_series else plural(len(columns), "column")
    facts = {"kind": library_and_class(value), "groups": plural(len(sizes), "group"), "rows": plural(len(obj), "row")}
    if keys:
        heading = for_model("{kind} by {keys}, {groups} of {rows}, {what}", keys=", ".join(keys), what=what, **facts)
    else:
        heading = for_model("{kind}, {groups} of {rows}, {what}", what=what, **facts)
    return block(
        heading, (f"{', '.join(map(briefly, key))}: {sent(plural(int(size), 'row'))}" for key, size in rows), tokens
    )


def _not_yet(value: Any, tokens: int) -> str:
    raise SaysNothing(value, "{}.len()")


def _register(module: ModuleType) -> None:
    add(module, "Styler", _styled)
    add(module, "BaseGroupBy", _grouped)


def _of_polars(module: ModuleType) -> None:
    add(module, "GroupBy", _not_yet)


LATE.update(
    {
        "pandas.io.formats.style": _register,
        "pandas.core.groupby.groupby": _register,
        "polars.dataframe.group_by": _of_polars,
    }
)
