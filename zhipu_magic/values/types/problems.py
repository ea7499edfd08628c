"""What does not fit a type, in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...text.characters import shortened, without_addresses
from ...text.languages.messages import _

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
    return tuple(lines if more <= 0 else [*lines[:_PROBLEMS], _("… and {count:,} more", count=more)])


_WANTED = {
    "arguments": _("an object"),
    "bool": _("true or false"),
    "bytes": _("a text"),
    "dataclass": _("an object"),
    "date": _("a date such as 2024-05-31"),
    "datetime": _("a date and time such as 2024-05-31T09:30:00"),
    "decimal": _("a number"),
    "dict": _("an object"),
    "float": _("a number"),
    "frozen_set": _("a list"),
    "int": _("a whole number"),
    "iterable": _("a list"),
    "list": _("a list"),
    "mapping": _("an object"),
    "model": _("an object"),
    "model_attributes": _("an object"),
    "none_required": "null",
    "set": _("a list"),
    "string": _("a text"),
    "time": _("a time such as 09:30:00"),
    "time_delta": _("a duration such as P1DT2H"),
    "tuple": _("a list"),
    "uuid": _("a UUID"),
}


def _problem(details: Mapping[str, Any], data: Any) -> str:
    kind, found = details["type"], details.get("input")
    where, tried = _place(details["loc"], data, missing=kind == "missing")
    if kind == "missing":
        what: str = _("it is missing")
    elif kind in ("extra_forbidden", "unexpected_keyword_argument"):
        what = _("it is not known")
    elif kind == "value_error" and "error" in details.get("ctx", {}):
        what = _("{error}, found {found}", error=_line(details["ctx"]["error"]), found=_found(found))
    elif wanted := _WANTED.get(re.sub(r"_(type|parsing(_size)?|from_\w+)$", "", kind)):
        what = _("{wanted} is wanted, not {found}", wanted=wanted, found=_found(found))
    else:
        message = re.sub(r"^Input ", "it ", details["msg"])
        what = _("{error}, not {found}", error=_line(f"{message[:1].lower()}{message[1:]}"), found=_found(found))
    what = _("{place}: {problem}", place=where, problem=what) if where else what
    return _("{problem} (to be {type})", problem=what, type=tried) if tried else what


def _line(words: object) -> str:
    """Words of pydantic's, or of the user's own check, on one line."""
    return without_addresses(" ".join(str(words).split()))


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
        return without_addresses(" ".join(repr(shortened(value, _SHOWN)).split()))
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(type(value).__name__)
    return without_addresses(" ".join(shortened(text, _SHOWN).split()))
