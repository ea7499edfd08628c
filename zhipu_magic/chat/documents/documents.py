"""Reads the documents of a chat: from what was read before, on this machine, or at the service.

a file ──▶ read in this session? ──▶ in the journal (a replay)? ──▶ here, if it has text and a library is there
                                                                  ──▶ at the service, which is told
an address ────────────────────────▶ in the journal (a replay)? ──▶ at the service

Each reading is an event: its text is kept beside the journal, and given again in a replay, without the file, the
library and the network.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from ...history.events.read_event import ReadEvent
from ...history.history import History
from ...history.journal.events_with import events_with
from ...history.journal.journal import now
from ...history.turn import Anchor
from ...service.connection import Service
from ...service.models import Model
from ...text.addresses import host_of
from ...text.characters import shortened
from ...text.errors import NOTHING_SENT, ConnectionFailed, InvalidRequest, JournalError, NotRecorded
from ...text.notice import Notice
from ...values.documents import local
from ...values.documents.pages import Pages
from ...values.documents.reading import Reading
from ...values.documents.source import LONGEST_WRITTEN, Source, shown_name
from ..environment import ReplayMode
from ..replies.recorded_readings import Wanted
from ..undisturbed import undisturbed
from . import remote
from .addresses import part_for
from .uploads import Uploads

#: Who reads documents: this machine where it can, this machine alone, or the service alone.
DocumentsMode = Literal["auto", "local", "service"]

LookUp = Callable[[Wanted, Anchor], "ReadEvent | None"]


class ChatDocuments:
    """The documents of one chat. `look_up` finds what a journal knows that may answer, in this `mode` of replay."""

    def __init__(
        self,
        service: Service,
        history: History,
        look_up: LookUp,
        *,
        mode: Callable[[], ReplayMode],
        warn: Callable[[str], None],
    ) -> None:
        self.service = service
        self.history = history
        self.look_up = look_up
        self.warn = warn
        self._mode = mode
        self.given: dict[Wanted, ReadEvent] = {}
        """What was read of files in this session."""

    @property
    def mode(self) -> ReplayMode:
        return self._mode()

    def commit(self, new_event: Callable[[str], ReadEvent]) -> ReadEvent:
        """Make the event with the next id, and write it down."""
        history, made = self.history, list[ReadEvent]()

        def commit() -> None:
            made.append(new_event(history.next_id()))
            history.commit(made[0])

        with history.changing:
            undisturbed(commit)
        history.write_down()
        return made[0]


@dataclass(frozen=True)
class CellDocuments:
    """The documents that a cell asks for (see `values.documents.reading.Documents`).

    `fresh` reads anew what is known. A `preview` uploads nothing. `known` is what is known of the model, and
    `after_images` says whether turns before this one have images. What goes out is told by `uploads`; where there is a
    list of what is `awaited`, it is put there, and nothing goes out.
    """

    chat: ChatDocuments
    anchor: Anchor
    reads: DocumentsMode = "auto"
    fresh: bool = False
    preview: bool = False
    known: Model | None = None
    after_images: bool = False
    uploads: Uploads | None = None
    awaited: list[Source] | None = None

    def passed(self, url: str, *, beside_images: bool) -> str:
        """The part of a message by which the model gets what is at this address (see `addresses`)."""
        beside_images = beside_images or self.after_images
        part = part_for(url, self.known, is_glm=self.chat.service.profile.is_glm, beside_images=beside_images)
        if part == "file_url" and self.reads != "auto":
            return ""
        if part:
            self._check_address(url)
            self.chat.warn(
                Notice(
                    "{address} was given to the model by its address, which the service fetches.",
                    reason="document.passed",
                    address=shown_name(url, 300),
                )
            )
        return part

    def read(self, source: Source) -> Reading:
        """What is in a document. Raises GLMError."""
        self._check(source)
        wanted = Wanted(source.pages.written, sha256=source.sha256)
        known = None if self.fresh or source.url else self.chat.given.get(wanted)
        if known is not None and self._suits(known):
            reading = self._kept(known)
            if reading is not None:
                return replace(reading, name=source.name)
        recorded = None if self.fresh and self.chat.mode == "auto" else self.chat.look_up(wanted, self.anchor)
        if self.preview and (source.url or (recorded is not None and recorded.reader != "local")):
            return self._announced(source)
        if recorded is not None and (self.chat.mode == "only" or self._suits(recorded)):
            reading = self._again(recorded, wanted, source)
            if reading is not None:
                return reading
        return self._anew(source, wanted)

    def recorded(self, written: str, pages: Pages) -> Reading | None:
        """What was read under this name, where nothing but the journal is asked; None elsewhere."""
        if self.chat.mode != "only":
            return None
        wanted = Wanted(pages.written, source=shortened(written, LONGEST_WRITTEN))
        found = self.chat.look_up(wanted, self.anchor)
        if found is None:
            return None
        same = Wanted(pages.written, sha256=found.sha256)
        if not self.fresh and same in self.chat.given:  # read once in a session, as then
            return self._kept(self.chat.given[same])
        if self.preview and found.reader != "local":
            return _as_announced(found.name, "uploaded")
        return self._again(found, same, None)

    def _suits(self, event: ReadEvent) -> bool:
        """Whether whom the user wants to read has read it."""
        return self.reads == "auto" or (self.reads == "local") == (event.reader == "local")

    def _check(self, source: Source) -> None:
        if not source.url:
            return
        self._check_address(source.url)
        if source.pages.parts:
            raise InvalidRequest(
                "{name} is read as a whole: no pages of what is at an address can be chosen.",
                hint="Fetch it in Python, and give the file.",
                reason="address.pages",
                outcomes=[NOTHING_SENT],
                name=source.name,
            )

    def _check_address(self, url: str) -> None:
        if self.chat.service.hide(url) != url:
            raise InvalidRequest(
                "The address has your API key in it, which would go to whoever is there.",
                hint="Take it out.",
                reason="address.key",
                outcomes=[NOTHING_SENT],
            )

    # What is known

    def _kept(self, event: ReadEvent) -> Reading | None:
        """The reading of an event, if its text is still there."""
        text = self.chat.history.journal.document(event.text)
        if text is None:
            return None
        return Reading(
            name=event.name,
            text=text,
            reader=event.reader,
            unit=event.unit or "",
            chosen=event.chosen or "",
            total=event.total or 0,
        )

    def _again(self, event: ReadEvent, wanted: Wanted | None, source: Source | None) -> Reading | None:
        """The reading of a recorded event, which happens once more.

        Where its text is gone, it is None, and an error where it cannot be read anew.
        """
        reading = self._kept(event)
        if reading is None:
            if self.chat.mode == "only":
                raise JournalError(
                    "What was read of {name} is not in the journal's folder documents any more.",
                    hint="Put it back there, or read the document anew with replay off.",
                    reason="document.text_gone",
                    name=event.name,
                )
            return None
        history, anchor = self.chat.history, self.anchor
        again = self.chat.commit(lambda new_id: event.repeated(new_id, anchor, history.run(anchor.run)))
        if wanted is not None and not (source and source.url):
            self.chat.given[wanted] = again
        if self.chat.mode == "only" and event.was_sent:
            self._tell(event.name, event.host or "", by=event.reader, practice=bool(event.practice))
        return reading if source is None else replace(reading, name=source.name)

    # What is not

    def _anew(self, source: Source, wanted: Wanted) -> Reading:
        began = time.monotonic()
        is_file = not source.url
        scanned = False
        if is_file and self.reads != "service" and local.can_read(source.kind):
            reading = local.read(source)
            if reading is not None:
                return self._new(source, wanted, remote.Came(reading), time.monotonic() - began)
            scanned = True
        if self.reads == "local" or (is_file and not self.chat.service.profile.is_glm):
            raise local.no_text(source) if scanned else local.no_library(source) if is_file else _not_here(source)
        if self.chat.mode == "only":
            raise NotRecorded(
                "{name} was not read when the page was recorded.",
                hint='chat.replay = "auto" has it read now.',
                reason="replay.not_read",
                outcomes=[NOTHING_SENT],
                name=source.name,
            )
        if self.preview:
            return self._announced(source)
        known = None if self.fresh or not is_file else self._in_journal(wanted)
        if known is not None and (again := self._again(known, wanted, source)) is not None:
            return again
        if self.awaited is not None:
            announced = self._announced(source)
            self.awaited.append(source)
            return announced
        return self._new(source, wanted, self._uploaded(source, scanned=scanned), time.monotonic() - began)

    def _uploaded(self, source: Source, *, scanned: bool) -> remote.Came:
        """What the service reads. It is told even if that fails: it may be billed."""
        service = self.chat.service
        remote.check(service, source)
        endpoint = service.endpoint()
        has_gone = True
        try:
            return remote.read(service, source, scanned=scanned)
        except ConnectionFailed as error:
            has_gone = error.may_have_arrived or len(source.pages.ranges) > 1
            raise
        finally:
            if has_gone:
                reader = "reader" if source.url else ""
                self._tell(source.name, endpoint.host, by=reader, practice=bool(endpoint.practice))

    def _in_journal(self, wanted: Wanted) -> ReadEvent | None:
        """What the service has read of these bytes in an earlier session: it was paid, and is not paid twice."""
        path, found = self.chat.history.journal.path, None
        for event in events_with(path, '"read"') if path is not None else ():
            if not isinstance(event, ReadEvent) or event.reader == "local":
                continue
            if Wanted(event.pages or "", sha256=event.sha256) == wanted:
                found = event
        return found

    def _new(self, source: Source, wanted: Wanted, came: remote.Came, seconds: float) -> Reading:
        """The event of what was read just now."""
        chat, anchor, usage = self.chat, self.anchor, came.usage
        reading = replace(came.reading, text=chat.service.hide(came.reading.text))
        is_local = reading.reader == "local"
        chat.history.journal.documents[reading.sha256] = reading.text
        event = chat.commit(
            lambda new_id: ReadEvent(
                id=new_id,
                source=source.written,
                name=source.name,
                sha256=source.sha256,
                text=reading.sha256,
                reader=reading.reader,
                time=now(),
                cell=anchor.cell,
                run=chat.history.run(anchor.run) if anchor.cell else None,
                execution_count=anchor.execution_count,
                pages=wanted.pages or None,
                unit=reading.unit or None,
                chosen=reading.chosen or None,
                total=reading.total or None,
                host=None if is_local else host_of(chat.service.base_url),
                practice=(not is_local and chat.service.practising) or None,
                seconds=round(seconds, 3),
                prompt_tokens=usage.prompt_tokens if usage else None,
                completion_tokens=usage.completion_tokens if usage else None,
                forked=chat.history.journal.forked,
            )
        )
        if not source.url:
            chat.given[wanted] = event
        return reading

    # What is said

    def _tell(self, name: str, host: str, *, by: str, practice: bool) -> None:
        """Say that a document goes to the service."""
        host = "the practice server" if practice else host or "the service"
        if by == "reader":
            notice = Notice(
                "{name} was read by {host}; what that costs is billed separately.",
                reason="document.address_read",
                name=name,
                host=host,
            )
        else:
            notice = Notice(
                "{name} was uploaded to {host} to be read; what that costs is billed separately.",
                reason="document.uploaded",
                name=name,
                host=host,
            )
        (self.uploads.tell if self.uploads is not None else self.chat.warn)(notice)

    def _announced(self, source: Source) -> Reading:
        """What stands in a preview for a document that would go to the service."""
        remote.check(self.chat.service, source)
        return _as_announced(source.name, "read" if source.url else "uploaded")


def _as_announced(name: str, how: str) -> Reading:
    to_be_read = "read by the service" if how == "read" else "uploaded to the service to be read"
    return Reading(name, f"[It would be {to_be_read}.]", "none")


def _not_here(source: Source) -> InvalidRequest:
    return InvalidRequest(
        "{name} is an address, and documents are to be read on this machine alone.",
        hint='chat.documents = "auto" has the service read addresses.',
        reason="document.address_here",
        outcomes=[NOTHING_SENT],
        name=source.name,
    )
