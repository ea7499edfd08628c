"""Values with named parts: dataclasses, pydantic models, and plain objects with attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MemberDescriptorType
from typing import Any, Final

from ...text.languages.messages import for_model
from ..types.fields import visible_fields
from .registry import render

_SECRET: Final = re.compile(
    r"(.*_)?(api_?key|access_?key|private_?key|secret|secret_?key|password|passwd|passphrase|token|auth|authorization"
    r"|credentials?|cookies?)",
    re.IGNORECASE,
)


def parts(value: Any) -> dict[str, Any] | None:
    """The fields of a record, or the attributes of an object without a repr of its own; None for any other value."""
    names = visible_fields(value)
    return attributes(value) or None if names is None else {name: getattr(value, name) for name in names}


def attributes(value: Any) -> dict[str, Any]:
    """The public attributes of an object whose class has no repr of its own; nothing for any other value.

    The value of an attribute that is named like a secret is left out: a model has no use for it.
    """
    kind: Any = type(value)
    if kind.__repr__ is not object.__repr__ or isinstance(value, Iterator):
        return {}
    if render.dispatch(kind) is not render.dispatch(object):
        return {}
    slots = [name for one in reversed(kind.__mro__) for name in _slots(one)]
    found = {name: getattr(value, name) for name in slots if _is_public(name) and hasattr(value, name)}
    own = getattr(value, "__dict__", None)
    found |= {name: one for name, one in own.items() if _is_public(name)} if isinstance(own, dict) else {}
    return unless_secret(found)


def unless_secret(named: Mapping[Any, Any]) -> dict[Any, Any]:
    """Values by their names, without those that are named like a secret."""
    return {name: left_out() if is_secret(name) and not _is_empty(one) else one for name, one in named.items()}


def _is_empty(value: Any) -> bool:
    """Whether there is nothing to hide. Only Python's own values are asked: an array has no truth."""
    return value is None or (type(value) in (str, bytes, bool, int, float, list, tuple, dict, set) and not value)


def left_out() -> str:
    """What stands for a value that may be a secret."""
    return for_model("… (left out: it may be a secret)")


def is_secret(name: Any) -> bool:
    """Whether a value of this name may be a secret."""
    return isinstance(name, str) and _SECRET.fullmatch(name.replace("-", "_")) is not None


def _slots(kind: type) -> list[str]:
    """The slots that a class declares. What a class written in C has is no attribute of its values'."""
    members = vars(kind)
    return (
        [name for name, one in members.items() if isinstance(one, MemberDescriptorType)]
        if "__slots__" in members
        else []
    )


def _is_public(name: Any) -> bool:
    return isinstance(name, str) and not name.startswith("_")
