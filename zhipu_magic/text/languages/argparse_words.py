"""The words that argparse puts in help and errors, in the language of the reader."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from .catalogue import translated
from .language import reader
from .messages import N_

#: As argparse has them, in any of its versions. What else it may say stays as it is.
_WORDS: Final = (
    N_("usage: "),
    N_("options"),
    N_("positional arguments"),
    N_("show this help message and exit"),
    N_("%(heading)s:"),
    N_("%(prog)s: error: %(message)s\n"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("the following arguments are required: %s"),
    N_("unrecognized arguments: %s"),
    N_("expected one argument"),
    N_("expected at most one argument"),
    N_("expected at least one argument"),
    N_("ignored explicit argument %r"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("invalid %(type)s value: %(value)r"),
    N_("ambiguous option: %(option)s could match %(matches)s"),
    N_("not allowed with argument %s"),
    N_("one of the arguments %s is required"),
    N_("unknown parser %(parser_name)r (choices: %(choices)s)"),
)


@contextmanager
def argparse_in_language() -> Iterator[None]:
    """Have argparse speak the reader's language while it makes a parser, reads arguments or shows help.

    It looks its words up by gettext under the names `_` and `ngettext` of its module, in the catalogues of the program
    that runs, of which ours is none.
    """
    before = {name: getattr(argparse, name) for name in ("_", "ngettext")}
    language = reader.language

    def looked_up(text: str) -> str:
        own = translated(text, language)
        return own if own != text else str(before["_"](text))

    def looked_up_for(one: str, many: str, count: int) -> str:
        return str(before["ngettext"](one, many, count))

    for name, function in (("_", looked_up), ("ngettext", looked_up_for)):
        setattr(argparse, name, function)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(argparse, name, function)
