"""The text of a file of scripts as data, and what its parser says where it cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .messages import N_, _


class Unread(ValueError):
    """What is wrong with the text of a file."""

    def __init__(self, template: str, **facts: object) -> None:
        super().__init__(_(template, **facts))


def _of_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Unread(
            "line {line}, column {column}, is not JSON: {problem}.",
            line=error.lineno,
            column=error.colno,
            problem=_(error.msg),
        ) from None


def _of_yaml(text: str) -> Any:
    try:
        import yaml  # which JupyterLab brings along
    except ModuleNotFoundError:
        raise Unread("is YAML, which needs PyYAML: pip install pyyaml, or write JSON.") from None
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (
            _("line {line}, column {column},", line=mark.line + 1, column=mark.column + 1) if mark else _("the text")
        )
        raise Unread(
            "{place} is not YAML: {problem}. Put a text with * : # - or quotes in it between quotes.",
            place=place,
            problem=_(error.problem or ""),
        ) from None
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A tag such as `!!bool` before any text makes PyYAML fail in one of these ways.
        problem = (str(error) or type(error).__name__).splitlines()[0]
        raise Unread("the text is not YAML: {problem}.", problem=problem) from None


#: What parsers commonly say. Any other of their words is told as it is.
_WORDS = (
    N_("Expecting value"),
    N_("Expecting ',' delimiter"),
    N_("Expecting ':' delimiter"),
    N_("Expecting property name enclosed in double quotes"),
    N_("Illegal trailing comma before end of array"),
    N_("Illegal trailing comma before end of object"),
    N_("Unterminated string starting at"),
    N_("Invalid control character at"),
    N_("Extra data"),
    N_("mapping values are not allowed here"),
    N_("could not find expected ':'"),
    N_("found unexpected end of stream"),
    N_("found character '\\t' that cannot start any token"),
)
#: What reads a text, by the ending of its file's name. Each raises Unread, or RecursionError.
PARSERS: dict[str, Callable[[str], Any]] = {".json": _of_json, ".yaml": _of_yaml, ".yml": _of_yaml}
