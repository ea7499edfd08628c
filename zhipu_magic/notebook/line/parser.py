"""Parses the options of a `%%glm` line. An error fails the cell, and so does an option with two different values."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from IPython.core.error import UsageError

from ...text.characters import shorten

#: Where a line's values are kept with the words that gave them, while it is parsed.
_EARLIER = "earlier"
#: Characters of a value in an error.
_LONGEST_VALUE = 40


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors fail the cell instead of ending the kernel."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.register("action", None, _Single)  # what an option does that names no action

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; an option may be given twice only with the same value, or where it can be repeated."""
        given, rest = super().parse_known_args(args, argparse.Namespace(**{_EARLIER: {}}))
        delattr(given, _EARLIER)
        return given, rest

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[0].upper()}{message[1:]}. %%glm? lists the options.")

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # Some versions take out a value of "--", even where it belongs to an option, as in --stop=--.
        if arg_strings == ["--"] and action.option_strings and action.nargs is None:
            return self._get_value(action, "--")
        return super()._get_values(action, arg_strings)


def set_once(namespace: Any, name: str, value: Any, words: str) -> None:
    """Set the value of an option that has a single one. Raises UsageError if the line gives it two different ones."""
    words = shorten(words, _LONGEST_VALUE)
    before, earlier = getattr(namespace, _EARLIER).setdefault(name, (value, words))
    if before != value:
        raise UsageError(f"{earlier} and {words} contradict each other: give one of them.")
    setattr(namespace, name, value)


class _Single(argparse._StoreAction):
    """The argparse action of an option that has a single value."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        set_once(namespace, self.dest, values, f"{option} {values}")


class Either(argparse.BooleanOptionalAction):
    """The argparse action of a pair of options: one turns something on, the other off, and a line has one of them."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        set_once(namespace, self.dest, not (option or "").startswith("--no-"), option or "")
