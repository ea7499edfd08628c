"""The one module that opens journals, images and exports: regular files in real folders, with no link followed.

A cloned repository can bring links, because git carries them, and a link beside a notebook may lead to any file that
the user can read or write. So no file that is opened here may be one, and neither may a folder that we make ourselves:
`.glm` and all that is in it, and the last `ours` folders of a path. The folders before those may: they are the user's
own way to the file, and a home on another disk lies behind one, as macOS's /tmp does. Hard links are taken as they
come: neither git nor an archive can bring one to a file outside of itself.

Each folder is held open while names in it are looked up, so that nobody can put another in its place between a check
and a use, and nothing is opened that could hang. (Windows has no such calls: there it is checked before and after.)

What is made beside a notebook is as open as the notebook, by the user's umask, because several people may work in one
folder; a file that is written anew keeps its permissions. Another folder that was not there yet, as the one for
journals that lie beside no notebook, is made for the user alone.

A refusal is an OSError, like every other error of a disk, and its `strerror` fits the end of a sentence.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import IO, Final

JOURNALS: Final = ".glm"
"""The folder beside a notebook."""

_HELD: Final = hasattr(os, "O_NOFOLLOW") and os.supports_dir_fd >= {os.open, os.stat, os.mkdir, os.rename, os.unlink}
"""Whether names can be looked up in a folder that is held open."""
_MOST_FOLDERS: Final = 500
_PLAIN: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FILE: Final = _PLAIN | getattr(os, "O_NOFOLLOW", 0)
_FOLDER: Final = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", os.O_RDONLY)
"""With O_PATH (Linux), a folder that may not be listed can be passed through all the same."""
_ANOTHER_NAME: Final = 0x2000_0000
"""The bit in a Windows reparse tag that links and junctions have, and that a file in a cloud has not."""


class Refused(OSError):
    """The name is not that of a regular file in a real folder."""


def refused(name: str, what: str) -> Refused:
    """The error that says what `name` is."""
    return Refused(errno.EINVAL, f"{name} is {what}")


def status(path: Path, *, ours: int = 0) -> os.stat_result | None:
    """What the disk knows of a regular file; None where there is nothing. Raises OSError."""
    try:
        with _folder_of(path, ours) as folder:
            return folder.regular(path.name)
    except FileNotFoundError:
        return None


@contextmanager
def opened(path: Path, *, ours: int = 0) -> Iterator[IO[bytes]]:
    """A file, to be read. Raises OSError."""
    with _folder_of(path, ours) as folder, folder.opened(path.name, "rb") as file:
        yield file


def read(path: Path, most: int, *, ours: int = 0) -> bytes:
    """What a file of at most so many bytes holds. Raises OSError."""
    with opened(path, ours=ours) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise refused(path.name, f"larger than {most:,} bytes")
    return data


@contextmanager
def appended(path: Path) -> Iterator[IO[bytes]]:
    """A file, to be read and appended to unbuffered; it and its folders are made if need be. Raises OSError."""
    with _folder_of(path, make=True) as folder:
        new = folder.regular(path.name) is None
        with folder.opened(path.name, "a+b") as file:
            if new:
                folder.sync()
            yield file


def replace(path: Path, pieces: Iterable[bytes], *, ours: int = 0, make: bool = False) -> None:
    """Write a file anew, whole or not at all; `make` its folders as well. Raises OSError.

    A link of that name is replaced, and what it leads to stays as it is.
    """
    with _folder_of(path, ours, make=make) as folder, folder.beside() as name:
        before = folder.status(path.name)
        with folder.opened(name, "xb") as file:
            if before is not None and stat.S_ISREG(before.st_mode) and hasattr(os, "fchmod"):
                with suppress(OSError):  # not every disk knows permissions
                    os.fchmod(file.fileno(), before.st_mode & 0o777)
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(folder.at(name), folder.at(path.name), src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
        folder.sync()


def rename(path: Path, name: str) -> Path:
    """Give a file another name in its folder; gives its new path. Raises OSError."""
    with _folder_of(path) as folder:
        folder.regular(path.name)
        os.rename(folder.at(path.name), folder.at(name), src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
    return path.with_name(name)


def try_writing(path: Path) -> None:
    """Make sure that this file could be written, and make its folders. Raises OSError where it could not."""
    with _folder_of(path, make=True) as folder:
        folder.regular(path.name)
        with folder.beside() as name, folder.opened(name, "xb"):
            pass


def write(file: IO[bytes], data: bytes) -> None:
    """Write all of it, in as many steps as the disk wants."""
    while data:
        data = data[file.write(data) :]


@contextmanager
def handed_over(path: Path) -> Iterator[IO[bytes]]:
    """A file that the user hands over, to be read: links are followed, for it was chosen by hand. Raises OSError."""
    if not stat.S_ISREG(path.stat().st_mode):  # before it is opened: a device may take that amiss
        raise refused(path.name, "no regular file")
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _PLAIN)) as file:
        yield file


def some(file: IO[bytes], most: int) -> bytes:
    """As many bytes as there are, and at most so many. Raises OSError for a file that would have to be waited for."""
    data: bytes | None = file.read(most)
    if data is None:
        raise BlockingIOError(errno.EAGAIN, "nothing is there to be read now")
    return data


def absolute(path: Path) -> Path:
    """The whole path, from the home folder for ~. Raises OSError where that or the working directory is not known."""
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise refused(path.name, "in a home folder that is not known") from None
    except FileNotFoundError:
        raise OSError(errno.ENOENT, "the working directory is gone, so write the whole path") from None


def here() -> Path | None:
    """The working directory; None where it is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


@dataclass(frozen=True)
class _Folder:
    """A folder that is held open by its `descriptor`, where the platform can."""

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
        """The status of a regular file; None where there is nothing. Raises Refused."""
        found = self.status(name)
        if found is not None and (_is_link(found) or not stat.S_ISREG(found.st_mode)):
            raise refused(name, _told(found, "file"))
        return found

    @contextmanager
    def opened(self, name: str, mode: str) -> Iterator[IO[bytes]]:
        self.regular(name)
        with open(self.at(name), mode, 0 if mode == "a+b" else -1, opener=self._open) as file:
            found = os.fstat(file.fileno())
            there = found if _HELD else self.regular(name)
            if not stat.S_ISREG(found.st_mode) or there is None or not os.path.samestat(found, there):
                raise refused(name, "not what it was a moment ago")
            yield file

    def _open(self, name: str, flags: int) -> int:
        return os.open(name, flags | _FILE, 0o666, dir_fd=self.descriptor)

    @contextmanager
    def beside(self) -> Iterator[str]:
        """A name that nobody can foresee, for a new file; at the end, none bears it."""
        name = f".{token_hex(8)}.new"
        try:
            yield name
        finally:
            with suppress(OSError):
                os.unlink(self.at(name), dir_fd=self.descriptor)

    def below(self, name: str, *, make: bool) -> _Folder:
        """The folder of this name. Raises Refused for anything else."""
        if make:
            with suppress(FileExistsError):
                os.mkdir(self.at(name), dir_fd=self.descriptor)
        found = self.status(name)
        if found is not None and (_is_link(found) or not stat.S_ISDIR(found.st_mode)):
            raise refused(name, _told(found, "folder"))
        if _HELD:
            return _Folder(self.path / name, os.open(name, _FOLDER | _FILE, dir_fd=self.descriptor))
        return _Folder(self.path / name, None)

    def sync(self) -> None:
        """Have the disk know the names in it."""
        with suppress(OSError):  # Windows cannot, and some disks of other machines
            descriptor = os.open(self.at("."), os.O_RDONLY, dir_fd=self.descriptor)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)


@contextmanager
def _folder_of(path: Path, ours: int = 0, *, make: bool = False) -> Iterator[_Folder]:
    """The folder that a file is in, with no link on the way from where it must be a real one."""
    way, names = _way(path, ours)
    if make:
        os.makedirs(way, mode=0o700, exist_ok=True)
    folder = _Folder(way, os.open(way, _FOLDER) if _HELD else None)
    try:
        for name in names:
            above, folder = folder, folder.below(name, make=make)
            above.close()
        yield folder
    finally:
        folder.close()


def _way(path: Path, ours: int) -> tuple[Path, tuple[str, ...]]:
    """The folder as far as the user's own way leads, links and all, and the names of those that must be real."""
    if path.name in ("", ".."):
        raise refused(str(path), "a folder")
    if len(path.parts) > _MOST_FOLDERS:
        raise refused(path.name, "in more folders than can be followed")
    try:
        if b"\0" in os.fsencode(path):
            raise UnicodeError
    except UnicodeError:
        raise refused(ascii(str(path)), "no name that a file can have") from None
    folders = path.parts[:-1]
    first = max(len(folders) - ours, 0)
    if JOURNALS in (lower := [name.lower() for name in folders]):  # some disks tell no case
        first = min(first, len(folders) - 1 - lower[::-1].index(JOURNALS))
    return Path(*folders[:first]), folders[first:]


def _is_link(found: os.stat_result) -> bool:
    return stat.S_ISLNK(found.st_mode) or bool(getattr(found, "st_reparse_tag", 0) & _ANOTHER_NAME)


def _told(found: os.stat_result, wanted: str) -> str:
    """What something is that is not what was wanted there."""
    if _is_link(found):
        return f"a link, and none is followed here: put the {wanted} itself in its place"
    if stat.S_ISDIR(found.st_mode):
        return "a folder"
    return f"no {wanted}" if stat.S_ISREG(found.st_mode) else "no regular file"
