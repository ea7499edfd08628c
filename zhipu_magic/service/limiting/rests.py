"""The rest that a place needs before it is used again, where a service frees it later than it answers.

That a request was refused right after an answer has two causes: the place is not free yet, or the limit has fallen. The
place is tried again after a short rest. If it is let in then, and nothing else had ended meanwhile, it was the former.
"""

from __future__ import annotations

from bisect import insort

#: Seconds of rest before the second try, and the longest rest.
_FIRST, _LONGEST = 0.03, 2.0
#: Seconds after an end within which a refusal may be about its place, beyond the rest that is known.
_RIGHT_AFTER = 0.05
#: By how much a rest grows when it was too short, and shrinks with each answer.
_LONGER, _SHORTER, _NONE = 1.5, 0.99, 0.001
#: A much longer rest is believed only if it was needed twice within so many answers: others may use the same key.
_SOON = 10
#: Tries of one place while others are in flight; and the credit for them, which a proof gives and answers give back.
_TRIES, _PROVEN, _REGAINED = 3, 3.0, 1 / 300


class Rests:
    """The places that are free and rest. `seconds` is for how long. Times are in seconds of any clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.freed_at = float("-inf")
        """When a place became free last."""
        self._until: list[float] = []
        self._tried: float | None = None
        """When the place became free that is tried again now."""
        self._tries = 0
        self._too_short = 0.0
        self._credit = 1.0
        self._clean = _SOON + 1

    @property
    def is_trying(self) -> bool:
        """Whether it is not known yet why the last one was refused."""
        return self._tried is not None

    def freed(self, now: float) -> None:
        """A place is free from now on, for us."""
        self.freed_at = now
        if self.seconds:
            insort(self._until, now + self.seconds)

    def count(self, now: float) -> int:
        """How many rest now."""
        while self._until and self._until[0] <= now:
            del self._until[0]
        return len(self._until)

    def next_look(self) -> float | None:
        """When the next of them has rested."""
        return self._until[0] if self._until else None

    def refused(self, now: float, *, begun: float, freed: float, alone: bool) -> bool:
        """A request was refused that began then, on a place that had become free then. Returns whether to try it again.

        `alone` says that nothing else is in flight, so that nothing else can tell.
        """
        after = begun - freed
        if self._tried is None:
            if after > 2 * self.seconds + _RIGHT_AFTER or (self._credit < 1 and not alone):
                return False
        elif after > _LONGEST or (self._tries >= _TRIES and not alone):
            self._credit -= self.freed_at == self._tried
            self._tried, self._tries = None, 0
            return False
        self._tried, self._too_short = freed, after
        self._tries += 1
        insort(self._until, now + max(self.seconds, 2 * after, _FIRST))
        return True

    def let_in(self, *, begun: float, freed: float) -> None:
        """A request was let in after one was refused."""
        if self._tried == freed:
            needed = (self._too_short + begun - freed) / 2
            longer = _LONGER * self.seconds
            if self._clean > _SOON:
                needed = min(needed, max(_FIRST, longer))
            self.seconds = min(_LONGEST, max(needed, min(longer, begun - freed)))
            self._credit, self._clean = _PROVEN, 0
        self._tried, self._tries = None, 0

    def answered(self) -> None:
        self._clean += 1
        if self._credit < 1:
            self._credit += _REGAINED
        self.seconds = self.seconds * _SHORTER if self.seconds > _NONE else 0.0
