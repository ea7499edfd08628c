"""Which threads belong to a run of code: the one that runs it, and those that these begin.

A thread that an earlier run, or the user, has left may print at any moment. That is no output of this run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakSet


class RunThreads:
    """The threads of one run, whose first is the one that makes this. While the run lasts, `starting` stands for
    `threading.Thread.start`.
    """

    def __init__(self) -> None:
        self._own = WeakSet([threading.current_thread()])
        self.are_over = False

    @property
    def are_here(self) -> bool:
        """Whether this thread is one of them."""
        return threading.current_thread() in self._own

    def starting(self, start: Callable[..., None]) -> Callable[..., None]:
        """What begins a thread by `start`, and remembers whose it is."""

        def begin(thread: threading.Thread, *given: Any, **named: Any) -> None:
            if not self.are_over and self.are_here:
                self._own.add(thread)
            start(thread, *given, **named)

        return begin
