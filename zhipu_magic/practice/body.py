"""The body of a request, read into values that nothing after it can fail on. What is odd is refused.

A body is whatever a client sends. Nested too deep, it would overflow the stack of whatever goes through it; a number
that is none, or has hundreds of digits, could not be reckoned with or sent back. Half a character can: see
`encode.to_json`.
"""

from __future__ import annotations

import json
import math
from typing import Any

#: Levels of lists and objects. A schema in a tool may have some thirty.
MOST_LEVELS = 100
_MOST_DIGITS = 20


def parsed(data: bytes | str) -> Any:
    """The JSON of a body; None where it is none, or none that can be dealt with."""
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return value if text.count("[") + text.count("{") <= MOST_LEVELS or _is_shallow(value) else None


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        inner = [held.values() if isinstance(held, dict) else held for held in level if isinstance(held, dict | list)]
        level = [item for items in inner for item in items]
        if not level:
            return True
    return False


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number of too many digits")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number that is none")
    return number


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=_number)
