"""What was read of documents, beside a journal: each text once, in a file that is named by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...text import regular_files
from ..events.changes import from_json
from ..events.members import SENSELESS
from ..events.read_event import ReadEvent
from .lines import value_of

#: Bytes of the largest text: more than is kept of any document.
_MOST_BYTES: Final = 64_000_000


def keep_document(sha256: str, text: str, folder: Path) -> None:
    """Write a text to the folder, unless it is there. Anything else of that name is replaced. Raises OSError."""
    if read_document(sha256, folder) is None:
        regular_files.replace(_file(sha256, folder), [text.encode("utf-8", "replace")], ours=1, make=True)


def read_document(sha256: str, folder: Path) -> str | None:
    """The text with this hash, if the folder has it: a journal may come from anywhere, and its texts with it."""
    try:
        data = regular_files.read(_file(sha256, folder), _MOST_BYTES, ours=1)
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() != sha256:
        return None
    return data.decode("utf-8", "replace")


def copy_documents(lines: Iterable[bytes], old: Path, new: Path) -> None:
    """Copy the texts that these lines name to another folder, if they still exist. Raises OSError."""
    for line in lines:
        if b'"read"' in line and old != new:
            with suppress(AttributeError, *SENSELESS):
                event = from_json(value_of(line), len(line))
                if isinstance(event, ReadEvent) and (text := read_document(event.text, old)) is not None:
                    keep_document(event.text, text, new)


def _file(sha256: str, folder: Path) -> Path:
    return folder / f"{sha256}.md"
