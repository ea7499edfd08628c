"""How much the server takes at once, how long an answer takes, and when it takes nothing."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from typing import TypeAlias

from .script import Fault

#: Seconds before an answer: the mean of a lognormal distribution, or what is called for each answer.
Latency: TypeAlias = float | Callable[[], float]

#: The standard deviation of the logarithm of a latency: one answer of 20 takes twice as long as the mean, or longer.
_SPREAD = 0.5


class Load:
    """Lets chat requests in, up to the limit. All of it may be changed at any time, and from any thread.

    `limit` is the most in flight at once; None is any number. `latency` is how long an answer takes to begin, and
    `freed_after` how many seconds later than it ends its place is free. While there is a `storm`, it is what every
    request is answered with. `let_in` and `refused` count the requests, and `most` is the most that were in flight.
    """

    def __init__(self, limit: int | None = None, latency: Latency = 0.0) -> None:
        self.limit = limit
        self.latency = latency
        self.freed_after = 0.0
        self.storm: Fault | None = None
        self.let_in = self.refused = self.most = 0
        self._taken = 0
        self._seconds = 0.0  # the sum of when requests left, less that of when they entered
        self._random = random.Random(0)

    @property
    def in_flight_seconds(self) -> float:
        """How long requests have been in flight, together."""
        return self._seconds + self._taken * time.monotonic()

    def enter(self) -> Fault | None:
        """Let a request in, which is to `leave`; or else what it is refused with."""
        refusal = self.storm
        if refusal is None and self.limit is not None and self._taken >= self.limit:
            refusal = Fault.of("1302")
        if refusal is not None:
            self.refused += 1
            return refusal
        self._taken += 1
        self._seconds -= time.monotonic()
        self.let_in += 1
        self.most = max(self.most, self._taken)
        return None

    def leave(self) -> None:
        """A request that was let in has ended."""
        if self.freed_after:
            asyncio.get_running_loop().call_later(self.freed_after, self._free)
        else:
            self._free()

    def seconds(self) -> float:
        """How long the next answer takes to begin."""
        if callable(self.latency):
            return self.latency()
        if not self.latency:
            return 0.0
        return self._random.lognormvariate(math.log(self.latency) - _SPREAD**2 / 2, _SPREAD)

    def _free(self) -> None:
        self._taken -= 1
        self._seconds += time.monotonic()
