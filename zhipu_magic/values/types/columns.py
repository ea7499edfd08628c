"""What an answer is as columns: one for each field of a record, and the cells that go into them."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...text.characters import whole_characters
from ...text.errors import InvalidRequest
from ..columns.column import Column
from .fields import field_values
from .schema import JsonType, resolved
from .typed_dicts import Unsupported

Schema = Mapping[str, Any]

#: Levels of arrays and records in a column: a type may contain itself.
_DEEPEST = 8
#: Formats of text that are read as values of another kind.
_FORMATS = ("binary", "date", "date-time", "duration", "time")
_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def field_columns(record: JsonType) -> tuple[Column, ...]:
    """The fields of a record as columns. Raises `InvalidRequest`."""
    root = _schema(record)
    fields = resolved(root, root).get("properties", {})
    return tuple(_column(name, fields.get(name, {}), root) for name in record.fields or ())


def whole_column(name: str, answer: JsonType) -> Column:
    """An answer of any type as one column. Raises `InvalidRequest`."""
    root = _schema(answer)
    return _column(name, root, root)


def cells_of(record: Any, names: Sequence[str]) -> tuple[Any, ...]:
    """The cells of a record; None for a field that it does not have."""
    fields = record if isinstance(record, Mapping) else field_values(record) or {}
    return tuple(cell(fields.get(name)) for name in names)


def cell(value: Any) -> Any:
    """A value as a column holds it: a record as a dict, a choice as its value, a set sorted, so that runs are alike."""
    if value is None or type(value) in (bool, int, float):
        return value
    if isinstance(value, enum.Enum):
        return cell(value.value)
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, (set, frozenset)):
        return sorted(map(cell, value), key=repr)
    if isinstance(value, list):
        return [*map(cell, value)]
    record = value if isinstance(value, Mapping) else field_values(value)
    if record is not None:
        return {_name(name): cell(member) for name, member in record.items()}
    if isinstance(value, tuple):
        return tuple(map(cell, value))
    return cell(value.root) if set(getattr(type(value), "model_fields", ())) == {"root"} else value


def _name(name: Any) -> Any:
    plain = cell(name)
    return plain if isinstance(plain, (str, int, float)) else str(plain)


def _schema(answer: JsonType) -> Schema:
    try:
        return answer.schema_of_fields
    except Unsupported as error:
        raise InvalidRequest(
            "A reply cannot be read as {type}: {error}.",
            reason="type.unreadable",
            type=answer.name,
            error=error.why,
        ) from error


def _column(name: str, schema: Schema, root: Schema, levels: int = _DEEPEST) -> Column:
    kinds: dict[str, list[Schema]] = {}
    for choice in _choices(schema, root):
        for kind in _kinds(choice):
            kinds.setdefault(kind, []).append(choice)
    nullable = kinds.pop("null", None) is not None
    if kinds.keys() == {"integer", "number"}:
        kinds = {"number": kinds["number"]}
    if len(kinds) != 1 or not levels:
        return Column(name, "", nullable)
    ((holds, choices),) = kinds.items()
    only = choices[0] if len(choices) == 1 else {}
    inner = only.get("items") if holds == "array" else only.get("additionalProperties")
    return Column(
        name,
        holds,
        nullable,
        items=_column("", inner, root, levels - 1) if isinstance(inner, Mapping) else None,
        members=tuple(
            _column(each, member, root, levels - 1)
            for each, member in (only.get("properties", {}) if holds == "object" else {}).items()
        ),
    )


def _choices(schema: Schema, root: Schema, levels: int = _DEEPEST) -> Iterator[Schema]:
    """The alternatives of a schema, and those of the alternatives."""
    found = resolved(schema, root)
    inner = found.get("anyOf") or found.get("oneOf")
    if not inner or not levels:
        yield found
        return
    for each in inner:
        yield from _choices(each, root, levels - 1)


def _kinds(choice: Schema) -> set[str]:
    """What a schema's values are; the empty text if it does not say."""
    if choice.get("format") in _FORMATS:
        return {choice["format"]}
    if isinstance(kind := choice.get("type"), str):
        return {kind}
    values = choice.get("enum") or ([choice["const"]] if "const" in choice else [])
    return {_KINDS.get(type(value), "") for value in values} or {""}
