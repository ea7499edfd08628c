"""What all commands have in common."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

if TYPE_CHECKING:
    from ..magics import GLMMagics


@dataclass(frozen=True)
class Command:
    """A word after `%glm`, how it is used, and what it does."""

    name: str
    usage: str
    summary: str
    run: Callable[[GLMMagics, str], None]
    #: What Tab offers after it: kinds of `completer.kinds` (`models`, `files`, …), words as they are, `word:kind` for
    #: what follows such a word, or `prose` for a text with references.
    completes: str = ""


def unquoted(text: str) -> str:
    """The text without the quotes around it, if it is one quoted word, as an option's value is."""
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    return words[0] if len(words) == 1 and text[0] in "\"'" else text


def prose(text: str, usage: str) -> str:
    """Text that goes to the model. Raises UsageError where it begins with an option of a cell: it takes none."""
    from ..options import PARSER

    first = text.split(None, 1)[0] if text else ""
    if any(first.partition("=")[0] in action.option_strings for action in PARSER._actions):
        raise UsageError(f"{usage} takes no options. A cell does: %%glm {first} …")
    return text


def number(text: str, usage: str, default: int | None = None) -> int | None:
    """The number after a command. Raises UsageError for anything else."""
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"{text!r} is not a number of 1 or more: {usage}")
    return int(text)
