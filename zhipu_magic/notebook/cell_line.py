"""Parses a `%%glm` line, and writes its help. The options themselves are in `options`."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from IPython.core.error import UsageError

from ..chat.options import Options
from ..text.suggestions import did_you_mean
from .options import PARSER

#: Added to the error when a cell fails before it asks.
EARLIER_STAYS = "The earlier turn of this cell stays in the conversation."


@dataclass(frozen=True)
class CellOptions:
    """What a `%%glm` line asks for. `request` is sent; the other options are for the notebook.

    `images`, `tools` and `as_type` are still text: only the notebook can resolve their names.
    """

    request: Options = field(default_factory=Options)
    images: Sequence[str] = ()
    tools: Sequence[str] = ()
    as_type: str | None = None
    raw: bool = False
    preview: bool = False
    bind: str | None = None
    output: str | None = None
    insert: bool = False
    quiet: bool = False


def parse(line: str) -> CellOptions:
    """Parse a `%%glm` line. Raises UsageError, which suggests the nearest option for a mistyped one."""
    try:
        words = shlex.split(_with_brackets_whole(line))
    except ValueError:
        raise UsageError(
            "A quote on the %%glm line is not closed. Put a value that has an apostrophe or a space in double quotes: "
            '%%glm -s "You\'re a poet"'
        ) from None
    given, rest = PARSER.parse_known_args(words)
    for word in rest:
        if word.startswith("-") and len(word) > 1:
            raise UsageError(_unknown_option(word))
        raise UsageError(
            f"%%glm does not take {word!r}. The prompt goes on the lines below; put a value that has spaces in double "
            "quotes."
        )
    values = vars(given)
    own = {option.name: values.pop(option.name) for option in fields(CellOptions) if option.name in values}
    if own["bind"] is not None and own["bind"] == own["output"]:
        raise UsageError(f"-b and -o both bind {own['bind']}: give each a name of its own.")
    return CellOptions(request=Options(params=_params(values.pop("param")), **values), **own)


def _params(given: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The further parameters by name. Raises UsageError for one with two values."""
    params: dict[str, Any] = {}
    for name, value in given:
        if name in params and json.dumps(params[name]) != json.dumps(value):
            raise UsageError(f"--param gives {name} two values: give one of them.")
        params[name] = value
    return params


def _with_brackets_whole(line: str) -> str:
    """The line with each bracketed part quoted as one word, so that Literal["a", "b"] needs no quotes."""
    whole, place = "", 0
    while place < len(line):
        quoted = _QUOTED.match(line, place)
        bracketed = _end_of_brackets(line, place) if line[place] == "[" else 0
        end = quoted.end() if quoted else bracketed or place + 1
        whole += shlex.quote(line[place:end]) if bracketed else line[place:end]
        place = end
    return whole


def _end_of_brackets(line: str, start: int) -> int:
    """The position after the bracket that closes the one at `start`; 0 if none does."""
    depth, place = 0, start
    while place < len(line):
        quoted = _QUOTED.match(line, place)
        place = quoted.end() if quoted else place + 1
        depth += 0 if quoted else {"[": 1, "]": -1}.get(line[place - 1], 0)
        if depth == 0:
            return place
    return 0


_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.")


def _unknown_option(word: str) -> str:
    name = word.partition("=")[0]
    begun = [option for option in _names() if len(name) > 3 and option.startswith(name)]
    meant = f"Did you mean {begun[0]}?" if begun else did_you_mean(name, _names())
    return " ".join(filter(None, [f"%%glm has no option {name}.", meant, "%%glm? lists all of them."]))


def _names() -> Iterator[str]:
    for action in PARSER._actions:
        yield from action.option_strings


def help_text() -> str:
    """What `%%glm?` shows."""
    return f"""Ask a GLM model: the lines below `%%glm` are sent as the next turn of the conversation.

    %%glm -b response
    作为一名营销专家，请为我的产品创作一个吸引人的口号

The text is sent exactly as written, except that `{{{{ name }}}}` stands for the value of that variable. The reply
streams in as Markdown, with a panel of figures below it, and `response` is then the SDK's Completion:
`response.choices[0].message`. The last one is always `_glm`.

{PARSER.format_help().strip()}

`%glm` shows the current state, `%glm help` lists the commands, and `%config GLMMagics` lists the settings.
"""
