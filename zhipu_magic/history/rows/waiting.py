"""Lines that wait to be written together, and the thread that sees to it."""

from __future__ import annotations

import _thread
import atexit
import threading
import time
from collections.abc import Callable
from itertools import chain

from ..journal.lock import PATIENCE
from .kept_lines import KeptLines, Lines

#: Seconds from the first line that waits to the write of all that wait, and until a failed one is tried again.
_SOON, _LATER = 0.2, 2.0


class Waiting:
    """Keeps lines until `write` has written them. It gets the lines, and the seconds that it may wait for a lock.

    `write` returns whether the lines are written; if not, they wait on, and it is called again. Lines may be added by
    any thread. Those that wait when Python ends are written then.
    """

    def __init__(self, write: Callable[[bytes, float], bool]) -> None:
        self.lines = KeptLines()
        self.writing = threading.RLock()
        """Held while lines are written, by one thread at a time."""
        self._write = write
        self._changing = threading.Lock()
        self._is_due = False
        """Whether there is a thread that will write."""
        self._failing = False

    def add(self, key: bytes, line: bytes) -> None:
        """Add a line; it is written soon."""
        with self._changing:
            self.lines.add(key, line)
            if not self._is_due:
                self._begin()

    def _begin(self) -> None:
        try:
            self._is_due = True
            atexit.register(self.flush)
            # Not threading.Thread, whose start waits for an event: an interrupt could leave its lock taken.
            _thread.start_new_thread(self._run, ())
        except RuntimeError:  # there can be no more threads: it is written with what comes next
            self._is_due = False
        except BaseException:
            self._is_due = False
            raise

    def _run(self) -> None:
        try:
            while self._goes_on():
                time.sleep(_LATER if self._failing else _SOON)
                self.flush()
        except BaseException:  # a warning that is raised as an error
            self._is_due = False
            raise

    def _goes_on(self) -> bool:
        with self._changing:
            self._is_due = len(self.lines) > 0
            if not self._is_due:
                atexit.unregister(self.flush)
            return self._is_due

    def flush(self, patience: float = PATIENCE) -> None:
        """Write what waits now."""
        with self.writing:
            if lines := self.lines.lines():
                written = self._write(b"".join(chain.from_iterable(lines.values())), patience)
                self._failing = not written
                if written:
                    with self._changing:
                        self.lines.drop(lines)

    def take(self) -> dict[bytes, Lines]:
        """Take out all lines, by their keys: they will not be written."""
        with self._changing:
            lines = self.lines.lines()
            self.lines.drop(lines)
        return lines

    def after_fork(self) -> None:
        """In a forked child: another thread may have held a lock, and is gone; and it is the parent that writes."""
        self._changing, self.writing = threading.Lock(), threading.RLock()
        self._is_due = False
        self.lines = KeptLines()
