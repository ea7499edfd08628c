"""Reads the values of the options of a `%%glm` line. Each raises ArgumentTypeError for what it cannot read."""

from __future__ import annotations

import argparse
import ast
import json
import keyword
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from ...history.events.checked import check_name
from ...service.drawing.models import size_of
from ...service.hosted_tools import SEARCH_SETTINGS, Knowledge, McpServer, Search
from ...text.characters import is_word, plain_name
from ...text.errors import GLMError, InvalidRequest
from ...text.languages.joined import comma, sentences
from ...text.languages.messages import _
from ...text.suggestions import did_you_mean
from .parser import set_once


def variable_name(text: str) -> str:
    if not text.isidentifier() or keyword.iskeyword(text):
        raise argparse.ArgumentTypeError(_("{text!r} is not a valid variable name", text=text))
    return unicodedata.normalize("NFKC", text)  # as Python reads it in a cell


def model_name(text: str) -> str:
    name = plain_name(text)
    if not is_word(name):
        raise argparse.ArgumentTypeError(_("{text!r} is not the name of a model", text=text))
    return name


def effort(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def thread_name(text: str) -> str:
    try:
        return check_name(text)
    except InvalidRequest as error:
        raise argparse.ArgumentTypeError(_in_one_line(error)) from None


def number(text: str) -> float:
    """A number as it was written: 1 is not sent as 1.0."""
    try:
        return int(_plain_number(text))
    except ValueError:
        pass
    try:
        number = float(_plain_number(text))
        json.dumps(number, allow_nan=False)
    except ValueError:
        raise argparse.ArgumentTypeError(_("{text!r} is not a number", text=text)) from None
    return number


def _plain_number(text: str) -> str:
    """The number in plain characters: without wide digits and signs, or a typographic minus."""
    return unicodedata.normalize("NFKC", text).replace("−", "-")


def whole_number(text: str) -> int:
    try:
        return int(_plain_number(text))
    except ValueError:
        raise argparse.ArgumentTypeError(_("{text!r} is not a whole number", text=text)) from None


def count(text: str) -> int:
    number = whole_number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(_("{text!r} is not a positive number of tokens", text=text))
    return number


def positive(text: str) -> int:
    number = whole_number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(_("{text!r} is not a positive whole number", text=text))
    return number


#: All cells above, however many.
ALL = -1


def count_or_none(text: str) -> int:
    number = whole_number(text)
    if number < 0:
        raise argparse.ArgumentTypeError(_("{text!r} is not a number of cells, or 0 for none", text=text))
    return number


def picture_size(text: str) -> str:
    """A size, also in wide digits or with a sign for times; empty for the usual one. A model may draw others alone."""
    if not text:
        return ""
    found = size_of(unicodedata.normalize("NFKC", text))
    if found is None:
        raise argparse.ArgumentTypeError(_("{text!r} is not a size; it looks like 1024x1024", text=text))
    return "{}x{}".format(*found)


def expression(text: str) -> str:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise argparse.ArgumentTypeError(
            _(
                "{text!r} is not an expression of Python; put one that has spaces or quotes in double quotes, or give "
                "the table a name in a cell above",
                text=text,
            )
        ) from None
    return text


def member(text: str) -> tuple[str, Any]:
    name, equals, value = _parted(text)
    if not name or not equals:
        raise argparse.ArgumentTypeError(_("{text!r} is not of the form KEY=JSON", text=text))
    try:
        return name, json.loads(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            _(
                "the value of {name} is not JSON: {value!r}; put the whole option in single quotes, as in "
                """--param 'user_id="user-7"'""",
                name=name,
                value=value,
            )
        ) from None


def _parted(text: str) -> tuple[str, str, str]:
    """The text before its first equals sign (which may be a wide one), that sign, and the text after it."""
    equals = next((sign for sign in text if sign in "=＝"), "=")
    return text.partition(equals)


#: The tool that runs Python, and the same without a question before each run.
PYTHON, TRUSTED = "python", "python!"


def function_names(text: str) -> list[str]:
    """The names in `--tool f,confirm(g)`, as they are written."""
    names = listed(text.replace("！", "!"))
    for name in names or [text]:
        if unconfirmed(name) != TRUSTED and not all(part.isidentifier() for part in unconfirmed(name).split(".")):
            meant = did_you_mean(unconfirmed(name), [TRUSTED])
            if meant:
                raise argparse.ArgumentTypeError(
                    sentences(_("{name!r} is not the name of a function.", name=name), meant)
                )
            raise argparse.ArgumentTypeError(_("{name!r} is not the name of a function", name=name))
    return names


def listed(text: str) -> list[str]:
    """The names in a list with commas, which may be wide ones."""
    return [name.strip() for name in text.translate(_PLAIN_LIST).split(",") if name.strip()]


_PLAIN_LIST = str.maketrans("，、（）", ",,()")


def unconfirmed(name: str) -> str:
    """The function's name in `confirm(f)`, or the name as it is."""
    return name[len("confirm(") : -1] if name.startswith("confirm(") and name.endswith(")") else name


class Searching(argparse.Action):
    """Makes a search of the words after `--search`: a text, and settings of the form `recency=week`."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        try:
            set_once(namespace, self.dest, _search(values), " ".join([f"{option}", *values]))
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentError(self, error.args[0]) from None
        except InvalidRequest as error:
            raise argparse.ArgumentError(self, _in_one_line(error)) from None


def _search(words: Sequence[str]) -> bool | str | Search:
    given: dict[str, Any] = {}
    for word in words:
        setting = _SETTING.fullmatch(word)
        name, value = setting.group(1, 3) if setting else ("query", word)
        if setting and setting[2] == "＝" and name not in SEARCH_SETTINGS:
            name, value = "query", word
        if name not in SEARCH_SETTINGS:
            meant = did_you_mean(name, SEARCH_SETTINGS)
            if not meant and " " in value:  # a query of several words, which has an equals sign in it
                name, value = "query", word
            else:
                meant = meant or _("It takes {settings}.", settings=comma(SEARCH_SETTINGS))
                raise argparse.ArgumentTypeError(sentences(_("a search has no setting {name}.", name=name), meant))
        if name in given:
            raise argparse.ArgumentTypeError(
                _("it has one {name}; put a query of several words in double quotes", name=name)
            )
        given[name] = int(value) if name == "count" and value.isdecimal() else value
    search = Search(**given)
    return search if given.keys() - {"query"} else search.query or True


_SETTING = re.compile(r"([A-Za-z_]+)([=＝])(.*)", re.DOTALL)


def _in_one_line(error: GLMError) -> str:
    near = _("Did you mean {near}?", near=error.near) if error.near else ""
    return sentences(error.happened, near, *error.outcomes, error.hint, error.detail)


def mcp_server(text: str) -> McpServer:
    label, _, url = _parted(text)
    try:
        return McpServer(label, url)
    except InvalidRequest as error:
        raise argparse.ArgumentTypeError(_in_one_line(error)) from None


def knowledge(text: str) -> str:
    try:
        return Knowledge(text).id
    except InvalidRequest as error:
        raise argparse.ArgumentTypeError(_in_one_line(error)) from None
