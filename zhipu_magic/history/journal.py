"""The journal: an append-only file of all that happened, one JSON object a line, beside the notebook.

Each line is an event (see `events`). Its `id` is the session that wrote it, a kernel's life, and a number that grows
within it; so several kernels can write to one journal, and a line that is found twice counts once. Here it is
written; `lines` reads it.
"""

from __future__ import annotations

import atexit
import errno
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from ..service.wire import each_text
from ..text import regular_files
from ..text.errors import JournalError
from ..text.notice import Notice
from ..values.images.from_value import Image, is_kept
from ..values.images.stored import from_json as image_from_told
from .event_members import SENSELESS, check
from .events import Event
from .journal_reader import (
    BLOCK,
    CAN_LOCK,
    LONGEST,
    PATIENCE,
    TOLD_ONCE,
    VERSION,
    images_of,
    is_there,
    locked,
    read,
    refuse_other,
    value_of,
)

#: Seconds that the last lines wait at the end for another program that has locked the file.
_LAST_PATIENCE = 5.0


def now() -> str:
    """This moment as the journal tells it: UTC, to the millisecond."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """What this session writes. Without a `path` it is kept in memory only.

    `hide` takes out of a line what must never be written. A disk that is full or read-only, or a file that another
    program keeps locked, is told once, through `warn`; what could not be written is tried again with the next event,
    and for the last time when the chat is closed and when Python ends.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        hide: Callable[[str], str] = lambda text: text,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.session = _new_session()
        self.events: list[Event] = []
        self.earlier: dict[str, bytes] = {}
        """Lines of other sessions that this one goes on from, by the ids of their events, where its file lacks them."""
        self.earlier_paths: list[Path] = []
        """The files that they are in, whose images they name."""
        self.forked_from: list[str] = []
        """The sessions that it stands on because a process was forked, the nearest last."""
        self.was_forked = False
        """Whether another process has begun with what was told until now, and nothing was told since."""
        self._first = 0
        self._hide = hide
        self._warn = warn
        self.path = self._whole_path(path)
        self.read_only = False
        self._written = 0
        self._whole = False
        self._checked = False
        self._warned = False
        self._refused = False
        self._untold: set[str] = set()
        self._writing = threading.RLock()

    def next_id(self) -> str:
        return f"{self.session}-{len(self.events) - self._first}"

    @property
    def own_events(self) -> list[Event]:
        """What this session has told, and none that it was forked from."""
        return self.events[self._first :]

    def begin(self, settings: Mapping[str, Any]) -> Event:
        """The session's first line, which is written with the second."""
        event = {"id": self.next_id(), "event": "session", "version": VERSION, "time": now(), **settings}
        event["by"] = f"zhipu_magic {version('zhipu_magic')}"
        self.events.append(event)
        return event

    def note(self, event: Event) -> None:
        """Know the event, which is the latest, and write it to the disk later."""
        if self.events[-1] is not event:
            self.events.append(event)
            self.was_forked = self.was_forked and "forked" not in event

    def add(self, event: Event) -> None:
        """Write the event to the disk; nothing, if it is there already."""
        self.note(event)
        self.flush(0 if self._warned else PATIENCE)  # nobody waits twice for a lock that stays

    def mark(self) -> dict[str, bool]:
        """What the next event tells beside its own, so that who reads it knows what a forked process began with."""
        return {"forked": True} if self.was_forked else {}

    def fork(self, latest: Event | None) -> None:
        """Go on in a session of its own, which stands on what was told until now, `latest` among it."""
        if latest is not None and self.events[-1] is not latest:
            self.events.append(latest)
        self._writing = threading.RLock()  # another thread may have held it
        begun, at = self.events[self._first], self.events[-1]["id"]
        settings = {name: begun[name] for name in ("model", "system", "temperature") if name in begun}
        self.was_forked, self._first = False, len(self.events)
        parent, self.session = self.session, _new_session()
        self.forked_from.append(parent)
        self.begin({**settings, "from": parent, "at": at})

    def flush(self, patience: float = PATIENCE) -> None:
        """Write what is not written yet; another program that has locked the file is waited for so many seconds."""
        with self._writing:
            self._flush(patience)

    def _flush(self, patience: float) -> None:
        if self.path is None or self.read_only or self._refused:
            return
        if len(self.events) - 1 <= max(self._first, self._written - 1):  # the first line is written with the second
            return
        try:
            self._write(self.path, patience)
            if self._warned:
                self._warned = False
                atexit.unregister(self.close)
        except JournalError as error:
            self._refused = True
            self._warn(
                Notice(
                    "{problem} Nothing is written to it; the conversation continues without a journal.",
                    reason="journal.not_kept",
                    problem=error.message,
                )
            )
        except OSError as error:
            if not self._warned:
                self._warned = True
                self._warn(
                    Notice(
                        "The journal {journal} cannot be written ({why}). The conversation goes on without it; what is "
                        "missing is written as soon as possible.",
                        reason="journal.waits",
                        journal=self.path.name,
                        why=error.strerror,
                    )
                )
                atexit.register(self.close)

    def _write(self, path: Path, patience: float) -> None:
        if not self._checked:
            refuse_other(path)
            self._checked = True
        if regular_files.status(path) is None:
            self._written = 0  # another hand has taken the file away: the whole session is told again
        until = len(self.events)
        lines = [*self.earlier.values()] if self._written == 0 else []
        for old in self.earlier_paths:
            copy_images(lines, images_of(old), images_of(path))
        for event in self.events[self._written : until]:
            lines.append(self._line(self._short(event)))
            for image in event.get("images") or ():
                with suppress(JournalError):  # it is gone from the folder that it was in
                    keep_images([image], images_of(path))
        _append(path, b"".join(line.rstrip(b"\n") + b"\n" for line in lines if line), patience)
        self._written = until

    def close(self) -> None:
        """Write what could not be written before; more can be written afterwards."""
        self.flush(_LAST_PATIENCE)

    def move(self, path: Path | None) -> None:
        """Write to another file from now on, with all that this session has told."""
        path = self._whole_path(path)
        with self._writing:
            self._move(path)

    def _move(self, path: Path | None) -> None:
        if path == self.path:
            return
        self.flush()
        # What a line leaves to an earlier one is in the file before; and so is what was resumed.
        self._whole = self._whole or self.path is not None
        resumed = any(event["event"] == "resume" for event in self.events)
        if resumed and self.path is not None and is_there(self.path):
            self.earlier = {**self.earlier, **read(self.path).by_id()}
            self.earlier_paths.append(self.path)
        self.path, self._written = path, 0
        self._checked = self._warned = self._refused = False
        self.flush()

    def _whole_path(self, path: Path | None) -> Path | None:
        """The path from the root, which stays the same file wherever Python goes."""
        try:
            return path and regular_files.absolute(path)
        except OSError as error:
            self._warn(
                Notice(
                    "No journal is kept in {path}: {why}.",
                    reason="journal.no_place",
                    path=str(path),
                    why=error.strerror,
                )
            )
            return None

    def lines(self) -> list[bytes]:
        """What this session has told."""
        return [self._line(event) for event in self.events]

    def _short(self, event: Event) -> Event:
        """A reply that an earlier line gave, without what is written there."""
        if self._whole or "of" not in event:
            return event
        return {name: value for name, value in event.items() if name not in TOLD_ONCE}

    def _line(self, event: Event) -> bytes:
        """The event's line; nothing for one that cannot be put into JSON, which is said once."""
        try:
            text = json.dumps(each_text(event, self._hide), ensure_ascii=False, default=lambda image: image.to_json())
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            if event["id"] not in self._untold:
                self._untold.add(event["id"])
                self._warn(
                    Notice(
                        "The latest {event} cannot be written to the journal ({error}) and is left out of it. What "
                        "comes later is written.",
                        reason="journal.event_unwritable",
                        event=event["event"],
                        error=type(error).__name__,
                    )
                )
            return b""
        line = text.encode("utf-8", "replace")
        if event["id"] not in self._untold and not _can_be_read(line):
            self._untold.add(event["id"])
            self._warn(
                Notice(
                    "The latest {event} is in the journal, but contains a text or number beyond all bounds: resuming "
                    "will leave it out.",
                    reason="journal.event_unreadable",
                    event=event["event"],
                )
            )
        return line


def _can_be_read(line: bytes) -> bool:
    """Whether a resume will find the event in this line."""
    try:
        check(value_of(line), len(line))
    except SENSELESS:
        return False
    return True


def _new_session() -> str:
    return uuid4().hex[:8]


def _append(path: Path, lines: bytes, patience: float) -> None:
    """Append whole lines, through to the disk; a line that a crash has torn is moved out of their way."""
    with regular_files.appended(path) as file, locked(file.fileno(), patience=patience):
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        if end and file.read(1) != b"\n":
            lines = _cut_torn(path, file, end) + lines
        regular_files.write(file, lines)
        os.fsync(file.fileno())


def _cut_torn(path: Path, file: IO[bytes], end: int) -> bytes:
    """Move the torn last line to a file of its own; gives what must go before the next line."""
    whole = file.seek(_end_of_whole_lines(file, end))
    with regular_files.appended(torn_file(path)) as aside:
        while piece := file.read(BLOCK):
            regular_files.write(aside, piece)
        regular_files.write(aside, b"\n")
    if not CAN_LOCK:
        return b"\n"
    os.ftruncate(file.fileno(), whole)
    return b""


def _end_of_whole_lines(file: IO[bytes], end: int) -> int:
    shortest = end - LONGEST
    while end:
        if end < shortest:
            raise OSError(errno.EFBIG, "its last line is too long to be one of ours")
        start = file.seek(max(0, end - BLOCK))
        if found := file.read(end - start).rfind(b"\n") + 1:
            return start + found
        end = start
    return 0


def keep_images(images: Iterable[Image], folder: Path) -> None:
    """Have each image in the folder, once, under the name that its content gives it.

    What else stands there under that name is replaced. Raises OSError, and JournalError for an image that is gone from
    the folder that it was in.
    """
    for image in images:
        path = folder / image.file_name
        if not image.url and image.path != path and not is_kept(image, path):
            regular_files.replace(path, [image.data], ours=1, make=True)


def copy_images(lines: Iterable[bytes], old: Path, new: Path) -> None:
    """Have the images that these lines name in another folder too, as far as they are there."""
    for line in lines:
        if b'"images"' in line and old != new:
            with suppress(JournalError, AttributeError, *SENSELESS):
                event = value_of(line)
                check(event, len(line))
                keep_images([image_from_told(told, old) for told in event["images"]], new)


def write(path: Path, lines: list[bytes]) -> None:
    """Write a journal anew, whole or not at all. Raises JournalError, also for a file that is none."""
    try:
        refuse_other(path)
        regular_files.replace(path, (line.rstrip(b"\n") + b"\n" for line in lines), make=True)
    except OSError as error:
        raise JournalError(
            "{journal} cannot be written: {why}.",
            reason="journal.unwritable",
            journal=path.name,
            why=error.strerror,
        ) from None


def torn_file(path: Path) -> Path:
    """Where what a crash has torn is kept."""
    return path.with_name(path.name + ".torn")
