"""Pauses while a service refuses whatever it is asked, and one scout after each."""

from __future__ import annotations

from collections.abc import Callable

#: Seconds of the first pause, and of the longest that the service has not asked for.
_FIRST, _LONGEST = 0.1, 8.0
#: Seconds of the longest pause that it can ask for; one that asks for more is told by an error of its own.
_LONGEST_ASKED = 60.0
#: By which share a pause is longer or shorter at random, so that many clients do not come back together.
_SPREAD = 0.3
#: Seconds at least after which a scout that has not been refused counts as let in.
_LET_IN = 0.3


class Storm:
    """Begins with a refusal after which nothing would be answered, and ends when a request is let in.

    Until `until` nothing is asked; then one request is, the `scout`. `limit` is how many may be in flight after it.
    Times are in seconds of any clock, and `random` returns numbers from 0 to 1.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self.is_on = False
        self.until = 0.0
        self.scout: int | None = None
        self.limit = 1
        self._random = random
        self._began = self._scouted = self._slowest = 0.0

    def begin(self, now: float, limit: int) -> None:
        self.is_on, self.limit = True, limit
        self._began, self._slowest = now, 0.0

    def pause(self, now: float, *, share: float, took: float, asked: float | None) -> None:
        """Wait for this share of the time that the storm has lasted; `asked` are the seconds that the service said.

        `took` are the seconds after which the refusal came.
        """
        self.scout = None
        self._slowest = max(self._slowest, took)
        pause = min(max(_FIRST, share * (now - self._began)), _LONGEST) * (1 + _SPREAD * (2 * self._random() - 1))
        self.until = now + max(pause, min(asked or 0.0, _LONGEST_ASKED))

    def send(self, scout: int, now: float) -> None:
        """This request is the scout."""
        self.scout, self._scouted = scout, now

    def end(self) -> None:
        self.is_on, self.scout = False, None

    def holds(self, now: float) -> bool:
        """Whether nothing may be asked now."""
        return self.is_on and (now < self.until or self.scout is not None)

    def has_passed(self, now: float) -> bool:
        """Whether the scout has been in flight for longer than any that was refused."""
        return self.scout is not None and now >= self._let_in_at

    def next_look(self, now: float) -> float | None:
        """When any of this may change by time alone."""
        if self.scout is not None:
            return self._let_in_at
        return self.until if self.is_on and now < self.until else None

    @property
    def _let_in_at(self) -> float:
        return self._scouted + max(_LET_IN, 2 * self._slowest)
