"""The figures of a reply that its panel shows, and the notes above them: read from the chat and the reply once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from ...chat.replies.progress import Progress
from ...chat.standing import Standing
from ...history.conversation import MAIN
from ...history.events.turn_event import Timing
from ...service.wire import Usage
from ...text.characters import shorten
from ...text.languages.joined import sentences
from ...text.languages.messages import _, ngettext
from .. import costs

#: Why a reply ended before its natural end, and what to do about it.
NOTES = {
    "length": "Cut off: the answer reached its maximum length.",
    "sensitive": "Cut off: the service found sensitive content. Rephrase the prompt, and run the cell again.",
    "network_error": "Cut off: the model's service had an error of its own. Run the cell again.",
    "model_context_window_exceeded": "Cut off: the conversation fills the model's context. %glm thread NAME is empty.",
    "interrupted": "Interrupted.",
}
_TOOL_CALLS = _("The model asks for a tool to be called: see .choices[0].message.tool_calls of the bound completion.")
_GO_ON = _("%glm continue goes on from here.")
#: Seconds that a reply must have grown before its rate is shown.
_RATE_AFTER = 0.5
_LONGEST_NAME = 30
#: Seconds: a reply that took no longer came in one piece.
_ONE_PIECE = 0.05
_NO_WORDS = _("The answer itself had not begun, and is not in the conversation.")


@dataclass(frozen=True)
class Figures:
    """Everything that the panel shows. Times are in seconds, costs in yuan (estimates).

    `ending` says why the reply did not end by itself, and what to do about it; `others` are the notes besides.
    `system` is the system text that was sent; `elsewhere` says that the cell itself did not give it. `cut` says which
    values in the prompt were not sent in full, `above` which of the cells above went along. `tells_of_chat` is
    whether the sums of all the chat are among them.
    """

    model: str
    elapsed: float
    first_token: float | None
    rate: float | None
    doing: str
    ending: str
    others: tuple[str, ...]
    requests: int
    answer_limit: int | None
    finish_reason: str | None
    usage: Usage | None
    cost: float | None
    cost_text: str
    turns: int | None
    total_tokens: int
    total_cost: float | None
    context: tuple[int, int] | None
    thread: str
    budget: str
    system: str = ""
    elsewhere: bool = False
    cut: tuple[str, ...] = ()
    above: str = ""
    number: int | None = None
    uncounted: str = ""
    tells_of_chat: bool = True

    @classmethod
    def of(cls, standing: Standing, progress: Progress, notices: Sequence[str] = ()) -> Figures:
        timing = progress.timing
        return cls(
            model=_("{model} (practice)", model=progress.model) if progress.practice else progress.model,
            cost_text=_cost_text(progress, standing),
            elapsed=timing.seconds,
            first_token=timing.first_token,
            rate=_rate(progress, timing),
            doing=_doing(progress),
            ending=_ending(progress),
            others=tuple(note for note in (*_notes(progress), *notices) if note),
            requests=len(progress.rounds) + 1,
            answer_limit=progress.answer_limit,
            finish_reason=progress.finish_reason,
            usage=progress.usage,
            cost=standing.cost,
            turns=standing.turns,
            # As recorded, so that a replay shows the same; the dashboard tells live and replayed requests apart.
            total_tokens=standing.sums.total_tokens,
            total_cost=standing.sums.cost,
            uncounted=costs.uncounted(standing.sums),
            context=standing.context,
            thread=standing.thread if standing.thread != MAIN else "",
            budget="" if standing.is_partial else standing.budget_left,
            tells_of_chat=not standing.is_partial,
            system=progress.request.hide(progress.request.system),
            elsewhere=progress.request.options.system is None,
            cut=tuple(progress.cut),
            above=progress.above,
            number=standing.number,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What stands above the figures, a line each."""
        return (self.ending, *self.others) if self.ending else self.others

    def told_below(self, *, except_advice: bool = False) -> Figures:
        """The same where an error below says why the reply ended, and what to do, perhaps except how to go on."""
        return replace(self, ending=_GO_ON if except_advice and self.ending.endswith(_GO_ON) else "")

    @property
    def apart(self) -> Figures:
        """The same without what depends on which other replies have ended before."""
        return replace(self, tells_of_chat=False, turns=None, budget="", context=None)


def _cost_text(progress: Progress, standing: Standing) -> str:
    if progress.practice:
        return costs.OF_PRACTICE
    if progress.request.searches:
        return _("{cost}: web searches are billed separately", cost=costs.with_date(standing.cost))
    return costs.OF_PLAN if standing.plan else costs.with_date(standing.cost)


def _rate(progress: Progress, timing: Timing) -> float | None:
    """Tokens a second since the first one. Until the service has counted them, each chunk counts as one token."""
    if timing.first_token is None:
        return None
    seconds = timing.seconds - timing.first_token
    if progress.ended is None and seconds < _RATE_AFTER:
        return None
    tokens = progress.usage.completion_tokens if progress.usage else timing.chunks
    # A reply in one piece took the whole time.
    seconds = seconds if seconds > _ONE_PIECE else timing.seconds
    return tokens / seconds if seconds else None


def _doing(progress: Progress) -> str:
    """What is happening before the first words."""
    if progress.state == "streaming":
        if progress.calling is not None:
            return _("calling {name}", name=shorten(progress.calling.name, _LONGEST_NAME))
        if progress.rounds and not (progress.has_text or progress.reasoning):
            return _("waiting")
        return "" if progress.has_text else _("reasoning")
    if progress.state != "waiting":
        return ""
    left = progress.retry_due - time.monotonic()
    if progress.retry is None or left <= 0:
        return _("waiting")
    return _(
        "{reason}, trying again in {seconds} s ({number} of {most})",
        reason=progress.retry.reason,
        seconds=ceil(left),
        number=progress.retry.number,
        most=progress.retry.most,
    )


def _ending(progress: Progress) -> str:
    if progress.ended is None:
        return ""
    if progress.state == "complete" and progress.wants_tools:
        return _TOOL_CALLS
    reason = progress.finish_reason or ""
    note = _(NOTES.get(reason, ""))
    if reason == "length" and progress.answer_limit is not None:
        note = _(
            "Cut off: the budget had room for an answer of {limit:,} tokens. %glm budget raises it.",
            limit=progress.answer_limit,
        )
    if not (progress.has_text or progress.has_run):
        return sentences(note, _NO_WORDS)
    goes_on = reason in ("interrupted", "length") and not progress.request.leaves_no_turn
    return sentences(note, _GO_ON) if goes_on else note


def _notes(progress: Progress) -> tuple[str, ...]:
    return _left_out(progress), _unseen(progress), _not_run(progress)


def _not_run(progress: Progress) -> str:
    count = sum(call.is_beyond for call in progress.all_calls)
    if not count:
        return ""
    return sentences(
        ngettext(
            "{count:,} tool call did not run: the turn had reached its maximum.",
            "{count:,} tool calls did not run: the turn had reached its maximum.",
            count,
        ),
        _("%config GLMMagics.tool_calls = NUMBER allows more (in Python: chat.tool_calls)."),
    )


def _left_out(progress: Progress) -> str:
    if not progress.left_out:
        return ""
    return ngettext(
        "{count:,} earlier turn was left out: the model's context has no room for more.",
        "{count:,} earlier turns were left out: the model's context has no room for more.",
        progress.left_out,
    )


def _unseen(progress: Progress) -> str:
    count = progress.first_unseen
    if not count:
        return ""
    known = progress.request.known
    if known is not None and known.vision:
        return ngettext(
            "{count:,} attachment of an earlier turn was left out: {model} does not take documents by address beside "
            "images or videos.",
            "{count:,} attachments of earlier turns were left out: {model} does not take documents by address beside "
            "images or videos.",
            count,
            model=progress.model,
        )
    return ngettext(
        "{count:,} image of an earlier turn was left out: {model} cannot see.",
        "{count:,} images of earlier turns were left out: {model} cannot see.",
        count,
        model=progress.model,
    )


def percent(tokens: int, context: int) -> str:
    share = 100 * tokens / context
    return f"{share:.0f} %" if share >= 1 or tokens == 0 else "< 1 %"
