"""The journal: an append-only file of all that happened, one JSON object a line, beside the notebook.

Each line is an event (see `events`). Its `id` is the session that wrote it, a kernel's life, and a number that grows
within it; so several kernels can write to one journal, and a line that is found twice counts once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

from .errors import JournalError
from .events import Event

try:
    import fcntl
except ImportError:  # Windows: there one kernel at a time may write to a journal, and a torn line stays in it
    fcntl = None  # type: ignore[assignment]  # looked at before it is used

VERSION = 1
#: How each line begins.
_OURS = b'{"id":'
#: Bytes that are read and parsed at once.
_BLOCK = 1 << 17
#: What the line of a reply holds of the request and the service's answer, and a replay of it need not repeat.
TOLD_ONCE = (
    *("prompt", "model", "completion", "members", "host", "practice"),
    *("tokens", "left_out", "cost", "estimated_tokens", "estimated_cost", "seconds", "first_token", "chunks"),
)


def now() -> str:
    """This moment as the journal tells it: UTC, to the millisecond."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """What this session writes. Without a `path` it is kept in memory only.

    `hide` takes out of a line what must never be written. A disk that is full or read-only is told once, through
    `warn`; what could not be written is tried again with the next event.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        hide: Callable[[str], str] = lambda text: text,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.path = path and path.expanduser().absolute()
        self.session = uuid4().hex[:8]
        self.events: list[Event] = []
        self.earlier: dict[str, bytes] = {}
        """Lines of other sessions that this one goes on from, by the ids of their events, where its file lacks them."""
        self._hide = hide
        self._warn = warn
        self.read_only = False
        self._written = 0
        self._whole = False
        self._checked = False
        self._warned = False
        self._refused = False

    def next_id(self) -> str:
        return f"{self.session}-{len(self.events)}"

    def begin(self, settings: Mapping[str, Any]) -> Event:
        """The session's first line, which is written with the second."""
        event = {"id": self.next_id(), "event": "session", "version": VERSION, "time": now(), **settings}
        event["by"] = f"zhipu_magic {version('zhipu_magic')}"
        self.events.append(event)
        return event

    def add(self, event: Event) -> None:
        """Write the event to the disk; nothing, if it is there already."""
        if self.events[-1] is not event:
            self.events.append(event)
        self.flush()

    def flush(self) -> None:
        """Write what is not written yet."""
        if self.path is None or self.read_only or self._refused or self._written == len(self.events):
            return
        try:
            if not self._checked:
                refuse_other(self.path)
                self._checked = True
            if not self.path.exists():
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._written = 0  # another hand has taken the file away: the whole session is told again
            until = len(self.events)
            lines = [*self.earlier.values()] if self._written == 0 else []
            lines += [self._line(self._short(event)) for event in self.events[self._written : until]]
            _append(self.path, b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
            self._written = until
        except JournalError as error:
            self._refused = True
            self._warn(f"{error.message} Nothing is written to it; the conversation goes on without a journal.")
        except OSError as error:
            if not self._warned:
                self._warned = True
                self._warn(
                    f"The journal {self.path.name} cannot be written ({error.strerror}). The conversation goes on "
                    "without."
                )

    def move(self, path: Path | None) -> None:
        """Write to another file from now on, with all that this session has told."""
        path = path and path.expanduser().absolute()
        if path == self.path:
            return
        # What a line leaves to an earlier one is in the file before; and so is what was resumed.
        self._whole = self._whole or self.path is not None
        if any(event["event"] == "resume" for event in self.events) and self.path is not None and self.path.exists():
            self.earlier = {**self.earlier, **read(self.path).by_id()}
        self.path, self._written = path, 0
        self._checked = self._warned = self._refused = False
        if len(self.events) > 1:
            self.flush()

    def lines(self) -> list[bytes]:
        """What this session has told."""
        return [self._line(event) for event in self.events]

    def _short(self, event: Event) -> Event:
        """A reply that an earlier line gave, without what is written there."""
        if self._whole or "of" not in event:
            return event
        return {name: value for name, value in event.items() if name not in TOLD_ONCE}

    def _line(self, event: Event) -> bytes:
        return json.dumps(_each_text(event, self._hide), ensure_ascii=False).encode("utf-8", "replace")


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """The value with this change made to each text in it, but not to the names of members."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _each_text(member, change) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each_text(item, change) for item in value]
    return value


def _append(path: Path, lines: bytes) -> None:
    """Append whole lines, through to the disk; a line that a crash has torn is moved out of their way."""
    new = not path.exists()
    with path.open("a+b", buffering=0) as file, _locked(file.fileno()):
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        if end and file.read(1) != b"\n":
            lines = _cut_torn(path, file.fileno(), end) + lines
        while lines:
            lines = lines[file.write(lines) :]
        os.fsync(file.fileno())
    if new:
        _sync_folder(path.parent)


def _cut_torn(path: Path, descriptor: int, end: int) -> bytes:
    """Move the torn last line to a file of its own; gives what must go before the next line."""
    data = path.read_bytes()[:end]
    whole = data.rfind(b"\n") + 1
    with torn_file(path).open("ab") as aside:
        aside.write(data[whole:] + b"\n")
    if fcntl is None:
        return b"\n"
    os.ftruncate(descriptor, whole)
    return b""


def write(path: Path, lines: list[bytes]) -> None:
    """Write a journal anew, whole or not at all. Raises JournalError, also for a file that is none."""
    try:
        refuse_other(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + ".new")
        with beside.open("wb") as file:
            file.writelines(line.rstrip(b"\n") + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise JournalError(f"{path.name} cannot be written: {error.strerror}.") from None


def torn_file(path: Path) -> Path:
    """Where what a crash has torn is kept."""
    return path.with_name(path.name + ".torn")


@contextmanager
def _locked(descriptor: int, *, shared: bool = False) -> Iterator[None]:
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


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows cannot
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@dataclass
class Lines:
    """A journal as it was read: its events with their text and line numbers, and what of it could not be used."""

    path: Path
    events: list[Event] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)

    def by_id(self) -> dict[str, bytes]:
        """The text of each line, by the id of its event."""
        return {event["id"]: raw for event, raw in zip(self.events, self.raw, strict=True)}

    def event(self, event_id: str) -> Event:
        """The event of this id. Raises LookupError."""
        if len(self._places) != len(self.events):
            self._places = {event["id"]: place for place, event in enumerate(self.events)}
        return self.events[self._places[event_id]]


def read(path: Path) -> Lines:
    """Read a journal. Raises JournalError where there is none, or a newer version wrote it.

    A torn last line and damaged lines are left out, and told in `notes`.
    """
    found = Lines(path)
    damaged, known = [], set()
    for number, (raw, event) in enumerate(_parsed(path), 1):
        event_id, kind = (event.get("id"), event.get("event")) if isinstance(event, dict) else (None, None)
        if not raw.endswith(b"\n"):
            found.notes.append(f"{path.name}: the last line was torn off, by a crash perhaps, and is left out.")
        elif not (isinstance(event_id, str) and isinstance(kind, str)):
            if raw.strip():
                damaged.append(number)
        elif event_id not in known:
            if kind == "session":
                _check_version(event.get("version"), path)
            known.add(event_id)
            found.events.append(event)
            found.raw.append(raw)
            found.numbers.append(number)
    if damaged:
        found.notes.append(f"{path.name}: line {some(damaged)} is damaged and left out; all others are used.")
    return found


def some(numbers: list[int]) -> str:
    """The numbers, or the first ten of them."""
    return ", ".join(map(str, numbers[:10])) + (", …" if len(numbers) > 10 else "")


def _parsed(path: Path) -> Iterator[tuple[bytes, Any]]:
    """Each line and its value, None for one that is damaged. Many are parsed at once: that shares their keys."""
    try:
        with path.open("rb") as file, _locked(file.fileno(), shared=True):
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
