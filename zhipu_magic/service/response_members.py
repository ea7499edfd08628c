"""The known members of a response, by type: a value of another type is left out, unknown members stay.

So code that shows, counts or stores a reply need not check types again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from ..text.characters import LONGEST_NAME

#: Returns the value as its member's type, or None if it is of another.
Reads = Callable[[Any], Any]

#: What a counter can hold; every JSON parser reads numbers up to here the same way.
MOST_COUNTED = 2**53
_MOST_DIGITS = len(str(MOST_COUNTED))
_DIGITS = re.compile(r"[0-9]+(\.0*)?")
#: The most members of an object, and objects in a list, that are kept.
MOST_MEMBERS, _MOST_OBJECTS = 200, 1_000


def typed(members: Mapping[str, Any], known: Mapping[str, Reads]) -> dict[str, Any]:
    """The members, with known ones converted to their type and left out if that fails."""
    found = {}
    for name, value in islice(members.items(), MOST_MEMBERS):
        if value is not None and name in known:
            value = known[name](value)
            if value is None:
                continue
        found[name] = value
    return found


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a JSON array; none for anything else."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """The value if it is text; otherwise an empty text."""
    return value if isinstance(value, str) else ""


def name_of(value: Any) -> str | None:
    """A short text. A number in its place, as some servers send for an id or a code, becomes its digits."""
    text = _text(value)
    return None if text is None else text[:LONGEST_NAME]


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def count_of(value: Any) -> int | None:
    """A count. Some servers send it as a float or as its digits."""
    if isinstance(value, str) and len(value) <= _MOST_DIGITS and _DIGITS.fullmatch(value):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_COUNTED else None


def _object_of(known: Mapping[str, Reads]) -> Reads:
    return lambda value: typed(value, known) if isinstance(value, Mapping) else None


def _objects_of(known: Mapping[str, Reads]) -> Reads:
    def read(value: Any) -> list[dict[str, Any]] | None:
        return [typed(item, known) for item in objects(value)[:_MOST_OBJECTS]] if isinstance(value, list) else None

    return read


_SOURCE = dict.fromkeys(("title", "link", "icon", "media", "publish_date", "content", "refer"), _text)

#: Members of the body (docs/protocol.md, "Plain reply") except choices; of a message, except its texts and calls.
TOP: Mapping[str, Reads] = {
    **dict.fromkeys(("id", "model", "object", "request_id"), name_of),
    "created": count_of,
    "usage": _object_of(
        {
            **dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), count_of),
            "prompt_tokens_details": _object_of({"cached_tokens": count_of}),
            "completion_tokens_details": _object_of({"reasoning_tokens": count_of}),
        }
    ),
    "web_search": _objects_of(_SOURCE),
    "content_filter": _objects_of({"role": name_of}),
}
#: Names of a message's reasoning: the service's own; vLLM's and Ollama's; that of a list of parts.
REASONING = ("reasoning_content", "reasoning", "reasoning_details")
MESSAGE: Mapping[str, Reads] = {"role": name_of}
