"""The event of a reply, as the journal keeps it."""

from __future__ import annotations

from typing import Any

from ..history.events.turn_event import TurnEvent
from ..history.journal.journal import now
from ..history.ledger import cost_of
from ..history.link import checksum_of
from ..history.rounds import Round, tool_messages
from ..service.endpoint import Endpoint
from ..service.models import SEARCH_COST
from ..service.wire import Usage
from ..text.errors import GLMError
from .replies.progress import Progress
from .replies.reading import Reading
from .replies.replay import Known
from .request import Request
from .token_counts import taken, turn_tokens


def turn_event_of(
    reply: Reading, known: Known, endpoint: Endpoint | None, *, event_id: str, run: str, forked: bool | None
) -> TurnEvent:
    """The event of this reply. `run` names the cell's execution; `endpoint` is who answered, None for the journal.

    It holds its own prompt and reply, and the id of the turn before, not the whole history again. Of the service it
    holds the host's name alone, and no header.
    """
    request, anchor, progress = reply.request, reply.request.anchor, reply.progress
    once, last = request.options.once, request.before.last
    event = TurnEvent(
        id=event_id,
        event=_kind(request, progress),
        time=now(),
        thread=request.before.name,
        cell=anchor.cell,
        run=run if anchor.cell or request.replaces or request.joins else None,
        execution_count=anchor.execution_count,
        append=anchor.append or None,
        replaces=request.replaces,
        joins=request.joins,
        comparison=request.comparison or None,
        after=last.turn.id if last else None,
        held=None if once else checksum_of(last) if known.held is None else known.held,
        prompt=request.prompt,
        written=request.written or None,
        images=request.images or None,
        cut=list(request.cut) or None,
        above=request.above or None,
        system=request.options.system,
        instruction=request.instruction or None,
        key=known.key,
        forked=forked,
    )
    if endpoint is not None:
        return event.with_fields({**_answer(progress, endpoint), "broken": _broken(reply)})
    assert known.answer is not None
    return event.repeating(known.answer)


def _kind(request: Request, progress: Progress) -> str:
    if request.options.once:
        return "once"
    if request.comparison:
        return "compared"
    return "partial" if progress.state == "interrupted" else "turn"


def _answer(progress: Progress, endpoint: Endpoint) -> dict[str, Any]:
    """What the service answered, and what it took."""
    request, rounds, last, timing = progress.request, progress.rounds, progress.body(), progress.timing
    stopped = progress.stopped_round
    estimates = [] if progress.usage else taken(request, [*rounds, Round(last)])[0]
    counted = None if any(one.wrong for one in rounds) else progress.last_usage
    estimated_cost = sum(cost_of(request.model, one, priced=endpoint.profile.priced) or 0.0 for one in estimates)
    if request.searches and endpoint.profile.priced:
        estimated_cost += (_token_cost(progress, endpoint) or 0.0) + SEARCH_COST * (len(rounds) + 1)
    return {
        "completion": _without_repeated_id(last),
        "rounds": [one.to_json() for one in rounds] or None,
        "calls": stopped.to_json()["calls"] if stopped is not None else None,
        "invalid": progress.is_invalid or None,
        "model": request.model,
        "members": request.members or None,
        "host": "practice" if endpoint.practice else endpoint.host,
        "practice": endpoint.practice or None,
        "seconds": timing.seconds,
        "first_token": timing.first_token,
        "chunks": timing.chunks,
        "tokens": _tokens(progress, counted),
        "left_out": request.left_out or None,
        "unseen": request.unseen or None,
        "first_unseen": request.first_unseen if request.unseen else None,
        "answer_limit": request.answer_limit,
        "cost": _cost(progress, endpoint),
        "estimated_tokens": sum(one.total_tokens for one in estimates) or None,
        "estimated_cost": estimated_cost or None,
    }


def _broken(reply: Reading) -> str | None:
    """Why a reply ended early whose code had run; None if it did not, or the user has stopped it."""
    error = reply.error
    if error is None or reply.progress.state != "interrupted" or not reply.progress.has_run:
        return None
    return error.happened if isinstance(error, GLMError) else f"{type(error).__name__}."


def _tokens(progress: Progress, counted: Usage | None) -> int:
    """What the turn takes of a later context; `counted` is the service's count for its last round."""
    stopped = progress.stopped_round
    if stopped is None:
        return turn_tokens(progress.request, progress.text, counted, tool_messages(progress.rounds))
    return turn_tokens(progress.request, "", None, tool_messages([*progress.rounds, stopped.completed]))


def _cost(progress: Progress, endpoint: Endpoint) -> float | None:
    """Yuan for all of it; None where a part is not known, as what a search has cost."""
    return None if progress.request.searches else _token_cost(progress, endpoint)


def _token_cost(progress: Progress, endpoint: Endpoint) -> float | None:
    """Yuan for the tokens of all rounds, by the service's counts; None where one is not known."""
    usages = [*(one.usage for one in progress.rounds), progress.last_usage]
    costs = [cost_of(progress.request.model, usage, priced=endpoint.profile.priced) for usage in usages]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


def _without_repeated_id(body: dict[str, Any]) -> dict[str, Any]:
    """The reply's body without a request id that only repeats its own."""
    return {name: value for name, value in body.items() if name != "request_id" or value != body.get("id")}
