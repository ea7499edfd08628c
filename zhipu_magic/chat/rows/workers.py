"""The threads of one map: how many there are, and what each of them does.

Few wait for a place, besides those whose request was refused: another one is wanted when the last that waited has gone,
and one that would wait behind enough others rests until then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

#: Threads at most, whatever the service takes.
_MOST = 250
#: Threads that wait for a place, at most: one goes, and another has its row ready.
_MOST_WAITING = 2
#: Seconds until a thread that has found no row looks again.
_LOOK = 0.05


class Workers:
    """Threads that do some `work` until there is none, or they are told to end.

    Each calls `gone` when it has done so, with True if it is the last, and they have been released before.
    """

    def __init__(self, work: Callable[[], None], gone: Callable[[bool], None]) -> None:
        self._work = work
        self._gone = gone
        self.in_flight = 0
        """How many requests are under way."""
        self._count = self._looking = self._waiting = self._resting = self._called = 0
        self._are_to_end = self._are_released = False
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._wanted = threading.Condition(self._lock)

    # What each of them does

    @property
    def are_enough(self) -> bool:
        """Whether so many wait for a place that no other should."""
        return self._waiting >= _MOST_WAITING

    def waits(self) -> None:
        """This one waits for a place."""
        with self._lock:
            self._waiting += 1

    def goes(self, *, has_place: bool) -> None:
        """It waits no longer: it has a place, or was given up."""
        with self._lock:
            self._waiting -= 1
            self.in_flight += has_place
        if has_place:
            self.want()

    def back(self) -> None:
        """Its request is not in flight any more."""
        with self._lock:
            self.in_flight -= 1

    def look_again(self) -> bool:
        """Wait a moment, or until there is news. Returns False if another one does: one that looks is enough."""
        with self._lock:
            if self._looking:
                return False
            self._looking += 1
            self._news.wait(_LOOK)
            self._looking -= 1
        return True

    def rest(self) -> None:
        """Wait until another one is wanted, or all are to end. To start a thread anew would take longer."""
        with self._lock:
            self._resting += 1
            self._wanted.wait_for(lambda: self._called or self._are_to_end)
            self._resting -= 1
            self._called = max(0, self._called - 1)

    # How many there are

    def want(self) -> None:
        """Have another one look for a row, unless one does already, or waits for a place."""
        with self._lock:
            if self._are_to_end or self._looking or self._waiting:
                return
            if self._resting > self._called:
                self._called += 1
                self._wanted.notify()
                return
            if self._count >= _MOST:
                return
            self._count += 1
        threading.Thread(target=self._run, name="zhipu_magic row", daemon=True).start()

    def tell(self) -> None:
        """There is news for the one that looks."""
        with self._lock:
            self._news.notify_all()

    def end(self) -> None:
        """They are to end, each when its row has."""
        with self._lock:
            self._are_to_end = True
            self._news.notify_all()
            self._wanted.notify_all()

    def release(self) -> bool:
        """Nobody waits for them any more. Returns whether none is left: then none will call `gone`."""
        with self._lock:
            self._are_released = True
            return not self._count

    def _run(self) -> None:
        try:
            self._work()
        finally:
            with self._lock:
                self._count -= 1
                is_last = self._are_released and not self._count
            self._gone(is_last)
