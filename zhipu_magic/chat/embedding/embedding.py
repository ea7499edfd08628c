"""Makes vectors of texts: those that the store has are not asked for again."""

from __future__ import annotations

import time
from typing import Any

from ...history.budget import Budget
from ...history.events.used_event import UsedEvent
from ...history.history import History
from ...history.journal.journal import now
from ...history.rows.store import RowStore
from ...service.connection import Service
from ...service.endpoint import Endpoint
from ...service.text_calls import Vectors
from ...text.addresses import host_of
from ...text.errors import NOTHING_SENT, REPLAY_ONLY, NotRecorded
from ...text.languages.messages import _
from ...text.languages.numbers import plural
from ...text.tokens import weight
from ..committing import committed, repeated
from ..dispatch import Dispatch
from ..over_budget import too_many_texts, unknown_price
from ..replies.in_tool import check_not_in_tool
from ..scheduler import Scheduler
from .batches import batches_of
from .kept import vector_in, vector_row
from .models import dimensions_of, embedding_model
from .run import Keep, VectorRun
from .texts import check_lengths, texts_of
from .wanted import VectorArray, Wanted

#: Seconds between two looks of who waits.
_TICK = 0.1
#: Seconds that batches in flight have to land where one of them has failed: they are paid.
_LANDING = 3.0


class Embedding:
    """Makes the vectors that a chat is asked for, and counts what they took."""

    def __init__(self, service: Service, history: History, scheduler: Scheduler, *, dispatch: Dispatch) -> None:
        self._service = service
        self._history = history
        self._scheduler = scheduler
        self._dispatch = dispatch

    @property
    def store(self) -> RowStore:
        """Where the answers are kept."""
        return self._history.records.vectors

    def vectors(self, values: Any, *, model: str, dimensions: int | None, in_flight: int | None, fresh: bool) -> Any:
        """The vectors as a numpy array (see `Chat.embed`)."""
        check_not_in_tool(self._scheduler)
        known = embedding_model(model)
        count = dimensions_of(known, dimensions)
        wanted = Wanted([self._service.hide(text) for text in texts_of(values)], model, count)
        array = VectorArray(wanted, count)
        is_sealed = self._dispatch.mode == "only"
        missing = self._missing(wanted, array, count, fresh=fresh and not is_sealed)
        if is_sealed:
            self._repeat(wanted, missing)
        elif missing:
            check_lengths([(wanted.places[text], text) for text in missing], known)
            members = {"model": model} if known.fixed or count is None else {"model": model, "dimensions": count}
            self._ask(missing, members, wanted, array=array, in_flight=in_flight)
        return array.in_order()

    def _missing(self, wanted: Wanted, array: VectorArray, dimensions: int | None, *, fresh: bool) -> list[str]:
        """The texts that have no vector yet, in order; those of the others are put into the array."""
        missing = []
        for text, key in wanted.keys.items():
            vector = None if fresh else vector_in(self.store.find(key), dimensions)
            if vector is None:
                missing.append(text)
            else:
                array.put(text, vector)
        return missing

    def _ask(
        self,
        texts: list[str],
        members: dict[str, Any],
        wanted: Wanted,
        *,
        array: VectorArray,
        in_flight: int | None,
    ) -> None:
        """Have the vectors of these made, and wait. Raises what has stopped it; what came until then is kept."""

        def keep(batch: list[str], found: Vectors) -> None:
            for text, vector in zip(batch, found.vectors, strict=True):
                self.store.add(vector_row(wanted.keys[text], vector, members["model"]))
                array.put(text, vector)

        run: VectorRun | None = None
        try:
            run = self._begun(texts, members, wanted, keep=keep, in_flight=in_flight)
            while not run.wait(_TICK) and run.error is None:
                pass
            run.wait(_LANDING)
        except BaseException:  # an interrupt
            if run is not None:
                run.stop()
            raise
        if run.error is not None:
            raise run.error

    def _begun(
        self, texts: list[str], members: dict[str, Any], wanted: Wanted, *, keep: Keep, in_flight: int | None
    ) -> VectorRun:
        begun = time.monotonic()
        with self._scheduler.admitting:
            self.check_budget(members["model"], texts)
            endpoint = self._service.endpoint()

            def landed() -> None:
                try:
                    self._record(run, endpoint, wanted, seconds=time.monotonic() - begun)
                finally:
                    self._scheduler.remove_map(run)

            run = VectorRun(
                list(batches_of(texts, embedding_model(members["model"]))),
                members,
                service=self._service,
                endpoint=endpoint,
                in_flight=in_flight,
                keep=keep,
                landed=landed,
            )
            self._scheduler.add_map(run)
        run.begin()
        return run

    def check_budget(self, model: str, texts: list[str]) -> None:
        """Raise OverBudget where these texts could exceed the budget, or a budget in yuan cannot be enforced."""
        budget = self._history.state.budget
        if budget is None or (self._service.practising and budget.unit == "yuan"):
            return
        error = unknown_price(model) if budget.unit == "yuan" else self._too_many(budget, texts)
        if error is not None:
            error.outcomes = [NOTHING_SENT]
            raise error

    def _too_many(self, budget: Budget, texts: list[str]) -> Any:
        tokens = sum(map(weight, texts))
        left = max(0.0, budget.limit - self._dispatch.others(budget, but=None).taken)
        return too_many_texts(budget, tokens, left) if tokens > left else None

    def _repeat(self, wanted: Wanted, missing: list[str]) -> None:
        """Where nothing goes out: count what was recorded. Raises NotRecorded if vectors are missing."""
        if missing:
            raise NotRecorded(
                "{left:,} of the {count:,} texts have no vector in the vectors file beside the journal.",
                hint='chat.replay = "auto" asks the service for them, and records the vectors.',
                reason="replay.vectors_not_recorded",
                outcomes=[REPLAY_ONLY],
                left=len(missing),
                count=len(wanted.places),
            )
        self.repeat(wanted.key)

    def repeat(self, key: str) -> None:
        """Count once more what this took when it was recorded."""
        recorded = self._dispatch.replayed.look_up_use(key)
        if recorded is not None:
            committed(self._history, self._scheduler, lambda: repeated(self._history, recorded))

    def _record(self, run: VectorRun, endpoint: Endpoint, wanted: Wanted, *, seconds: float) -> None:
        """Count what this run has taken."""
        if run.requests:
            self.record(
                endpoint,
                what=_("{texts} as vectors", texts=plural(run.texts, "text")),
                key=wanted.key,
                model=run.model,
                requests=run.requests,
                seconds=round(seconds, 3),
                tokens=run.tokens or None,
                uncounted=run.uncounted or None,
                estimated_tokens=round(run.estimated) or None,
            )
            self.store.flush()

    def record(self, endpoint: Endpoint, **members: Any) -> None:
        """Count what was asked."""
        history = self._history
        committed(
            history,
            self._scheduler,
            lambda: UsedEvent(
                id=history.next_id(),
                time=now(),
                thread=history.state.conversation.current,
                host=host_of(endpoint.base_url) or None,
                practice=endpoint.practice or None,
                forked=history.journal.forked,
                **members,
            ),
        )
