"""The places at a service, one for each request in flight: whoever asks takes one, and the limiter says how many.

There is one `Places` for each address and model in a process, so that cells, maps and threads share what the service
takes. A request of a cell (`first`) goes before all others, and waits only if more would be refused.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from ..text.errors import ConnectionFailed, GLMError, ReplyBroken, ServiceError
from . import learned_limits
from .endpoint import Endpoint
from .forks import register_at_fork
from .limiter import FIRST_REMEMBERED, Limiter, Outcome

#: Seconds after which someone who waits looks whether it has given up.
_TICK = 0.1
#: Seconds that a cell waits for a place before it asks without one.
_LONGEST_FIRST = 3.0
#: Seconds between two times that a limit is written down while requests are in flight, and while none is.
_KEPT_AGAIN, _KEPT_AGAIN_IDLE = 30.0, 2.0
#: Codes of the service that say that it is busy, rather than that one asks too much.
_BUSY_CODES = {"1305", "1312"}


def outcome_of(error: GLMError | None) -> Outcome:
    """What the end of a request says of the service; None is a reply."""
    if error is None:
        return "answered"
    reason = error.reason
    if reason in ("service.too_many", "service.too_fast"):
        return "refused"
    if reason == "service.busy":
        # 429 is "too many requests" (RFC 6585); only the service itself says more by its codes.
        is_ours = isinstance(error, ServiceError) and (error.status != 429 or error.code in _BUSY_CODES)
        return "busy" if is_ours else "refused"
    if reason in ("service.search_busy", "service.wait"):
        return "busy"
    is_lost = isinstance(error, (ConnectionFailed, ReplyBroken))
    return "failed" if is_lost or reason in ("service.fault", "service.too_early") else "other"


@dataclass(frozen=True)
class PlacesState:
    """How many may be in flight and are, how many wait, and until when nothing is asked of a busy service.

    `busy_until` is a time of `time.monotonic`, which has just passed while one request finds out; otherwise 0.0.
    """

    limit: int
    in_flight: int
    busy_until: float
    waiting: int


class Caller:
    """One who takes places for many requests, such as a map. `most` is its own ceiling, which can be changed."""

    def __init__(self, places: Places, most: int | None) -> None:
        self.most = most
        self.held = 0
        """How many places it holds."""
        self._places = places

    @property
    def has_room(self) -> bool:
        """Whether it may hold one more."""
        return self.most is None or self.held < self.most

    def take(self, *, given_up: Callable[[], bool]) -> Place | None:
        """Wait for a place; None once it has `given_up`, which is looked at each 0.1 s, and when `wake` is called."""
        return self._places.wait(_Waiting(self), given_up)


class _Waiting:
    """One who waits. The bell is a lock that is taken; it is let go to wake the one who waits in it."""

    def __init__(self, caller: Caller | None) -> None:
        self.caller = caller
        self.place: Place | None = None
        self.looks_at = 0.0
        """When it wakes by itself."""
        self.bell = threading.Lock()
        self.bell.acquire()

    def ring(self) -> None:
        """Wake it. The lock of the places must be held: then no other rings."""
        if self.bell.locked():
            self.bell.release()


class Places:
    """The places at one service for one model."""

    def __init__(self, base_url: str, model: str, *, remembered: bool = True) -> None:
        self._base_url, self._model = base_url, model
        self._limiter = Limiter()
        self._lock = threading.Lock()
        self._first: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._remembers = remembered
        self._recalled = not remembered
        self._kept: int | None = None
        self._kept_at = float("-inf")

    @property
    def state(self) -> PlacesState:
        """What can be shown of it."""
        limiter = self._limiter
        return PlacesState(limiter.limit, limiter.in_flight, limiter.busy_until, len(self._others) + len(self._first))

    @property
    def known_limit(self) -> int | None:
        """How many the service takes, as it was learned here: the latest ceiling, or how many went without a refusal.

        None while too few have gone to say.
        """
        limiter = self._limiter
        return limiter.learned or (limiter.limit if limiter.limit > FIRST_REMEMBERED else None)

    def caller(self, *, most: int | None = None) -> Caller:
        """One who takes many, and holds at most so many of them."""
        return Caller(self, most)

    def take(self, *, first: bool = False, given_up: Callable[[], bool]) -> Place | None:
        """A place for one request; None once it has `given_up` (see `Caller.take`).

        With `first` it is a cell's: it goes before all others. It waits only where a limit is known and used up, and
        for a few seconds at most.
        """
        if not first:
            return self.wait(_Waiting(None), given_up)
        if self._limiter.in_flight:
            self._recall()
        with self._lock:
            if not self._limiter.is_used_up:
                return self._begun(None)
            waiting = _Waiting(None)
            self._first.append(waiting)
        return self._waited(waiting, self._first, given_up, time.monotonic() + _LONGEST_FIRST)

    def wait(self, waiting: _Waiting, given_up: Callable[[], bool]) -> Place | None:
        """Wait behind all others."""
        self._recall()
        with self._lock:
            self._others.append(waiting)
            self._give(time.monotonic())
        return self._waited(waiting, self._others, given_up, None)

    def wake(self) -> None:
        """Have all who wait look now whether they have given up."""
        with self._lock:
            for waiting in (*self._first, *self._others):
                waiting.ring()

    def end(self, place: Place, outcome: Outcome, retry_after: float | None) -> None:
        """A request has ended, and its place is free."""
        now = time.monotonic()
        with self._lock:
            if place.limiter is not self._limiter or place.has_ended:
                return
            place.has_ended = True
            self._limiter.end(place.ticket, now, outcome, retry_after=retry_after)
            if place.caller is not None:
                place.caller.held -= 1
            self._give(now)
            kept = self._to_keep(now)
        if kept is not None:
            learned_limits.keep(self._base_url, self._model, kept)

    def after_fork(self, *, in_child: bool) -> None:
        """In a child nothing is in flight, and nobody waits: those are the parent's threads."""
        if in_child:
            self._lock = threading.Lock()
            self._limiter = Limiter(remembered=self._limiter.learned)
            self._first, self._others = deque(), deque()

    def _begun(self, caller: Caller | None) -> Place:
        if caller is not None:
            caller.held += 1
        return Place(self, self._limiter, self._limiter.begin(time.monotonic()), caller)

    def _waited(
        self, waiting: _Waiting, queue: deque[_Waiting], given_up: Callable[[], bool], until: float | None
    ) -> Place | None:
        """The place that is given to one in this queue. With `until` it takes one by itself from then on."""
        try:
            while waiting.place is None and not given_up():
                now = time.monotonic()
                with self._lock:
                    if waiting is self._next():
                        self._give(now)
                    if waiting.place is None and until is not None and now >= until:
                        queue.remove(waiting)
                        waiting.place = self._begun(waiting.caller)
                    seconds = self._sleeps(waiting, now)
                if waiting.place is None:
                    waiting.bell.acquire(timeout=seconds)
        finally:
            with self._lock:
                if waiting.place is None and waiting in queue:
                    queue.remove(waiting)
        if waiting.place is not None and given_up():
            waiting.place.end("other")
            return None
        return waiting.place

    def _sleeps(self, waiting: _Waiting, now: float) -> float:
        """For how many seconds it sleeps: only the next one looks as soon as there may be a place by time alone."""
        look = self._limiter.next_look(now) if waiting is self._next() else None
        waiting.looks_at = now + _TICK if look is None else min(look, now + _TICK)
        return max(0.0, waiting.looks_at - now)

    def _next(self) -> _Waiting | None:
        """The one who gets the next place."""
        return next((one for one in self._others if one.caller is None or one.caller.has_room), None)

    def _give(self, now: float) -> None:
        """Give the places that there are to those who wait."""
        while self._first and not self._limiter.is_used_up:
            self._hand(self._first.popleft())
        if self._first:
            return
        while (following := self._next()) is not None and self._limiter.may_begin(now):
            self._others.remove(following)
            self._hand(following)
        if following is not None:
            look = self._limiter.next_look(now)
            if look is not None and look < following.looks_at:
                following.ring()

    def _hand(self, waiting: _Waiting) -> None:
        waiting.place = self._begun(waiting.caller)
        waiting.ring()

    def _recall(self) -> None:
        if not self._recalled:
            self._recalled = True
            self._kept = learned_limits.recall(self._base_url, self._model)
            if self._kept is not None:
                with self._lock:
                    self._limiter.recall(self._kept)

    def _to_keep(self, now: float) -> int | None:
        """What was learned, if it is to be written down now."""
        learned = self._limiter.learned
        again = _KEPT_AGAIN if self._limiter.in_flight else _KEPT_AGAIN_IDLE
        if not self._remembers or learned is None or learned == self._kept or now < self._kept_at + again:
            return None
        self._kept, self._kept_at = learned, now
        return learned


class Place:
    """One place, until the request in it has ended.

    At the end of a `with` it is given back, and an error that ends it is told.
    """

    def __init__(self, places: Places, limiter: Limiter, ticket: int, caller: Caller | None) -> None:
        self.limiter, self.ticket, self.caller = limiter, ticket, caller
        self.has_ended = False
        self._places = places

    def end(self, outcome: Outcome, retry_after: float | None = None) -> None:
        """The request has ended like this; `retry_after` are the seconds that the service asks to wait.

        To end it again changes nothing.
        """
        self._places.end(self, outcome, retry_after)

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, GLMError):
            self.end(outcome_of(error), error.retry_after if isinstance(error, ServiceError) else None)
        else:
            self.end("other")


class _All:
    """The places of this process."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], Places] = {}
        register_at_fork(self)

    def of(self, endpoint: Endpoint, model: str) -> Places:
        key = (endpoint.base_url, model)
        return self._places.get(key) or self._places.setdefault(key, Places(*key, remembered=not endpoint.practice))

    def known_limit(self, base_url: str, model: str) -> int | None:
        """How many requests this service takes at once for this model: as learned here, else in another session."""
        places = self._places.get((base_url, model))
        known = None if places is None else places.known_limit
        return learned_limits.recall(base_url, model) if known is None else known

    def after_fork(self, *, in_child: bool) -> None:
        for places in list(self._places.values()):
            places.after_fork(in_child=in_child)


_ALL = _All()
#: The places at a service for a model, and how many are known; None if nothing is.
places_of, known_limit = _ALL.of, _ALL.known_limit
