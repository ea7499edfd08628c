"""The fields of a record: a dataclass, a pydantic model, a TypedDict or a NamedTuple."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin


def is_dataclass(value: Any) -> bool:
    """Whether a value is an instance of a dataclass."""
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def field_names(wanted: Any) -> tuple[str, ...] | None:
    """The fields of a record's type, in order; None for other types."""
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


def field_values(value: Any) -> dict[str, Any] | None:
    """The fields of a record with their values; None for other values."""
    names = None if isinstance(value, (type, dict)) else field_names(type(value))
    return None if names is None else {name: getattr(value, name, None) for name in names}


def visible_fields(value: Any) -> list[str] | None:
    """The fields of a dataclass or model that its class shows; None for other values.

    A field that is left out of the repr or of the model's export is not among them: it is often a secret.
    """
    if is_dataclass(value):
        return [one.name for one in dataclasses.fields(value) if one.repr and hasattr(value, one.name)]
    model: Any = getattr(sys.modules.get("pydantic.main"), "BaseModel", None)
    if model is not None and isinstance(value, model):
        known = type(value).model_fields
        shown = [name for name, one in known.items() if one.repr and not one.exclude and hasattr(value, name)]
        return [*shown, *(value.model_extra or {})]
    return None
