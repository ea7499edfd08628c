"""A real folder that is kept open, and the regular files in it: the calls that `regular_files` is made of.

Each folder is kept open while names in it are looked up, so that nobody can replace it between a check and a use, and
nothing is opened that could hang. (Windows has no such calls: there the check is made before and after.)
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, Final, NamedTuple

from .languages.messages import N_, Message

JOURNALS: Final = ".glm"
"""The folder beside a notebook."""
ROWS_ENDING: Final = ".rows.jsonl"
"""How the name of a file in it ends that holds answers to rows of tables, and no conversation."""
VECTORS_ENDING: Final = ".vectors.jsonl"
"""How that of a file ends that holds vectors of texts, rankings and counts."""
BESIDE_ENDINGS: Final = (ROWS_ENDING, VECTORS_ENDING)
"""How the names of files in it end that are no journals."""

_HAS_DIR_FD: Final = hasattr(os, "O_NOFOLLOW") and os.supports_dir_fd >= {
    os.open,
    os.stat,
    os.mkdir,
    os.rename,
    os.unlink,
}
"""Whether names can be looked up in an open folder."""
_MOST_FOLDERS: Final = 500
PLAIN: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How a file is opened that may turn out to be a device or a pipe."""
_FILE: Final = PLAIN | getattr(os, "O_NOFOLLOW", 0)
_FOLDER: Final = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", os.O_RDONLY)
"""O_PATH (Linux) opens even a folder that the user may not list."""
_ANOTHER_NAME: Final = 0x2000_0000
"""The bit in a Windows reparse tag that links and junctions have, and files in a cloud do not."""


class Refused(OSError):
    """A name that is not a regular file in a real folder."""


def refused(name: str, what: str, **facts: object) -> Refused:
    """An error that says why `name` is not a file or folder to use: `notes.jsonl is a link`.

    `what` is a template that says so of `{name}`, at the end of a sentence; `facts` fill it too.
    """
    return Refused(errno.EINVAL, Message(what, name=name, **facts))


class OpenFolder(NamedTuple):
    """A folder that is kept open by its `descriptor`, if the platform allows it."""

    path: Path
    descriptor: int | None

    def at(self, name: str) -> str:
        return name if self.descriptor is not None else os.path.join(self.path, name)

    def status(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(self.at(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def regular(self, name: str) -> os.stat_result | None:
        """The status of a regular file; None if there is no such file. Raises Refused."""
        found = self.status(name)
        if found is not None and (is_link(found) or not stat.S_ISREG(found.st_mode)):
            raise refused(name, _kind(found, folder=False))
        return found

    @contextmanager
    def opened(self, name: str, mode: str) -> Iterator[IO[bytes]]:
        self.regular(name)
        with open(self.at(name), mode, 0 if mode == "a+b" else -1, opener=self._open) as file:
            found = os.fstat(file.fileno())
            there = found if _HAS_DIR_FD else self.regular(name)
            if not stat.S_ISREG(found.st_mode) or there is None or not os.path.samestat(found, there):
                raise refused(name, "{name} is not what it was a moment ago")
            yield file

    def _open(self, name: str, flags: int) -> int:
        return os.open(name, flags | _FILE, 0o666, dir_fd=self.descriptor)

    @contextmanager
    def beside(self) -> Iterator[str]:
        """An unpredictable name for a new file, which is removed at the end if it is still there."""
        name = f".{token_hex(8)}.new"
        try:
            yield name
        finally:
            with suppress(OSError):
                os.unlink(self.at(name), dir_fd=self.descriptor)

    def below(self, name: str, *, make: bool) -> OpenFolder:
        """The folder of this name inside. Raises Refused for anything else."""
        if make:
            with suppress(FileExistsError):
                os.mkdir(self.at(name), dir_fd=self.descriptor)
        found = self.status(name)
        if found is not None and (is_link(found) or not stat.S_ISDIR(found.st_mode)):
            raise refused(name, _kind(found, folder=True))
        if _HAS_DIR_FD:
            return OpenFolder(self.path / name, os.open(name, _FOLDER | _FILE, dir_fd=self.descriptor))
        return OpenFolder(self.path / name, None)

    @contextmanager
    def entries(self) -> Iterator[Iterator[os.DirEntry[str]]]:
        """What is in it."""
        if self.descriptor is None:  # pragma: no cover  # Windows
            with os.scandir(self.path) as found:
                yield found
            return
        readable = os.open(".", os.O_RDONLY, dir_fd=self.descriptor)
        try:
            with os.scandir(readable) as found:
                yield found
        finally:
            os.close(readable)

    def sync(self) -> None:
        """Write the names in it to the disk."""
        with suppress(OSError):  # Windows cannot, nor can some network disks
            descriptor = os.open(self.at("."), os.O_RDONLY, dir_fd=self.descriptor)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)


@contextmanager
def open_folder_of(path: Path, ours: int = 0, *, make: bool = False) -> Iterator[OpenFolder]:
    """The folder of a file; the folders that must be real are opened one by one, without following links."""
    way, names = _way(path, ours)
    if make:
        os.makedirs(way, mode=0o700, exist_ok=True)
    folder = OpenFolder(way, os.open(way, _FOLDER) if _HAS_DIR_FD else None)
    try:
        for name in names:
            above, folder = folder, folder.below(name, make=make)
            above.close()
        yield folder
    finally:
        folder.close()


def _way(path: Path, ours: int) -> tuple[Path, tuple[str, ...]]:
    """The path in two parts: the user's own, which may contain links, and the names of the folders that may not."""
    if path.name in ("", ".."):
        raise refused(str(path), "{name} is a folder")
    if len(path.parts) > _MOST_FOLDERS:
        raise refused(path.name, "{name} is in too many folders")
    try:
        if b"\0" in os.fsencode(path):
            raise UnicodeError
    except UnicodeError:
        raise refused(ascii(str(path)), "{name} is not a possible file name") from None
    folders = path.parts[:-1]
    first = max(len(folders) - ours, 0)
    if JOURNALS in (lower := [name.lower() for name in folders]):  # some disks ignore case
        first = min(first, len(folders) - 1 - lower[::-1].index(JOURNALS))
    return Path(*folders[:first]), folders[first:]


def is_link(found: os.stat_result) -> bool:
    return stat.S_ISLNK(found.st_mode) or bool(getattr(found, "st_reparse_tag", 0) & _ANOTHER_NAME)


def _kind(found: os.stat_result, *, folder: bool) -> str:
    """What something is that is not the file or `folder` that is wanted."""
    if is_link(found):
        if folder:
            return N_("{name} is a link, and none is followed here: put the folder itself in its place")
        return N_("{name} is a link, and none is followed here: put the file itself in its place")
    if stat.S_ISDIR(found.st_mode):
        return N_("{name} is a folder")
    if stat.S_ISREG(found.st_mode):
        return N_("{name} is not a folder")
    return N_("{name} is not a regular file")
