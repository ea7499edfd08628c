"""Makes vectors of texts: those that the store has are not asked for again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
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
from ...text.errors import NOTHING_SENT, InvalidRequest, NotRecorded
from ...text.notice import Notice
from ...text.numbers import plural
from ...text.tokens import weight
from ..dispatch import Dispatch
from ..over_budget import too_many_texts, unknown_price
from ..replies.in_tool import check_not_in_tool
from ..scheduler import Scheduler
from ..undisturbed import undisturbed
from .batches import batches_of
from .kept import key_of, vector_in, vector_row
from .models import dimensions_of, embedding_model
from .run import VectorRun
from .texts import check_lengths, texts_of

#: Seconds between two looks of who waits.
_TICK = 0.1
#: Seconds that batches in flight have to land where one of them has failed: they are paid.
_LANDING = 3.0
_NOTHING_GOES_OUT = Notice("Nothing was sent, because replay is 'only'.", reason="outcome.replay_only")


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
        numpy = _numpy()
        check_not_in_tool(self._scheduler)
        known = embedding_model(model)
        count = dimensions_of(known, dimensions)
        texts = [self._service.hide(text) for text in texts_of(values)]
        places = {text: place for place, text in reversed(list(enumerate(texts)))}
        unique = sorted(places, key=places.__getitem__)
        keys = {text: key_of("embed", model, dimensions if count is None else count, text) for text in unique}
        array = _Vectors(numpy, {text: row for row, text in enumerate(unique)}, count)
        store = self.store
        missing = []
        for text in unique:
            vector = None if fresh and self._dispatch.mode != "only" else vector_in(store.find(keys[text]), count)
            if vector is None:
                missing.append(text)
            else:
                array.put(text, vector)
        whole = key_of("embed", [keys[text] for text in texts])
        what = f"{plural(len(missing) or len(unique), 'text')} as vectors"
        if self._dispatch.mode == "only":
            self._repeat(whole, missing, len(unique))
        elif missing:
            check_lengths([(places[text], text) for text in missing], known)
            members = {"model": model} if known.fixed or count is None else {"model": model, "dimensions": count}

            def keep(batch: list[str], found: Vectors) -> None:
                for text, vector in zip(batch, found.vectors, strict=True):
                    store.add(vector_row(keys[text], vector, model))
                    array.put(text, vector)

            begun = time.monotonic()

            def use(run: VectorRun, endpoint: Endpoint) -> None:
                self._record(run, endpoint, key=whole, what=what, model=model, seconds=time.monotonic() - begun)

            self._ask(list(batches_of(missing, known)), members, in_flight=in_flight, keep=keep, use=use)
        return array.in_order([array.rows[text] for text in texts])

    def _ask(
        self,
        batches: list[list[str]],
        members: dict[str, Any],
        *,
        in_flight: int | None,
        keep: Callable[[list[str], Vectors], None],
        use: Callable[[VectorRun, Endpoint], None],
    ) -> None:
        """Have all of these made, and wait. Raises what has stopped it; what came until then is kept."""
        run: VectorRun | None = None
        try:
            run = self._begun(batches, members, in_flight=in_flight, keep=keep, use=use)
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
        self,
        batches: list[list[str]],
        members: dict[str, Any],
        *,
        in_flight: int | None,
        keep: Callable[[list[str], Vectors], None],
        use: Callable[[VectorRun, Endpoint], None],
    ) -> VectorRun:
        with self._scheduler.admitting:
            self.check_budget(str(members["model"]), [text for batch in batches for text in batch])
            endpoint = self._service.endpoint()

            def landed() -> None:
                try:
                    use(run, endpoint)
                finally:
                    self._scheduler.remove_map(run)

            run = VectorRun(
                batches,
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

    def _repeat(self, key: str, missing: list[str], count: int) -> None:
        """Where nothing goes out: count what was recorded. Raises NotRecorded if vectors are missing."""
        if missing:
            raise NotRecorded(
                "{left:,} of the {count:,} texts have no vector in the vectors file beside the journal.",
                hint='chat.replay = "auto" asks the service for them, and records the vectors.',
                reason="replay.vectors_not_recorded",
                outcomes=[_NOTHING_GOES_OUT],
                left=len(missing),
                count=count,
            )
        self.repeat(key)

    def repeat(self, key: str) -> None:
        """Count once more what this took when it was recorded."""
        recorded = self._dispatch.replayed.look_up_use(key)
        if recorded is not None:
            self._commit(lambda event_id: recorded.repeated(event_id))

    def _record(self, run: VectorRun, endpoint: Endpoint, *, key: str, what: str, model: str, seconds: float) -> None:
        if run.requests:
            taken = {
                "tokens": run.tokens or None,
                "uncounted": run.uncounted or None,
                "estimated_tokens": round(run.estimated) or None,
            }
            self.record(
                endpoint, what=what, key=key, model=model, requests=run.requests, seconds=round(seconds, 3), **taken
            )
            self.store.flush()

    def record(self, endpoint: Endpoint, **members: Any) -> None:
        """Count what was asked."""
        history = self._history
        self._commit(
            lambda event_id: UsedEvent(
                id=event_id,
                time=now(),
                thread=history.state.conversation.current,
                host=host_of(endpoint.base_url) or None,
                practice=endpoint.practice or None,
                forked=history.journal.forked,
                **members,
            )
        )

    def _commit(self, make: Callable[[str], UsedEvent]) -> None:
        history = self._history
        with self._scheduler.admitting, history.changing:
            undisturbed(lambda: history.commit(make(history.next_id())))
        history.write_down()


class _Vectors:
    """The vectors of unique texts, in the rows of an array that is made with the first."""

    def __init__(self, numpy: Any, rows: dict[str, int], dimensions: int | None) -> None:
        self.rows = rows
        self._numpy = numpy
        self._lock = threading.Lock()
        self._array = None if dimensions is None else numpy.empty((len(rows), dimensions), numpy.float32)

    def put(self, text: str, vector: bytes) -> None:
        """Put the vector of a text into its row."""
        numbers = self._numpy.frombuffer(vector, "<f4")
        with self._lock:
            if self._array is None:
                self._array = self._numpy.empty((len(self.rows), len(numbers)), self._numpy.float32)
        if len(numbers) != self._array.shape[1]:
            raise InvalidRequest(
                "The service has made vectors of {found} dimensions, and others of {before}.",
                hint="Pass dimensions=….",
                reason="embedding.mixed",
                found=len(numbers),
                before=self._array.shape[1],
            )
        self._array[self.rows[text]] = numbers

    def in_order(self, rows: list[int]) -> Any:
        """The rows in this order; the array itself, where that is its own."""
        if self._array is None:  # of no texts
            return self._numpy.empty((0, 0), self._numpy.float32)
        return self._array if rows == list(range(len(self._array))) else self._array[rows]


def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        raise InvalidRequest(
            "Vectors come as a numpy array, and numpy is not installed.",
            hint="pip install numpy",
            reason="embedding.no_numpy",
            outcomes=[NOTHING_SENT],
        ) from None
    return numpy
