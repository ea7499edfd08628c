"""The journal: an append-only file of all that happened, one JSON object a line, beside the notebook.

Each line is an event (see `events`). Its `id` is the session that wrote it, a kernel's life, and a number that grows
within it; so several kernels can write to one journal, and a line that is found twice counts once. Here it is
written; `lines` reads it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

from .errors import JournalError
from .events import Event
from .images import Image
from .lines import CAN_LOCK, TOLD_ONCE, VERSION, images_of, locked, read, refuse_other
from .wire import each_text


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
        self.earlier_path: Path | None = None
        """The file that they are in, whose images they name."""
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
            if self.earlier_path is not None:
                copy_images(lines, images_of(self.earlier_path), images_of(self.path))
            lines += [self._line(self._short(event)) for event in self.events[self._written : until]]
            for event in self.events[self._written : until]:
                keep_images(event.get("images") or (), images_of(self.path))
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
            if path is not None:
                copy_images(self.earlier.values(), images_of(self.path), images_of(path))
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
        text = json.dumps(each_text(event, self._hide), ensure_ascii=False, default=lambda image: image.told())
        return text.encode("utf-8", "replace")


def _append(path: Path, lines: bytes) -> None:
    """Append whole lines, through to the disk; a line that a crash has torn is moved out of their way."""
    new = not path.exists()
    with path.open("a+b", buffering=0) as file, locked(file.fileno()):
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
    if not CAN_LOCK:
        return b"\n"
    os.ftruncate(descriptor, whole)
    return b""


def keep_images(images: Iterable[Image], folder: Path) -> None:
    """Have each image in the folder, once, under the name that its content gives it."""
    for image in images:
        path = folder / image.file_name
        if image.url or path.exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.new")
        with beside.open("wb") as file:
            file.write(image.data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)


def copy_images(lines: Iterable[bytes], old: Path, new: Path) -> None:
    """Have the images that these lines name in another folder too, as far as they are there."""
    for line in lines:
        if b'"images"' in line and old != new:
            with suppress(JournalError, LookupError, TypeError, ValueError):
                keep_images([Image.from_told(told, old) for told in json.loads(line)["images"]], new)


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


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows cannot
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
