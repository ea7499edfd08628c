"""The options on a `%%glm` line: their names, their help, and how a line becomes `Options`."""

from __future__ import annotations

import argparse
import json
import keyword
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn

from IPython.core.error import UsageError

from .errors import InvalidRequest
from .history import check_name
from .options import Options


@dataclass(frozen=True)
class CellOptions:
    """What the line asks for: of the service, and of the page."""

    asked: Options
    bind: str | None
    quiet: bool


def parse(line: str) -> CellOptions:
    """Read a `%%glm` line. Raises UsageError, with the nearest option where one is mistyped."""
    try:
        words = shlex.split(line)
    except ValueError:
        raise UsageError(
            "A quote on the %%glm line is never closed. A value with an apostrophe or a space goes between double "
            'quotes: %%glm -s "You\'re a poet"'
        ) from None
    given, rest = PARSER.parse_known_args(words)
    for word in rest:
        if word.startswith("-") and len(word) > 1:
            raise UsageError(_unknown_option(word))
        raise UsageError(
            f"%%glm does not know what {word!r} is for. The prompt goes on the lines below; a value with spaces goes "
            "between double quotes."
        )
    values = vars(given)
    bind, quiet, params = values.pop("bind"), values.pop("quiet"), dict(values.pop("param"))
    return CellOptions(asked=Options(**values, params=params), bind=bind, quiet=quiet)


def _unknown_option(word: str) -> str:
    name = word.partition("=")[0]
    begun = [option for option in _names() if len(name) > 3 and option.startswith(name)]
    near = begun or get_close_matches(name, list(_names()), n=1, cutoff=0.5)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"%%glm has no option {name}.{meant} %%glm? lists all of them."


def _names() -> Iterator[str]:
    for action in PARSER._actions:
        yield from action.option_strings


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


PARSER = _Parser(prog="%%glm", add_help=False, allow_abbrev=False, usage=argparse.SUPPRESS)
PARSER.add_argument("-b", "--bind", metavar="NAME", type=_name, help="bind the SDK's Completion to NAME")
PARSER.add_argument("-m", "--model", metavar="NAME", help="ask this model, for this turn")
PARSER.add_argument("-t", "--thread", metavar="NAME", type=_thread, help="ask in this thread, for this turn")
PARSER.add_argument("-s", "--system", metavar="TEXT", help="the system text, for this and later turns")
PARSER.add_argument("--temperature", metavar="NUMBER", type=_number, help="0 to 1: how freely the model picks words")
PARSER.add_argument("--top-p", metavar="NUMBER", type=_number, help="0 to 1: from how much of the choices it picks")
PARSER.add_argument("--max-tokens", metavar="COUNT", type=_count, help="the longest answer, in tokens")
PARSER.add_argument("--seed", metavar="NUMBER", type=_whole, help="ask for the same choices again")
PARSER.add_argument("--stop", metavar="TEXT", help="end the answer before this text")
PARSER.add_argument(
    "--think", action=argparse.BooleanOptionalAction, help="have the model reason first, or not; else as it likes"
)
PARSER.add_argument(
    "--once", action="store_true", help="a turn outside the conversation: it sees none of it, and leaves none"
)
PARSER.add_argument(
    "--no-stream", dest="stream", action="store_false", default=None, help="show the reply once, when it is whole"
)
PARSER.add_argument("--fresh", action="store_true", help="ask the service even where a replay knows the answer")
PARSER.add_argument(
    "--param", metavar="KEY=JSON", type=_member, action="append", default=[], help="any other member of the request"
)
PARSER.add_argument("-q", "--quiet", action="store_true", help="no panel under the reply")


def help_text() -> str:
    """What `%%glm?` shows."""
    return f"""Ask a GLM model: the lines below `%%glm` are sent as the next turn of the conversation.

    %%glm -b response
    作为一名营销专家，请为我的产品创作一个吸引人的口号

The text goes out as it is written. The reply streams in as Markdown, with a panel of figures under it, and
`response` is then the SDK's Completion: `response.choices[0].message`. The last one is always `_glm`.

{PARSER.format_help().strip()}

`%glm` shows where things stand; `%glm help` lists its commands; `%config GLMMagics` lists the settings.
"""
