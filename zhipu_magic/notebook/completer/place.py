"""Where the cursor is in a cell, and what may be written there."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .. import glm_cell
from ..glm_cell import GlmCell
from . import kinds, names, tables
from .asked import ENQUIRY, answers
from .words import Found, Offer, Word, begun, split

if TYPE_CHECKING:
    from ..session import Session

#: Cell magics whose body is Python or another cell magic.
_AROUND = frozenset(("capture", "prun", "time", "timeit"))
_RUNS_PYTHON = re.compile(rf"%%(?:{'|'.join(sorted(_AROUND))})\b")
_LINE = re.compile(r"[ \t]*%glm[ \t]+")
_REFERENCE = re.compile(r"(?<!\{)\{\{(?!\{)([^{}\n]*)$")
_REST = re.compile(r"[^{}\n]*\}\}")


def offer(session: Session, text: str, row: int, column: int) -> Offer | None:
    """What may be written at this position in the cell; None to leave it to IPython."""
    lines = text.split("\n")
    line, after = lines[row][:column], [lines[row][column:], *lines[row + 1 :]]
    cell = glm_cell.find(text)
    if cell is not None and _AROUND.issuperset(cell.around):
        return _in_cell(session, cell, sum(len(each) + 1 for each in lines[:row]) + column)
    first = next((each for each in lines if each.strip() and not _RUNS_PYTHON.match(each)), "")
    if first.startswith("%%"):
        return None
    called = _LINE.match(line)
    if called is None or _in_string("\n".join(lines[:row])):
        return None
    return _command(session, line[called.end() :], after[0])


def _in_cell(session: Session, cell: GlmCell, cursor: int) -> Offer | None:
    """What may be written at this position of a `%%glm` cell."""
    if cell.options < cursor and cell.is_in_options(cursor):
        return _option(session, glm_cell.in_one_line(cell.source[cell.options : cursor]))
    if cursor < cell.below:
        return None
    if "--raw" in cell.line and "--raw" in split(cell.line + " ")[0]:
        return None
    before, row = cell.source[cell.below : cursor], _row(session, cell.line)
    if ENQUIRY in before:
        return Offer("", answers(session, before, row, any_column=not row and "--each" in cell.line))
    return _prose(session, before, cell.source[cursor:], row)


def _in_string(before: str) -> bool:
    return before.count('"""') % 2 == 1 or before.count("'''") % 2 == 1


def _row(session: Session, line: str) -> dict[str, Any]:
    """The columns of the table that these options name, with their values in its first row, and `row` for all of it."""
    from ...values.row_prompt import ROW

    words = split(f"{line} ")[0]
    for name, following in pairwise([*words, ""]):
        option, equals, value = name.partition("=")
        if option == "--each":
            with suppress(Exception):  # the table can be of any type, or not be there yet
                found = tables.first_row(names.resolved(session, value if equals else following))
                return {**found, ROW: found.get(ROW, found)} if found else {}
    return {}


def _prose(session: Session, before: str, after: str, row: Mapping[str, Any]) -> Offer | None:
    from ...values.references import has_references

    opened = _REFERENCE.search(before)
    if opened is None:
        return None
    # With all other braces blanked out, the text shows whether a reference counts at this position.
    around = before[: opened.start()].replace("{{", "  "), _REST.sub("", after, count=1).replace("{{", "  ")
    if not has_references("{{ x }}".join(around)):
        return None
    roots = [(name, "column") for name in row if name.isidentifier()]
    roots += [(name, kind) for name, kind in names.visible(session, opened[1]) if name not in row]
    start, found = names.at_end(session, opened[1], roots, row)
    return Offer(opened[1][start:], begun(found, opened[1][start:]))


def _option(session: Session, line: str) -> Offer:
    from ..line.options import PARSER

    words, word = split(line)
    actions = {name: action for action in PARSER._actions for name in action.option_strings}
    waiting = _waiting(words, actions)
    if waiting is not None and not (waiting.nargs == "*" and word.text[:1] in ("", "-")):
        return _value(session, waiting, word, 0)
    name, equals, _ = word.text.partition("=")
    if equals and name in actions and _takes(actions[name]):
        return _value(session, actions[name], word, len(name) + 1)
    letter = actions.get(word.text[:2])
    if letter is not None and _takes(letter) and len(word.text) > 2:
        return _value(session, letter, word, 2)
    given = [actions.get(each.partition("=")[0]) for each in words]
    left = [
        (option, "option")
        for action in PARSER._actions
        if action.help != argparse.SUPPRESS and (action not in given or isinstance(action, argparse._AppendAction))
        for option in action.option_strings
        if word.text or option.startswith("--")
    ]
    if waiting is not None and not word.text:
        left += kinds.of(kinds.OPTIONS[waiting.dest], session, "")[1]
    return word.offer(0, left)


def _waiting(words: list[str], actions: dict[str, argparse.Action]) -> argparse.Action | None:
    """The option whose value comes next, or may come next."""
    for place, each in enumerate(reversed(words)):
        action = actions.get(each)
        if action is not None:
            return action if action.nargs == "*" or (_takes(action) and place == 0) else None
    return None


def _takes(action: argparse.Action) -> bool:
    return action.nargs != 0


def _value(session: Session, action: argparse.Action, word: Word, start: int) -> Offer:
    if action.choices is not None:
        return word.offer(start, [(str(choice), "word") for choice in action.choices])
    within, found = kinds.of(kinds.OPTIONS.get(action.dest, ""), session, word.text[start:])
    return word.offer(start + within, found)


def _command(session: Session, line: str, after: str) -> Offer:
    from ..commands.registry import COMMANDS

    name = re.split(r"\s", line, maxsplit=1)[0]
    if name == line:
        return Offer(name, begun([(each, "command") for each in COMMANDS], name))
    command, text = COMMANDS.get(name), line[len(name) :]
    if command is None:
        return Offer()
    if command.completes == "prose":
        return _prose(session, text, after, {}) or Offer()
    words, word = split(text)
    start, found = _argument(session, command.completes.split(), words, word.text)
    # Flags come after required arguments.
    if word.text[:1] == "-" or (not word.text and (words or not re.search(r" [A-Z]", command.usage))):
        flags = [flag for flag in re.findall(r"--[a-z]+", command.usage) if flag not in words]
        found = [*found, *((flag, "option") for flag in flags)]
    return word.offer(start, found)


def _argument(session: Session, completes: list[str], words: list[str], typed: str) -> tuple[int, Found]:
    """What may follow these words of a command: literal words, or candidates of a kind."""
    if words:
        following = dict(each.split(":") for each in completes if ":" in each)
        return kinds.of(following.get(words[0], ""), session, typed)
    start, found = 0, [(each.partition(":")[0], "word") for each in completes if each not in kinds.KINDS]
    for each in completes:
        if each in kinds.KINDS:
            start, more = kinds.of(each, session, typed)
            found += more
    return start, found
