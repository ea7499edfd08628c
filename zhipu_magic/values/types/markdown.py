"""Values as Markdown: records as a table, and the rest as JSON. What a value contains is never read as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from ...text.languages.messages import _, told
from ...text.languages.numbers import plural
from ...text.markdown import escaped, fenced
from ...text.tables import row, rule
from .fields import field_values

#: Rows of a table that are shown.
ROWS = 50


def value_markdown(value: Any, *, is_record: bool = False) -> str:
    """Records as a table, one record as a row for each field, a short value as it is, anything else as JSON.

    `is_record` says that a dict is a record, which the value alone does not show.
    """
    record = value if is_record and isinstance(value, Mapping) else field_values(value)
    if record is not None:
        return table((told(_("field")), told(_("value"))), list(record.items()), len(record))
    if isinstance(value, (list, tuple)) and (records := _records(value)):
        columns = list(records[0])
        return table(columns, [[each[name] for name in columns] for each in records[:ROWS]], len(records))
    plain = _plain(value)
    if isinstance(plain, (dict, list)):
        return fenced(json.dumps(plain, ensure_ascii=False, indent=2), "json")
    return str(plain)


def table(columns: Sequence[str], rows: Sequence[Iterable[Any]], total: int) -> str:
    """A Markdown table, and below it how many of the `total` rows are not shown."""
    shown = [row(map(_cell, columns)), rule(len(columns)), *(row(map(_cell, cells)) for cells in rows)]
    if total > len(rows):
        more = _("… and {items}", items=plural(total - len(rows), "more row"))
        shown += ["", told(more)]
    return "\n".join(shown)


def _records(values: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The values as records with the same fields; empty if they are not."""
    records = [value if isinstance(value, dict) else field_values(value) for value in values]
    first = records[0] if records else None
    if not first or not all(isinstance(name, str) for name in first):
        return []
    return (
        [each for each in records if each is not None]
        if all(each is not None and each.keys() == first.keys() for each in records)
        else []
    )


def _plain(value: Any) -> Any:
    """The value as JSON, the same in every run: a set is sorted."""
    from pydantic_core import to_jsonable_python

    if (record := field_values(value)) is not None:
        value = record
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(_plain, value), key=json.dumps)
    try:
        return to_jsonable_python(value, fallback=str)
    except Exception:  # a serializer of the user's own may raise anything
        return str(value)


def _cell(value: Any) -> str:
    if value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value):
        return ""  # pandas has several values for nothing
    if isinstance(value, datetime) and value.timetz() == time():
        value = value.date()  # pandas has no plain dates
    plain = value if isinstance(value, (str, bool, int, float)) else _plain(value)
    text = json.dumps(plain, ensure_ascii=False) if isinstance(plain, (dict, list)) else str(plain)
    return escaped(" ".join(text.split()))
