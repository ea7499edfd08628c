"""Parses a `%%glm` line, and writes its help. The options themselves are in `options`."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from ...chat.options import Options
from ...history.events.turn_event import MOST_COMPARED
from ...text.characters import DASHES
from ...text.html import block, code
from ...text.languages.joined import sentences
from ...text.languages.messages import _, told
from ...text.markup import Markup
from ...text.suggestions import did_you_mean
from ...text.tables import table
from . import words as line_words
from .options import GROUPS, PARSER
from .words import SEPARATORS, QuoteNotClosed, plain_option

if TYPE_CHECKING:
    from ...values.given import Given

#: Added to the error when a cell fails before it asks.
EARLIER_STAYS = _("The earlier turn of this cell stays in the conversation.")


@dataclass(frozen=True)
class CellOptions:
    """What a `%%glm` line asks for. `request` is sent; the other options are for the notebook.

    `draw` is the size of a picture, empty for the usual one.
    `images`, `files`, `tools` and `as_type` are still text: only the notebook can resolve their names. (A command may
    give a file as such.) `line` is what was written, where it is needed later: to collect a batch. `models` are those
    that are compared; a single one is in the `request`. `above` is how many of the cells above go along, None where the
    settings say it.
    """

    request: Options = field(default_factory=Options)
    models: Sequence[str] = ()
    images: Sequence[str] = ()
    files: Sequence[str | Given] = ()
    tools: Sequence[str] = ()
    as_type: str | None = None
    above: int | None = None
    raw: bool = False
    preview: bool = False
    each: str | None = None
    first: int | None = None
    in_flight: int | None = None
    batch: bool = False
    draw: str | None = None
    quality: str | None = None
    line: str = ""
    bind: str | None = None
    output: str | None = None
    insert: bool = False
    background: bool = False
    quiet: bool = False
    help: bool = False


def parse(line: str) -> CellOptions:
    """Parse a `%%glm` line. Raises UsageError, which suggests the nearest option for a mistyped one."""
    given, rest = PARSER.parse_known_args(_words(line))
    if given.help:
        return CellOptions(help=True)
    for word in rest:
        if len(word) > 1 and word[0] in DASHES:
            raise UsageError(_unknown_option(word))
        raise UsageError(
            _(
                "%%glm does not take {word!r}. The prompt goes on the lines below (one after a \\ is still of "
                "options); put a value that has spaces in double quotes.",
                word=word,
            )
        )
    values = vars(given)
    _check_once(values["models"])
    _check_drawing(values)
    own = {option.name: values.pop(option.name) for option in fields(CellOptions) if option.name in values}
    models = own["models"]
    _check_table(own)
    _check_comparison(own)
    if own["bind"] is not None and own["bind"] == own["output"]:
        raise UsageError(_("-b and -o both bind {name}: give each a name of its own.", name=own["bind"]))
    if own["background"] and own["insert"]:
        raise UsageError(_("--bg and -i contradict each other: a cell that has ended can put no other below it."))
    if len(models) == 1:
        values["model"] = own.pop("models")[0]
    return CellOptions(
        request=Options(params=_params(values.pop("param")), **values), line=line if own["batch"] else "", **own
    )


def _check_once(models: Sequence[str]) -> None:
    """Raise UsageError for a model that is named twice: several are compared, and one cannot be with itself."""
    for place, model in enumerate(models):
        if model in models[:place]:
            raise UsageError(
                _(
                    "-m names {model} twice: name it once, or another model to compare it with. Nothing was sent.",
                    model=model,
                )
            )


def _check_table(own: Mapping[str, Any]) -> None:
    """Raise UsageError for an option of a table without one, and for one that means nothing for its rows."""
    if own["each"] is None:
        for name in ("first", "in_flight", "batch"):
            if own[name]:
                raise UsageError(
                    _("--{name} is for the rows of a table: --each TABLE names it.", name=name.replace("_", "-"))
                )
    elif own["files"]:
        raise UsageError(_('--file cannot be used with --each: write {{ Path("FILE") }} where its text is to stand.'))
    elif own["insert"] or own["raw"] or own["above"] is not None:
        option = "-i" if own["insert"] else "--raw" if own["raw"] else "--above"
        raise UsageError(_("{option} cannot be used with --each.", option=option))


def _check_drawing(given: Mapping[str, Any]) -> None:
    """Raise UsageError for an option that means nothing for a drawing, and for one that does so only there."""
    if given["draw"] is None:
        if given["quality"] is not None:
            raise UsageError(_("--quality is for a picture: --draw asks for one."))
        return
    for action in PARSER._actions:
        if given[action.dest] != action.default and action.dest not in _FOR_DRAWINGS:
            raise UsageError(
                _(
                    "{option} cannot be used with --draw: a picture is drawn from text.",
                    option=action.option_strings[-1],
                )
            )
    if len(given["models"]) > 1:
        raise UsageError(_("One model draws a picture: give one -m NAME with --draw."))


_FOR_DRAWINGS = frozenset(
    {"draw", "quality", "models", "bind", "output", "raw", "preview", "param", "fresh", "quiet", "once"}
)


def _check_comparison(own: Mapping[str, Any]) -> None:
    """Raise UsageError for more models than can be compared, and for an option that means nothing for several."""
    if len(own["models"]) < 2:
        return
    if len(own["models"]) > MOST_COMPARED:
        raise UsageError(
            _(
                "{count} models are too many for one cell: it compares at most {most}.",
                count=len(own["models"]),
                most=MOST_COMPARED,
            )
        )
    for name, option in _NOT_COMPARED.items():
        if own[name]:
            raise UsageError(_("{option} cannot be used with several models: -m NAME names one.", option=option))


_NOT_COMPARED = {"each": "--each", "background": "--bg", "insert": "-i"}


def _params(given: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The further parameters by name. Raises UsageError for one with two values."""
    params: dict[str, Any] = {}
    for name, value in given:
        if name in params and json.dumps(params[name]) != json.dumps(value):
            raise UsageError(_("--param gives {name} two values: give one of them.", name=name))
        params[name] = value
    return params


def _words(line: str) -> list[str]:
    try:
        words = line_words.words(line, PARSER._option_string_actions)
    except QuoteNotClosed as error:
        raise UsageError(
            _(
                "The quote {opening} on the %%glm line is not closed: {closing} is missing. Plain double quotes do as "
                "well.",
                opening=error.opening,
                closing=error.closing,
            )
        ) from None
    except ValueError:
        raise UsageError(
            sentences(_("A quote on the %%glm line is not closed."), _unlike(line), _HOW_TO_QUOTE)
        ) from None
    for word in words:
        if _ONE_DASH.fullmatch(word) and f"-{word}" in PARSER._option_string_actions:
            raise UsageError(
                sentences(_("%%glm has no option {option}.", option=word), _("Did you mean {near}?", near=f"-{word}"))
            )
    return _with_whole_lists(words)


def _with_whole_lists(words: Sequence[str]) -> list[str]:
    """The words, with a list of functions as one of them, and a reference, even if they have spaces in them."""
    whole: list[str] = []
    in_list = in_braces = False
    last_end = max((place for place, word in enumerate(words) if "}}" in word), default=-1)
    for place, word in enumerate(words):
        if in_list and word[:1] != "-" and (whole[-1][-1:] in _COMMAS or word[:1] in _COMMAS):
            whole[-1] += word
            continue
        if in_braces:
            whole[-1] += f" {word}"
            in_braces = "}}" not in word
            continue
        in_braces = "{{" in word and "}}" not in word and place < last_end  # braces that nothing closes are a text
        in_list = word.startswith("--tool=") or (bool(whole) and whole[-1] == "--tool")
        whole.append(word)
    return whole


_COMMAS = tuple(",，、")


_HOW_TO_QUOTE = _("""Put a value that has an apostrophe or a space in double quotes: %%glm -s "You're a poet\"""")
#: A long option with one dash, which would be read as a short one with a value: -once as -o nce.
_ONE_DASH = re.compile(r"-[a-z][a-z-]+")


def _unlike(line: str) -> str:
    """A sentence on the typographic quote that was perhaps meant to close a plain one; empty if there is none."""
    closing = next((sign for sign in reversed(line) if sign in "”’＂＇"), "")
    return _("{closing} does not close a plain quote.", closing=closing) if closing else ""


def _unknown_option(word: str) -> str:
    name = plain_option(re.split(f"[{SEPARATORS}]", word, maxsplit=1)[0])
    begun = [option for option in _names() if len(name) > 3 and option.startswith(name)]
    meant = _("Did you mean {near}?", near=begun[0]) if begun else did_you_mean(name, _names())
    return sentences(_("%%glm has no option {option}.", option=name), meant, _("%%glm? lists all of them."))


def _names() -> Iterator[str]:
    for action in PARSER._actions:
        yield from action.option_strings


def help_page() -> Markup:
    """What `%%glm --help` shows: the options by what they are for, in short, and one example."""
    tables = (
        table(
            (_(str(group.title)), ""), [(code(_written(option)), _meaning(option)) for option in group._group_actions]
        )
        for group in GROUPS
    )
    after = Markup("`%%glm?`, alone in a cell, has an example of each option; `%glm help` lists the commands.")
    return Markup("\n\n").join([_SHORT, *tables, Markup("For example:"), block(told(_EXAMPLE), "python"), after])


_SHORT = Markup(
    "**%%glm [options]** asks a GLM model: the lines below it are sent as the next turn of the conversation, with "
    "{reference} for the value of a variable.",
    reference=code("{{ name }}"),
)
_EXAMPLE = _('%%glm -b response -s "Be brief."\nWrite a catchy slogan for my product.')


def _written(option: argparse.Action) -> str:
    """The names of an option, and of its value."""
    value = f" [{option.metavar}]" if option.nargs in ("*", "?") else f" {option.metavar}" if option.metavar else ""
    return f"{', '.join(option.option_strings)}{value}"


def _meaning(option: argparse.Action) -> str:
    return told(option.help or "").partition("\n")[0].replace("%%", "%")


def help_text() -> str:
    """What `%%glm?` shows."""
    return _(
        """Ask a GLM model: the lines below `%%glm` are sent as the next turn of the
conversation.

    %%glm -b response
    Write a catchy slogan for my product.

The text is sent exactly as written, except that `{{{{ name }}}}` stands for the
value of that variable. The reply streams in as Markdown, with a panel of
figures below it, and `response` is then the SDK's Completion:
`response.choices[0].message`. The last one is always `_glm`.

Put a value with spaces or an apostrophe in double quotes: -s "You're a poet".
After a `\\` at the end of a line, options go on in the next one. Comments above
`%%glm`, and `#|` lines directly below it, are not sent.

{options}

`%glm` shows the current state, `%glm help` lists the commands, and
`%config GLMMagics` lists the settings.
""",
        options=PARSER.format_help().strip(),
    )
