"""A journal's lines: how they begin, what of them can be read, and who may touch the file meanwhile."""

from __future__ import annotations

import errno
import json
import os
import re
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from ..text import regular_files
from ..text.characters import shortened
from ..text.errors import JournalError
from ..text.untrusted_json import MOST_LEVELS, cleaned, is_deep
from ..values.images.stored import from_json as image_from_told
from .event_members import BYTES_A_CONTAINER, SENSELESS, check
from .events import Event, prepared

try:
    import fcntl
except ImportError:  # Windows: there one kernel at a time may write to a journal, and a torn line stays in it
    fcntl = None  # type: ignore[assignment]  # looked at before it is used

CAN_LOCK = fcntl is not None

_LINE_END = ord("\n")
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
#: Lines that a note names by number.
_MOST_NAMED = 10
#: Bytes of a line from which on it may be denser than memory has room for.
_LONG = 20_000
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")
_DECODER = json.JSONDecoder(parse_constant=lambda name: None)
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
    """A journal as it was read: the text and the number of each line, and what of it could not be used.

    `places` tells where the event of an id stands in the lists. `nonsense` are the numbers of lines whose events make
    no sense; they stand in the lists all the same, for what is saved is all that there was.
    """

    path: Path
    raw: list[bytes] = field(default_factory=list)
    numbers: array[int] = field(default_factory=lambda: array("Q"))
    places: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    nonsense: set[int] = field(default_factory=set)
    _answers: dict[int, Event | None] = field(default_factory=dict)

    def by_id(self) -> dict[str, bytes]:
        """The text of each line, by the id of its event."""
        return {event_id: self.raw[place] for event_id, place in self.places.items()}

    def event_at(self, place: int) -> Event:
        """The event at this place. Raises LookupError or ValueError where it makes no sense."""
        event: dict[str, Any] = value_of(self.raw[place])
        check(event, len(self.raw[place]))
        return event

    def answer_of(self, event_id: str) -> Event:
        """What the line of this id holds of a request and its answer, for another to give again.

        Raises LookupError or ValueError. An answer that many lines give again is one in memory, and parsed twice.
        """
        place = self.places[event_id]
        found = self._answers.get(place)
        if found is None:
            folder, event = images_of(self.path), self.event_at(place)
            if "images" in event:
                event = {**event, "images": tuple(image_from_told(told, folder) for told in event["images"])}
            found = prepared(event, TOLD_ONCE)
            self._answers[place] = found if place in self._answers else None
        return found

    def leave_out(self, place: int) -> None:
        """The event at this place makes no sense."""
        if len(self.nonsense) <= _MOST_NAMED:
            self.nonsense.add(self.numbers[place])

    def say(self, note: str) -> None:
        """Add a note, once."""
        if note not in self.notes:
            self.notes.append(note)

    def say_nonsense(self) -> None:
        """Add a note on the lines that make no sense."""
        if self.nonsense:
            self.say(f"{self.path.name}: line {some(sorted(self.nonsense))} makes no sense there and is left out.")


def read(path: Path) -> Lines:
    """Read a journal. Raises JournalError where there is none, or a newer version wrote it.

    A torn last line and damaged lines are left out, and told in `notes`.
    """
    found = Lines(path)
    fill(found)
    return found


def fill(found: Lines, take: Callable[[int, Event], None] | None = None) -> None:
    """Read the lines of a journal. `take` is called with the place of each event that makes sense, and the event.

    The events are not kept: a long journal is then read sooner, and in a third of the memory.
    """
    path = found.path
    damaged: list[int] = []
    for number, (raw, event) in enumerate(_parsed(path), 1):
        event_id, kind = (event.get("id"), event.get("event")) if type(event) is dict else (None, None)
        if raw[-1] != _LINE_END:
            found.say(f"{path.name}: the last line was torn off, by a crash perhaps, and is left out.")
        elif type(event_id) is not str or type(kind) is not str:
            if raw.strip() and len(damaged) <= _MOST_NAMED:
                damaged.append(number)
        elif event_id not in found.places:
            if kind == "session":
                _check_version(event.get("version"), path)
            place = found.places[event_id] = len(found.raw)
            found.raw.append(raw)
            found.numbers.append(number)
            if take is None:
                continue
            try:
                check(event, len(raw))
            except SENSELESS:
                found.leave_out(place)
            else:
                take(place, event)
    if damaged:
        found.say(f"{path.name}: line {some(damaged)} is damaged and left out; all others are used.")


def some(numbers: list[int]) -> str:
    """The numbers, or the first ten of them."""
    return ", ".join(map(str, numbers[:_MOST_NAMED])) + (", …" if len(numbers) > _MOST_NAMED else "")


def _parsed(path: Path) -> Iterator[tuple[bytes, Any]]:
    """Each line and its value, None for one that is damaged. Many are parsed at once: that shares their keys."""
    try:
        with regular_files.opened(path) as file:
            for some in _lines(file, _end(file)):
                values = _values(some)
                # Two damaged lines can make one value.
                yield from zip(some, values if len(values) == len(some) else map(_value, some), strict=True)
    except OSError as error:
        raise JournalError(
            "The journal {journal} cannot be read: {why}.",
            reason="journal.unreadable",
            journal=path.name,
            why=error.strerror,
        ) from None


def _values(lines: list[bytes]) -> list[Any]:
    """The values of several lines; none, where they must be looked at one by one."""
    joined = b"[%b]" % b",".join(lines)
    if _HALVES.search(joined) or any(len(line) > _LONG and _is_dense(line) for line in lines):
        return []
    try:
        values: list[Any] = _DECODER.decode(joined.decode())
    except (ValueError, RecursionError):
        return []
    for place, line in enumerate(lines if len(values) == len(lines) else ()):
        if _may_be_deep(line) and is_deep(values[place]):
            values[place] = cleaned(values[place])
    return values


def value_of(line: bytes) -> Any:
    """The value of one line, the same whatever stands beside it. Raises ValueError where it is none."""
    if len(line) > _LONG and _is_dense(line):
        raise ValueError("more values than such a line can tell of")
    try:
        value = _DECODER.decode(line.decode())
    except RecursionError:
        raise ValueError("nested too deep") from None
    return cleaned(value) if _HALVES.search(line) or (_may_be_deep(line) and is_deep(value)) else value


def _value(line: bytes) -> Any:
    with suppress(ValueError):
        return value_of(line)


def _may_be_deep(line: bytes) -> bool:
    return line.count(b"[") + line.count(b"{") > MOST_LEVELS


def _is_dense(line: bytes) -> bool:
    """Whether a line holds so many values that they would take far more memory than it: no line of ours does."""
    return _weight(line) > len(line) and _weight(_TEXT.sub(b"", line)) > len(line)


def _weight(line: bytes) -> int:
    """Bytes that a line of as many values has at least: a list or an object takes more room than its letters tell."""
    return (line.count(b"[") + line.count(b"{")) * BYTES_A_CONTAINER + line.count(b",")


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
        raise JournalError(
            "The journal {journal} cannot be found: {why}.",
            reason="journal.not_found",
            journal=Path(path).name,
            why=error.strerror,
        ) from None


def is_there(path: Path) -> bool:
    """Whether there is a file that can hold anything of ours."""
    try:
        return regular_files.status(path) is not None
    except OSError:  # a link, a loop of them, a name that no disk takes
        return False


def refuse_other(path: Path) -> None:
    """Raise JournalError for a file that is no journal, or one that a newer version has written to.

    Raises OSError where it cannot be opened; one that is not there yet may become a journal.
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
        for line in (line for some in _lines(file, _size(file)) for line in some if b'"session"' in line):
            event = _value(line)
            if isinstance(event, dict) and event.get("event") == "session":
                _check_version(event.get("version"), path)


def _check_version(found: Any, path: Path) -> None:
    if not isinstance(found, int) or found > VERSION:
        raise JournalError(
            "The journal {journal} was written by a newer zhipu_magic (format version {found}; this one knows "
            "{known}) and was left unchanged.",
            hint="Upgrade zhipu_magic, or choose another file.",
            reason="journal.newer",
            journal=path.name,
            found=shortened(str(found), 20),
            known=VERSION,
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
