"""A journal's file before it is used: where it is, and whether it is a journal that this version knows."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ...text import regular_files
from ...text.characters import shortened
from ...text.errors import JournalError
from ...text.languages.messages import _
from ...text.languages.system_words import why
from ...text.open_folder import ROWS_ENDING, VECTORS_ENDING
from .lines import blocks_of, value_of

#: How a journal's name ends.
ENDING = ".jsonl"
#: The version of the format. A newer journal is refused.
VERSION = 1
#: How each line begins, and the bytes at the head of a file in which one does.
_OURS = re.compile(rb'^\{"id": ?"[^"\n]*", ?"event": ?"', re.MULTILINE)
_HEAD = 1 << 16
#: Bytes of the largest journal that is read: 100,000 turns take a sixteenth of it. Images are kept beside it.
_LARGEST = 1 << 31


def named(path: str | os.PathLike[str]) -> Path:
    """The absolute path of a journal that the user names. Raises JournalError if there is no such path."""
    try:
        return regular_files.absolute(Path(path))
    except OSError as error:
        raise JournalError(
            "The journal {journal} cannot be found: {why}.",
            reason="journal.not_found",
            journal=Path(path).name,
            why=why(error),
        ) from None


def is_there(path: Path) -> bool:
    """Whether there is a regular file."""
    try:
        return regular_files.status(path) is not None
    except OSError:  # a link, a loop of them, a name that no disk takes
        return False


def refuse_other(path: Path) -> None:
    """Raise JournalError for a file that is not a journal, or one that a newer version has written to.

    Raises OSError if it cannot be opened; a file that does not exist yet is fine.
    """
    with suppress(FileNotFoundError), regular_files.opened(path) as file:
        head = file.read(_HEAD)
        if head and not _OURS.search(head):
            raise JournalError(
                "{journal} is a file of another kind and was left unchanged.",
                hint="Choose another name.",
                reason="journal.other_file",
                journal=path.name,
            )
        file.seek(0)
        for line in (line for lines in blocks_of(file, size_of(file)) for line in lines if b'"session"' in line):
            with suppress(ValueError):
                members = value_of(line)
                if isinstance(members, dict) and members.get("event") == "session":
                    check_version(members.get("version"), path)


def check_version(found: Any, path: Path, known: int = VERSION) -> None:
    """Raise JournalError for a version of the format that is newer than the one that we know."""
    if not isinstance(found, int) or found > known:
        raise JournalError(
            "The journal {journal} was written by a newer zhipu_magic (format version {found}; this one knows "
            "{known}) and was left unchanged.",
            hint="Upgrade zhipu_magic, or choose another file.",
            reason="journal.newer",
            journal=path.name,
            found=shortened(str(found), 20),
            known=known,
        )


def size_of(file: IO[bytes]) -> int:
    """The bytes of a journal. Raises OSError if they are too many to be read."""
    size = os.fstat(file.fileno()).st_size
    if size > _LARGEST:
        raise OSError(errno.EFBIG, _("it is larger than {size} GiB", size=_LARGEST >> 30))
    return size


def rows_of(journal: Path) -> Path:
    """The file beside a journal that holds the answers to rows of tables."""
    return journal.with_name(journal.name.removesuffix(ENDING) + ROWS_ENDING)


def vectors_of(journal: Path) -> Path:
    """The file beside a journal that holds vectors of texts, rankings and counts of tokens."""
    return journal.with_name(journal.name.removesuffix(ENDING) + VECTORS_ENDING)


def images_of(journal: Path) -> Path:
    """The folder where a journal keeps its images, each once, beside itself; journals of one folder share it."""
    return journal.parent / "images"


def documents_of(journal: Path) -> Path:
    """The folder where a journal keeps what was read of documents, in the same way."""
    return journal.parent / "documents"
