"""Plausible arguments for a function, from the JSON Schema of its parameters."""

from __future__ import annotations

from typing import Any

_WELL_KNOWN = {
    "city": "北京",
    "location": "北京",
    "date": "2026-01-01",
    "expression": "6 * 7",
    "code": "print(6 * 7)",
    "url": "https://example.com/",
    "unit": "celsius",
}
"""Strings for properties whose name says what they are; any other string is the user's own words."""


def plausible_value(schema: dict[str, Any], said: str, name: str = "") -> Any:
    """A value that the schema accepts, the smallest one: of an object, only the required properties."""
    for member in ("enum", "examples"):
        if schema.get(member):
            return schema[member][0]
    if "default" in schema:
        return schema["default"]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties") or {}
            required = schema.get("required") or []
            return {key: plausible_value(properties.get(key) or {}, said, key) for key in required}
        case "array":
            return [plausible_value(schema.get("items") or {}, said, name)]
        case "integer":
            return schema.get("minimum", 1)
        case "number":
            return schema.get("minimum", 1.0)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _WELL_KNOWN.get(name, said)
