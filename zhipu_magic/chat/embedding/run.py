"""Texts that become vectors: some threads send the batches, and keep what came, whoever waits for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from ...history.turn import Anchor
from ...service.client import Client
from ...service.connection import Service
from ...service.endpoint import Endpoint
from ...service.exchange import Emit, call_all, wait_for_call
from ...service.places import places_of
from ...service.text_calls import Vectors, embed
from ...text.errors import GLMError
from ...text.tokens import weight
from ..budget_check import Held
from ..rows.asked import fault_of
from ..rows.caller import Caller, StopAll, Stopped
from ..rows.workers import Workers
from ..undisturbed import undisturbed

#: Keeps the vectors of these texts.
Keep = Callable[[list[str], Vectors], None]


class VectorRun:
    """Batches of texts being sent, as many at once as the service takes, and at most `in_flight`.

    `keep` is called with what has come of a batch, and `landed` once nothing is in flight any more.
    """

    def __init__(
        self,
        batches: list[list[str]],
        members: Mapping[str, Any],
        *,
        service: Service,
        endpoint: Endpoint,
        in_flight: int | None,
        keep: Keep,
        landed: Callable[[], None],
    ) -> None:
        self.anchor = Anchor()
        self.model = str(members["model"])
        self.error: GLMError | None = None
        self.stopped = self.has_landed = False
        self.requests = self.texts = self.uncounted = self.tokens = 0
        self.estimated = 0.0
        """Tokens of the requests that the service has not counted."""
        self._members = members
        self._keep = keep
        self._landed = landed
        self._batches = deque(batches)
        self._left = len(batches)
        self._tokens_left = sum(weight(text) for batch in batches for text in batch)
        self._lock = threading.Lock()
        self._on_end: deque[Callable[[], None]] = deque()
        self.workers = Workers(self._work, self._gone)
        places = places_of(endpoint, self.model).caller(most=in_flight)
        self._caller = Caller(service, endpoint, places, self, max_retries=service.max_retries, send=_send)

    def begin(self) -> None:
        """Send the first batch; each thread that gets a place has another one look for more."""
        self.workers.want()

    def wait(self, seconds: float) -> bool:
        """Wait up to so many seconds for all that is in flight to land. Returns whether it has."""
        wait_for_call(self._on_end, lambda: self.has_landed, seconds)
        return self.has_landed

    def stop(self, error: GLMError | None = None) -> None:
        """Send no further batch. What is in flight lands, and is kept. An interrupt is delivered afterwards."""
        undisturbed(lambda: self._stop(error))

    # What others look at (see `scheduler.UnderWay`, `caller.Watch`)

    @property
    def held(self) -> Held:
        """What it may still take, in tokens: no price is known, so that a budget in yuan never allows it."""
        return Held(amount=self._tokens_left)

    @property
    def is_alone(self) -> bool:
        """Whether one batch is left."""
        return self._left == 1

    # The threads

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            try:
                self._ask(batch)
            except Stopped:
                return
            except StopAll as stop:
                self.stop(stop.error)
            except GLMError as error:
                self.stop(error)
            except BaseException as error:  # a fault of ours; without this, nobody would hear of the end
                self.stop(fault_of(error))

    def _next(self) -> list[str] | None:
        with self._lock:
            if self.stopped or not self._batches:
                return None
            return self._batches.popleft()

    def _ask(self, batch: list[str]) -> None:
        found = self._caller.call({**self._members, "input": batch}, lambda chunks: None)
        vectors = next(one["vectors"] for one in found if isinstance(one, Mapping))
        self._keep(batch, vectors)
        with self._lock:
            tokens = sum(map(weight, batch))
            self._tokens_left -= tokens
            self.requests += 1
            self.texts += len(batch)
            if vectors.tokens is None:
                self.uncounted += 1
                self.estimated += tokens
            else:
                self.tokens += vectors.tokens
            self._left -= 1
            is_last = not self._left
        if is_last:
            self._end()

    def _stop(self, error: GLMError | None) -> None:
        with self._lock:
            self.error = self.error or error
            if self.stopped or not self._left:
                return
            self.stopped = True
        self._end()

    def _end(self) -> None:
        self.workers.end()
        if self.workers.release():
            self._gone(True)

    def _gone(self, is_last: bool) -> None:
        with self._lock:
            if not is_last or self.has_landed:
                return
        try:
            self._landed()
        finally:
            self.has_landed = True
            call_all(self._on_end)


def _send(client: Client, body: Mapping[str, Any], emit: Emit) -> None:
    emit({"vectors": embed(client, body, threading.Event())})
