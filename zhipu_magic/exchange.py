"""One exchange with the service, read in the background so that the foreground stays free.

The thread that shows a reply must tick a clock, refresh the page by time and answer an interrupt at any moment: none
of which it can do while it waits in a socket. So another thread waits there, and this one takes what has gathered.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from .errors import asked_elsewhere
from .forks import tell_of_forks
from .source import Event

Emit = Callable[[Event], None]


class Exchange:
    """Runs `send(emit, cancelled)` in a thread of its own, and hands over what it emits.

    `send` ends, or raises, when the exchange is over; it looks at `cancelled`, and `hang_up` wakes it from a socket.
    """

    def __init__(
        self, send: Callable[[Emit, threading.Event], None], hang_up: Callable[[], None] = lambda: None
    ) -> None:
        self._send = send
        self._hang_up = hang_up
        self._events: deque[Event] = deque()
        self._arrived = threading.Event()
        self._over = threading.Event()
        self._cancelled = threading.Event()
        self._failure: BaseException | None = None
        tell_of_forks(self)

    def start(self) -> None:
        """Begin; apart from making it, so that an interrupt that comes at this moment finds what to close."""
        threading.Thread(target=self._run, name="zhipu_magic exchange", daemon=True).start()

    def take(self, timeout: float = 0.0, linger: float = 0.0) -> list[Event] | None:
        """What has come since the last call; None once all has been taken (see `source.Source`)."""
        if linger > 0:
            self._over.wait(linger)
        if timeout > 0 and not self._over.is_set():
            self._arrived.wait(timeout)
        # Both before the events are looked at, so that the next call sees what comes from here on.
        over = self._over.is_set()
        self._arrived.clear()
        events = self._gathered()
        if events or not over:
            return events
        if self._failure is not None:
            raise self._failure
        return None

    def follow(self, body: Mapping[str, Any]) -> bool:
        """Nothing follows: it was one request."""
        return False

    def close(self) -> list[Event]:
        """Want no more; gives what had come. Returns at once; the thread ends by itself."""
        if not self._over.is_set():
            self._cancelled.set()
            self._hang_up()
        return self._gathered()

    def _gathered(self) -> list[Event]:
        events: list[Event] = []
        with suppress(IndexError):  # two threads take, where one stops what the other reads
            for _ in range(len(self._events)):
                events.append(self._events.popleft())
        return events

    def after_fork(self, *, in_child: bool) -> None:
        """In a child its thread is not there, and the reply is the parent's."""
        if in_child and not self._over.is_set():
            self._events.clear()
            self._failure = asked_elsewhere()
            # Other ones, for the thread may have held the locks in these.
            self._arrived, self._over, self._cancelled = threading.Event(), threading.Event(), threading.Event()
            self._over.set()

    def _run(self) -> None:
        try:
            self._send(self._emit, self._cancelled)
        except BaseException as failure:
            # Without the frames that it came through: they hold the request's headers, and so the key.
            failure.__cause__ = failure.__context__ = None
            self._failure = failure.with_traceback(None)
        finally:
            self._over.set()
            self._arrived.set()

    def _emit(self, event: Event) -> None:
        self._events.append(event)
        if not self._arrived.is_set():
            self._arrived.set()
