"""What all commands share."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.characters import shortened
from ...text.languages.joined import sentences
from ...text.languages.messages import _
from ...text.suggestions import did_you_mean
from ..line.words import CLOSING, end_of_quote, plain_option

if TYPE_CHECKING:
    from ..session import Session


@dataclass(frozen=True)
class Command:
    """A word after `%glm`, how it is used, and what it does.

    `%glm help NAME` shows the `details`, what the words of the usage stand for (`arguments`), and the `examples`.
    """

    name: str
    usage: str
    summary: str
    run: Callable[[Session, str], None]
    #: What Tab offers after it: kinds of `completer.kinds` (`models`, `files`, …), literal words, `word:kind` for what
    #: follows such a word, or `prose` for text with references.
    completes: str = ""
    details: str = field(kw_only=True)
    arguments: Mapping[str, str] = field(kw_only=True, default_factory=dict)
    examples: tuple[str, ...] = field(kw_only=True)

    @property
    def flags(self) -> frozenset[str]:
        """The options it takes."""
        return frozenset(re.findall(r"--[a-z]+", " ".join([self.usage, *self.arguments])))


def unquoted(text: str) -> str:
    """The text without its quotes, if it is a single quoted word."""
    try:
        if text and end_of_quote(text, 0) == len(text):
            return text[1:-1]
        words = shlex.split(text)
    except ValueError:
        return text
    return words[0] if len(words) == 1 and text[0] in "\"'" else text


def prose(text: str, usage: str) -> str:
    """The text for the model. Raises UsageError if it begins with an option, which only a cell takes."""
    from ..line.options import PARSER

    first = plain_option(text.split(None, 1)[0]) if text else ""
    names = PARSER._option_string_actions
    if first.partition("=")[0] in names:
        raise UsageError(_("{command} takes no options; a cell does: %%glm {option} …", command=usage, option=first))
    if _OPTION.fullmatch(first):
        meant = did_you_mean(first, names)
        raise UsageError(
            sentences(
                _("{command} takes no options such as {option}.", command=usage, option=first),
                sentences(meant, _("A cell takes it.")) if meant else "",
                _("A text that begins so needs a space after its dashes."),
            )
        )
    return text


def check_options(command: Command, text: str) -> None:
    """Raise UsageError for an option with typographic dashes that the command does not have; in quotes it is a name.

    One with plain dashes is refused by the command, which knows what it takes instead.
    """
    for word in text.split():
        if word[0] in "\"'" or word[0] in CLOSING:
            return
        option = plain_option(word)
        if word != option and _OPTION.fullmatch(option) and option not in command.flags:
            meant = did_you_mean(option, command.flags)
            raise UsageError(
                sentences(
                    _("%glm {command} has no option {option}.", command=command.name, option=option),
                    meant,
                    _("Usage: {usage}", usage=command.usage),
                )
            )


#: What can only be meant as an option.
_OPTION = re.compile(r"--[A-Za-z][A-Za-z-]*")


def number(text: str, usage: str) -> int | None:
    """The number after a command; None without one. Raises UsageError for anything else."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > _MOST_DIGITS or int(text) < 1:
        raise UsageError(_("{text!r} is not a positive number: {usage}", text=shortened(text, _LONGEST), usage=usage))
    return int(text)


#: Digits of a number of turns: Python refuses to read thousands of them. And characters of one that is repeated.
_MOST_DIGITS, _LONGEST = 9, 60
