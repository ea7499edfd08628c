"""The options of a `%%glm` line: their names, their values and their help, each with an example."""

from __future__ import annotations

import argparse
from typing import Any

from ...service.drawing.models import QUALITIES
from ...service.models import EFFORTS
from ...text.languages.argparse_words import headings_in_language
from ...text.languages.joined import Joined, comma, in_lines
from ...text.languages.language import reader
from ...text.languages.messages import _, told
from ...text.wrapping import wrapped
from . import values as option_values
from .parser import Either, Parser


class _Lines(argparse.HelpFormatter):
    """Help that keeps its line breaks, in the language of its reader."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        if reader.language != "en":  # argparse ends lines at spaces alone
            return wrapped(text, width)
        return [line for part in text.split("\n") for line in super(_Lines, self)._split_lines(part, width)]

    def _get_help_string(self, action: argparse.Action) -> str:
        return told(action.help)

    def format_help(self) -> str:
        return headings_in_language(super().format_help())

    def start_section(self, heading: str | None) -> None:
        super().start_section(None if heading is None else told(_(heading)))


PARSER = Parser(prog="%%glm", add_help=False, allow_abbrev=False, usage=argparse.SUPPRESS, formatter_class=_Lines)


def _option(*names: str, example: str, **how: Any) -> None:
    """Add an option to the last group. Its help ends with the `example`, on a separate line."""
    how["help"] = in_lines([_(how["help"]), Joined("", ["%%%%glm ", example])])
    GROUPS[-1].add_argument(*names, **how)


#: The options by what they are for.
GROUPS: list[argparse._ArgumentGroup] = []


def _group(title: str) -> None:
    GROUPS.append(PARSER.add_argument_group(title))


_group("What comes back")
_option(
    "-b",
    "--bind",
    metavar="NAME",
    type=option_values.variable_name,
    help="bind the SDK's Completion to NAME; with --bg the Reply, at once",
    example="-b response",
)
_option(
    *("-o", "--output"),
    metavar="NAME",
    type=option_values.variable_name,
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
_option(
    *("-i", "--insert"),
    action="store_true",
    help="put the reply's Python into a new cell below, without running it",
    example="-i",
)

_group("Whom to ask, and where")
_option(
    *("-m", "--model"),
    dest="models",
    metavar="NAME",
    type=option_values.model_name,
    action="append",
    default=[],
    help="use this model for this turn; given several times, all are asked at once, and %%glm keep makes one reply "
    "the turn",
    example="-m glm-5.3 -m glm-4.7-flash",
)
_option(
    *("-t", "--thread"),
    metavar="NAME",
    type=option_values.thread_name,
    help="ask in this thread, for this turn only",
    example="-t drafts",
)
_option("-s", "--system", metavar="TEXT", help="the system text for this and later turns", example=_('-s "Be brief."'))
_option(
    "--once",
    action="store_true",
    help="ask outside the conversation: this turn does not see it and is not added to it",
    example="--once",
)

_group("Over a table")
_option(
    "--each",
    metavar="TABLE",
    type=option_values.expression,
    help="ask once for each row of a DataFrame, a Series, a list or a dict of lists; {{ column }} is the row's value. "
    "-o binds the table with the answers, -b what came of it",
    example="--each reviews --as Review -o labelled",
)
_option(
    "--first",
    metavar="COUNT",
    type=option_values.positive,
    help="ask only the first COUNT rows, to try a prompt",
    example="--each reviews --first 5",
)
_option(
    "--in-flight",
    metavar="COUNT",
    type=option_values.positive,
    help="at most so many requests at once; without it, as many as the service takes",
    example="--each reviews --in-flight 3",
)
_option(
    "--batch",
    action="store_true",
    help="ask the rows at half the price, within a day: the cell returns, and %%glm collect fetches the answers",
    example="--each reviews --batch",
)

_group("A picture")
_option(
    "--draw",
    metavar="SIZE",
    nargs="?",
    const="",
    type=option_values.picture_size,
    help="have a picture drawn from the text below, outside the conversation; SIZE is its width and height. -o binds "
    "a PIL image, -b the SDK's ImagesResponded",
    example="--draw 1024x1024 -o picture",
)
_option(
    "--quality",
    metavar="QUALITY",
    choices=QUALITIES,
    help="how finely it is drawn: standard or hd",
    example="--draw --quality hd -m cogview-4",
)

_group("What is sent")
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
    "--file",
    dest="files",
    metavar="FILE",
    action="append",
    default=[],
    help="send what a document says: a file, a variable or a URL, and perhaps which pages and how many tokens of it; "
    "can be repeated",
    example='--file report.pdf --file "prices.xlsx | sheets Q1 | 6000"',
)
_option(
    "--above",
    metavar="COUNT",
    nargs="?",
    type=option_values.count_or_none,
    const=option_values.ALL,
    help="send the cells above along with their outputs, or the newest COUNT of them; 0 for none. # glm: hide in a "
    "cell's first line keeps it back",
    example="--above 3",
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
    "--param",
    metavar="KEY=JSON",
    type=option_values.member,
    action="append",
    default=[],
    help="set any other field of the request",
    example="""--param 'user_id="user-7"'""",
)

_group("What the model may use")
_option(
    "--tool",
    dest="tools",
    metavar="NAMES",
    type=option_values.function_names,
    action="extend",
    default=[],
    help="Python functions that the model may call; confirm(f) asks you before each call, and python lets it run "
    "code here, which you read before (python! asks nothing, in this cell)",
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
    action=option_values.Searching,
    default=False,
    help="let the service search the web, for QUERY or for the prompt; engine=, recency=, count=, domain= and size= "
    "say how. Each search is billed separately",
    example=_('--search "GLM release notes" recency=week count=20'),
)
_option(
    "--knowledge",
    metavar="ID",
    type=option_values.knowledge,
    action="append",
    default=[],
    help="let the service look into a knowledge base of yours; can be repeated",
    example="--knowledge 1843318172036575232",
)
_option(
    "--mcp",
    metavar="LABEL[=URL]",
    type=option_values.mcp_server,
    action="append",
    default=[],
    help="let the service call an MCP server: one of its own by its code, or the one at URL; can be repeated",
    example="--mcp weather=https://mcp.example.com/sse",
)

_group("How it answers")
_option(
    "--think",
    action=Either,
    help="turn the model's reasoning on or off; without either, the model decides",
    example="--no-think",
)
_option(
    "--effort",
    metavar="EFFORT",
    type=option_values.effort,
    choices=EFFORTS,
    help=_(
        "how much the model reasons: {efforts}; %%glm models shows which of them a model has", efforts=comma(EFFORTS)
    ),
    example="--effort low",
)
_option(
    "--keep-thinking",
    action="store_true",
    help="let the model see its reasoning of earlier turns too",
    example="--keep-thinking",
)
_option(
    "--temperature",
    metavar="NUMBER",
    type=option_values.number,
    help="sampling temperature, 0 to 1: higher is more varied",
    example="--temperature 0.2",
)
_option(
    "--top-p",
    metavar="NUMBER",
    type=option_values.number,
    help="nucleus sampling, 0 to 1: keep the most likely tokens that add up to this probability",
    example="--top-p 0.7",
)
_option(
    "--max-tokens",
    metavar="COUNT",
    type=option_values.count,
    help="the maximum length of the answer, in tokens",
    example="--max-tokens 500",
)
_option(
    "--seed",
    metavar="NUMBER",
    type=option_values.whole_number,
    help="sample with this seed, for repeatable answers",
    example="--seed 7",
)
_option("--stop", metavar="TEXT", help="stop the answer before this text", example='--stop "###"')

_group("What is shown")
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
    "--bg",
    dest="background",
    action="store_true",
    help="do not wait for the reply: it goes on growing here while other cells run, and -b binds it as a Reply",
    example="--bg -b reply",
)
_option("-q", "--quiet", action="store_true", help="show no panel below the reply", example="-q")
_option("-h", "--help", action="store_true", help="show these options, and ask nothing", example="--help")
