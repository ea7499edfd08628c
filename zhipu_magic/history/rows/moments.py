"""When rows come: a clock of milliseconds that no moment is told apart by twice."""

from __future__ import annotations

import threading
import time


class Moments:
    """A clock that never goes back, and on which whatever comes after a `mark` is later than it."""

    def __init__(self) -> None:
        self._earliest = 1
        self._lock = threading.Lock()

    def now(self) -> int:
        """Milliseconds since 1970."""
        with self._lock:
            self._earliest = max(self._earliest, time.time_ns() // 1_000_000)
            return self._earliest

    def mark(self) -> int:
        """The same. All that have been told until now are not later, and all that will be told are."""
        with self._lock:
            moment = max(self._earliest, time.time_ns() // 1_000_000)
            self._earliest = moment + 1
            return moment
