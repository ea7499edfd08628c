"""Records the maps of a chat: one event in the journal for each, and another for what lands after it was stopped."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from ...history.events.map_event import MapEvent
from ...history.history import History
from ...service.connection import Service
from ..committing import in_one_step, repeated
from .late_asking import LateAsking
from .map_request import MapRequest
from .record import map_event_of
from .recorded import Recorded
from .run import Run

if TYPE_CHECKING:
    from ..scheduler import Scheduler


class Begun(NamedTuple):
    """A map that has begun: its rows are being asked, or answered from what was `recorded`."""

    request: MapRequest
    run: Run
    asking: LateAsking
    recorded: Recorded | None


class Recording:
    """The one commit point of maps."""

    def __init__(self, history: History, service: Service, scheduler: Scheduler) -> None:
        self._history = history
        self._service = service
        self._scheduler = scheduler

    def record(self, begun: Begun, *, late: bool) -> None:
        """Commit what has come of a map. Called again when what was in flight has landed."""
        if not late or begun.run.spending.has_unrecorded:
            self._commit(begun, late=late)
        if begun.run.has_landed:  # not before that: what it has taken would count nowhere
            self._scheduler.remove_map(begun.run)

    def _commit(self, begun: Begun, *, late: bool) -> None:
        history, run = self._history, begun.run

        def commit() -> None:
            event = self._event(begun, late=late)
            if event is not None:
                history.commit(event)
                run.event_id = run.event_id or event.of or event.id

        if threading.current_thread() is not threading.main_thread():  # who stops it does not wait for the disk
            history.records.rows.flush()
        in_one_step(history, self._scheduler, commit)

    def _event(self, begun: Begun, *, late: bool) -> MapEvent | None:
        history, run = self._history, begun.run
        if begun.recorded is None:
            return map_event_of(run, begun.request, history, self._service, late=late)
        found = begun.recorded.find(run.tally.key(list(run.parts)))
        return None if found is None else repeated(history, found, run.anchor)
