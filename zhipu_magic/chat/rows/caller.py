"""Sends one request until it is answered, or cannot be: with no place held while it waits."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ...service.connection import Service
from ...service.decode import finish_reason
from ...service.endpoint import Endpoint
from ...service.error_codes import ended_badly
from ...service.exchange import Emit
from ...service.places import Caller as PlaceCaller
from ...service.places import outcome_of
from ...service.stream import StreamItem
from ...service.wire import is_fault
from ...text.errors import GLMError, ServiceError
from .workers import Workers

if TYPE_CHECKING:
    from ...service.client import Client

#: Seconds between two tries of a request that met a fault of the service: at first, and at most.
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0
#: Seconds for which a service may have nothing but faults before a map over it is given up; and before the last row
#: is, which may be the cause, or a map over a service that was never reached.
PATIENCE, PATIENCE_ALONE = 120.0, 30.0
#: Tries that a paid row's further request has once the map was stopped.
_LAST_TRIES = 3
#: Refusals that are nobody's fault: the request waits for a place again, as often as it takes.
_WAITS = frozenset({"service.too_many", "service.too_fast", "service.busy", "service.search_busy", "service.wait"})
#: Refusals of the key or the account, which every other request would meet as well.
_OF_THE_ACCOUNT = frozenset(
    {
        *("service.key_refused", "service.key_expired", "service.second_factor", "service.account"),
        *("service.balance", "service.quota", "service.daily_quota", "service.billing", "service.fair_use"),
        *("service.plan_expired", "service.not_in_plan", "service.other_product", "service.not_permitted"),
    }
)
#: Those of a wrong address or model, which every other would meet, too. Where one was answered, something on the way,
#: such as a gateway, has failed for a moment.
_OF_THE_ADDRESS = frozenset(
    {
        *("service.no_such_api", "service.no_model", "service.access_denied", "service.not_found"),
        *("service.redirect", "service.not_a_reply", "connection.certificate", "connection.proxy_refused"),
    }
)
#: Spreads the tries of many threads. The generator of `random` is the user's, who may have seeded it.
_jitter = random.Random()


class Stopped(Exception):
    """The map was stopped before this request was answered."""


class StopAll(Exception):
    """The map cannot go on: `error` would meet every other row as well."""

    def __init__(self, error: GLMError) -> None:
        super().__init__(str(error))
        self.error = error


class Faults:
    """Whether the service answers at all: a fault counts against a row only where others are answered."""

    def __init__(self) -> None:
        self.answered = 0
        self.last: GLMError | None = None
        """The last fault, until there is an answer."""
        self._first: float | None = None

    def answer(self) -> None:
        """A request was answered."""
        self.answered += 1
        self.last = self._first = None

    def fault(self, error: GLMError) -> None:
        """A request met a fault. Remember since when there is nothing else."""
        self.last = error
        self._first = self._first or time.monotonic()

    @property
    def have_gone_on(self) -> float:
        """Seconds since the first fault, with no answer after it."""
        return 0.0 if self._first is None else time.monotonic() - self._first


class Watch(Protocol):
    """What a caller looks at, and whom it tells of its waiting."""

    @property
    def workers(self) -> Workers:
        """The threads of the map, of which this is one."""

    @property
    def stopped(self) -> bool:
        """Whether the map was stopped."""

    @property
    def is_alone(self) -> bool:
        """Whether one row is left, so that no other can show whether the service answers at all."""


#: Sends a request once, and emits what comes.
Send: TypeAlias = "Callable[[Client, Mapping[str, Any], Emit], None]"


def _of_chat(client: Client, body: Mapping[str, Any], emit: Emit) -> None:
    client.try_once(body, emit, threading.Event())


class Caller:
    """Sends the requests of one map, each from the thread that calls; `send` sends those that are not of chat."""

    def __init__(
        self,
        service: Service,
        endpoint: Endpoint,
        places: PlaceCaller,
        watch: Watch,
        *,
        max_retries: int,
        send: Send = _of_chat,
    ) -> None:
        self._send = send
        self._service = service
        self._endpoint = endpoint
        self._places = places
        self._watch = watch
        self._max_retries = max_retries
        self.faults = Faults()

    def call(
        self, body: Mapping[str, Any], tried: Callable[[Sequence[StreamItem]], None], *, whatever: bool = False
    ) -> Sequence[StreamItem]:
        """What the service answers. `tried` is called for each request but those that it had no room for, with what had
        come of one that met a fault.

        Raises the GLMError that it ended with, Stopped, or StopAll. `whatever` goes on although the map was stopped,
        for a row that has been paid already.
        """
        tries = faults = 0
        seen = self.faults.answered
        while True:
            tries += 1
            if self._watch.stopped and tries > _LAST_TRIES:
                raise Stopped
            chunks: list[StreamItem] = []
            try:
                self._try(body, chunks.append, whatever=whatever)
            except GLMError as error:
                is_passing = error.reason in _OF_THE_ADDRESS and self.faults.answered > 0
                if error.reason in _OF_THE_ACCOUNT or (error.reason in _OF_THE_ADDRESS and not is_passing):
                    raise StopAll(error) from None
                if error.reason in _WAITS:
                    continue
                tried(chunks)
                if not (error.retryable or is_passing):
                    raise
                self.faults.fault(error)
                if self.faults.answered > seen or chunks:  # a reply that has begun may be paid each time
                    seen, faults = self.faults.answered, faults + 1
                    if faults > self._max_retries:
                        raise
                if self.faults.have_gone_on > self._patience(error):
                    raise StopAll(error) from None
                if self._watch.is_alone and self.faults.have_gone_on > PATIENCE_ALONE:
                    raise
                self._pause(tries, whatever=whatever)
            else:
                tried(())
                return chunks

    def _patience(self, error: GLMError) -> float:
        """Seconds for which there may be nothing but faults: few for an address at which nobody has ever answered."""
        never = not self.faults.answered and error.reason.startswith("connection.")
        return PATIENCE_ALONE if never else PATIENCE

    def _try(self, body: Mapping[str, Any], emit: Emit, *, whatever: bool) -> None:
        self._watch.workers.waits()
        place = self._places.take(given_up=lambda: self._watch.stopped and not whatever)
        self._watch.workers.goes(has_place=place is not None)
        if place is None:
            raise Stopped
        ended: str | None = None

        def receive(item: StreamItem) -> None:
            nonlocal ended
            emit(item)
            if isinstance(item, Mapping) and not is_fault(ended):
                ended = finish_reason(item) or ended

        failure: GLMError | None = None
        try:
            with self._service.client(self._endpoint) as client:
                self._send(client, body, receive)
            if ended is not None and is_fault(ended):
                raise ended_badly(ended)
        except GLMError as error:
            failure = error
            raise
        finally:
            after = failure.retry_after if isinstance(failure, ServiceError) else None
            place.end(outcome_of(failure), after)
            self._watch.workers.back()
        self.faults.answer()

    def _pause(self, tries: int, *, whatever: bool) -> None:
        ends = time.monotonic() + min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (tries - 1)) * (0.7 + 0.6 * _jitter.random())
        while (left := ends - time.monotonic()) > 0:
            if self._watch.stopped and not whatever:
                raise Stopped
            time.sleep(min(left, 0.05))
