"""An item of a container on one line: its text, the value that it reads as, or what it is where that says nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from ...text.characters import class_name
from ...text.languages.messages import for_model
from .instead import says_nothing, ways_to_read
from .records import left_out
from .registry import SaysNothing, Secret, asked, is_ours, render
from .reprs import repr_of
from .scalars import is_plain, text_of

_TOKENS_OF_AN_ITEM: Final = 100
"""The budget of a nested value that the user's own function renders."""
_HEADED: Final = ("scalars", "tables", "arrays")
"""The modules whose first line is a short description of a value."""


def key_text(key: Any) -> str:
    """A key as the text that JSON needs."""
    if isinstance(key, str):
        return str.__str__(key)
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    return text_of(key) if is_plain(key) else repr_of(key)


def brief(value: Any, function: Callable[[Any, int], Any]) -> Any:
    """A value that is not JSON on one line, or the value that it is rendered as."""
    if isinstance(value, ModuleType):
        return for_model("module {name}", name=value.__name__)
    if is_plain(value):
        return text_of(value)
    ours = is_ours(function)
    if ours and not _is_headed(function):  # a figure is not drawn for one line
        is_mute = function is render.dispatch(object) and says_nothing(value, repr(value))
        return _mute(value) if is_mute else repr_of(value)
    try:
        shown = asked(function, value, _TOKENS_OF_AN_ITEM)
    except Secret:
        return left_out()
    except SaysNothing as nothing:
        return _mute(value, nothing.ways)
    if not ours or not isinstance(shown, str):
        return shown
    first, _, more = shown.partition("\n")
    if first.startswith("```"):  # code, whose fence would be in the way
        return more.rpartition("\n")[0]
    return Beginning(first) if more else first


def _is_headed(function: Callable[[Any, int], Any]) -> bool:
    """Whether the first line of what this function gives is a short description of a value."""
    *_, room, module = function.__module__.split(".")
    return room == "libraries" or module in _HEADED


def _mute(value: Any, ways: tuple[str, ...] | None = None) -> Mute:
    mute = Mute(for_model("[a value of type {type}]", type=class_name(value)))
    mute.ways = ways_to_read(value) if ways is None else ways
    return mute


class Mute(str):
    """The class in words of a value whose text would say nothing, and the `ways` to read it."""

    ways: tuple[str, ...] = ()


class Beginning(str):
    """The first line of a text that has more of them."""

    __slots__ = ()
