"""Plausible values for a JSON Schema: a function's arguments, and replies in JSON mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
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
"""Strings for properties with a telling name; any other string is the user's own words."""

_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}

_MEMBERS = {"$ref", "allOf", "anyOf", "const", "enum", "oneOf", "properties", "type"}
"""A schema has at least one of these."""

_MOST_VALUES = 10_000
"""A few lines of schema can describe more than fits in memory: lists of lists, references to references."""
_LONGEST_TEXT = 10_000


def is_schema(value: Any) -> bool:
    """Whether a JSON value can be a schema that describes something."""
    return isinstance(value, dict) and not _MEMBERS.isdisjoint(value)


def plausible_value(schema: dict[str, Any], said: str) -> Any:
    """A small value that the schema accepts: objects have their required properties, lists of objects two items.

    Patterns, `not` and conditions are ignored. References within the schema are followed. Raises ValueError for an
    invalid schema, or one that describes too much.
    """
    try:
        return _Maker(schema, said).value(schema)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError("not a JSON Schema") from error


@dataclass(frozen=True)
class _Maker:
    root: dict[str, Any]
    said: str
    item: int = 0
    """The position in a list of objects, so that they need not all be the same."""
    inside: tuple[str, ...] = ()
    """The references that are being followed, so that a tree ends at its first leaf."""
    made: Iterator[int] = field(default_factory=count)
    """Counts the values."""

    def value(self, schema: Any, name: str = "") -> Any:
        if next(self.made) > _MOST_VALUES:
            raise ValueError("a schema that describes too much")
        if not isinstance(schema, dict):
            return self.said
        if "const" in schema:
            return schema["const"]
        for member in ("enum", "examples"):
            if schema.get(member):
                return schema[member][self.item % len(schema[member])]
        if "default" in schema:
            return schema["default"]
        if "$ref" in schema:
            return self._referred(str(schema["$ref"]), name)
        if schema.get("allOf"):
            parts = [self._resolved(part) for part in schema["allOf"]]
            return self.value(_merged([{**schema, "allOf": None}, *parts]), name)
        if choices := schema.get("anyOf") or schema.get("oneOf"):
            return self._chosen(choices, name)
        return self._of_type(schema, name)

    def _of_type(self, schema: dict[str, Any], name: str) -> Any:
        match _type(schema):
            case "object":
                properties = schema.get("properties") or {}
                return {key: self.value(properties.get(key) or {}, key) for key in schema.get("required") or []}
            case "array":
                return self._list(schema, name)
            case "integer":
                return int(self._number(schema, 1))
            case "number":
                return self._number(schema, 1.0)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return self._text(schema, name)

    def _referred(self, reference: str, name: str) -> Any:
        if reference in self.inside:
            return None
        within = replace(self, inside=(*self.inside, reference))
        return within.value(self._target(reference), name)

    def _target(self, reference: str) -> Any:
        """The target of a reference such as `#/$defs/Item`; an empty schema if there is none."""
        found: Any = self.root
        for step in reference.removeprefix("#").split("/")[1:]:
            found = found.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
        return found

    def _resolved(self, schema: Any) -> Any:
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        return schema if reference is None or reference in self.inside else self._target(str(reference))

    def _chosen(self, choices: list[Any], name: str) -> Any:
        """A value of the first choice that is not null and not being made already, or else of the last one."""
        for choice in choices:
            if isinstance(choice, dict) and choice.get("type") != "null" and choice.get("$ref") not in self.inside:
                return self.value(choice, name)
        return None if {"type": "null"} in choices else self.value(choices[-1], name)

    def _list(self, schema: dict[str, Any], name: str) -> list[Any]:
        if "prefixItems" in schema:
            return [self.value(item, name) for item in schema["prefixItems"]]
        items = schema.get("items") or {}
        usual = 2 if _type(self._resolved(items)) == "object" else 1
        if isinstance(items, dict) and items.get("$ref") in self.inside:
            usual = 0
        length = min(max(usual, schema.get("minItems", 0)), schema.get("maxItems", 1_000))
        return [replace(self, item=self.item + place).value(items, name) for place in range(length)]

    def _number(self, schema: dict[str, Any], one: float) -> float:
        """The least number allowed, or one; the next item's is one more, if that is allowed."""
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        if low is None:
            first = one if high is None else min(one, high - one)
        elif "minimum" in schema:
            first = low
        else:
            first = low + one if high is None or low + one < high else (low + high) / 2
        after: float = first + self.item
        return after if high is None or after < high else first

    def _text(self, schema: dict[str, Any], name: str) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = _WELL_KNOWN.get(name, self.said).ljust(min(schema.get("minLength", 0), _LONGEST_TEXT), "…")
        return text[: schema.get("maxLength", len(text))]


def _type(schema: Any) -> str:
    kinds = schema.get("type") if isinstance(schema, dict) else None
    if isinstance(kinds, list):
        kinds = next((kind for kind in kinds if kind != "null"), "null")
    return str(kinds or ("object" if isinstance(schema, dict) and "properties" in schema else ""))


def _merged(schemas: list[Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for schema in (schema for schema in schemas if isinstance(schema, dict)):
        properties = {**whole.get("properties", {}), **schema.get("properties", {})}
        required = [*whole.get("required", []), *schema.get("required", [])]
        whole |= schema
        whole |= {"properties": properties, "required": required} if properties else {}
    return whole
