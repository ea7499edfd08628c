"""The journal: an append-only file of everything that happened, one JSON object a line, beside the notebook.

Each line is an event (see `history/events`). Its `id` is the session that wrote it, which is a kernel's life, and a
number that grows within it; so several kernels can write to one journal, and a line that is found twice counts once.
It is written here; `reader` reads it.
"""

from __future__ import annotations

import atexit
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

from ...text import regular_files
from ...text.characters import each_text
from ...text.errors import JournalError
from ...text.languages.language import reader
from ...text.languages.notice import Notice
from ...text.languages.system_words import why
from ...text.own_version import OWN_VERSION
from ...values.tools.ran import entries_of_images
from ..events.changes import ResumeEvent, SessionEvent, from_json
from ..events.drawn_event import DrawnEvent
from ..events.event import Event
from ..events.members import SENSELESS
from ..events.read_event import ReadEvent
from ..events.told import TOLD, told_in
from ..events.turn_event import TurnEvent
from .behind import lines_behind
from .checks import VERSION, documents_of, images_of, is_there, refuse_other
from .documents import copy_documents, keep_document, read_document
from .file import append, copy_images, keep_images
from .lines import value_of
from .lock import PATIENCE
from .reader import read

#: Seconds that the last lines wait at the end for another program that has locked the file.
_LAST_PATIENCE = 5.0
#: What a forked session begins with as its parent did.
_SETTINGS = ("language", "model", "system", "temperature")


def now() -> str:
    """The current time as the journal writes it: UTC, to the millisecond."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """What this session writes. Without a `path` it is kept in memory only.

    `hide` removes from a line what must never be written. A disk that is full or read-only, or a file that another
    program keeps locked, is reported once, through `warn`; what could not be written is tried again with the next
    event, and for the last time when the chat is closed and when Python ends.
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
        """Lines of the sessions that this one continues from, by the ids of their events, if its file lacks them."""
        self.earlier_paths: list[Path] = []
        """The files that they come from, beside which their images are."""
        self._earlier_written = True
        self.documents: dict[str, str] = {}
        """What this session has read of documents, by the hashes of their texts."""
        self.forked_from: list[str] = []
        """The sessions that it was forked from, the nearest last."""
        self.was_forked = False
        """Whether another process has been forked from this one since the latest event."""
        self._first = 0
        self.hide = hide
        self.warn = warn
        self.path = self._whole_path(path)
        self.read_only = False
        self._written = 0
        self._whole = False
        self._checked = False
        self._warned = False
        self._refused = False
        self._unreadable: set[str] = set()
        self._writing = threading.RLock()

    def next_id(self) -> str:
        return f"{self.session}-{len(self.events) - self._first}"

    @property
    def own_events(self) -> list[Event]:
        """The events of this session, without those of the sessions that it was forked from."""
        return self.events[self._first :]

    def begin(self, settings: Mapping[str, Any]) -> SessionEvent:
        """The session's first line, which is written with the second. Raises one of `SENSELESS` for odd settings."""
        by = f"zhipu_magic {OWN_VERSION}"
        begun = {"id": self.next_id(), "event": "session", "version": VERSION, "time": now(), **settings, "by": by}
        if "from" not in settings and (language := reader.begun_in()) != "en":
            begun["language"] = language
        event = from_json(begun)
        assert isinstance(event, SessionEvent)
        self.events.append(event)
        return event

    def note(self, event: Event) -> None:
        """Add the latest event, and write it to the disk later."""
        if self.events[-1] is not event:
            self.events.append(event)
            self.was_forked = self.was_forked and event.forked is None

    def add(self, event: Event) -> None:
        """Write the event to the disk, unless it is there already."""
        self.note(event)
        self.write()

    def write(self) -> None:
        """Write to the disk what is known and not there yet."""
        self.flush(0 if self._warned else PATIENCE)  # nobody waits twice for a lock that stays

    @property
    def forked(self) -> bool | None:
        """The next event's `forked`: whoever reads the journal learns from it what a forked process began with."""
        return True if self.was_forked else None

    def fork(self, latest: Event | None) -> None:
        """Continue in a session of its own, which begins with the events until now, `latest` included."""
        if latest is not None and self.events[-1] is not latest:
            self.events.append(latest)
        self._writing = threading.RLock()  # another thread may have held it
        begun, at = self.events[self._first].to_json(), self.events[-1].id
        settings: dict[str, Any] = {name: begun[name] for name in _SETTINGS if name in begun}
        self.was_forked, self._first = False, len(self.events)
        parent, self.session = self.session, _new_session()
        self.forked_from.append(parent)
        self.begin({**settings, "from": parent, "at": at})

    def flush(self, patience: float = PATIENCE) -> None:
        """Write what is not written yet; wait up to `patience` seconds for another program that has locked the file."""
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
            self.warn(
                Notice(
                    "{problem} Nothing is written to it; the conversation continues without a journal.",
                    reason="journal.not_kept",
                    problem=error.happened,
                )
            )
        except OSError as error:
            if not self._warned:
                self._warned = True
                atexit.register(self.close)  # first of all, since a warning may be raised as an error
                self.warn(
                    Notice(
                        "The journal {journal} cannot be written ({why}). The conversation goes on without it; what is "
                        "missing is written as soon as possible.",
                        reason="journal.waits",
                        journal=self.path.name,
                        why=why(error),
                    )
                )

    def _write(self, path: Path, patience: float) -> None:
        if not self._checked:
            refuse_other(path)
            self._checked = True
        if regular_files.status(path) is None:
            self._written = 0  # somebody has removed the file: the whole session is written again
        until = len(self.events)
        lines = [] if self._written and self._earlier_written else [*self.earlier.values()]
        for old in self.earlier_paths:
            copy_images(lines, images_of(old), images_of(path))
            copy_documents(lines, documents_of(old), documents_of(path))
        for event in self.events[self._written : until]:
            lines.append(self._line(self._short(event)))
            if isinstance(event, ReadEvent) and event.text in self.documents:
                keep_document(event.text, self.documents[event.text], documents_of(path))
            for image in images_in(event):
                with suppress(JournalError):  # it is gone from the folder that it was in
                    keep_images([image], images_of(path))
        append(path, b"".join(line.rstrip(b"\n") + b"\n" for line in lines if line), patience)
        self._written, self._earlier_written = until, True

    def close(self) -> None:
        """Write what could not be written before; more can be written afterwards."""
        self.flush(_LAST_PATIENCE)

    def move(self, path: Path | None) -> None:
        """Write to another file from now on, beginning with all events of this session."""
        path = self._whole_path(path)
        with self._writing:
            self._move(path)

    def _move(self, path: Path | None) -> None:
        if path == self.path:
            return
        self.flush()
        # What a line leaves out because an earlier one holds it is in the old file, and so is what was resumed.
        self._whole = self._whole or self.path is not None
        resumed = [event.from_ for event in self.events if isinstance(event, ResumeEvent)]
        if resumed and self.path is not None and is_there(self.path):
            self.bring(lines_behind(read(self.path), resumed), self.path)
        self.path, self._written = path, 0
        self._checked = self._warned = self._refused = False
        self.flush()

    def bring(self, lines: Mapping[str, bytes], path: Path) -> None:
        """Have these lines of another file, which this session builds on, written before what comes next."""
        with self._writing:
            own = {event.id for event in self.events}  # these are written anew
            self.earlier |= {name: line for name, line in lines.items() if name not in own}
            self.earlier_paths.append(path)
            self._earlier_written = False

    def rename(self, name: str) -> Path:
        """Give the file, which there must be, another name in its folder, and go on in it. Raises OSError."""
        with self._writing:
            assert self.path is not None
            self.path = regular_files.rename(self.path, name)
            return self.path

    def _whole_path(self, path: Path | None) -> Path | None:
        """The absolute path: the same file whatever the working directory."""
        try:
            return path and regular_files.absolute(path)
        except OSError as error:
            self.warn(
                Notice(
                    "No journal is kept in {path}: {why}.",
                    reason="journal.no_place",
                    path=str(path),
                    why=why(error),
                )
            )
            return None

    def document(self, sha256: str) -> str | None:
        """The text of a document that has this hash; None if it is not there any more, or another."""
        if sha256 not in self.documents and self.path is not None:
            found = read_document(sha256, documents_of(self.path))
            if found is not None:
                self.documents[sha256] = found
        return self.documents.get(sha256)

    def lines(self) -> list[bytes]:
        """The lines of all events, those that it was forked from included."""
        return [self._line(event) for event in self.events]

    def _short(self, event: Event) -> Event:
        """The event without what an earlier line in the same file holds."""
        return event if self._whole or not isinstance(event, TurnEvent) else event.without_answer()

    def _line(self, event: Event) -> bytes:
        """The event's line; empty for one that cannot be written as JSON, which is reported once."""
        try:
            members = event.to_json()
            if told := told_in(members):
                members[TOLD] = told
            members = each_text(members, self.hide)
            text = json.dumps(members, ensure_ascii=False, default=lambda image: image.to_json())
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            self._warn_of(
                event,
                Notice(
                    "The latest {event} cannot be written to the journal ({error}) and is left out of it. What "
                    "comes later is written.",
                    reason="journal.event_unwritable",
                    event=event.event,
                    error=type(error).__name__,
                ),
            )
            return b""
        line = text.encode("utf-8", "replace")
        if event.id not in self._unreadable and not _can_be_read(line):
            self._warn_of(
                event,
                Notice(
                    "The latest {event} is in the journal, but contains a text or number that is too large, so "
                    "resuming will leave it out.",
                    reason="journal.event_unreadable",
                    event=event.event,
                ),
            )
        return line

    def _warn_of(self, event: Event, notice: Notice) -> None:
        if event.id not in self._unreadable:
            self._unreadable.add(event.id)
            self.warn(notice)


def images_in(event: Event) -> tuple[Any, ...]:
    """The images in an event of our own."""
    if isinstance(event, DrawnEvent):
        return tuple(event.images or ())
    if not isinstance(event, TurnEvent):
        return ()
    return (*(event.images or ()), *entries_of_images(event.all_rounds))


def _can_be_read(line: bytes) -> bool:
    """Whether a resume will find the event in this line."""
    try:
        from_json(value_of(line), len(line))
    except SENSELESS:
        return False
    return True


def _new_session() -> str:
    return uuid4().hex[:8]
