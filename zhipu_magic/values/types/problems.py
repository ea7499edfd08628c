"""What does not fit a type, in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...text.characters import shortened, without_addresses

if TYPE_CHECKING:
    from pydantic import ValidationError

#: The most problems of one value that are listed, and the most characters that are shown of what was found.
_PROBLEMS = 10
_SHOWN = 60


def problems_of(error: ValidationError, data: Any) -> tuple[str, ...]:
    """What does not fit, where, and what was found there: a line for each problem, at most eleven lines.

    `data` is the JSON value that was read; it shows which names are in it, and which are types that were tried.
    """
    lines = [_problem(details, data) for details in error.errors(include_url=False)]
    more = len(lines) - _PROBLEMS
    return tuple(lines if more <= 0 else [*lines[:_PROBLEMS], f"… and {more} more"])


_WANTED = {
    "arguments": "an object",
    "bool": "true or false",
    "bytes": "a text",
    "dataclass": "an object",
    "date": "a date such as 2024-05-31",
    "datetime": "a date and time such as 2024-05-31T09:30:00",
    "decimal": "a number",
    "dict": "an object",
    "float": "a number",
    "frozen_set": "a list",
    "int": "a whole number",
    "iterable": "a list",
    "list": "a list",
    "mapping": "an object",
    "model": "an object",
    "model_attributes": "an object",
    "none_required": "null",
    "set": "a list",
    "string": "a text",
    "time": "a time such as 09:30:00",
    "time_delta": "a duration such as P1DT2H",
    "tuple": "a list",
    "uuid": "a UUID",
}


def _problem(details: Mapping[str, Any], data: Any) -> str:
    kind, found = details["type"], details.get("input")
    where, tried = _place(details["loc"], data, missing=kind == "missing")
    if kind == "missing":
        what = "it is missing"
    elif kind in ("extra_forbidden", "unexpected_keyword_argument"):
        what = "it is not known"
    elif kind == "value_error" and "error" in details.get("ctx", {}):
        what = f"{details['ctx']['error']}, found {_found(found)}"
    elif wanted := _WANTED.get(re.sub(r"_(type|parsing(_size)?|from_\w+)$", "", kind)):
        what = f"{wanted} is wanted, not {_found(found)}"
    else:
        message = re.sub(r"^Input ", "it ", details["msg"])
        what = f"{message[:1].lower()}{message[1:]}, not {_found(found)}"
    what = without_addresses(" ".join(what.split()))
    return "".join((f"{where}: " if where else "", what, f" (to be {tried})" if tried else ""))


def _place(location: tuple[int | str, ...], data: Any, *, missing: bool) -> tuple[str, str]:
    """The path into the data, such as `items[0].total`, and the type that was tried if there was a choice."""
    way, tried = "", ""
    for number, step in enumerate(location):
        if step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data)):
            data = data[step]
        elif not (missing and number == len(location) - 1):
            tried = str(step) if re.fullmatch(r"[\w.]+", str(step)) else tried
            continue
        way += f"[{step}]" if isinstance(step, int) else f".{step}" if way else step
    return way, tried


def _found(value: Any) -> str:
    if isinstance(value, str):
        return repr(shortened(value, _SHOWN))
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(type(value).__name__)
    return shortened(text, _SHOWN)
