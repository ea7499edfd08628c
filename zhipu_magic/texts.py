"""Small things that are done to texts from outside, the same in every run."""

from __future__ import annotations

import re


def shortened(text: str, letters: int) -> str:
    """At most so many characters, the last of them … where there were more."""
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def without_addresses(text: str) -> str:
    """A repr without the places in memory, which change from run to run."""
    return _ADDRESS.sub("", text)


_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def whole_characters(text: str) -> str:
    """The text with halves of characters (lone surrogates) replaced: they can neither be sent nor read."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
