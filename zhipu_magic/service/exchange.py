"""One exchange with the service, read in the background so that the foreground stays free.

The thread that shows a reply must tick a clock, refresh the page by time and answer an interrupt at any moment: none
of which it can do while it waits in a socket. So another thread waits there, and this one takes what has gathered.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from ..text.errors import asked_elsewhere
from .forks import tell_of_forks
from .stream import StreamItem

Emit = Callable[[StreamItem], None]


#: Events that are taken at once: an interrupt comes between two takes.
_MOST_AT_ONCE = 1_000


class Exchange:
    """Runs `send(emit, cancelled)` in a thread of its own, and hands over what it emits.

    `send` ends, or raises, when the exchange is over; it looks at `cancelled`, and `hang_up` wakes it from a socket.
    """

    def __init__(
        self, send: Callable[[Emit, threading.Event], None], hang_up: Callable[[], None] = lambda: None
    ) -> None:
        self._send = send
        self._hang_up = hang_up
        self._events: deque[StreamItem] = deque()
        # Two bells, for what `_events` and `_over` tell. No `threading.Event` in which the foreground waits: that takes
        # its lock in Python, where an interrupt can leave it taken, and the thread here would wait for it for ever.
        self._arrived: SimpleQueue[None] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._over = False
        self._cancelled = threading.Event()
        self._failure: BaseException | None = None
        tell_of_forks(self)

    def start(self) -> None:
        """Begin; apart from making it, so that an interrupt that comes at this moment finds what to close."""
        threading.Thread(target=self._run, name="zhipu_magic exchange", daemon=True).start()

    def wait(self, timeout: float = 0.0, linger: float = 0.0) -> None:
        """Give the rest `linger` seconds to come, and then something `timeout` seconds (see `source.Source`)."""
        if linger > 0 and not self._over:
            _hear(self._ended, linger)
        if timeout > 0 and not self._over and not self._events:
            _hear(self._arrived, timeout)

    def take(self) -> list[StreamItem] | None:
        """What has come since the last call; None once all has been taken (see `source.Source`)."""
        # Both before the events are looked at, so that the next call sees what comes from here on.
        over = self._over
        _hear(self._arrived, 0.0)
        events = self._gathered(_MOST_AT_ONCE)
        if events or not over:
            return events
        if self._failure is not None:
            raise self._failure
        return None

    def follow(self, body: Mapping[str, Any]) -> bool:
        """Nothing follows: it was one request."""
        return False

    def close(self) -> list[StreamItem]:
        """Want no more; gives what had come. Returns at once; the thread ends by itself."""
        if not self._over:
            self._cancelled.set()
            self._hang_up()
        return self._gathered(len(self._events))

    def _gathered(self, most: int) -> list[StreamItem]:
        events: list[StreamItem] = []
        with suppress(IndexError):  # two threads take, where one stops what the other reads
            for _ in range(min(most, len(self._events))):
                events.append(self._events.popleft())
        return events

    def after_fork(self, *, in_child: bool) -> None:
        """In a child its thread is not there, and the reply is the parent's."""
        if in_child and not self._over:
            self._events.clear()
            self._failure = asked_elsewhere()
            # Other ones, for the thread may have held the locks in these.
            self._arrived, self._ended, self._cancelled = SimpleQueue(), SimpleQueue(), threading.Event()
            self._over = True

    def _run(self) -> None:
        try:
            self._send(self._emit, self._cancelled)
        except BaseException as failure:
            # Without the frames that it came through: they hold the request's headers, and so the key.
            failure.__cause__ = failure.__context__ = None
            self._failure = failure.with_traceback(None)
        finally:
            self._over = True
            self._ended.put(None)
            self._arrived.put(None)

    def _emit(self, event: StreamItem) -> None:
        self._events.append(event)
        if self._arrived.empty():
            self._arrived.put(None)


def _hear(bell: SimpleQueue[None], seconds: float) -> None:
    """Wait for the bell so long, and leave it silent."""
    with suppress(Empty):
        bell.get(timeout=seconds)
