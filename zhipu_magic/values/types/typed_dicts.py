"""Before Python 3.12 pydantic does not accept `typing.TypedDict`: here it becomes one of typing_extensions."""

from __future__ import annotations

import operator
import sys
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from ...text.languages.messages import _

#: `subscripted(Union, parts)`: one of typing's forms with parts that are known only at run time.
subscripted: Any = operator.getitem


class Unsupported(Exception):
    """JSON cannot hold the type, or pydantic cannot read it: `why`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def readable(wanted: Any) -> Any:
    """The type, with each TypedDict in it as one that pydantic accepts. Raises `Unsupported`."""
    return wanted if sys.version_info >= (3, 12) else _rebuilt(wanted, ())


def typed_dict(name: str, fields: Mapping[str, Any]) -> Any:
    """A TypedDict of these fields that pydantic accepts."""
    import typing_extensions

    make: Any = typing_extensions.TypedDict
    return make(name, dict(fields))


def _rebuilt(wanted: Any, within: tuple[Any, ...]) -> Any:
    origin, inside = get_origin(wanted), get_args(wanted)
    if type(wanted).__module__ == "typing" and typing.is_typeddict(wanted):
        return _rebuilt_dict(wanted, within)
    if origin is None or origin is Literal or not inside:
        return wanted
    if origin is Annotated:
        inner = _rebuilt(inside[0], within)
        return wanted if inner is inside[0] else subscripted(Annotated, (inner, *inside[1:]))
    changed = tuple(_rebuilt(each, within) for each in inside)
    if all(new is old for new, old in zip(changed, inside, strict=True)):
        return wanted
    if origin is types.UnionType:
        return subscripted(Union, changed)
    return wanted.copy_with(changed) if hasattr(wanted, "copy_with") else origin[changed]


def _rebuilt_dict(wanted: Any, within: tuple[Any, ...]) -> Any:
    import typing_extensions

    if wanted in within:
        raise Unsupported(_("a TypedDict that contains itself must come from typing_extensions before Python 3.12"))
    required: Any = typing_extensions.Required
    optional: Any = typing_extensions.NotRequired
    fields: dict[str, Any] = {}
    for name, hint in typing_extensions.get_type_hints(wanted, include_extras=True).items():
        form = required if name in wanted.__required_keys__ else optional
        if get_origin(hint) in (required, optional):
            form, hint = get_origin(hint), get_args(hint)[0]
        fields[name] = form[_rebuilt(hint, (*within, wanted))]
    same = typed_dict(wanted.__name__, fields)
    for name in ("__doc__", "__module__", "__pydantic_config__"):
        if hasattr(wanted, name):
            setattr(same, name, getattr(wanted, name))
    return same
