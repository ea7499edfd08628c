"""A service with a hidden limit, and the asking of a table, as a simulation of events: seconds pass in no time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Protocol

from zhipu_magic.service.limiter import Outcome

#: Seconds after which a simulation that has not ended is given up.
_LONGEST = 100_000.0


class Asking(Protocol):
    """What decides when a request goes out: a `Limiter`, or a semaphore that knows the limit."""

    def may_begin(self, now: float) -> bool: ...
    def begin(self, now: float) -> int: ...
    def end(self, ticket: int, now: float, outcome: Outcome, *, retry_after: float | None = None) -> None: ...
    def next_look(self, now: float) -> float | None: ...


def always(value: float) -> Callable[[float], float]:
    return lambda now: value


def steps(first: float, *later: tuple[float, float]) -> Callable[[float], float]:
    """A value that changes at these seconds: `steps(20, (10, 5))` is 20 until second 10, and 5 from then on."""

    def value(now: float) -> float:
        found = first
        for since, new in later:
            found = new if now >= since else found
        return found

    return value


def lognormal(mean: float, sigma: float) -> Callable[[Random], float]:
    return lambda random: random.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)


@dataclass
class Service:
    """How the service behaves. `limit` is the most requests in it; more are refused (1302).

    With `slots` it refuses nothing, and works on so many at once: the others wait in it. In the `storms`, from one
    second to another, it answers 1305 whatever is asked. `trip` is the way there, or back; `late` how long a place
    stays taken after its answer; `deaf` the seconds in which it says 1302 with nothing else in it. All in seconds.
    """

    limit: Callable[[float], float] = field(default_factory=lambda: always(math.inf))
    latency: Callable[[Random], float] = field(default_factory=lambda: lognormal(0.5, 0.5))
    trip: float = 0.01
    storms: Sequence[tuple[float, float]] = ()
    deaf: Sequence[tuple[float, float]] = ()
    late: Callable[[Random], float] = lambda random: 0.0
    slots: int | None = None
    retry_after: float | None = None
    """What a refusal asks to wait."""
    failing: float = 0.0
    """The share of requests that get 1305 at any time."""


@dataclass
class Run:
    """How the asking of a table went: when it ended, and what each request came to."""

    seconds: float = 0.0
    asked: int = 0
    answered: int = 0
    refused: int = 0
    busy: int = 0
    most: int = 0
    """In flight at once, at most."""
    begun: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    """Seconds from each request to its answer."""

    @property
    def share_refused(self) -> float:
        return self.refused / max(1, self.asked)


class _Simulation:
    def __init__(self, asking: Asking, service: Service, rows: int, seed: int) -> None:
        self.asking, self.service, self.left = asking, service, rows
        self.random = Random(seed)
        self.run = Run()
        self.inside = 0
        self.free = service.slots or 0
        self.waiting: list[int] = []
        self.in_flight: dict[int, float] = {}
        self.events: list[tuple[float, int, Callable[[float], None]]] = []
        self.count = 0
        self.look_at = math.inf

    def at(self, when: float, happens: Callable[[float], None]) -> None:
        self.count += 1
        heappush(self.events, (when, self.count, happens))

    def go(self, until: float) -> Run:
        now = 0.0
        self.ask(now)
        while self.events and (self.left or self.in_flight):
            now, _, happens = heappop(self.events)
            if now > until:
                break
            happens(now)
            self.ask(now)
        return self.run

    def ask(self, now: float) -> None:
        while self.left and self.asking.may_begin(now):
            ticket = self.asking.begin(now)
            self.left -= 1
            self.run.asked += 1
            self.run.begun.append(now)
            self.in_flight[ticket] = now
            self.run.most = max(self.run.most, len(self.in_flight))
            self.at(now + self.service.trip, lambda then, ticket=ticket: self.arrive(ticket, then))
        if not self.left:
            return
        look = self.asking.next_look(now)
        if look is None:
            assert self.in_flight, "nothing is in flight, and time alone changes nothing: it waits for ever"
        elif look < self.look_at or self.look_at <= now:
            assert look > now, "it looks again at once"
            self.look_at = look
            self.at(look, lambda then: None)

    def arrive(self, ticket: int, now: float) -> None:
        service = self.service
        if any(since <= now < until for since, until in service.storms) or self.random.random() < service.failing:
            self.refuse(ticket, now, "busy")
        elif service.slots is not None:
            self.waiting.append(ticket)
            self.work(now)
        elif self.inside >= service.limit(now) or any(since <= now < until for since, until in service.deaf):
            self.refuse(ticket, now, "refused")
        else:
            self.inside += 1
            self.at(now + service.latency(self.random), lambda then: self.answer(ticket, then))

    def work(self, now: float) -> None:
        while self.waiting and self.free:
            self.free -= 1
            ticket = self.waiting.pop(0)
            self.at(now + self.service.latency(self.random), lambda then, ticket=ticket: self.done(ticket, then))

    def done(self, ticket: int, now: float) -> None:
        self.free += 1
        self.at(now + self.service.trip, lambda then: self.hear(ticket, then, "answered"))
        self.work(now)

    def answer(self, ticket: int, now: float) -> None:
        self.at(now + self.service.late(self.random), self.leave)
        self.at(now + self.service.trip, lambda then: self.hear(ticket, then, "answered"))

    def leave(self, now: float) -> None:
        self.inside -= 1

    def refuse(self, ticket: int, now: float, outcome: Outcome) -> None:
        self.at(now + self.service.trip, lambda then: self.hear(ticket, then, outcome))

    def hear(self, ticket: int, now: float, outcome: Outcome) -> None:
        begun = self.in_flight.pop(ticket)
        self.asking.end(ticket, now, outcome, retry_after=None if outcome == "answered" else self.service.retry_after)
        if outcome == "answered":
            self.run.answered += 1
            self.run.seconds = now
            self.run.waited.append(now - begun)
            return
        self.left += 1  # a row that was refused is asked again
        self.run.refused += outcome == "refused"
        self.run.busy += outcome == "busy"


def simulate(asking: Asking, service: Service, rows: int, *, seed: int, until: float = _LONGEST) -> Run:
    """Ask so many rows of the service. `until` ends it early, in seconds."""
    return _Simulation(asking, service, rows, seed).go(until)


class Semaphore:
    """Asks as many at once as the service takes, which it is told, and waits for the end of a storm."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._tickets = 0
        self._held = 0
        self._waits_until = 0.0

    def may_begin(self, now: float) -> bool:
        most = self._service.limit(now) if self._service.slots is None else self._service.slots
        return self._held < most and now >= self._waits_until

    def begin(self, now: float) -> int:
        self._held += 1
        self._tickets += 1
        return self._tickets

    def end(self, ticket: int, now: float, outcome: Outcome, *, retry_after: float | None = None) -> None:
        self._held -= 1
        if outcome == "busy":
            self._waits_until = next((until for since, until in self._service.storms if since <= now < until), now)

    def next_look(self, now: float) -> float | None:
        return now + 0.05
