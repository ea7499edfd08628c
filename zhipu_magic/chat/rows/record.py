"""The event of a map, as the journal keeps it."""

from __future__ import annotations

from functools import reduce
from itertools import chain
from typing import Any, Final

from ...history.events.map_event import MapEvent
from ...history.history import History
from ...history.journal.events_with import events_with
from ...history.journal.journal import now
from ...history.ledger import Sums
from ...history.turn import Anchor
from ...service.connection import Service
from ...text.addresses import host_of
from ...text.languages.messages import _
from ..batches.intent import Intent
from ..request import Request
from .map_request import MapRequest
from .run import Run
from .submitted import Submitted

#: What ended a map early that its user has stopped.
STOPPED: Final = _("It was stopped.")


def map_event_of(run: Run, asked: MapRequest, history: History, service: Service, *, late: bool) -> MapEvent:
    """The event of what this run has done since its last one. A number that is nothing is left out."""
    request, parts = asked.request, list(run.parts)
    anchor, counts = request.anchor, run.tally.counts(parts)
    sums, cached_tokens = run.spending.unrecorded(late=late)
    prepared = sum(part.prepared for part in parts)
    estimated = max(0.0, sums.budget_cost - (sums.cost or 0.0))
    return MapEvent(
        id=history.next_id(),
        key=run.tally.key(parts),
        model=request.model,
        rows=counts.rows,
        time=now(),
        thread=request.before.name,
        written=asked.written,
        host=host_of(service.base_url) or None,
        practice=service.practising or None,
        cost=sums.cost,
        seconds=round(run.seconds, 3),
        since=None if late else run.since,
        until=None if late else run.until,
        prepared=None if all(part.is_prepared for part in parts) else prepared,
        stopped=_stopped(run),
        late=late or None,
        forked=history.journal.forked,
        **_anchored(anchor, history),
        **_counted(
            equal=counts.equal,
            known=counts.known,
            answered=counts.answered,
            failed=counts.failed,
            cut_off=counts.cut_off,
            requests=sums.requests,
            uncounted=sums.uncounted,
            prompt_tokens=sums.prompt_tokens,
            completion_tokens=sums.completion_tokens,
            cached_tokens=cached_tokens,
            estimated_tokens=sums.estimated_tokens,
            estimated_cost=estimated,
        ),
    )


def key_of_batch(key: str) -> str:
    """The key of the event of a table's submission: that of its rows, and no map's."""
    return f"batch {key}"


def submitted_event_of(submitted: Submitted, key: str, request: Request, history: History) -> MapEvent:
    """The event of a table whose rows were given to the Batch API."""
    anchor = request.anchor
    return MapEvent(
        id=history.next_id(),
        key=key_of_batch(key),
        model=request.model,
        rows=submitted.rows,
        time=now(),
        thread=request.before.name,
        submitted=submitted.new,
        forked=history.journal.forked,
        **_anchored(anchor, history),
        **_counted(earlier=submitted.earlier, known=submitted.known, failed=submitted.failed),
    )


def collected_event_of(
    intent: Intent, sums: Sums, history: History, *, answered: int, failed: int, practice: bool
) -> MapEvent:
    """The event of a batch whose answers were collected. It has the intent's id for its key."""
    written = intent.note.get("template")
    return MapEvent(
        id=history.next_id(),
        key=intent.id,
        model=intent.model,
        rows=answered + failed,
        time=now(),
        thread=history.state.conversation.current,
        written=written if isinstance(written, str) else None,
        host=host_of(intent.service) or None,
        practice=practice or None,
        batch=True,
        cost=sums.cost,
        forked=history.journal.forked,
        **_counted(
            answered=answered,
            failed=failed,
            requests=sums.requests,
            uncounted=sums.uncounted,
            prompt_tokens=sums.prompt_tokens,
            completion_tokens=sums.completion_tokens,
        ),
    )


def sums_of_intent(intent: Intent, history: History) -> Sums:
    """What the journal has of this intent, whichever session has collected it."""
    path = history.journal.path
    events = chain(history.journal.events, () if path is None else events_with(path, intent.id))
    found = {
        event.id: event.sums
        for event in events
        if isinstance(event, MapEvent) and event.batch and event.key == intent.id
    }
    return reduce(Sums.plus, found.values(), Sums())


def _anchored(anchor: Anchor, history: History) -> dict[str, Any]:
    """The cell that has asked, and its run."""
    run = history.run(anchor.run) if anchor.cell else None
    return {"cell": anchor.cell, "run": run, "execution_count": anchor.execution_count}


def _counted(**numbers: float) -> dict[str, Any]:
    return {name: number or None for name, number in numbers.items()}


def _stopped(run: Run) -> str | None:
    """What ended it early."""
    if run.error is not None:
        return run.error.happened
    return STOPPED if run.stopped else None
