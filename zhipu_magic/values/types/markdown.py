"""Values as Markdown: records as a table, and the rest as JSON. What a value holds is shown, never read as Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from .schema import field_names

#: Rows of a table that are shown.
ROWS = 50


def value_markdown(value: Any, *, is_record: bool = False) -> str:
    """Records as a table, one record with a row for each field, a short value as it is, anything else as JSON.

    `is_record` says that a dict is a record, which the value alone does not tell.
    """
    record = value if is_record and isinstance(value, Mapping) else _fields(value)
    if record is not None:
        return table(("field", "value"), list(record.items()), len(record))
    if isinstance(value, (list, tuple)) and (records := _records(value)):
        columns = list(records[0])
        return table(columns, [[each[name] for name in columns] for each in records[:ROWS]], len(records))
    plain = _plain(value)
    if isinstance(plain, (dict, list)):
        return f"```json\n{json.dumps(plain, ensure_ascii=False, indent=2)}\n```"
    return str(plain)


def table(columns: Sequence[str], rows: Sequence[Iterable[Any]], total: int) -> str:
    """A Markdown table, and below it how many of the `total` rows are not shown."""
    lines = [columns, ["---"] * len(columns)]
    shown = [_line(map(_cell, lines[0])), _line(lines[1]), *(_line(map(_cell, row)) for row in rows)]
    if total > len(rows):
        more = total - len(rows)
        shown += ["", f"… and {more:,} more row{'s' if more > 1 else ''}"]
    return "\n".join(shown)


def _records(values: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The values as records of the same fields; nothing if they are not."""
    records = [value if isinstance(value, dict) else _fields(value) for value in values]
    first = records[0] if records else None
    if not first or not all(isinstance(name, str) for name in first):
        return []
    return (
        [each for each in records if each is not None]
        if all(each is not None and each.keys() == first.keys() for each in records)
        else []
    )


def _fields(value: Any) -> dict[str, Any] | None:
    names = None if isinstance(value, (type, dict)) else field_names(type(value))
    return None if names is None else {name: getattr(value, name, None) for name in names}


def _plain(value: Any) -> Any:
    """The value as JSON has it, the same on every run: a set in order."""
    from pydantic_core import to_jsonable_python

    if (record := _fields(value)) is not None:
        value = record
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(_plain, value), key=json.dumps)
    try:
        return to_jsonable_python(value, fallback=str)
    except Exception:  # a serializer of the reader's own may raise anything
        return str(value)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    if value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value):
        return ""  # pandas has several ways to say that there is nothing
    if isinstance(value, datetime) and value.timetz() == time():
        value = value.date()  # pandas has no dates alone
    plain = value if isinstance(value, (str, bool, int, float)) else _plain(value)
    text = json.dumps(plain, ensure_ascii=False) if isinstance(plain, (dict, list)) else str(plain)
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    """Nothing in it is Markdown or mathematics, or ends its cell. An underscore within a word is harmless."""
    if text.count("$") > 1 or re.search(r"\\[(\[]", text):
        # Front ends look for mathematics in the finished page too, where an escape is gone, but not in code.
        ticks = max([0, *(len(run) for run in re.findall("`+", text))]) * "`" + "`"
        return f"{ticks} {text} {ticks}".replace("|", r"\|")
    return re.sub(r"[\\`*|$\[\]~]|(?<!\w)_|_(?!\w)", r"\\\g<0>", text)
