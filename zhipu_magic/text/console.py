"""A console that lacks characters: it would fail where one of them is printed."""

from __future__ import annotations

import io
import shutil
import sys


def has_chinese() -> bool:
    """Whether what is printed can be Chinese."""
    try:
        "中文".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeError, LookupError):
        return False
    return True


def fitted(text: str) -> list[str]:
    """The lines of a text as they are printed: on a terminal, they end between words rather than at its edge."""
    if not (sys.stdout is not None and sys.stdout.isatty()):
        return text.splitlines()
    from .wrapping import wrapped  # with tables of what characters take, which nothing else needs at once

    columns = max(20, shutil.get_terminal_size().columns - 1)
    return [piece for line in text.splitlines() for piece in wrapped(line, columns)]


def show_all() -> None:
    """Have the console show a character that it lacks by its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
