"""What the operating system says of a file or a connection that failed, in words that end a sentence of ours."""

from __future__ import annotations

from typing import Final

from .messages import N_, Message

#: What systems commonly say. Any other of their words is told as it is.
_COMMON: Final = (
    N_("Permission denied"),
    N_("Operation not permitted"),
    N_("No such file or directory"),
    N_("File exists"),
    N_("Is a directory"),
    N_("Not a directory"),
    N_("Directory not empty"),
    N_("File name too long"),
    N_("File too large"),
    N_("No space left on device"),
    N_("Disk quota exceeded"),
    N_("Read-only file system"),
    N_("Input/output error"),
    N_("Too many open files"),
    N_("Too many levels of symbolic links"),
    N_("Device or resource busy"),
    N_("Resource temporarily unavailable"),
    N_("Cannot allocate memory"),
    N_("Stale file handle"),
    N_("Address already in use"),
    N_("Cannot assign requested address"),
    N_("Connection refused"),
    N_("Network is unreachable"),
)


def why(error: Exception) -> str:
    """Why a file or a port could not be opened, read or written: the system's words, or else the error's."""
    said = getattr(error, "strerror", None)
    if isinstance(said, str) and said:
        return said if isinstance(said, Message) else Message(said)
    return str(error) or type(error).__name__
