"""What a chat has read of documents: each reading is an event, and its text is kept beside the journal.

So a replay gives it again without the file, the library and the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...history.events.read_event import ReadEvent
from ...history.history import History
from ...history.journal.events_with import events_with
from ...history.journal.journal import now
from ...history.turn import Anchor
from ...service.connection import Service
from ...text.addresses import host_of
from ...text.errors import JournalError
from ...text.languages.notice import Notice
from ...values.documents.reading import Reading
from ...values.documents.source import Source
from ..committing import committed, repeated
from ..environment import ReplayMode
from ..replies.recorded_readings import Wanted
from ..scheduler import Scheduler
from .remote import Came
from .uploads import sent

LookUp = Callable[[Wanted, Anchor], "ReadEvent | None"]


class Readings:
    """The readings of one chat. `look_up` finds what a journal knows that may answer, in this `mode` of replay."""

    def __init__(
        self,
        service: Service,
        history: History,
        scheduler: Scheduler,
        *,
        look_up: LookUp,
        mode: Callable[[], ReplayMode],
        warn: Callable[[str], None],
    ) -> None:
        self.service = service
        self.look_up = look_up
        self.warn = warn
        self.given: dict[Wanted, ReadEvent] = {}
        """What was read of files in this session."""
        self._history = history
        self._scheduler = scheduler
        self._mode = mode

    @property
    def mode(self) -> ReplayMode:
        return self._mode()

    def of(self, event: ReadEvent) -> Reading | None:
        """The reading of an event, if its text is still there."""
        text = self._history.journal.document(event.text)
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

    def again(
        self, event: ReadEvent, anchor: Anchor, wanted: Wanted | None, tell: Callable[[Notice], None] | None = None
    ) -> Reading | None:
        """The reading of a recorded event, which happens once more; of a file, it is the one `wanted` from now on.

        A replay tells (`tell`, else `warn`) what had gone out then. Where its text is gone, it is None, and an error
        where it cannot be read anew.
        """
        reading = self.of(event)
        if reading is None:
            if self.mode == "only":
                raise JournalError(
                    "What was read of {name} is not in the journal's folder documents any more.",
                    hint="Put it back there, or read the document anew with replay off.",
                    reason="document.text_gone",
                    name=event.name,
                )
            return None
        again = committed(self._history, self._scheduler, lambda: repeated(self._history, event, anchor))
        if wanted is not None:
            self.given[wanted] = again
        if self.mode == "only" and event.was_sent:
            by_address = event.reader == "reader"
            notice = sent(event.name, event.host or "", by_address=by_address, practice=bool(event.practice))
            (tell or self.warn)(notice)
        return reading

    def paid_for(self, wanted: Wanted) -> ReadEvent | None:
        """What the service has read of these bytes in an earlier session: it was paid, and is not paid twice."""
        path, found = self._history.journal.path, None
        for event in events_with(path, '"read"') if path is not None else ():
            if not isinstance(event, ReadEvent) or event.reader == "local":
                continue
            if Wanted(event.pages or "", sha256=event.sha256) == wanted:
                found = event
        return found

    def add(self, came: Came, source: Source, wanted: Wanted, *, anchor: Anchor, seconds: float) -> Reading:
        """Keep what was read just now, without the key."""
        history, service, usage = self._history, self.service, came.usage
        reading = replace(came.reading, text=service.hide(came.reading.text))
        is_local = reading.reader == "local"
        history.journal.documents[reading.sha256] = reading.text
        event = committed(
            history,
            self._scheduler,
            lambda: ReadEvent(
                id=history.next_id(),
                source=source.written,
                name=source.name,
                sha256=source.sha256,
                text=reading.sha256,
                reader=reading.reader,
                time=now(),
                cell=anchor.cell,
                run=history.run(anchor.run) if anchor.cell else None,
                execution_count=anchor.execution_count,
                pages=wanted.pages or None,
                unit=reading.unit or None,
                chosen=reading.chosen or None,
                total=reading.total or None,
                host=None if is_local else host_of(service.base_url),
                practice=(not is_local and service.practising) or None,
                seconds=round(seconds, 3),
                prompt_tokens=usage.prompt_tokens if usage else None,
                completion_tokens=usage.completion_tokens if usage else None,
                forked=history.journal.forked,
            ),
        )
        if not source.url:
            self.given[wanted] = event
        return reading
