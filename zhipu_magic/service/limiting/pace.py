"""How soon a service refuses and answers, and so after how long a request that was not refused has been let in."""

from __future__ import annotations

#: Seconds before anything is known, and where a limit is remembered.
_UNKNOWN, _REMEMBERED = 0.2, 0.1
#: So many times as long as a refusal takes, in seconds within these bounds.
_IN_REFUSALS, _SHORTEST, _LONGEST = 4.0, 0.1, 1.0
#: It need be no longer than an answer takes, if it is at least so many times as long as a refusal, and so many seconds.
_SURE, _SHORTEST_ANSWER = 2.0, 0.02
#: How quickly a slow refusal is forgotten, and the weight of the latest answer.
_FADING, _LATEST = 0.9, 0.2


class Pace:
    """Learns from what ends. Times are in seconds."""

    def __init__(self, *, remembered: bool) -> None:
        self._first = _REMEMBERED if remembered else _UNKNOWN
        self._refused_after = 0.0
        self._answered_after: float | None = None

    @property
    def window(self) -> float:
        """After so many seconds a request has been let in; growth doubles in as many."""
        window, refused_after = self._first, self._refused_after
        if refused_after:
            window = min(max(_SHORTEST, _IN_REFUSALS * refused_after), _LONGEST)
        if self._answered_after is None:
            return window
        return min(window, max(self._answered_after, _SURE * refused_after, _SHORTEST_ANSWER))

    def refused(self, took: float) -> None:
        self._refused_after = max(_FADING * self._refused_after, took)

    def answered(self, took: float) -> None:
        before = took if self._answered_after is None else self._answered_after
        self._answered_after = before + _LATEST * (took - before)
