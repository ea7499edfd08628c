"""What the members of a journal's line may hold. A journal may come from anywhere: nothing of it is used unseen.

`check` looks at each member that an event of its kind has, at its type and its range, so that whatever reads an event
can rely on them. Members that are not of the format are left alone. A line with one that cannot be makes no sense and
is left out as a whole: to believe the rest of it might lift a budget, or tell a turn that was never so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from ..service.response_members import MOST_COUNTED
from ..text.characters import LONGEST_NAME, is_name
from ..text.errors import JournalError
from ..text.untrusted_json import LARGEST_INTEGER, MOST_LEVELS
from ..values.images.stored import from_json as image_from_told
from .events import Event
from .rounds import calls_of

#: Characters of an id.
_LONGEST_ID = 4_000
#: Yuan and seconds; pixels.
_MOST_TOLD, _MOST_PIXELS = 1e12, 2**31
#: Bytes of its line that a list or an object, an image and a call take at least: in memory each takes many more.
BYTES_A_CONTAINER, _BYTES_AN_IMAGE, _BYTES_A_CALL = 4, 40, 120
#: What `check` raises.
SENSELESS = (LookupError, TypeError, ValueError)


def check(event: dict[str, Any], size: int) -> None:
    """Raise one of `SENSELESS` for an event that makes no sense; it was a line of `size` bytes.

    What a reply's member that is null says is nothing: it is taken out.
    """
    try:
        _check_members(event)
    except SENSELESS:
        if not _without_nulls(event):
            raise
        _check_members(event)
    if "members" in event or "images" in event or "rounds" in event:
        _check_larger(event, size)
    if size > _LONGEST_ID:
        for name in _IDS & event.keys():
            if isinstance(event[name], str) and len(event[name]) > _LONGEST_ID:
                raise ValueError(f"{name} is too long")


def _check_members(event: Event) -> None:
    texts, others = _plan(event["event"], tuple(event))
    "".join(texts(event))  # which only texts can be, and is soon done: a journal has many lines
    for name, wanted in others:
        value = event[name]
        if wanted is int:
            if type(value) is int and 0 <= value < MOST_COUNTED:
                continue
        elif wanted is float:
            if (type(value) is float or type(value) is int) and 0 <= value <= _MOST_TOLD:
                continue
        elif wanted(value):
            continue
        raise ValueError(f"{name} cannot be that")


@lru_cache(maxsize=64)
def _plan(kind: str, names: tuple[str, ...]) -> tuple[Callable[[Event], tuple[str, ...]], tuple[tuple[str, Any], ...]]:
    """How to look at an event of this kind with these members: what gets its texts; the others, with their checks."""
    members, required = _KINDS[kind]
    if not required.issubset(names):
        raise ValueError("a member is missing")
    if ("limit" in names) != ("unit" in names):
        raise ValueError("half a budget")
    texts = (name for name in names if members.get(name) is str)
    others = ((name, members[name]) for name in names if members.get(name, str) is not str)
    return itemgetter("id", "event", *texts), tuple(others)


def _without_nulls(event: dict[str, Any]) -> bool:
    """Take the members of a reply out that are null. Gives whether there were any."""
    members, _ = _KINDS[event["event"]]
    empty = [name for name, value in event.items() if value is None and name in members] if members is _REPLY else []
    for name in empty:
        del event[name]
    return bool(empty)


def _check_larger(event: Event, size: int) -> None:
    """Look at what may be far larger in memory than in its line."""
    if _weight(event.get("members")) > size:
        raise ValueError("more values than such a line can tell of")
    if sum(len(one.get("calls", ())) for one in event.get("rounds", ())) * _BYTES_A_CALL > size:
        raise ValueError("more calls than such a line can tell of")
    if len(event.get("images", ())) * _BYTES_AN_IMAGE > size:
        raise ValueError("more images than such a line can tell of")


def _weight(value: Any, levels: int = MOST_LEVELS) -> int:
    """Bytes that such a value takes in a line at least. Raises ValueError for one that cannot be sent as JSON."""
    if isinstance(value, (dict, list)):
        if not levels:
            raise ValueError("nested too deep")
        inner = value.values() if isinstance(value, dict) else value
        return BYTES_A_CONTAINER + sum(_weight(one, levels - 1) for one in inner)
    if isinstance(value, (int, float)) and not abs(value) <= LARGEST_INTEGER:
        raise ValueError("no number")
    return 1


# Types and ranges


@lru_cache(maxsize=256)
def _label(value: Any) -> bool:
    """The name of a thread or a model, as it may be shown."""
    return type(value) is str and is_name(value)


def _word(value: Any) -> bool:
    """The name of a model as the settings take it."""
    return _label(value) and value.split() == [value]


def _flag(value: Any) -> bool:
    """Only true is told."""
    return value is True


def _temperature(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and 0 <= value <= 2


def _limit(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and 0 <= value <= MOST_COUNTED


def _unit(value: Any) -> bool:
    return value in ("yuan", "tokens")


def _cells(value: Any) -> bool:
    return type(value) is list and all(type(cell) is str for cell in value)


def _completion(value: Any) -> bool:
    """A reply in the shape of an unstreamed one, as far as it is read."""
    try:
        choice = value["choices"][0]
        message = choice["message"]
        words, thoughts, reason = message.get("content"), message.get("reasoning_content"), choice.get("finish_reason")
        return (
            (type(words) is str or words is None)
            and (thoughts is None or type(thoughts) is str)
            and (reason is None or (type(reason) is str and len(reason) <= LONGEST_NAME))
            and ("tool_calls" not in message or _tool_calls(message["tool_calls"]))
        )
    except (LookupError, TypeError, AttributeError):
        return False


def _tool_calls(value: Any) -> bool:
    return value is None or (type(value) is list and all(map(_tool_call, value)))


def _tool_call(value: Any) -> bool:
    function = value.get("function") if type(value) is dict else None
    return (
        type(function) is dict
        and type(function.get("name")) is str
        and type(function.get("arguments")) is str
        and (value.get("id") is None or type(value["id"]) is str)
    )


def _rounds(value: Any) -> bool:
    return type(value) is list and all(map(_round, value))


def _round(value: Any) -> bool:
    """A reply with calls, each of which has its result; or with what was wrong with it."""
    if type(value) is not dict or not _completion(value.get("completion")):
        return False
    calls, wrong = value.get("calls", []), value.get("wrong", "")
    if type(wrong) is not str or type(calls) is not list or not all(map(_called, calls)):
        return False
    asked = calls_of(value["completion"])
    return not calls or (len(calls) == len(asked) and {one["id"] for one in calls} == {one["id"] for one in asked})


def _called(value: Any) -> bool:
    return (
        type(value) is dict
        and type(value.get("id")) is str
        and type(value.get("text")) is str
        and type(value.get("failed", False)) is bool
        and (value.get("seconds") is None or _is_told(value["seconds"]))
    )


def _is_told(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and 0 <= value <= _MOST_TOLD


def _images(value: Any) -> bool:
    return type(value) is list and all(map(_image, value))


def _image(value: Any) -> bool:
    if type(value) is not dict or not all(type(value.get(name, "")) is str for name in ("url", "sha256", "type")):
        return False
    if not all(type(side := value.get(name, 0)) is int and 0 <= side < _MOST_PIXELS for name in ("width", "height")):
        return False
    try:
        image_from_told(value, Path())
    except JournalError:
        return False
    return True


def _members(value: Any) -> bool:
    """A request's members beyond model and messages; of its tools, those that are functions have names."""
    if type(value) is not dict:
        return False
    tools = value.get("tools")
    return type(tools) is not list or all(map(_tool, tools))


def _tool(value: Any) -> bool:
    if type(value) is not dict:
        return False
    function = value.get("function")
    return value.get("type") != "function" or (type(function) is dict and type(function.get("name")) is str)


# The format: each kind of event, what its members may hold, and which it cannot be without

#: Members that are looked up, and so may not be endless.
_IDS = frozenset({"id", "cell", "run", "replaces", "joins", "after", "of", "key", "from", "at"})

#: `str` stands for any text, `int` for a count, `float` for yuan or seconds, from 0 on.
_REPLY: Mapping[str, Any] = {
    **dict.fromkeys(("time", "prompt", "written", "system", "instruction", "host"), str),
    **dict.fromkeys(("id", "cell", "run", "replaces", "joins", "after", "of", "key"), str),
    **dict.fromkeys(("append", "invalid", "practice"), _flag),
    **dict.fromkeys(("execution_count", "held", "chunks", "tokens", "left_out", "unseen", "estimated_tokens"), int),
    **dict.fromkeys(("cost", "estimated_cost", "seconds", "first_token"), float),
    **dict.fromkeys(("thread", "model"), _label),
    "completion": _completion,
    "rounds": _rounds,
    "members": _members,
    "images": _images,
}
_KINDS: Mapping[str, tuple[Mapping[str, Any], frozenset[str]]] = {
    "session": (
        {"time": str, "by": str, "from": str, "at": str, "system": str, "model": _word, "temperature": _temperature},
        frozenset(),
    ),
    # What a reply needs depends on what else it tells: `events.apply` asks for it.
    **dict.fromkeys(("turn", "partial", "replayed", "once"), (_REPLY, frozenset())),
    **dict.fromkeys(("undo", "redo"), ({"thread": _label, "count": int}, frozenset({"thread"}))),
    "reset": ({"thread": _label}, frozenset({"thread"})),
    "aside": ({"thread": _label, "run": str, "cells": _cells}, frozenset({"cells"})),
    "restore": ({"thread": _label, "number": int}, frozenset({"thread"})),
    "fork": ({"thread": _label, "name": _label, "at": int}, frozenset({"thread", "name"})),
    "switch": ({"thread": _label}, frozenset({"thread"})),
    "system": ({"thread": _label, "text": str}, frozenset({"thread", "text"})),
    "model": ({"thread": _label, "name": _word}, frozenset({"thread", "name"})),
    "temperature": ({"value": lambda value: value is None or _temperature(value)}, frozenset({"value"})),
    "budget": ({"limit": _limit, "unit": _unit}, frozenset()),
    "resume": ({"from": str}, frozenset({"from"})),
}
