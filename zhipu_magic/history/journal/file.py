"""A journal's file and the images beside it, as they are written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ...text import regular_files
from ...text.errors import JournalError
from ...text.languages.messages import _
from ...text.languages.system_words import why
from ...values.images.drawn import kept as drawing_from_json
from ...values.images.from_value import Image, is_kept
from ...values.images.stored import from_json as image_from_json
from ...values.tools.ran import entries_of_images
from ..events.changes import from_json
from ..events.drawn_event import DrawnEvent
from ..events.event import Event
from ..events.members import SENSELESS
from ..events.turn_event import TurnEvent
from .checks import refuse_other
from .lines import BLOCK, LONGEST, value_of
from .lock import CAN_LOCK, locked

#: How often a file may be replaced while its lock is waited for. Some network disks show it as another each time.
_MOST_TRIES = 100


def append(path: Path, lines: bytes, patience: float, *, head: bytes = b"") -> None:
    """Append whole lines and sync them to the disk; a line that a crash has torn is moved out of the way first.

    A file that is empty begins with `head`.
    """
    with held(path, patience) as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        if end and file.read(1) != b"\n":
            lines = _cut_torn(path, file, end) + lines
        if not file.seek(0, os.SEEK_END):
            lines = head + lines
        regular_files.write(file, lines)
        os.fsync(file.fileno())


@contextmanager
def held(path: Path, patience: float) -> Iterator[IO[bytes]]:
    """Open a file for reading and appending, make it if needed, and keep it locked. Raises OSError.

    While this waits for the lock, another kernel may put another file in its place: what was appended to the old one
    would be lost.
    """
    for tries_left in reversed(range(_MOST_TRIES)):
        with regular_files.appended(path) as file, locked(file.fileno(), patience=patience):
            if not tries_left or regular_files.has_name(file, path):
                yield file
                return


def _cut_torn(path: Path, file: IO[bytes], end: int) -> bytes:
    """Move the torn last line to a file of its own. Returns what must go before the next line."""
    whole = file.seek(_end_of_whole_lines(file, end))
    with regular_files.appended(torn_file(path)) as torn:
        while piece := file.read(BLOCK):
            regular_files.write(torn, piece)
        regular_files.write(torn, b"\n")
    if not CAN_LOCK:
        return b"\n"
    os.ftruncate(file.fileno(), whole)
    return b""


def _end_of_whole_lines(file: IO[bytes], end: int) -> int:
    shortest = end - LONGEST
    while end:
        if end < shortest:
            raise OSError(errno.EFBIG, _("its last line is too long to be one of ours"))
        start = file.seek(max(0, end - BLOCK))
        if found := file.read(end - start).rfind(b"\n") + 1:
            return start + found
        end = start
    return 0


def keep_images(images: Iterable[Image], folder: Path) -> None:
    """Write each image to the folder once, named after its content.

    Anything else of that name is replaced. Raises OSError, and JournalError for an image that is missing from its
    folder.
    """
    for image in images:
        path = folder / image.file_name
        if not image.url and image.path != path and not is_kept(image, path):
            regular_files.replace(path, [image.data], ours=1, make=True)


def copy_images(lines: Iterable[bytes], old: Path, new: Path) -> None:
    """Copy the images that these lines name to another folder, if they still exist."""
    for line in lines:
        if (b'"images"' in line or b'"image"' in line) and old != new:
            with suppress(JournalError, AttributeError, *SENSELESS):
                keep_images(kept_images(from_json(value_of(line), len(line)), old), new)


def kept_images(event: Event, folder: Path) -> tuple[Image, ...]:
    """The images of an event that was read, with their files in `folder`. Raises JournalError for odd entries."""
    if isinstance(event, TurnEvent):
        entries = (*(event.images or ()), *entries_of_images(event.all_rounds))
        return tuple(image_from_json(image, folder) for image in entries)
    if isinstance(event, DrawnEvent):
        return tuple(drawing_from_json(image, folder) for image in event.images or ())
    return ()


def write(path: Path, lines: Iterable[bytes], refuse: Callable[[Path], None] = refuse_other) -> None:
    """Replace a journal, completely or not at all. Raises JournalError, also if the file is not a journal.

    `refuse` raises JournalError for a file of another kind.
    """
    try:
        refuse(path)
        regular_files.replace(path, (line.rstrip(b"\n") + b"\n" for line in lines), make=True)
    except OSError as error:
        raise JournalError(
            "{journal} cannot be written: {why}.",
            reason="journal.unwritable",
            journal=path.name,
            why=why(error),
        ) from None


def torn_file(path: Path) -> Path:
    """The file that keeps torn lines."""
    return path.with_name(path.name + ".torn")
