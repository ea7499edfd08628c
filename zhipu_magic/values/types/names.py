"""What types and values are called."""

from __future__ import annotations

import enum
import inspect
import types
import typing
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from ...text.characters import without_addresses
from ...text.languages.messages import _


def type_name(wanted: Any) -> str:
    """The type as a user would write it."""
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
    """Whether the value can be used as a type: a class, None, or one of typing's forms."""
    if value is None or value is Any or isinstance(value, (type, typing.NewType)):
        return True
    return get_origin(value) is not None or type(value).__name__ == "TypeAliasType"


def kind_of(value: Any) -> str:
    """What kind of value this is, if not a type: `a function`, `a value of type int`."""
    if inspect.isroutine(value):
        return _("a function")
    return _("a module") if inspect.ismodule(value) else _("a value of type {type}", type=type(value).__name__)


def _literal(value: Any) -> str:
    return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)
