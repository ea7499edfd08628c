"""The options on a `%%glm` line: their names, their values, and their help, with an example each."""

from __future__ import annotations

import argparse
import json
import keyword
from typing import Any, NoReturn

from IPython.core.error import UsageError

from ..history.history import check_name
from ..text.errors import InvalidRequest


class _Parser(argparse.ArgumentParser):
    """argparse, but an error is IPython's, and ends the cell instead of the kernel."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[0].upper()}{message[1:]}. %%glm? shows how the options are used.")


def _name(text: str) -> str:
    if not text.isidentifier() or keyword.iskeyword(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a name that Python can bind")
    return text


def _thread(text: str) -> str:
    try:
        return check_name(text)
    except InvalidRequest as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None


def _number(text: str) -> float:
    """A number as it was written: 1 stays 1, which the service may tell from 1.0."""
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
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tokens")
    return number


def _member(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form KEY=JSON")
    try:
        return name, json.loads(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"the value of {name} is not JSON: {value!r}; put single quotes around it all, as in "
            """--param 'user_id="reader-7"'"""
        ) from None


def _names_of(text: str) -> list[str]:
    """The functions of `--tool f,confirm(g)`, each as it is written."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        inner = name[len("confirm(") : -1] if name.startswith("confirm(") and name.endswith(")") else name
        if not all(part.isidentifier() for part in inner.split(".")):
            raise argparse.ArgumentTypeError(f"{name!r} is not the name of a function")
    return names


class _Lines(argparse.HelpFormatter):
    """Help whose lines stay lines."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return [line for part in text.split("\n") for line in super(_Lines, self)._split_lines(part, width)]


PARSER = _Parser(prog="%%glm", add_help=False, allow_abbrev=False, usage=argparse.SUPPRESS, formatter_class=_Lines)


def _option(*names: str, example: str, **how: Any) -> None:
    """Add an option; its help ends with the `example`, on a line of its own."""
    how["help"] += f"\n%%%%glm {example}"
    PARSER.add_argument(*names, **how)


_option("-b", "--bind", metavar="NAME", type=_name, help="bind the SDK's Completion to NAME", example="-b response")
_option(
    *("-o", "--output"),
    metavar="NAME",
    type=_name,
    help="bind the words of the answer to NAME, or with --as its value",
    example="-o slogan",
)
_option(
    "--as",
    dest="as_type",
    metavar="TYPE",
    help="have the answer be of this type: a pydantic model, a dataclass, list[…], Literal[…], DataFrame[…], int",
    example="--as list[Invoice] -o invoices",
)
_option("-m", "--model", metavar="NAME", help="ask this model, for this turn", example="-m glm-5.3")
_option(
    *("-t", "--thread"),
    metavar="NAME",
    type=_thread,
    help="ask in this thread, for this turn",
    example="-t drafts",
)
_option("-s", "--system", metavar="TEXT", help="the system text, for this and later turns", example='-s "Be brief."')
_option(
    "--image",
    dest="images",
    metavar="EXPR",
    action="append",
    default=[],
    help="an image to go with the prompt, and again for more: a variable, a file, an address",
    example="--image fig --image photo.jpg",
)
_option(
    "--tool",
    dest="tools",
    metavar="NAMES",
    type=_names_of,
    action="extend",
    default=[],
    help="Python functions that the model may call; confirm(f) asks you first",
    example="--tool weather,confirm(send)",
)
_option(
    "--search",
    metavar="QUERY",
    nargs="?",
    const=True,
    default=False,
    help="have the service search the web, for QUERY or for what the prompt asks",
    example='--search "GLM release notes"',
)
_option(
    *("-i", "--insert"),
    action="store_true",
    help="put the reply's Python into a new cell below; it does not run by itself",
    example="-i",
)
_option(
    "--temperature",
    metavar="NUMBER",
    type=_number,
    help="0 to 1, how freely the model picks words",
    example="--temperature 0.2",
)
_option(
    "--top-p",
    metavar="NUMBER",
    type=_number,
    help="0 to 1, from how much of the choices it picks",
    example="--top-p 0.7",
)
_option(
    "--max-tokens",
    metavar="COUNT",
    type=_count,
    help="the longest answer, in tokens",
    example="--max-tokens 500",
)
_option("--seed", metavar="NUMBER", type=_whole, help="ask for the same choices again", example="--seed 7")
_option("--stop", metavar="TEXT", help="end the answer before this text", example='--stop "###"')
_option(
    "--think",
    action=argparse.BooleanOptionalAction,
    help="have the model reason first, or not; else as it likes",
    example="--no-think",
)
_option(
    "--once",
    action="store_true",
    help="a turn outside the conversation, which sees none of it and leaves none",
    example="--once",
)
_option(
    "--raw",
    action="store_true",
    help="send the text as it stands: {{ name }} is no reference",
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
    help="show the reply once, when it is whole",
    example="--no-stream",
)
_option(
    "--fresh",
    action="store_true",
    help="ask the service even where a replay knows the answer",
    example="--fresh",
)
_option(
    "--param",
    metavar="KEY=JSON",
    type=_member,
    action="append",
    default=[],
    help="any other member of the request",
    example="""--param 'user_id="reader-7"'""",
)
_option("-q", "--quiet", action="store_true", help="no panel under the reply", example="-q")
