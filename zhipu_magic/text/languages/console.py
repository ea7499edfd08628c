"""A console that lacks characters: it would fail where one of them is printed."""

from __future__ import annotations

import io
import sys


def has_chinese() -> bool:
    """Whether what is printed can be Chinese."""
    try:
        "中文".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeError, LookupError):
        return False
    return True


def show_all() -> None:
    """Have the console show a character that it lacks by its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in _FAIL:
            stream.reconfigure(errors="backslashreplace")


#: How a console's encoding fails; the latter, which only keeps the bytes of files' names, is that of a C locale.
_FAIL = ("strict", "surrogateescape")
