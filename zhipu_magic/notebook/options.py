"""The options of a `%%glm` line: their names, their values and their help, each with an example."""

from __future__ import annotations

import argparse
import json
import keyword
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from IPython.core.error import UsageError

from ..history.history import check_name
from ..service.hosted_tools import SEARCH_SETTINGS, Knowledge, McpServer, Search
from ..service.models import EFFORTS
from ..text.characters import shorten
from ..text.errors import InvalidRequest
from ..text.suggestions import did_you_mean


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors fail the cell instead of ending the kernel."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.register("action", None, _Single)  # what an option does that names no action

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; an option may be given twice only with the same value, or where it can be repeated."""
        given, rest = super().parse_known_args(args, argparse.Namespace(**{_EARLIER: {}}))
        delattr(given, _EARLIER)
        return given, rest

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[0].upper()}{message[1:]}. %%glm? lists the options.")

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # Some versions take out a value of "--", even where it belongs to an option, as in --stop=--.
        if arg_strings == ["--"] and action.option_strings and action.nargs is None:
            return self._get_value(action, "--")
        return super()._get_values(action, arg_strings)


#: Where a line's values are kept with the words that gave them, while it is parsed.
_EARLIER = "earlier"


def _set_once(namespace: Any, name: str, value: Any, words: str) -> None:
    """Set the value of an option that has one. Raises UsageError if other words have given another."""
    before, earlier = getattr(namespace, _EARLIER).setdefault(name, (value, words))
    if before != value:
        raise UsageError(f"{earlier} and {words} contradict each other: give one of them.")
    setattr(namespace, name, value)


class _Single(argparse._StoreAction):
    """Stores a value, of which a line has one."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        _set_once(namespace, self.dest, values, f"{option} {shorten(str(values), _LONGEST_VALUE)}")


class _Either(argparse.BooleanOptionalAction):
    """Turns something on or off, and not both."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        _set_once(namespace, self.dest, not (option or "").startswith("--no-"), option or "")


#: Characters of a value in an error.
_LONGEST_VALUE = 40


def _name(text: str) -> str:
    if not text.isidentifier() or keyword.iskeyword(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a valid variable name")
    return text


def _thread(text: str) -> str:
    try:
        return check_name(text)
    except InvalidRequest as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None


def _number(text: str) -> float:
    """A number as it was written: 1 is not sent as 1.0."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
        json.dumps(number, allow_nan=False)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    return number


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _count(text: str) -> int:
    number = _whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of tokens")
    return number


def _member(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form KEY=JSON")
    try:
        return name, json.loads(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"the value of {name} is not JSON: {value!r}; put the whole option in single quotes, as in "
            """--param 'user_id="user-7"'"""
        ) from None


def _names_of(text: str) -> list[str]:
    """The names in `--tool f,confirm(g)`, as they are written."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if not all(part.isidentifier() for part in unconfirmed(name).split(".")):
            raise argparse.ArgumentTypeError(f"{name!r} is not the name of a function")
    return names


def unconfirmed(name: str) -> str:
    """The function's name in `confirm(f)`, or the name as it is."""
    return name[len("confirm(") : -1] if name.startswith("confirm(") and name.endswith(")") else name


class _Searching(argparse.Action):
    """Makes a search of the words after `--search`: a text, and settings of the form `recency=week`."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        try:
            _set_once(namespace, self.dest, _search(values), shorten(" ".join([f"{option}", *values]), _LONGEST_VALUE))
        except (InvalidRequest, argparse.ArgumentTypeError) as error:
            raise argparse.ArgumentError(self, _in_one_line(error)) from None


def _search(words: Sequence[str]) -> bool | str | Search:
    given: dict[str, Any] = {}
    for word in words:
        setting = _SETTING.fullmatch(word)
        name, value = setting.groups() if setting else ("query", word)
        if name not in SEARCH_SETTINGS:
            meant = did_you_mean(name, SEARCH_SETTINGS)
            if not meant and " " in value:  # a query of several words, which has an equals sign in it
                name, value = "query", word
            else:
                meant = meant or f"It takes {', '.join(SEARCH_SETTINGS)}."
                raise argparse.ArgumentTypeError(f"a search has no setting {name}. {meant}")
        if name in given:
            raise argparse.ArgumentTypeError(f"it has one {name}; put a query of several words in double quotes")
        given[name] = int(value) if name == "count" and value.isdecimal() else value
    search = Search(**given)
    return search if given.keys() - {"query"} else search.query or True


_SETTING = re.compile(r"([A-Za-z_]+)=(.*)", re.DOTALL)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split("\n")).rstrip(".")


def _mcp_server(text: str) -> McpServer:
    label, _, url = text.partition("=")
    try:
        return McpServer(label, url)
    except InvalidRequest as error:
        raise argparse.ArgumentTypeError(_in_one_line(error)) from None


def _knowledge(text: str) -> str:
    try:
        return Knowledge(text).id
    except InvalidRequest as error:
        raise argparse.ArgumentTypeError(_in_one_line(error)) from None


class _Lines(argparse.HelpFormatter):
    """Help that keeps its line breaks."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return [line for part in text.split("\n") for line in super(_Lines, self)._split_lines(part, width)]


PARSER = _Parser(prog="%%glm", add_help=False, allow_abbrev=False, usage=argparse.SUPPRESS, formatter_class=_Lines)


def _option(*names: str, example: str, **how: Any) -> None:
    """Add an option. Its help ends with the `example`, on a separate line."""
    how["help"] += f"\n%%%%glm {example}"
    PARSER.add_argument(*names, **how)


_option("-b", "--bind", metavar="NAME", type=_name, help="bind the SDK's Completion to NAME", example="-b response")
_option(
    *("-o", "--output"),
    metavar="NAME",
    type=_name,
    help="bind the text of the answer to NAME, or its value with --as",
    example="-o slogan",
)
_option(
    "--as",
    dest="as_type",
    metavar="TYPE",
    help="return the answer as this type: a pydantic model, a dataclass, list[…], Literal[…], DataFrame[…], int",
    example="--as list[Invoice] -o invoices",
)
_option("-m", "--model", metavar="NAME", help="use this model for this turn", example="-m glm-5.3")
_option(
    *("-t", "--thread"),
    metavar="NAME",
    type=_thread,
    help="ask in this thread, for this turn only",
    example="-t drafts",
)
_option("-s", "--system", metavar="TEXT", help="the system text for this and later turns", example='-s "Be brief."')
_option(
    "--image",
    dest="images",
    metavar="EXPR",
    action="append",
    default=[],
    help="send an image with the prompt: a variable, a file or a URL; can be repeated",
    example="--image fig --image photo.jpg",
)
_option(
    "--tool",
    dest="tools",
    metavar="NAMES",
    type=_names_of,
    action="extend",
    default=[],
    help="Python functions that the model may call; confirm(f) asks you before each call",
    example="--tool weather,confirm(send)",
)
_option(
    "--tool-choice",
    metavar="CHOICE",
    help="whether a function is called: auto lets the model choose; servers other than ZhiPu AI's also take none, "
    "required or a function's name",
    example="--tool weather --tool-choice auto",
)
_option(
    "--search",
    metavar="QUERY",
    nargs="*",
    action=_Searching,
    default=False,
    help="let the service search the web, for QUERY or for the prompt; engine=, recency=, count=, domain= and size= "
    "say how. Each search is billed separately",
    example='--search "GLM release notes" recency=week count=20',
)
_option(
    "--knowledge",
    metavar="ID",
    type=_knowledge,
    action="append",
    default=[],
    help="let the service look into a knowledge base of yours; can be repeated",
    example="--knowledge 1843318172036575232",
)
_option(
    "--mcp",
    metavar="LABEL[=URL]",
    type=_mcp_server,
    action="append",
    default=[],
    help="let the service call an MCP server: one of its own by its code, or the one at URL; can be repeated",
    example="--mcp weather=https://mcp.example.com/sse",
)
_option(
    *("-i", "--insert"),
    action="store_true",
    help="put the reply's Python into a new cell below, without running it",
    example="-i",
)
_option(
    "--temperature",
    metavar="NUMBER",
    type=_number,
    help="sampling temperature, 0 to 1: higher is more varied",
    example="--temperature 0.2",
)
_option(
    "--top-p",
    metavar="NUMBER",
    type=_number,
    help="nucleus sampling, 0 to 1: keep the most likely tokens that add up to this probability",
    example="--top-p 0.7",
)
_option(
    "--max-tokens",
    metavar="COUNT",
    type=_count,
    help="the maximum length of the answer, in tokens",
    example="--max-tokens 500",
)
_option(
    "--seed", metavar="NUMBER", type=_whole, help="sample with this seed, for repeatable answers", example="--seed 7"
)
_option("--stop", metavar="TEXT", help="stop the answer before this text", example='--stop "###"')
_option(
    "--think",
    action=_Either,
    help="turn the model's reasoning on or off; without either, the model decides",
    example="--no-think",
)
_option(
    "--effort",
    metavar="EFFORT",
    choices=EFFORTS,
    help=f"how much the model reasons: {', '.join(EFFORTS)}; %%glm models shows which of them a model has",
    example="--effort low",
)
_option(
    "--keep-thinking",
    action="store_true",
    help="let the model see its reasoning of earlier turns too",
    example="--keep-thinking",
)
_option(
    "--once",
    action="store_true",
    help="ask outside the conversation: this turn does not see it and is not added to it",
    example="--once",
)
_option(
    "--raw",
    action="store_true",
    help="send the text as it is, without replacing {{ name }}",
    example="--raw",
)
_option(
    "--preview",
    action="store_true",
    help="show what would be sent, with estimates, and send nothing",
    example="--preview",
)
_option(
    "--no-stream",
    dest="stream",
    action="store_false",
    default=None,
    help="show the reply only when it is complete",
    example="--no-stream",
)
_option(
    "--fresh",
    action="store_true",
    help="ask the service even if the journal has the answer",
    example="--fresh",
)
_option(
    "--param",
    metavar="KEY=JSON",
    type=_member,
    action="append",
    default=[],
    help="set any other field of the request",
    example="""--param 'user_id="user-7"'""",
)
_option("-q", "--quiet", action="store_true", help="show no panel below the reply", example="-q")
