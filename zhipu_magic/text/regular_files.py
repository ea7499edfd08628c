"""The one module that opens journals, images and exports: regular files in real folders, with no link followed.

A cloned repository can contain links, and a link beside a notebook may lead to any file that the user can read or
write. So no file that is opened here may be a link, and neither may a folder that we make ourselves: `.glm` and
everything in it, and the last `ours` folders of a path. The folders before those may be links: they are the user's own
way to the file, such as a home on another disk, or macOS's /tmp. Hard links are accepted: neither git nor an archive
can contain one to a file outside.

Each folder is kept open while names in it are looked up, so that nobody can replace it between a check and a use, and
nothing is opened that could hang. (Windows has no such calls: there the check is made before and after.)

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
from secrets import token_hex
from typing import IO, Final, NamedTuple

JOURNALS: Final = ".glm"
"""The folder beside a notebook."""

_HAS_DIR_FD: Final = hasattr(os, "O_NOFOLLOW") and os.supports_dir_fd >= {
    os.open,
    os.stat,
    os.mkdir,
    os.rename,
    os.unlink,
}
"""Whether names can be looked up in an open folder."""
_MOST_FOLDERS: Final = 500
_MOST_ENTRIES: Final = 2_000
_PLAIN: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FILE: Final = _PLAIN | getattr(os, "O_NOFOLLOW", 0)
_FOLDER: Final = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", os.O_RDONLY)
"""O_PATH (Linux) opens even a folder that the user may not list."""
_ANOTHER_NAME: Final = 0x2000_0000
"""The bit in a Windows reparse tag that links and junctions have, and files in a cloud do not."""


class Refused(OSError):
    """A name that is not a regular file in a real folder."""


def refused(name: str, what: str) -> Refused:
    """The error that says what `name` is."""
    return Refused(errno.EINVAL, f"{name} is {what}")


def status(path: Path, *, ours: int = 0) -> os.stat_result | None:
    """The status of a regular file; None if there is no such file. Raises OSError."""
    try:
        with _folder_of(path, ours) as folder:
            return folder.regular(path.name)
    except FileNotFoundError:
        return None


@contextmanager
def opened(path: Path, *, ours: int = 0) -> Iterator[IO[bytes]]:
    """Open a file for reading. Raises OSError."""
    with _folder_of(path, ours) as folder, folder.opened(path.name, "rb") as file:
        yield file


def read(path: Path, most: int, *, ours: int = 0) -> bytes:
    """The contents of a file of at most so many bytes. Raises OSError."""
    with opened(path, ours=ours) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise refused(path.name, f"larger than {most:,} bytes")
    return data


@contextmanager
def appended(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading and unbuffered appending, and make it and its folders if needed. Raises OSError."""
    with _folder_of(path, make=True) as folder:
        new = folder.regular(path.name) is None
        with folder.opened(path.name, "a+b") as file:
            if new:
                folder.sync()
            yield file


def replace(path: Path, pieces: Iterable[bytes], *, ours: int = 0, make: bool = False) -> None:
    """Write a whole file or nothing; `make` also makes its folders. Raises OSError.

    A link of that name is replaced, and its target stays as it is.
    """
    with _folder_of(path, ours, make=make) as folder, folder.beside() as name:
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


def newest(folder: Path, ending: str, most: int) -> list[Path]:
    """The regular files in a folder whose names have this ending, the newest first; at most so many.

    Of a folder with very many files, some are looked at. Empty if the folder cannot be read.
    """
    found: list[tuple[int, str]] = []
    with suppress(OSError), _folder_of(folder / ending) as open_folder, open_folder.entries() as entries:
        for entry in islice(entries, _MOST_ENTRIES):
            if entry.name.endswith(ending) and len(entry.name) > len(ending):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode) and not _is_link(status):
                    found.append((status.st_mtime_ns, entry.name))
    return [folder / name for _, name in sorted(found, reverse=True)[:most]]


def rename(path: Path, name: str) -> Path:
    """Rename a file within its folder. Returns its new path. Raises OSError."""
    with _folder_of(path) as folder:
        folder.regular(path.name)
        os.rename(folder.at(path.name), folder.at(name), src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
    return path.with_name(name)


def try_writing(path: Path) -> None:
    """Make sure that this file can be written, and make its folders. Raises OSError if it cannot."""
    with _folder_of(path, make=True) as folder:
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
        raise refused(path.name, "not a regular file")
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _PLAIN)) as file:
        yield file


def some(file: IO[bytes], most: int) -> bytes:
    """At most so many bytes of a file. Raises OSError if reading would have to wait."""
    data: bytes | None = file.read(most)
    if data is None:
        raise BlockingIOError(errno.EAGAIN, "there is nothing to read now")
    return data


def absolute(path: Path) -> Path:
    """The absolute path, with ~ expanded. Raises OSError if the home or working directory is unknown."""
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise refused(path.name, "in an unknown home folder") from None
    except FileNotFoundError:
        raise OSError(errno.ENOENT, "the working directory was deleted, so write the full path") from None


def here() -> Path | None:
    """The working directory; None if it was deleted."""
    try:
        return Path.cwd()
    except OSError:
        return None


class _Folder(NamedTuple):
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
        if found is not None and (_is_link(found) or not stat.S_ISREG(found.st_mode)):
            raise refused(name, _kind(found, "file"))
        return found

    @contextmanager
    def opened(self, name: str, mode: str) -> Iterator[IO[bytes]]:
        self.regular(name)
        with open(self.at(name), mode, 0 if mode == "a+b" else -1, opener=self._open) as file:
            found = os.fstat(file.fileno())
            there = found if _HAS_DIR_FD else self.regular(name)
            if not stat.S_ISREG(found.st_mode) or there is None or not os.path.samestat(found, there):
                raise refused(name, "not what it was a moment ago")
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

    def below(self, name: str, *, make: bool) -> _Folder:
        """The folder of this name inside. Raises Refused for anything else."""
        if make:
            with suppress(FileExistsError):
                os.mkdir(self.at(name), dir_fd=self.descriptor)
        found = self.status(name)
        if found is not None and (_is_link(found) or not stat.S_ISDIR(found.st_mode)):
            raise refused(name, _kind(found, "folder"))
        if _HAS_DIR_FD:
            return _Folder(self.path / name, os.open(name, _FOLDER | _FILE, dir_fd=self.descriptor))
        return _Folder(self.path / name, None)

    @contextmanager
    def entries(self) -> Iterator[Iterator[os.DirEntry[str]]]:
        """What is in it."""
        if self.descriptor is None:
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
def _folder_of(path: Path, ours: int = 0, *, make: bool = False) -> Iterator[_Folder]:
    """The folder of a file; the folders that must be real are opened one by one, without following links."""
    way, names = _way(path, ours)
    if make:
        os.makedirs(way, mode=0o700, exist_ok=True)
    folder = _Folder(way, os.open(way, _FOLDER) if _HAS_DIR_FD else None)
    try:
        for name in names:
            above, folder = folder, folder.below(name, make=make)
            above.close()
        yield folder
    finally:
        folder.close()


def _way(path: Path, ours: int) -> tuple[Path, tuple[str, ...]]:
    """The user's own part of the path, which may contain links, and the names of the folders that must be real."""
    if path.name in ("", ".."):
        raise refused(str(path), "a folder")
    if len(path.parts) > _MOST_FOLDERS:
        raise refused(path.name, "in too many folders")
    try:
        if b"\0" in os.fsencode(path):
            raise UnicodeError
    except UnicodeError:
        raise refused(ascii(str(path)), "not a possible file name") from None
    folders = path.parts[:-1]
    first = max(len(folders) - ours, 0)
    if JOURNALS in (lower := [name.lower() for name in folders]):  # some disks ignore case
        first = min(first, len(folders) - 1 - lower[::-1].index(JOURNALS))
    return Path(*folders[:first]), folders[first:]


def _is_link(found: os.stat_result) -> bool:
    return stat.S_ISLNK(found.st_mode) or bool(getattr(found, "st_reparse_tag", 0) & _ANOTHER_NAME)


def _kind(found: os.stat_result, wanted: str) -> str:
    """What something is that is not the `wanted` file or folder."""
    if _is_link(found):
        return f"a link, and none is followed here: put the {wanted} itself in its place"
    if stat.S_ISDIR(found.st_mode):
        return "a folder"
    return f"not a {wanted}" if stat.S_ISREG(found.st_mode) else "not a regular file"
