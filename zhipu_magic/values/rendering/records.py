"""Values that are made of named parts: dataclasses, pydantic models, and objects that tell nothing but attributes."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterator
from types import MemberDescriptorType
from typing import Any, Final

from .registry import render

_LEFT_OUT: Final = "… (left out: it may be a secret)"
_SECRET: Final = re.compile(
    r"(.*_)?(api_?key|access_?key|private_?key|secret|secret_?key|password|passwd|passphrase|token|auth|authorization"
    r"|credentials?|cookies?)",
    re.IGNORECASE,
)


def is_record(value: Any) -> bool:
    """Whether a value is an instance of a dataclass, which has no base class to register."""
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def parts(value: Any) -> dict[str, Any] | None:
    """The fields of a record, or the attributes of an object without a repr of its own; None for any other value."""
    names = _fields(value)
    return attributes(value) or None if names is None else {name: getattr(value, name) for name in names}


def attributes(value: Any) -> dict[str, Any]:
    """What an object publicly holds whose class does not say how it reads; nothing of any other value.

    An attribute that is called like a secret is left out: where an object holds a key, it is no matter of this text.
    """
    kind: Any = type(value)
    if kind.__repr__ is not object.__repr__ or isinstance(value, Iterator):
        return {}
    if render.dispatch(kind) is not render.dispatch(object):
        return {}
    slots = [name for one in reversed(kind.__mro__) for name, slot in vars(one).items() if _is_slot(slot)]
    held = {name: getattr(value, name) for name in slots if _is_public(name) and hasattr(value, name)}
    own = getattr(value, "__dict__", None)
    held |= {name: one for name, one in own.items() if _is_public(name)} if isinstance(own, dict) else {}
    return {name: _LEFT_OUT if _SECRET.fullmatch(name) and one else one for name, one in held.items()}


def _fields(value: Any) -> list[str] | None:
    """The fields of a record. One that its class leaves out of the repr is left out here: often it is a secret."""
    if is_record(value):
        return [one.name for one in dataclasses.fields(value) if one.repr and hasattr(value, one.name)]
    model: Any = getattr(sys.modules.get("pydantic.main"), "BaseModel", None)
    if model is not None and isinstance(value, model):
        known = type(value).model_fields
        shown = [name for name, one in known.items() if one.repr and not one.exclude and hasattr(value, name)]
        return [*shown, *(value.model_extra or {})]
    return None


def _is_slot(member: Any) -> bool:
    return isinstance(member, MemberDescriptorType)


def _is_public(name: Any) -> bool:
    return isinstance(name, str) and not name.startswith("_")
