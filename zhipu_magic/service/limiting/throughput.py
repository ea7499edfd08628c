"""How many requests are worth having in flight at a server that refuses none, but lets them wait (vLLM, llama.cpp).

There the only sign is the number of answers a second. It is measured at one level after another, each twice or half the
one before: while twice as many in flight bring more answers, more are asked; while half as many bring as many, fewer.
"""

from __future__ import annotations

from typing import Final

#: In flight before anything is known, and how many more with each answer: a slow server gets no long queue.
_FREE, _AN_ANSWER, _MOST_FREE = 8, 2, 64
#: A server is slow if an answer takes so many seconds: it is measured before more are tried.
_SLOW = 10.0
#: Answers that a level is measured by, at least.
_SAMPLE = 16
#: How many times as long as the first answers these may take before a queue is suspected.
_QUEUE = 2.5
#: Twice as many in flight are worth it from so many times the answers on, and half as many enough from this share on.
_WORTH, _ENOUGH = 1.25, 0.9
#: The lowest level: one request is worked on, and the next is there when it ends.
LOWEST: Final = 2
#: Answers for each place until twice as many are tried once more; it doubles a few times.
_AGAIN, _DOUBLINGS = 20, 4


class Throughput:
    """Finds the level. `most` is how many may be in flight now. Times are in seconds of any clock."""

    def __init__(self, top: int) -> None:
        self.most = min(_FREE, top)
        self._top = top
        self._answers = 0
        self._first: list[float] = []
        self._measuring: _Measuring | None = None
        self._level = 0
        self._rate = 0.0
        self._downwards = False
        self._both_ways = True
        self._rest = 0
        self._in_vain = 0

    def answered(self, now: float, *, took: float, first: bool, limit: int, full: bool) -> None:
        """An answer came, so many seconds after it was asked; `first` says that next to nothing was in flight then.

        `limit` requests were allowed meanwhile; `full` says whether as many were in flight.
        """
        self._answers += 1
        if first:
            self._first.append(took)
        if self._measuring is not None:
            self._measuring.answered(now, holds=full and limit == self.most)
            if self._measuring.rate:
                self._judge(self._measuring.rate)
        elif self._level:
            self._rest -= 1
            if self._rest <= 0:
                self._level, self._both_ways = 0, False
                self._measure(self.most)
        elif limit >= min(_MOST_FREE, self._top) or took > _SLOW:
            self._measure(limit)
        else:
            self.most = min(_FREE + _AN_ANSWER * self._answers, _MOST_FREE, self._top)

    def _measure(self, level: int) -> None:
        level = max(min(LOWEST, self._top), min(level, self._top))
        self._measuring = _Measuring(level, skipped=max(level, self.most))
        self.most = level

    def _judge(self, rate: float) -> None:
        """Go on from the level that has been measured."""
        level = self.most
        if not self._level:
            self._level, self._rate = level, rate
            queues = bool(self._first) and level / rate > _QUEUE * sum(self._first) / len(self._first)
            self._downwards = queues and self._both_ways
        elif self._downwards:
            if rate < _ENOUGH * self._rate:
                self._settle()
                return
            self._level = level
        elif rate < _WORTH * self._rate:
            self._in_vain = min(self._in_vain + 1, _DOUBLINGS)
            self._downwards, self._rate = True, max(rate, self._rate)
            if not self._both_ways:
                self._settle()
                return
        else:
            self._level, self._rate, self._in_vain, self._both_ways = level, rate, 0, False
        following = self._level // 2 if self._downwards else 2 * self._level
        if following < LOWEST or (self._level >= self._top and not self._downwards):
            self._settle()
        else:
            self._measure(following)

    def _settle(self) -> None:
        self.most, self._measuring = self._level, None
        self._rest = _AGAIN * self._level * 2**self._in_vain


class _Measuring:
    """Counts the answers at one level. Those that come first were asked before it, and are skipped."""

    def __init__(self, level: int, *, skipped: int) -> None:
        self.rate = 0.0
        """Answers a second, once it is known."""
        self._level = level
        self._skipped = skipped
        self._counted = -skipped
        self._since = 0.0

    def answered(self, now: float, *, holds: bool) -> None:
        """An answer came; `holds` says whether as many were in flight as this is about."""
        if not holds:
            self._counted = -self._skipped
            return
        self._counted += 1
        if self._counted == 0:
            self._since = now
        elif self._counted == max(_SAMPLE, self._level):
            self.rate = self._counted / max(now - self._since, 1e-9)
