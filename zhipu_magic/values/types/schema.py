"""Types as a model is told of them, and in plain words what does not fit them: all that is asked of pydantic.

pydantic is imported where it is used: most notebooks want neither tools nor typed answers.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import json
import re
import types
import typing
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from ...text.characters import shortened, without_addresses
from .typed_dicts import Unsupported, readable, typed_dict

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError
    from pydantic.json_schema import GenerateJsonSchema

#: The most problems that are told of one value, and the most letters that are shown of what was found in one place.
_PROBLEMS = 10
_SHOWN = 60


def adapter_of(wanted: Any) -> TypeAdapter[Any]:
    """What reads JSON as the type. Raises `Unsupported`."""
    from pydantic import TypeAdapter

    try:
        return TypeAdapter(readable(wanted))
    except Unsupported:
        raise
    except Exception as error:  # a type of the reader's own may raise anything while it is looked at
        raise Unsupported(_reason(error)) from error


def object_type(name: str, members: Mapping[str, Any], optional: Collection[str] = ()) -> Any:
    """The type of an object with these members. Raises `Unsupported`.

    A TypedDict, for in a model some names have a meaning already: json, copy, schema.
    """
    from typing_extensions import NotRequired

    fields: dict[str, Any] = {}
    for each, hint in members.items():
        fields[each] = NotRequired[readable(hint)] if each in optional else readable(hint)
    return typed_dict(name, fields)


def schema_of(adapter: TypeAdapter[Any], *, by_alias: bool = True) -> dict[str, Any]:
    """The JSON Schema, without titles, the same on every run. Raises `Unsupported`."""
    try:
        schema = adapter.json_schema(by_alias=by_alias, schema_generator=_generator())
    except Exception as error:
        raise Unsupported(_reason(error)) from error
    tidied = _tidied(schema)
    assert isinstance(tidied, dict)
    return tidied


def resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema, or that which it refers to in `root`."""
    while isinstance(reference := schema.get("$ref"), str):
        schema = root["$defs"][reference.rsplit("/", 1)[-1]]
    return schema


def field_names(wanted: Any) -> tuple[str, ...] | None:
    """The fields of a record's type (a model, dataclass, TypedDict or NamedTuple) in order; None for other types."""
    from typing_extensions import is_typeddict

    wanted = get_args(wanted)[0] if get_origin(wanted) is Annotated else get_origin(wanted) or wanted
    if not isinstance(wanted, type):
        return None
    if isinstance(fields := getattr(wanted, "model_fields", None), Mapping):
        return None if set(fields) == {"root"} else tuple(fields)
    if dataclasses.is_dataclass(wanted):
        return tuple(each.name for each in dataclasses.fields(wanted))
    if is_typeddict(wanted):
        return tuple(wanted.__annotations__)
    if issubclass(wanted, tuple) and isinstance(fields := getattr(wanted, "_fields", None), tuple):
        return fields
    return None


def problems_of(error: ValidationError, data: Any) -> tuple[str, ...]:
    """What does not fit, where, and what was found there: a line for each problem, at most eleven.

    `data` is the JSON value that was read: it tells the names within it from those of the types that were tried.
    """
    lines = [_problem(details, data) for details in error.errors(include_url=False)]
    more = len(lines) - _PROBLEMS
    return tuple(lines if more <= 0 else [*lines[:_PROBLEMS], f"… and {more} more"])


def type_name(wanted: Any) -> str:
    """The type as a reader would write it."""
    if wanted is None or wanted is type(None):
        return "None"
    if wanted is Ellipsis:
        return "..."
    origin, inside = get_origin(wanted), get_args(wanted)
    if origin is Annotated:
        return type_name(inside[0])
    if origin in (Union, types.UnionType):
        return " | ".join(map(type_name, inside))
    if origin is Literal:
        return f"Literal[{', '.join(map(_literal, inside))}]"
    if isinstance(wanted, list):
        return f"[{', '.join(map(type_name, wanted))}]"
    if origin is not None and inside:
        return f"{type_name(origin)}[{', '.join(map(type_name, inside))}]"
    name = getattr(wanted, "__name__", None)
    return name if isinstance(name, str) else without_addresses(repr(wanted).replace("typing.", ""))


def is_type(value: Any) -> bool:
    """Whether the value can stand where a type is wanted: a class, None, or one of typing's forms."""
    if value is None or value is Any or isinstance(value, (type, typing.NewType)):
        return True
    return get_origin(value) is not None or type(value).__name__ == "TypeAliasType"


def kind_of(value: Any) -> str:
    """What a value is that is no type: `a function`, `a value of type int`."""
    if inspect.isroutine(value):
        return "a function"
    return "a module" if inspect.ismodule(value) else f"a value of type {type(value).__name__}"


def _literal(value: Any) -> str:
    return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)


_WANTED = {
    "arguments": "an object",
    "bool": "true or false",
    "bytes": "a text",
    "dataclass": "an object",
    "date": "a date such as 2024-05-31",
    "datetime": "a date and time such as 2024-05-31T09:30:00",
    "decimal": "a number",
    "dict": "an object",
    "float": "a number",
    "frozen_set": "a list",
    "int": "a whole number",
    "iterable": "a list",
    "list": "a list",
    "mapping": "an object",
    "model": "an object",
    "model_attributes": "an object",
    "none_required": "null",
    "set": "a list",
    "string": "a text",
    "time": "a time such as 09:30:00",
    "time_delta": "a duration such as P1DT2H",
    "tuple": "a list",
    "uuid": "a UUID",
}


def _problem(details: Mapping[str, Any], data: Any) -> str:
    kind, found = details["type"], details.get("input")
    where, tried = _place(details["loc"], data, missing=kind == "missing")
    if kind == "missing":
        what = "it is missing"
    elif kind in ("extra_forbidden", "unexpected_keyword_argument"):
        what = "it is not known"
    elif kind == "value_error" and "error" in details.get("ctx", {}):
        what = f"{details['ctx']['error']}, found {_found(found)}"
    elif wanted := _WANTED.get(re.sub(r"_(type|parsing(_size)?|from_\w+)$", "", kind)):
        what = f"{wanted} is wanted, not {_found(found)}"
    else:
        message = re.sub(r"^Input ", "it ", details["msg"])
        what = f"{message[:1].lower()}{message[1:]}, not {_found(found)}"
    what = without_addresses(" ".join(what.split()))
    return "".join((f"{where}: " if where else "", what, f" (to be {tried})" if tried else ""))


def _place(location: tuple[int | str, ...], data: Any, *, missing: bool) -> tuple[str, str]:
    """The way into the data, such as `items[0].total`, and the type that was tried there, for a choice of several."""
    way, tried = "", ""
    for number, step in enumerate(location):
        if step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data)):
            data = data[step]
        elif not (missing and number == len(location) - 1):
            tried = str(step) if re.fullmatch(r"[\w.]+", str(step)) else tried
            continue
        way += f"[{step}]" if isinstance(step, int) else f".{step}" if way else step
    return way, tried


def _found(value: Any) -> str:
    if isinstance(value, str):
        return repr(shortened(value, _SHOWN))
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(type(value).__name__)
    return shortened(text, _SHOWN)


def _reason(error: Exception) -> str:
    """Why pydantic did not take a type, without what it says of its own settings."""
    message = str(getattr(error, "message", None) or error).strip()
    if unknown := re.search(r"core schema for <class '([^']+)'>", message):
        return f"JSON cannot hold {unknown[1].rsplit('.', 1)[-1]}"
    if re.search(r"typing_extensions\.TypedDict", message):
        return "a TypedDict inside another type must come from typing_extensions before Python 3.12"
    if getattr(error, "code", "") in ("class-not-fully-defined", "undefined-annotation"):
        return "it names a type that is not defined"
    if "CallableSchema" in message:
        return "JSON cannot hold a function"
    first = message.splitlines()[0] if message else ""
    return without_addresses(first.removesuffix(".")) or type(error).__name__


@functools.cache
def _generator() -> type[GenerateJsonSchema]:
    from pydantic.json_schema import GenerateJsonSchema

    class WithNames(GenerateJsonSchema):
        """A NamedTuple is an object: as a list, nothing would tell its fields' names."""

        ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  # as pydantic names it

        def named_tuple_schema(self, schema: Any) -> Any:
            return self.kw_arguments_schema(schema["fields"], None)

        def arguments_schema(self, schema: Any) -> Any:  # what pydantic made of a NamedTuple at first
            return self.kw_arguments_schema(schema["arguments_schema"], schema.get("var_kwargs_schema"))

    return WithNames


#: The members of a schema that hold one schema or a list of them; those that hold schemas under names of the reader's.
_INNER = ("items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf", "not", "contains", "propertyNames")
_NAMED = ("properties", "$defs", "patternProperties")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def _tidied(schema: Any) -> Any:
    """The schema without titles, and the same from any release of pydantic, as far as they differ in form alone."""
    if isinstance(schema, list):
        return [_tidied(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(only := schema.get("allOf"), list) and len(only) == 1 and "$ref" in only[0]:
        schema = {**only[0], **{key: value for key, value in schema.items() if key != "allOf"}}
    tidied: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _INNER:
            tidied[key] = _tidied(value)
        elif key in _NAMED:
            tidied[key] = {name: _tidied(inner) for name, inner in value.items()}
        elif key == "default" and schema.get("uniqueItems") and isinstance(value, list):
            tidied[key] = sorted(value, key=json.dumps)  # a set has another order on every run
        elif key in _BOUNDS and isinstance(value, float) and value.is_integer():
            tidied[key] = int(value)
        elif key != "title":
            tidied[key] = value
    return tidied
