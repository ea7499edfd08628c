"""The one module that opens journals, images and exports: regular files in real folders, with no link followed.

A cloned repository can contain links, and a link beside a notebook may lead to any file that the user can read or
write. So no file that is opened here may be a link, and neither may a folder that we make ourselves: `.glm` and
everything in it, and the last `ours` folders of a path. The folders before those may be links: they are the user's own
way to the file, such as a home on another disk, or macOS's /tmp. Hard links are accepted: neither git nor an archive
can contain one to a file outside. How it is done: `open_folder`.

Files and folders beside a notebook get the permissions of the user's umask, like the notebook, because several people
may work in one folder; a file that is rewritten keeps its permissions. Any other new folder, such as the one for
journals without a notebook, is for the user alone.

A refusal is an OSError, like every other error of a disk, and its `strerror` fits the end of a sentence.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO, Final

from .languages.messages import _
from .open_folder import PLAIN, is_link, open_folder_of, refused

_MOST_ENTRIES: Final = 2_000


def status(path: Path, *, ours: int = 0) -> os.stat_result | None:
    """The status of a regular file; None if there is no such file. Raises OSError."""
    try:
        with open_folder_of(path, ours) as folder:
            return folder.regular(path.name)
    except FileNotFoundError:
        return None


@contextmanager
def opened(path: Path, *, ours: int = 0) -> Iterator[IO[bytes]]:
    """Open a file for reading. Raises OSError."""
    with open_folder_of(path, ours) as folder, folder.opened(path.name, "rb") as file:
        yield file


def kept_open(path: Path) -> IO[bytes]:
    """Open a file for `read_at`, by several threads, until it is closed. Raises OSError."""
    with opened(path) as file:
        return os.fdopen(os.dup(file.fileno()), "rb", buffering=0)


def read_at(file: IO[bytes], place: int, most: int) -> bytes:
    """At most so many bytes from this place on.

    Where the system can, this leaves the file's own position alone, which a forked process shares.
    """
    if not hasattr(os, "pread"):  # pragma: no cover  # Windows
        file.seek(place)
        return file.read(most)
    return os.pread(file.fileno(), most, place)


def has_name(file: IO[bytes], path: Path) -> bool:
    """Whether the path leads to this open file, and not to another that was put in its place. Raises OSError."""
    found = status(path)
    return found is not None and os.path.samestat(found, os.fstat(file.fileno()))


def read(path: Path, most: int, *, ours: int = 0) -> bytes:
    """The contents of a file of at most so many bytes. Raises OSError."""
    with opened(path, ours=ours) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise refused(path.name, "{name} is larger than {most:,} bytes", most=most)
    return data


@contextmanager
def appended(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading and unbuffered appending, and make it and its folders if needed. Raises OSError."""
    with open_folder_of(path, make=True) as folder:
        new = folder.regular(path.name) is None
        with folder.opened(path.name, "a+b") as file:
            if new:
                folder.sync()
            yield file


def replace(path: Path, pieces: Iterable[bytes], *, ours: int = 0, make: bool = False) -> None:
    """Write a whole file or nothing; `make` also makes its folders. Raises OSError.

    A link of that name is replaced, and its target stays as it is.
    """
    with open_folder_of(path, ours, make=make) as folder, folder.beside() as name:
        before = folder.status(path.name)
        with folder.opened(name, "xb") as file:
            if before is not None and stat.S_ISREG(before.st_mode) and hasattr(os, "fchmod"):
                with suppress(OSError):  # not every disk has permissions
                    os.fchmod(file.fileno(), before.st_mode & 0o777)
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(folder.at(name), folder.at(path.name), src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
        folder.sync()


def newest(folder: Path, ending: str, most: int, *, but: tuple[str, ...] = ()) -> list[Path]:
    """The regular files in a folder whose names have this ending, the newest first; at most so many.

    Those whose names end with one of `but` are left out. Of a folder with very many files, some are looked at. Empty if
    the folder cannot be read.
    """
    found: list[tuple[int, str]] = []
    with suppress(OSError), open_folder_of(folder / ending) as open_folder, open_folder.entries() as entries:
        for entry in islice(entries, _MOST_ENTRIES):
            name = entry.name
            if name.endswith(ending) and len(name) > len(ending) and not name.endswith(but):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode) and not is_link(status):
                    found.append((status.st_mtime_ns, name))
    return [folder / name for _, name in sorted(found, reverse=True)[:most]]


def remove(path: Path, *, ours: int = 0) -> None:
    """Delete a file, if it is there. Raises OSError for what is not a regular file, and where it cannot be deleted."""
    with suppress(FileNotFoundError), open_folder_of(path, ours) as folder:
        if folder.regular(path.name) is not None:
            os.unlink(folder.at(path.name), dir_fd=folder.descriptor)


def rename(path: Path, name: str) -> Path:
    """Rename a file within its folder. Returns its new path. Raises OSError."""
    with open_folder_of(path) as folder:
        folder.regular(path.name)
        os.rename(folder.at(path.name), folder.at(name), src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
    return path.with_name(name)


def try_writing(path: Path) -> None:
    """Make sure that this file can be written, and make its folders. Raises OSError if it cannot."""
    with open_folder_of(path, make=True) as folder:
        folder.regular(path.name)
        with folder.beside() as name, folder.opened(name, "xb"):
            pass


def write(file: IO[bytes], data: bytes) -> None:
    """Write all of the data, in as many steps as it takes."""
    while data:
        data = data[file.write(data) :]


@contextmanager
def handed_over(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that the user has named, for reading. Links are followed. Raises OSError."""
    if not stat.S_ISREG(path.stat().st_mode):  # before it is opened, which can affect a device
        raise refused(path.name, "{name} is not a regular file")
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | PLAIN)) as file:
        yield file


def some(file: IO[bytes], most: int) -> bytes:
    """At most so many bytes of a file. Raises OSError if reading would have to wait."""
    data: bytes | None = file.read(most)
    if data is None:
        raise BlockingIOError(errno.EAGAIN, _("there is nothing to read now"))
    return data


def absolute(path: Path) -> Path:
    """The absolute path, with ~ expanded. Raises OSError if the home or working directory is unknown."""
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise refused(path.name, "{name} is in an unknown home folder") from None
    except FileNotFoundError:
        raise OSError(errno.ENOENT, _("the working directory was deleted, so write the full path")) from None


def here() -> Path | None:
    """The working directory; None if it was deleted."""
    try:
        return Path.cwd()
    except OSError:
        return None
