"""A journal's lines: how they begin, what of them can be read, and who may touch the file meanwhile."""

from __future__ import annotations

import errno
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from . import regular_files
from .errors import JournalError
from .events import Event

try:
    import fcntl
except ImportError:  # Windows: there one kernel at a time may write to a journal, and a torn line stays in it
    fcntl = None  # type: ignore[assignment]  # looked at before it is used

CAN_LOCK = fcntl is not None

#: Of the format. A journal of a newer one is refused.
VERSION = 1
#: How each line begins, and the bytes at the head of a file in which one does.
_OURS = re.compile(rb'^\{"id": ?"[^"\n]*", ?"event": ?"', re.MULTILINE)
_HEAD = 1 << 16
#: Bytes that are read and parsed at once: what a processor's cache holds.
BLOCK = 1 << 15
#: Bytes of a journal that is read: 100,000 turns take a sixteenth of it. Images lie beside it.
_LARGEST = 1 << 31
#: Bytes of one line; a longer one counts as damaged, and is not held.
LONGEST = 1 << 26
_TOO_LONG = b"too long"
#: Seconds that another program is waited for that has locked the file, and between two looks.
PATIENCE, _PAUSE = 1.0, 0.01
#: What the line of a reply holds of the request and the service's answer, and a replay of it need not repeat.
TOLD_ONCE = (
    *("prompt", "written", "images", "instruction", "model", "completion", "rounds", "invalid", "members"),
    *("host", "practice"),
    *("tokens", "left_out", "unseen", "cost", "estimated_tokens", "estimated_cost", "seconds", "first_token", "chunks"),
)


def images_of(journal: Path) -> Path:
    """The folder where a journal keeps its images, each once, beside itself; journals of one folder share it."""
    return journal.parent / "images"


@dataclass
class Lines:
    """A journal as it was read: its events with their text and line numbers, and what of it could not be used.

    `places` tells where the event of an id stands in the lists.
    """

    path: Path
    events: list[Event] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def by_id(self) -> dict[str, bytes]:
        """The text of each line, by the id of its event."""
        return {event_id: self.raw[place] for event_id, place in self.places.items()}

    def event_at(self, place: int) -> Event:
        """The event at this place, kept or not."""
        event: Event = self.events[place] if self.events else json.loads(self.raw[place])
        return event

    def event(self, event_id: str) -> Event:
        """The event of this id. Raises LookupError."""
        return self.event_at(self.places[event_id])


def read(path: Path, take: Callable[[Lines, int, Event], None] | None = None) -> Lines:
    """Read a journal. Raises JournalError where there is none, or a newer version wrote it.

    A torn last line and damaged lines are left out, and told in `notes`. With `take`, it is called with each event and
    its place, and the events are not kept: a long journal is then read sooner, and in a third of the memory.
    """
    found = Lines(path)
    damaged = []
    for number, (raw, event) in enumerate(_parsed(path), 1):
        event_id, kind = (event.get("id"), event.get("event")) if isinstance(event, dict) else (None, None)
        if not raw.endswith(b"\n"):
            found.notes.append(f"{path.name}: the last line was torn off, by a crash perhaps, and is left out.")
        elif not (isinstance(event_id, str) and isinstance(kind, str)):
            if raw.strip():
                damaged.append(number)
        elif event_id not in found.places:
            if kind == "session":
                _check_version(event.get("version"), path)
            place = found.places[event_id] = len(found.raw)
            found.raw.append(raw)
            found.numbers.append(number)
            if take is None:
                found.events.append(event)
            else:
                take(found, place, event)
    if damaged:
        found.notes.append(f"{path.name}: line {some(damaged)} is damaged and left out; all others are used.")
    return found


def some(numbers: list[int]) -> str:
    """The numbers, or the first ten of them."""
    return ", ".join(map(str, numbers[:10])) + (", …" if len(numbers) > 10 else "")


def _parsed(path: Path) -> Iterator[tuple[bytes, Any]]:
    """Each line and its value, None for one that is damaged. Many are parsed at once: that shares their keys."""
    try:
        with regular_files.opened(path) as file:
            for some in _lines(file, _end(file)):
                try:
                    values = json.loads(b"[%b]" % b",".join(some))
                except (ValueError, RecursionError):
                    values = []
                # Two damaged lines can make one value.
                yield from zip(some, values if len(values) == len(some) else map(_value, some), strict=True)
    except OSError as error:
        raise JournalError(f"The journal {path.name} cannot be read: {error.strerror}.") from None


def _value(line: bytes) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(line)


def _end(file: IO[bytes]) -> int:
    """How long the file is at a moment when nobody writes to it, who may go on while it is read as far as that.

    Where another program has locked it, it is read all the same: at worst its last line is torn.
    """
    with suppress(BlockingIOError), locked(file.fileno(), shared=True):
        return _size(file)
    return _size(file)


def _size(file: IO[bytes]) -> int:
    size = os.fstat(file.fileno()).st_size
    if size > _LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {_LARGEST >> 30} GiB")
    return size


def _lines(file: IO[bytes], left: int) -> Iterator[list[bytes]]:
    """The lines of the next `left` bytes, a block of them at once; for one that is too long stands `_TOO_LONG`."""
    begun: list[bytes] = []
    length = 0
    while block := file.read(min(BLOCK, left)):
        left -= len(block)
        if cut := block.rfind(b"\n") + 1:
            first = block.find(b"\n") if length > LONGEST else 0
            yield BytesIO(b"".join([*begun, block[first:cut]])).readlines()
            begun, length, block = [], 0, block[cut:]
        length += len(block)
        if length > LONGEST:
            begun = [_TOO_LONG]
        else:
            begun.append(block)
    if length:
        yield [b"".join(begun)]


def named(path: str | os.PathLike[str]) -> Path:
    """The whole path of a journal that the user names. Raises JournalError where nobody can tell it."""
    try:
        return regular_files.absolute(Path(path))
    except OSError as error:
        raise JournalError(f"The journal {Path(path).name} cannot be found: {error.strerror}.") from None


def is_there(path: Path) -> bool:
    """Whether there is a file that can hold anything of ours."""
    try:
        return regular_files.status(path) is not None
    except (regular_files.Refused, NotADirectoryError):
        return False


def refuse_other(path: Path) -> None:
    """Raise JournalError for a file that is no journal, or one that a newer version has written to.

    Raises OSError where it cannot be opened; one that is not there yet may become a journal.
    """
    with suppress(FileNotFoundError), regular_files.opened(path) as file:
        head = file.read(_HEAD)
        if head and not _OURS.search(head):
            raise JournalError(
                f"{path.name} is a file of another kind, and was left as it is.", hint="Choose another name."
            )
        file.seek(0)
        for line in (line for some in _lines(file, _size(file)) for line in some if b'"session"' in line):
            event = _value(line)
            if isinstance(event, dict) and event.get("event") == "session":
                _check_version(event.get("version"), path)


def _check_version(found: Any, path: Path) -> None:
    if not isinstance(found, int) or found > VERSION:
        raise JournalError(
            f"The journal {path.name} was written by a newer zhipu_magic (version {found} of its format; this one "
            f"knows {VERSION}).",
            hint="Upgrade zhipu_magic, or choose another file: %glm journal PATH. The journal is left as it is.",
        )


@contextmanager
def locked(descriptor: int, *, shared: bool = False, patience: float = PATIENCE) -> Iterator[None]:
    """Alone with the file, or among readers of it, as far as other kernels of ours go.

    Raises BlockingIOError where another program keeps it locked for longer than `patience`, in seconds.
    """
    if fcntl is None:
        yield
        return
    _lock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, patience)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _lock(descriptor: int, kind: int, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise BlockingIOError(errno.EWOULDBLOCK, "another program has locked it") from None
        except OSError:  # some network disks know no locks
            return None
        time.sleep(_PAUSE)
