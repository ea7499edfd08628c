"""The words that argparse puts in help and errors, in the language of the reader."""

from __future__ import annotations

import argparse
import re
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
    places = ((argparse, "_"), (argparse, "ngettext"), (argparse.ArgumentError, "__str__"))
    before = [getattr(owner, name) for owner, name in places]
    language = reader.language

    def looked_up(text: str) -> str:
        own = translated(text, language)
        return own if own != text else str(before[0](text))

    def looked_up_for(one: str, many: str, count: int) -> str:
        return str(before[1](one, many, count))

    def said_of_argument(error: argparse.ArgumentError) -> str:  # which Python 3.10 does not look up
        template = "argument %(argument_name)s: %(message)s"
        return looked_up(template) % vars(error) if error.argument_name else str(error.message)

    for (owner, name), function in zip(places, (looked_up, looked_up_for, said_of_argument), strict=True):
        setattr(owner, name, function)
    try:
        yield
    finally:
        for (owner, name), function in zip(places, before, strict=True):
            setattr(owner, name, function)


def headings_in_language(text: str) -> str:
    """The help with the colon of its headings in the reader's language, which Python looks up from 3.13 on."""
    heading = translated("%(heading)s:", reader.language)
    return re.sub(r"^(\S.*):$", lambda found: heading % {"heading": found[1]}, text, flags=re.MULTILINE)
