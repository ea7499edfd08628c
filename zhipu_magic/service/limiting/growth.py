"""How a limit grows by time: what was added doubles in each window, one by one, so that few are refused."""

from __future__ import annotations

import math


class Growth:
    """Adds to a limit while it is used up. Times are in seconds of any clock."""

    def __init__(self, level: int) -> None:
        self._from = level
        self._since: float | None = None
        """When the latest was added, if it grows."""

    def begin(self, level: int) -> None:
        """Grow from this level."""
        self._from, self._since = max(1, level), None

    def grown(self, now: float, limit: int, most: int, window: float) -> int:
        """The limit now, if it is used up. `window` is in seconds."""
        if limit >= most:
            self._since = None
        elif self._since is None or now > self._since + self._step(limit, window) + window:
            self._since = now  # it was not used up meanwhile
        else:
            while limit < most and now >= (following := self._since + self._step(limit, window)):
                limit, self._since = limit + 1, following
        return limit

    def next_look(self, limit: int, window: float) -> float | None:
        """When one more is allowed."""
        return None if self._since is None else self._since + self._step(limit, window)

    def _step(self, limit: int, window: float) -> float:
        return window * math.log2(1 + 1 / max(1, limit - self._from))
