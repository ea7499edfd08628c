"""A journal's lines: how they begin, what of them can be read, and who may touch the file meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import JournalError
from .events import Event

try:
    import fcntl
except ImportError:  # Windows: there one kernel at a time may write to a journal, and a torn line stays in it
    fcntl = None  # type: ignore[assignment]  # looked at before it is used

CAN_LOCK = fcntl is not None

#: Of the format. A journal of a newer one is refused.
VERSION = 1
#: How each line begins.
_OURS = b'{"id":'
#: Bytes that are read and parsed at once: what a processor's cache holds.
_BLOCK = 1 << 15
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
        with path.open("rb") as file, locked(file.fileno(), shared=True):
            while some := file.readlines(_BLOCK):
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


def refuse_other(path: Path) -> None:
    """Raise JournalError for a file that is no journal, or one that a newer version has written to."""
    if not path.exists():
        return
    if not path.is_file():
        raise JournalError(f"{path.name} is not a file.", hint="Choose another name.")
    ours = not path.stat().st_size
    with path.open("rb") as file:
        for line in file:
            ours = ours or line.startswith(_OURS)
            event = _value(line) if b'"session"' in line else None
            if isinstance(event, dict) and event.get("event") == "session":
                _check_version(event.get("version"), path)
    if not ours:
        raise JournalError(
            f"{path.name} is a file of another kind, and was left as it is.", hint="Choose another name."
        )


def _check_version(found: Any, path: Path) -> None:
    if not isinstance(found, int) or found > VERSION:
        raise JournalError(
            f"The journal {path.name} was written by a newer zhipu_magic (version {found} of its format; this one "
            f"knows {VERSION}).",
            hint="Upgrade zhipu_magic, or choose another file: %glm journal PATH. The journal is left as it is.",
        )


@contextmanager
def locked(descriptor: int, *, shared: bool = False) -> Iterator[None]:
    """Alone with the file, or among readers of it, as far as other kernels of ours go."""
    if fcntl is None:
        yield
        return
    with suppress(OSError):  # some network disks know no locks
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
