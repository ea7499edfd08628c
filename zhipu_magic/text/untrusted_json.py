"""JSON from outside, parsed once into values that no later code can fail on.

A service, a journal or a cloned repository can send JSON that Python parses but later code fails on: lists nested so
deep that copying them overflows the stack, NaN, numbers with hundreds of digits, unpaired surrogates that no file can
hold. `loads` removes those and keeps everything else, so that an odd member does not cost the whole reply.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from .characters import whole_characters

#: Levels of lists and objects. No reply and no journal line of ours has more than about ten.
MOST_LEVELS = 64
#: Lists and objects in one text: an empty one takes twenty times the memory of its two characters.
MOST_CONTAINERS = 1_000_000
#: Most JSON parsers allow less in an integer; a counter needs far less.
LARGEST_INTEGER = 2**63 - 1
_MOST_DIGITS = len(str(LARGEST_INTEGER))
_WHITE_SPACE = " \t\r\n"
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def loads(text: str | bytes) -> Any:
    """The value of a JSON text, cleaned. Raises ValueError for a text that is not JSON."""
    value, clean = read(text)
    return value if clean else cleaned(value)


def read(text: str | bytes) -> tuple[Any, bool]:
    """The value of a JSON text, and whether it is clean as it stands. Raises ValueError for a text that is not JSON.

    For a caller that has to look at the value before it is `cleaned`.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    containers = text.count("[") + text.count("{")
    if containers > MOST_CONTAINERS:
        raise ValueError("JSON of too many lists and objects")
    text = text.strip(_WHITE_SPACE)
    try:
        value, end = _DECODER.raw_decode(text)
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None
    if end != len(text):
        raise ValueError("more after the JSON")
    return value, containers <= MOST_LEVELS and _is_plain(text)


def cleaned(value: Any, levels: int = MOST_LEVELS) -> Any:
    """The value without anything that later code could fail on.

    What is nested too deep, and a number that is NaN or too large, becomes None. An unpaired surrogate becomes U+FFFD.
    """
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_INTEGER else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if not levels:
        return None
    if isinstance(value, dict):
        return {whole_characters(name): cleaned(member, levels - 1) for name, member in value.items()}
    return [cleaned(item, levels - 1) for item in value]


def is_deep(value: Any, levels: int = MOST_LEVELS) -> bool:
    """Whether the value is nested deeper than so many levels. Copies nothing."""
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return not levels or any(is_deep(one, levels - 1) for one in inner)


def _is_plain(text: str) -> bool:
    """Whether nothing in the text needs cleaning; numbers were cleaned while it was parsed."""
    return not ("\\u" in text and _ESCAPED_HALF.search(text)) and _can_be_written(text)


def _can_be_written(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _integer(digits: str) -> int | None:
    # Python parses thousands of digits slowly, or refuses them.
    number = None if len(digits) > _MOST_DIGITS + 1 else int(digits)
    return number if number is not None and abs(number) <= LARGEST_INTEGER else None


def _number(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=lambda name: None)
