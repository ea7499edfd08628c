"""Asks the user before a call runs: they see all of its arguments, or it does not run."""

from __future__ import annotations

import inspect
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ...text.languages.messages import N_, _, for_model, sent, told

#: Shows the user the call (the second text; the first is the tool's name), and returns True if they agree. Nothing else
#: counts as consent, not even another true value. Raises `CannotAsk`, or anything else, if the user cannot be asked.
Ask = Callable[[str, str], bool]

#: What the model is told of a call that the user did not agree to.
_DECLINED = N_("The user declined this call.")
#: The most that a user is asked to read: characters as they are shown, and lines.
_MOST_LETTERS, _MOST_LINES = 20_000, 400
#: Columns: of a line (a terminal has eighty), and of a piece in it, which is indented, quoted and followed by a comma.
_WIDTH, _PIECE = 79, 66
#: Characters that are invisible or look like a space, although Python counts them as printable.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0").union(
    map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
)
#: Combining marks on one character. A pile of them would cover the lines around it.
_MOST_MARKS = 2


class CannotAsk(Exception):
    """The user cannot be asked. `happened` is for the model."""

    def __init__(self, happened: str = _("The user could not be asked here, so this call did not run.")) -> None:
        super().__init__(happened)
        self.happened = happened


class Refusal(NamedTuple):
    """Why a call must not run, as a text for the model, and whether the user has `declined` it."""

    text: str
    declined: bool = False


def refusal(
    ask: Ask | None, name: str, given: Mapping[str, Any], taken: Mapping[str, Any], *, code: str = ""
) -> Refusal | None:
    """Ask the user about a call. Returns why it must not run; None if it may.

    `code` names the argument that is Python code, and the only one: the user is shown that code instead of the call.

    `given` is the model's own JSON, `taken` what the function gets instead. Where they differ, both are shown, because
    a value of the user's own type may show itself as something else.
    """
    call = code_lines(taken[code]) if code else [*_call(name, given), *_readings(given, taken)]
    if len(call) > _MOST_LINES or sum(map(len, call)) > _MOST_LETTERS:
        too_long = for_model(
            "This call did not run: the user must see all of it first, and it is too long for that (at most "
            "{characters:,} characters and {lines} lines). Pass {name} less at a time.",
            characters=_MOST_LETTERS,
            lines=_MOST_LINES,
            name=name,
        )
        return Refusal(too_long)
    cannot_ask = Refusal(sent(CannotAsk().happened))
    if ask is None:
        return cannot_ask
    try:
        agreed = ask(name, "\n".join(call))
    except CannotAsk as error:
        return Refusal(sent(error.happened))
    except Exception:  # front ends differ in how they say that they cannot ask
        return cannot_ask
    if inspect.iscoroutine(agreed):  # nobody has been asked
        agreed.close()
        return cannot_ask
    return None if agreed is True else Refusal(for_model(_DECLINED), declined=True)


def code_lines(code: str) -> list[str]:
    """Python code as the user reads it: no character in it is invisible, and no line leads out of sight.

    A line that is too long goes on in the next, after a mark that is no Python.
    """
    lines: list[str] = []
    for line in plain_code(code).split("\n"):
        first, *more = _pieces(line.replace("\t", "    "), wide=_CODE_WIDTH)
        lines += [first, *(f"{GOES_ON}{piece}" for piece in more)]
    return lines


def plain_code(code: str) -> str:
    """The code with the line ends that everything here takes for such: Python ends a line at a carriage return too."""
    return code.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


#: Before the rest of a line of code that is too long.
GOES_ON = "↪ "
_CODE_WIDTH = 100


def _call(name: str, given: Mapping[str, Any]) -> list[str]:
    """The call as Python would write it, on one line if it fits."""
    arguments = [_literal(value, f"{argument}=") for argument, value in given.items()]
    line = f"{name}({', '.join(lines[0] for lines in arguments)})"
    if _columns(line) <= _WIDTH and all(len(lines) == 1 for lines in arguments):
        return [line]
    return [f"{name}(", *(f"    {line}" for lines in arguments for line in _followed(lines)), ")"]


def _readings(given: Mapping[str, Any], taken: Mapping[str, Any]) -> Iterator[str]:
    """How an argument is read if its type turns it into something else."""
    for name, value in taken.items():
        if not _is_same(given.get(name), value):
            try:
                shown = repr(value)
            except Exception:  # the user's own type may raise anything
                shown = told(_("a value of the type {type}", type=type(value).__name__))
            first, *more = _pieces(shown)
            yield told(_("{name} is read as {value}", name=name, value=first))
            yield from (f"    {piece}" for piece in more)


def _literal(value: Any, before: str = "") -> list[str]:
    """The JSON value as Python would write it; `before` goes before it on its first line."""
    if isinstance(value, str):
        first, *more = [f"'{piece}'" for piece in _pieces(value, quote="'")]
        return [f"{before}{first}"] if not more else [f"{before}(", *(f"    {piece}" for piece in (first, *more)), ")"]
    if not isinstance(value, (dict, list)):
        return [f"{before}{value!r}"]
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    items = (
        [_literal(item, f"{_key(key)}: ") for key, item in value.items()]
        if isinstance(value, dict)
        else [_literal(item) for item in value]
    )
    line = f"{before}{opening}{', '.join(lines[0] for lines in items)}{closing}"
    if _columns(line) <= _PIECE and all(len(lines) == 1 for lines in items):
        return [line]
    return [f"{before}{opening}", *(f"    {line}" for lines in items for line in _followed(lines)), closing]


def _followed(lines: list[str]) -> list[str]:
    """The lines, with a comma after the last."""
    return [*lines[:-1], f"{lines[-1]},"]


def _key(key: str) -> str:
    return f"'{''.join(_pieces(key, quote=chr(39)))}'"


def _pieces(text: str, quote: str = "", wide: int = _PIECE) -> list[str]:
    """The text in pieces that fit on a line and end where its own lines do, with invisible characters spelled out.

    Between quotes (`quote`), quotes and backslashes are escaped too.
    """
    pieces, piece, marks = [], "", 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter)[0] == "M" else 0
        if quote and letter in (quote, "\\"):
            piece += f"\\{letter}"
        elif letter.isprintable() and letter not in _UNSEEN and marks <= _MOST_MARKS:
            piece += letter
        else:
            piece += letter.encode("unicode_escape").decode()
        if letter == "\n" or _columns(piece) >= wide:
            pieces.append(piece)
            piece = ""
    return [*pieces, piece] if piece or not pieces else pieces


def _columns(text: str) -> int:
    """The width of a text in a terminal, where Chinese characters take two columns."""
    return len(text) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text if letter > "\u1100")


def _is_same(given: Any, taken: Any) -> bool:
    """Whether the function gets exactly the value in the JSON; a whole number may have become a float."""
    if type(given) is int and type(taken) is float:
        return given == taken
    if type(given) is not type(taken):
        return False
    if isinstance(given, dict):
        return given.keys() == taken.keys() and all(_is_same(given[key], taken[key]) for key in given)
    if isinstance(given, list):
        return len(given) == len(taken) and all(map(_is_same, given, taken))
    return bool(given == taken)
