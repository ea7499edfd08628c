"""Types as JSON: what reads them, and their schema. Everything that pydantic is used for is here.

pydantic is imported where it is used: most notebooks need neither tools nor typed answers.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...text.characters import without_addresses
from ...text.languages.messages import _
from .fields import field_names
from .names import type_name
from .typed_dicts import Unsupported, readable, typed_dict

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic.json_schema import GenerateJsonSchema


class JsonType:
    """A type as JSON: its name, its fields, what reads it, and its schema, each made once, when it is first needed.

    Each answer and each tool has its own, because a rerun cell may redefine what a type refers to by name.
    """

    def __init__(self, wanted: Any) -> None:
        self.wanted = wanted

    @cached_property
    def name(self) -> str:
        """The type as a user would write it."""
        return type_name(self.wanted)

    @cached_property
    def fields(self) -> tuple[str, ...] | None:
        """The fields of a record's type, in order; None for other types."""
        return field_names(self.wanted)

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """What reads JSON as the type. Raises `Unsupported`."""
        from pydantic import TypeAdapter

        try:
            return TypeAdapter(readable(self.wanted))
        except Unsupported:
            raise
        except Exception as error:  # a type of the user's own may raise anything while it is inspected
            raise Unsupported(_reason(error)) from error

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema, without titles, the same in every run. Raises `Unsupported`."""
        return self._schema(by_alias=True)

    @cached_property
    def schema_of_fields(self) -> dict[str, Any]:
        """The same with the fields' own names instead of their aliases. Raises `Unsupported`."""
        return self._schema(by_alias=False)

    def _schema(self, *, by_alias: bool) -> dict[str, Any]:
        adapter = self.adapter
        try:
            schema = adapter.json_schema(by_alias=by_alias, schema_generator=_generator())
        except Exception as error:
            raise Unsupported(_reason(error)) from error
        tidied = _tidied(schema)
        assert isinstance(tidied, dict)
        return tidied


def object_type(name: str, members: Mapping[str, Any], optional: Collection[str] = ()) -> Any:
    """The type of an object with these members. Raises `Unsupported`.

    A TypedDict, because some names already have a meaning in a model: json, copy, schema.
    """
    from typing_extensions import NotRequired

    fields: dict[str, Any] = {}
    for each, hint in members.items():
        fields[each] = NotRequired[readable(hint)] if each in optional else readable(hint)
    return typed_dict(name, fields)


def resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema, or the one that it refers to in `root`."""
    while isinstance(reference := schema.get("$ref"), str):
        schema = root["$defs"][reference.rsplit("/", 1)[-1]]
    return schema


def _reason(error: Exception) -> str:
    """Why pydantic did not accept a type, without its remarks on its own settings."""
    message = str(getattr(error, "message", None) or error).strip()
    if unknown := re.search(r"core schema for <class '([^']+)'>", message):
        return _("JSON cannot hold {type}", type=unknown[1].rsplit(".", 1)[-1])
    if re.search(r"typing_extensions\.TypedDict", message):
        return _("a TypedDict inside another type must come from typing_extensions before Python 3.12")
    if getattr(error, "code", "") in ("class-not-fully-defined", "undefined-annotation"):
        return _("it names a type that is not defined")
    if "CallableSchema" in message:
        return _("JSON cannot hold a function")
    first = message.splitlines()[0] if message else ""
    return without_addresses(first.removesuffix(".")) or type(error).__name__


@functools.cache
def _generator() -> type[GenerateJsonSchema]:
    from pydantic.json_schema import GenerateJsonSchema

    class WithNames(GenerateJsonSchema):
        """A NamedTuple is an object: as a list, it would lose its fields' names."""

        ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  # as pydantic names it

        def named_tuple_schema(self, schema: Any) -> Any:
            return self.kw_arguments_schema(schema["fields"], None)

        def arguments_schema(self, schema: Any) -> Any:  # what pydantic made of a NamedTuple at first
            return self.kw_arguments_schema(schema["arguments_schema"], schema.get("var_kwargs_schema"))

    return WithNames


#: Members of a schema that hold a schema or a list of them, and members that hold schemas under the user's own names.
_INNER = ("items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf", "not", "contains", "propertyNames")
_NAMED = ("properties", "$defs", "patternProperties")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def _tidied(schema: Any) -> Any:
    """The schema without titles, and without the differences in form between releases of pydantic."""
    if isinstance(schema, list):
        return [_tidied(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    only = schema.get("allOf")
    if isinstance(only, list) and len(only) == 1 and "$ref" in only[0]:  # pragma: no cover  # of pydantic before 2.9
        schema = {**only[0], **{key: value for key, value in schema.items() if key != "allOf"}}
    tidied: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _INNER:
            tidied[key] = _tidied(value)
        elif key in _NAMED:
            tidied[key] = {name: _tidied(inner) for name, inner in value.items()}
        elif key == "default" and schema.get("uniqueItems") and isinstance(value, list):
            tidied[key] = sorted(value, key=json.dumps)  # the order of a set changes from run to run
        elif key in _BOUNDS and isinstance(value, float) and value.is_integer():
            tidied[key] = int(value)
        elif key != "title":
            tidied[key] = value
    return tidied
