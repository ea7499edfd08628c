"""Reads the documents of a cell: from what was read before, on this machine, or at the service.

a file ──▶ read in this session? ──▶ in the journal (a replay)? ──▶ here, if it has text and a library is there
                                                                  ──▶ at the service, which is told
an address ────────────────────────▶ in the journal (a replay)? ──▶ at the service
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from ...history.events.read_event import ReadEvent
from ...history.turn import Anchor
from ...service.models import Model
from ...text.characters import shortened
from ...text.errors import NOTHING_SENT, ConnectionFailed, InvalidRequest, NotRecorded
from ...text.languages.messages import _
from ...text.languages.messages import sent as in_prompt
from ...text.languages.notice import Notice
from ...values.documents import errors, local
from ...values.documents.pages import Pages
from ...values.documents.reading import Reading
from ...values.documents.source import LONGEST_WRITTEN, Source, shown_name
from ..replies.recorded_readings import Wanted
from . import remote
from .addresses import part_for
from .readings import Readings
from .uploads import sent

#: Who reads documents: this machine where it can, this machine alone, or the service alone.
DocumentsMode = Literal["auto", "local", "service"]


@dataclass(frozen=True)
class CellDocuments:
    """The documents that a cell asks for (see `values.documents.reading.Documents`).

    `fresh` reads anew what is known. A `preview` uploads nothing. `known` is what is known of the model, and
    `after_images` says whether turns before this one have images. What goes out is told to `tell`; where there is a
    list of what is `awaited`, it is put there, and nothing goes out.
    """

    readings: Readings
    anchor: Anchor
    reads: DocumentsMode = "auto"
    fresh: bool = False
    preview: bool = False
    known: Model | None = None
    after_images: bool = False
    tell: Callable[[Notice], None] | None = None
    awaited: list[Source] | None = None

    def passed(self, url: str, *, beside_images: bool) -> str:
        """The part of a message by which the model gets what is at this address (see `addresses`)."""
        beside_images = beside_images or self.after_images
        part = part_for(url, self.known, is_glm=self.readings.service.profile.is_glm, beside_images=beside_images)
        if part == "file_url" and self.reads != "auto":
            return ""
        if part:
            self._check_address(url)
            self.readings.warn(
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
        known = None if self.fresh or source.url else self.readings.given.get(wanted)
        if known is not None and self._suits(known):
            reading = self.readings.of(known)
            if reading is not None:
                return replace(reading, name=source.name)
        recorded = None if self.fresh and self.readings.mode == "auto" else self.readings.look_up(wanted, self.anchor)
        if self.preview and (source.url or (recorded is not None and recorded.reader != "local")):
            return self._announced(source)
        if recorded is not None and (self.readings.mode == "only" or self._suits(recorded)):
            reading = self._again(recorded, wanted, source)
            if reading is not None:
                return reading
        return self._anew(source, wanted)

    def recorded(self, written: str, pages: Pages) -> Reading | None:
        """What was read under this name, where nothing but the journal is asked; None elsewhere."""
        if self.readings.mode != "only":
            return None
        wanted = Wanted(pages.written, source=shortened(written, LONGEST_WRITTEN))
        found = self.readings.look_up(wanted, self.anchor)
        if found is None:
            return None
        same = Wanted(pages.written, sha256=found.sha256)
        if not self.fresh and same in self.readings.given:  # read once in a session, as then
            return self.readings.of(self.readings.given[same])
        if self.preview and found.reader != "local":
            return _as_announced(found.name, "uploaded")
        return self.readings.again(found, self.anchor, same, self.tell)

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
        if self.readings.service.hide(url) != url:
            raise InvalidRequest(
                "The address has your API key in it, which would go to whoever is there.",
                hint="Take it out.",
                reason="address.key",
                outcomes=[NOTHING_SENT],
            )

    def _anew(self, source: Source, wanted: Wanted) -> Reading:
        began = time.monotonic()
        is_file = not source.url
        scanned = False
        if is_file and self.reads != "service" and local.can_read(source.kind):
            reading = local.read(source)
            if reading is not None:
                return self._added(remote.Came(reading), source, wanted, began)
            scanned = True
        is_read_there = self.readings.service.profile.is_glm
        if self.reads == "local" or (is_file and not is_read_there):
            if not is_file:
                raise _not_here(source)
            raise errors.no_text(source, by_service=is_read_there) if scanned else errors.no_library(source)
        if self.readings.mode == "only":
            raise NotRecorded(
                "{name} was not read when the page was recorded.",
                hint='chat.replay = "auto" has it read now.',
                reason="replay.not_read",
                outcomes=[NOTHING_SENT],
                name=source.name,
            )
        if self.preview:
            return self._announced(source)
        known = None if self.fresh or not is_file else self.readings.paid_for(wanted)
        if known is not None and (again := self._again(known, wanted, source)) is not None:
            return again
        if self.awaited is not None:
            announced = self._announced(source)
            self.awaited.append(source)
            return announced
        return self._added(self._uploaded(source, scanned=scanned), source, wanted, began)

    def _uploaded(self, source: Source, *, scanned: bool) -> remote.Came:
        """What the service reads. It is told even if that fails: it may be billed."""
        service = self.readings.service
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
                notice = sent(source.name, endpoint.host, by_address=bool(source.url), practice=bool(endpoint.practice))
                (self.tell or self.readings.warn)(notice)

    def _added(self, came: remote.Came, source: Source, wanted: Wanted, began: float) -> Reading:
        seconds = time.monotonic() - began
        return self.readings.add(came, source, wanted, anchor=self.anchor, seconds=seconds)

    def _again(self, event: ReadEvent, wanted: Wanted, source: Source) -> Reading | None:
        """What a recorded event has read of this document; None if its text is gone, and it can be read anew."""
        reading = self.readings.again(event, self.anchor, None if source.url else wanted, self.tell)
        return reading if reading is None else replace(reading, name=source.name)

    def _announced(self, source: Source) -> Reading:
        """What stands in a preview for a document that would go to the service."""
        remote.check(self.readings.service, source)
        return _as_announced(source.name, "read" if source.url else "uploaded")


def _as_announced(name: str, how: str) -> Reading:
    what_would_be = (
        _("[It would be read by the service.]")
        if how == "read"
        else _("[It would be uploaded to the service to be read.]")
    )
    return Reading(name, in_prompt(what_would_be), "none")


def _not_here(source: Source) -> InvalidRequest:
    return InvalidRequest(
        "{name} is an address, and documents are to be read on this machine alone.",
        hint='chat.documents = "auto" has the service read addresses.',
        reason="document.address_here",
        outcomes=[NOTHING_SENT],
        name=source.name,
    )
