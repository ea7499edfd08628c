"""How often the line of a map is shown again: often at first, and less the longer it takes. Pure."""

from __future__ import annotations

from math import inf

from ...chat.rows.figures import MapFigures

#: Seconds between two frames at least, at most, and while the service is busy; and as a share of the time so far. So
#: a hundred frames last for three minutes, and a page of a hundred thousand rows is sent less than 200 kB.
SHORTEST, LONGEST, OF_BUSY, SHARE = 0.25, 5.0, 1.0, 0.05


class Pace:
    """Tells when it is time for another frame."""

    def __init__(self) -> None:
        self._last = -inf
        self._was_busy = False

    def is_time(self, now: float, figures: MapFigures) -> bool:
        """Whether to show these figures, `now` being seconds of any clock; if so, they are taken as shown."""
        is_busy = figures.busy_for > 0 or bool(figures.waits_for)
        gap = min(LONGEST, max(OF_BUSY if is_busy else SHORTEST, SHARE * figures.seconds))
        if is_busy != self._was_busy:
            gap = SHORTEST
        if now - self._last < gap:
            return False
        self._last, self._was_busy = now, is_busy
        return True
