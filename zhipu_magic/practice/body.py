"""The body of a request, read into values that no later code can fail on. Odd bodies are refused.

A client may send anything. Values that are nested too deep would overflow the stack; NaN, infinity and numbers with
hundreds of digits could not be calculated with or sent back. An unpaired surrogate can: see `encode.to_json`.
"""

from __future__ import annotations

import json
import math
from typing import Any

#: Levels of lists and objects. A schema in a tool may have some thirty.
MOST_LEVELS = 100
_MOST_DIGITS = 20


def parsed(data: bytes | str) -> Any:
    """The JSON of a body; None if it is not JSON, or too odd to use."""
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return value if text.count("[") + text.count("{") <= MOST_LEVELS or _is_shallow(value) else None


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        inner = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
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
        raise ValueError("not a finite number")
    return number


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=_number)
