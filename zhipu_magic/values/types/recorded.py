"""A typed answer that was kept, shown as its cell showed it, though the Python type is gone: by its JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...text.characters import whole_characters
from ...text.untrusted_json import loads
from .json_pieces import pieces
from .markdown import value_markdown

#: The schema in an instruction (see `Shape`).
_SCHEMA = re.compile(r"```json\n(.*)\n```", re.DOTALL)
#: The members that hold an answer that is no object itself.
_AROUND = ("items", "value")
#: A schema in a journal may refer to itself.
_MOST_STEPS = 10

Schema = Mapping[str, Any]


def recorded_markdown(text: str, instruction: str) -> str:
    """The answer as Markdown, by the `instruction` that asked for it; empty if none of its JSON is such an answer."""
    root = _schema_in(instruction)
    for piece in reversed(pieces(whole_characters(text))):
        if (found := _value(piece.data, root)) is not None:
            value, schema = found
            return value_markdown(_filled(value, schema, root), is_record=bool(_properties(schema)))
    return ""


def _schema_in(instruction: str) -> Schema:
    written = _SCHEMA.search(instruction)
    try:
        schema = loads(written[1]) if written else {}
    except ValueError:
        return {}
    return schema if isinstance(schema, dict) else {}


def _value(data: Any, root: Schema) -> tuple[Any, Schema] | None:
    """The answer in a piece of JSON, without an object that was put around it, and its schema."""
    schema = _resolved(root, root)
    properties = _properties(schema)
    around = next((name for name in _AROUND if properties.keys() == {name}), "")
    if around:
        inner = _resolved(properties[around], root)
        if isinstance(data, dict) and data.keys() == {around}:
            return data[around], inner
        return (data, inner) if isinstance(data, list) == (around == "items") else None
    required = schema.get("required")
    names = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set[str]()
    return (data, schema) if isinstance(data, dict) and names <= data.keys() else None


def _filled(value: Any, schema: Schema, root: Schema) -> Any:
    """The value with every field that its schema has, in that order, so that the rows of a table have the same ones."""
    if isinstance(value, list):
        items = _resolved(schema.get("items"), root)
        return [_filled(item, items, root) for item in value]
    properties = _properties(schema)
    if not isinstance(value, dict) or not properties:
        return value
    fields = {name: _resolved(one, root) for name, one in properties.items()}
    filled = {
        name: _filled(value[name], one, root) if name in value else one.get("default") for name, one in fields.items()
    }
    return filled | {name: one for name, one in value.items() if name not in filled}


def _properties(schema: Schema) -> Mapping[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _resolved(schema: Any, root: Schema) -> Schema:
    for _ in range(_MOST_STEPS):
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(reference, str):
            break
        defined = root.get("$defs")
        schema = defined.get(reference.rsplit("/", 1)[-1]) if isinstance(defined, dict) else None
    return schema if isinstance(schema, dict) else {}
