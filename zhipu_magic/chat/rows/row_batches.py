"""The rows of tables by the Batch API, at half the price: submitted now, collected when they are done.

submit   the rows that have no answer yet are written down as an intent, and sent (see `chat.batches`)
collect  what came is kept in the store of rows, under the same keys, so that the same map then asks nothing
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...history.events.map_event import MapEvent
from ...history.history import History
from ...history.ledger import Sums
from ...history.rows.row import Row, as_ended
from ...service.connection import Service
from ...service.models import BATCH_PRICE
from ...service.wire import Assembly
from ...text.errors import NOTHING_SENT, GLMError, OverBudget, ServiceError
from ..batches.batches import Batches
from ..batches.intent import Intent
from ..batches.outcomes import Outcome
from ..committing import committed
from ..scheduler import Scheduler
from .asked import kept_failure
from .collected import Collected
from .map_request import MapRequest
from .part import Part
from .record import collected_event_of, submitted_event_of, sums_of_intent
from .spending import RowSpending, entry_of
from .submitted import Submitted


class RowBatches:
    """The batches of one chat's tables."""

    def __init__(self, service: Service, history: History, scheduler: Scheduler) -> None:
        self._service = service
        self._history = history
        self._scheduler = scheduler

    @property
    def _batches(self) -> Batches:
        return Batches(self._service, self._history.journal.path)

    def submit(
        self,
        request: MapRequest,
        part: Part,
        spending: RowSpending,
        *,
        prompt_tokens: Sequence[int],
        note: Mapping[str, Any],
    ) -> Submitted:
        """Give the rows of a prepared part that have no answer to the Batch API; so long are their prompts.

        Raises GLMError.
        """
        batches, profile = self._batches, self._service.profile
        _check_budget(spending, prompt_tokens)

        def left() -> Iterator[tuple[str, Mapping[str, Any]]]:
            while (row := part.take(wait=True)) is not None:
                yield row.key, request.requests.body(row.prompt, profile)
            if part.error is not None:
                raise part.error

        counts = (part.known, len(part.failures))
        begun = batches.begin(left(), model=request.request.model, note=note)
        new = 0 if begun.new is None else begun.new.count
        if begun.new is not None:
            batches.resume(begun.new.id)
        errors = list(filter(None, map(self._sent, begun.earlier)))
        submitted = Submitted(part.size, new, sum(one.count for one in begun.earlier), *counts)
        if submitted.new or (submitted.earlier and not errors):
            history = self._history
            self._commit(lambda: submitted_event_of(submitted, part.key, request.request, history))
        if errors:
            raise errors[0]
        return submitted

    def _sent(self, intent: Intent) -> GLMError | None:
        """Send what was not sent of an intent. Returns what stands against it."""
        try:
            if not intent.is_submitted:
                self._batches.resume(intent.id)
        except GLMError as error:
            return error
        return None

    def collect(self, found: Callable[[Collected], None], *, send: bool) -> list[Collected]:
        """Look at all batches, and keep what came of those that are over. `found` is called with each at once.

        What stands against one is a value of its own (`Collected.error`), and costs no other. Without `send`, those are
        left out of which something is still to be sent. Raises GLMError where nothing can be looked at.
        """
        collected = []
        for intent in self._batches.open():
            if send or intent.is_submitted:
                try:
                    one = self._collected(intent)
                except GLMError as error:
                    one = Collected(intent, error=error)
                collected.append(one)
                found(one)
        return collected

    def cancel(self, ended: Callable[[Intent], None]) -> None:
        """End all batches early; what was answered until then is collected as ever. `ended` is called with each.

        Raises GLMError for one that cannot be ended, after all others were.
        """
        errors = []
        for intent in self._batches.open():
            try:
                self._batches.cancel(intent.id)
            except GLMError as error:
                errors.append(error)
            else:
                ended(intent)
        if errors:
            raise errors[0]

    def _collected(self, intent: Intent) -> Collected:
        batches = self._batches
        if not intent.is_submitted:
            intent = batches.resume(intent.id)
        progress = batches.progress(intent.id)
        if not progress.is_over:
            return Collected(intent, progress)
        store, sums, counts = self._history.records.rows, Sums(), [0, 0]
        with batches.outcomes(intent.id) as outcomes:
            for outcome in outcomes:
                row = self._row(intent, outcome)
                counts[row.error is not None] += 1
                if row.error is None or row.usage is not None:  # half an answer was paid, too
                    sums = sums.with_entry(self._entry(intent, row))
                known = store.find(row.key)
                if known is None or (known.error is not None and known != row):
                    store.add(row)
        store.flush()
        answered, failed = counts
        self._record(intent, sums, answered=answered, failed=failed)
        refusals = tuple(outcomes.refusals)
        # What an end in the middle has left undone, the next look does: so it is closed last of all.
        if store.is_written and not any(refusal.reason == "batch.incomplete" for refusal in refusals):
            batches.close(intent.id)
        return Collected(intent, progress, answered, failed, missing=len(outcomes.missing), refusals=refusals)

    def _record(self, intent: Intent, sums: Sums, *, answered: int, failed: int) -> None:
        """Have the ledger know what an intent has cost, but for what it knows from an earlier look."""
        history, practice = self._history, self._service.practising
        history.write_down()
        new = sums.minus(sums_of_intent(intent, history))
        if new.requests > 0:
            self._commit(
                lambda: collected_event_of(intent, new, history, answered=answered, failed=failed, practice=practice)
            )

    def _row(self, intent: Intent, outcome: Outcome) -> Row:
        if outcome.error is not None or outcome.body is None:
            return kept_failure(outcome.key, outcome.error or _no_text(), 1)
        assembly = Assembly(self._service.hiding())
        assembly.feed(outcome.body)
        assembly.end()
        if not (assembly.has_words or assembly.has_reasoning):
            return kept_failure(outcome.key, _no_text(), 1)
        usage = assembly.usage
        row = Row(
            key=outcome.key,
            text=assembly.text,
            reasoning=assembly.reasoning,
            finish=assembly.finish_reason or "stop",
            model=intent.model,
            usage=None if usage is None else (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens),
            batch=True,
        )
        return as_ended(row, assembly.last_words)

    def _entry(self, intent: Intent, row: Row) -> Any:
        priced, practice = self._service.priced, self._service.practising
        return entry_of(intent.model, row, priced=priced, practice=practice, share=BATCH_PRICE)

    def _commit(self, new_event: Callable[[], MapEvent]) -> None:
        committed(self._history, self._scheduler, new_event)


def _check_budget(spending: RowSpending, prompt_tokens: Sequence[int]) -> None:
    """Raise OverBudget where rows with so long prompts may take more than there is, at half the price."""
    budget = spending.budget
    if budget is None:
        return
    share = BATCH_PRICE if budget.unit == "yuan" else 1.0
    takes, left = spending.of_rows(prompt_tokens) * share, max(0.0, spending.left)
    if takes > left:
        raise OverBudget(
            "This batch could exceed the budget: its {rows:,} requests may take about {takes}, and {left} are left.",
            hint="Raise the budget, or ask fewer rows (first=…).",
            reason="budget.batch",
            outcomes=[NOTHING_SENT],
            rows=len(prompt_tokens),
            takes=budget.in_words(takes),
            left=budget.in_words(left),
        )


def _no_text() -> ServiceError:
    return ServiceError(
        "The reply contains no text.",
        hint="Try again; if it happens again, rephrase the prompt.",
        reason="reply.empty",
    )
