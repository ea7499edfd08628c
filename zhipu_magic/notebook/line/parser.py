"""Parses the options of a `%%glm` line. An error fails the cell, and so does an option with two different values."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from IPython.core.error import UsageError

from ...text.characters import shorten
from ...text.languages.joined import comma
from ...text.languages.messages import N_, Message, Tellable, _

#: Where a line's values are kept with the words that gave them, while it is parsed.
_EARLIER = "earlier"
#: Characters of a value in an error.
_LONGEST_VALUE = 40


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors fail the cell instead of ending the kernel."""

    def __init__(self, **how: Any) -> None:
        super().__init__(exit_on_error=False, **how)
        self.register("action", None, _Single)  # what an option does that names no action

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; an option may be given twice only with the same value, or where it can be repeated."""
        try:
            given, rest = super().parse_known_args(args, argparse.Namespace(**{_EARLIER: {}}))
        except argparse.ArgumentError as error:
            raise UsageError(_in_words(error)) from None
        delattr(given, _EARLIER)
        return given, rest

    def error(self, message: str) -> NoReturn:
        raise UsageError(_("{problem}. %%glm? lists the options.", problem=message[:1].upper() + message[1:]))

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        try:
            return self._registry_get("type", action.type, action.type)(arg_string)
        except argparse.ArgumentTypeError as error:  # argparse would keep its English only
            raise argparse.ArgumentError(action, error.args[0]) from None

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # Some versions take out a value of "--", even where it belongs to an option, as in --stop=--.
        if arg_strings == ["--"] and action.option_strings and action.nargs is None:
            return self._get_value(action, "--")
        return super()._get_values(action, arg_strings)


def _in_words(error: argparse.ArgumentError) -> Message:
    problem = error.message if isinstance(error.message, Tellable) else _of_argparse(str(error.message))
    if problem.endswith((".", "?")):
        return _("Argument {option}: {problem} %%glm? lists the options.", option=error.argument_name, problem=problem)
    return _("Argument {option}: {problem}. %%glm? lists the options.", option=error.argument_name, problem=problem)


def _of_argparse(problem: str) -> str:
    """What argparse says of a value, so that it can be told in any language; as it is where it says something else."""
    for pattern, template in _ARGPARSE.items():
        found = re.fullmatch(pattern, problem, re.DOTALL)
        if found is not None:
            facts = found.groupdict()
            if "choices" in facts:
                facts["choices"] = comma(facts["choices"].split(", "))
            return Message(template, **facts)
    return problem


_ARGPARSE = {
    r"expected one argument": N_("expected one argument"),
    r"ignored explicit argument (?P<value>.*)": N_("ignored explicit argument {value}"),
    r"invalid choice: (?P<value>.*) \(choose from (?P<choices>.*)\)": N_(
        "invalid choice: {value} (choose from {choices})"
    ),
}


def set_once(namespace: Any, name: str, value: Any, words: str) -> None:
    """Set the value of an option that has a single one. Raises UsageError if the line gives it two different ones."""
    words = shorten(words, _LONGEST_VALUE)
    before, earlier = getattr(namespace, _EARLIER).setdefault(name, (value, words))
    if before != value:
        raise UsageError(
            _("{earlier} and {words} contradict each other: give one of them.", earlier=earlier, words=words)
        )
    setattr(namespace, name, value)


class _Single(argparse._StoreAction):
    """The argparse action of an option that has a single value."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        set_once(namespace, self.dest, values, f"{option} {values}")


class Either(argparse.BooleanOptionalAction):
    """The argparse action of a pair of options: one turns something on, the other off, and a line has one of them."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        set_once(namespace, self.dest, not (option or "").startswith("--no-"), option or "")
