"""A reply as the journal tells it."""

from __future__ import annotations

from typing import Any

from ..history.conversation import history_of
from ..history.events import Event
from ..history.journal import now
from ..history.journal_reader import TOLD_ONCE
from ..history.ledger import cost_of
from ..history.rounds import Round, exchange_of
from ..service.endpoint import Endpoint
from .replay import Known
from .reply import Reply
from .window import taken, turn_tokens


def told(event_id: str, run: str, reply: Reply, known: Known, *, endpoint: Endpoint | None) -> Event:
    """The event of this reply. `run` names the cell's execution, `endpoint` who answered: None where the journal did.

    It holds its own prompt and reply, and the id of the turn before: not the whole history again. Of the service
    there is the host's name alone, and no header.
    """
    request, progress = reply.request, reply.progress
    once = request.options.once
    event: dict[str, Any] = {
        "id": event_id,
        "event": "once" if once else "partial" if progress.state == "interrupted" else "turn",
        "time": now(),
        "thread": request.before.name,
        "cell": request.anchor.cell,
        "run": run if request.anchor.cell or request.replaces or request.joins else None,
        "execution_count": request.anchor.execution_count,
        "append": request.anchor.append or None,
        "replaces": request.replaces,
        "joins": request.joins,
        "after": request.before.last.turn.id if request.before.last else None,
        "held": None if once else history_of(request.before.last),
        "prompt": request.prompt,
        "written": request.written or None,
        "images": request.images or None,
        "system": request.options.system,
        "instruction": request.instruction or None,
        "key": known.key,
    }
    if endpoint is None:
        assert known.answer is not None
        event |= {name: known.answer.get(name) for name in TOLD_ONCE if name not in event}
        event |= {"event": "once" if once else "replayed", "of": known.answer["id"]}
        if request.anchor.cell is None:
            # A tool that runs the whole page tells no cells; the history shows those that were recorded.
            event |= {name: known.answer.get(name) for name in ("cell", "run", "execution_count")} | {"append": True}
    else:
        usage, timing, last = progress.usage, progress.timing, progress.body()
        rounds = progress.rounds
        reckoned = [] if usage else taken(request, [*rounds, Round(last)])[0]
        usages = [*(one.usage for one in rounds), progress.last_usage]
        guesses = [cost_of(request.model, one, priced=endpoint.profile.priced) or 0.0 for one in reckoned]
        costs = [cost_of(request.model, usage, priced=endpoint.profile.priced) for usage in usages]
        mended = any(one.wrong for one in rounds)
        event |= {
            "completion": _told_once(last),
            "rounds": [one.told() for one in rounds] or None,
            "invalid": progress.is_invalid or None,
            "model": request.model,
            "members": request.members or None,
            "host": "practice" if endpoint.practice else endpoint.host,
            "practice": endpoint.practice or None,
            "seconds": timing.seconds,
            "first_token": timing.first_token,
            "chunks": timing.chunks,
            "tokens": turn_tokens(request, progress.text, None if mended else progress.last_usage, exchange_of(rounds)),
            "left_out": request.left_out or None,
            "unseen": request.unseen or None,
            "cost": None if None in costs else sum(cost for cost in costs if cost is not None),
            "estimated_tokens": sum(one.total_tokens for one in reckoned) or None,
            "estimated_cost": sum(guesses) or None,
        }
    return {name: value for name, value in event.items() if value is not None}


def _told_once(body: dict[str, Any]) -> dict[str, Any]:
    """The reply's body without a request id that only repeats its own."""
    return {name: value for name, value in body.items() if name != "request_id" or value != body.get("id")}
