"""When one more request than the known limit is tried: a count of answers, so that few requests are ever refused."""

from __future__ import annotations

#: Answers between two tries at a limit of one, and of few; with more, ten for each place.
_AT_ONE, _AT_FEW, _A_PLACE = 80, 60, 10
#: How much more patience there is after a try in vain.
_CALMER = 1.5
#: A limit that has fallen may go on moving. The first try comes after as many answers as there are places, and at least
#: so many; each of the next after twice as many as the one before, up to a share of the usual; so many are like this.
_SOONEST, _MOVING_SHARE, _MOVING_TRIES = 4, 0.6, 9
#: The first tries with a limit that was learned in another session, as shares of the usual patience.
_REMEMBERED = (0.1, 0.5)


class Probing:
    """Counts the answers since the limit was last changed. `remembered`: it was learned in another session."""

    def __init__(self, *, remembered: bool) -> None:
        self._answers = 0
        self._in_vain = 0
        self._early = _REMEMBERED if remembered else ()
        self._moving = False

    def answered(self) -> None:
        self._answers += 1

    @property
    def answers(self) -> int:
        """How many there were."""
        return self._answers

    def is_due(self, limit: int) -> bool:
        """Whether one more may be tried."""
        return self._answers >= self._patience(limit)

    def begin_anew(self) -> None:
        """The limit has changed."""
        self._answers = 0

    def was_in_vain(self) -> None:
        """One more was refused."""
        self._answers = 0
        self._in_vain += 1

    def has_risen(self) -> None:
        """More were let in than ever before."""
        self._answers, self._in_vain, self._moving, self._early = 0, 0, False, ()

    def has_fallen(self) -> None:
        """Fewer are let in than before."""
        self._answers, self._in_vain, self._moving = 0, 0, True

    def _patience(self, limit: int) -> float:
        usual = _AT_ONE if limit == 1 else max(_AT_FEW, _A_PLACE * limit)
        tried = self._in_vain
        if self._moving and tried < _MOVING_TRIES:
            return min(max(_SOONEST, limit) * 2.0**tried, _MOVING_SHARE * usual)
        if tried < len(self._early):
            return self._early[tried] * usual
        return usual * _CALMER if tried else usual
