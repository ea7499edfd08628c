"""Small things that are done to texts from outside, the same in every run."""

from __future__ import annotations

import re

#: Characters of a name that is shown: a thread's, a model's.
LONGEST_NAME = 200


def shortened(text: str, letters: int) -> str:
    """At most so many characters, the last of them … where there were more."""
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def shorten(text: str, letters: int) -> str:
    """The text on one line, cut where it is longer."""
    return shortened(" ".join(text.split()), letters)


def without_addresses(text: str) -> str:
    """A repr without the places in memory, which change from run to run."""
    return _ADDRESS.sub("", text)


_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def whole_characters(text: str) -> str:
    """The text with halves of characters (lone surrogates) replaced: they can neither be sent nor read."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def without_controls(text: str) -> str:
    """The text as a terminal shows it, and with nothing in it that the terminal would do."""
    return text if text.isprintable() else _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def without_commands(text: str) -> str:
    """The text without what begins a command to a terminal: to set its clipboard, its title, its letters.

    For a text that a front end may print, and whose other controls are its own.
    """
    return text if text.isprintable() else _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


#: All of C0, DEL and C1, but for tab and the ends of lines; a lone carriage return writes over its line.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
#: Enquiry, bell, backspace, the shifts, escape, and what of C1 opens a sequence.
_COMMANDS = re.compile(r"[\x05\x07\x08\x0e\x0f\x1b\x84\x88\x8d-\x90\x96-\x9f]")


def is_name(text: str) -> bool:
    """Whether a text can be a name that is shown: on one line, and not endless."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()
