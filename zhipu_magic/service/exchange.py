"""One exchange with the service, read in the background so that the foreground stays free.

The thread that shows a reply must tick a clock, refresh the page by time and answer an interrupt at any moment: none
of which it can do while it waits in a socket. So another thread waits there, and this one takes what has gathered.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from ..text.errors import asked_elsewhere
from .forks import tell_of_forks
from .stream import StreamItem

Emit = Callable[[StreamItem], None]


#: Items that are taken at once: an interrupt comes between two takes.
_MOST_AT_ONCE = 1_000


class Line(Protocol):
    """What an exchange waits on."""

    def hang_up(self) -> None:
        """Wake the thread that waits on it."""


class Exchange:
    """Runs `send(exchange)`, and hands over what that emits.

    `send` ends, or raises, when the exchange is over; it calls `emit` with what comes, and looks at `cancelled`. What
    it waits on meanwhile it names with `waiting_on`, so that `close` can wake it.
    """

    def __init__(self, send: Callable[[Exchange], None]) -> None:
        self.cancelled = threading.Event()
        self._send = send
        self._items: deque[StreamItem] = deque()
        # Two bells, for what `_items` and `_over` tell. No `threading.Event` in which the foreground waits: that takes
        # its lock in Python, where an interrupt can leave it taken, and the thread here would wait for it for ever.
        self._arrived: SimpleQueue[None] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._over = False
        self.drained = False
        """Whether all of it has been taken, or nothing more is wanted."""
        self._failure: BaseException | None = None
        self._listeners: deque[Callable[[], None]] = deque()
        self._line: Line | None = None
        self._line_lock = threading.Lock()
        tell_of_forks(self)

    # In the background

    def run(self) -> None:
        """Do it, in a thread of its own."""
        try:
            if not self.cancelled.is_set():
                self._send(self)
        except BaseException as failure:
            # Without the frames that it came through: they hold the request's headers, and so the key.
            failure.__cause__ = failure.__context__ = None
            self._failure = failure.with_traceback(None)
        finally:
            self._over = True
            self.wake()

    def emit(self, item: StreamItem) -> None:
        """Hand something over."""
        self._items.append(item)
        if self._arrived.empty():
            self._arrived.put(None)
        if self._listeners:
            self._tell_listeners()

    @contextmanager
    def waiting_on(self, line: Line) -> Iterator[None]:
        """Let `close` hang up this line meanwhile."""
        with self._line_lock:
            self._line = line
        try:
            yield
        finally:
            with self._line_lock:
                self._line = None

    # In the foreground (see `stream.Source`)

    def wait(self, timeout: float = 0.0, linger: float = 0.0) -> None:
        """Give the rest `linger` seconds to come, and then something `timeout` seconds."""
        if linger > 0 and not self._over:
            _hear(self._ended, linger)
        if timeout > 0 and not self._over and not self._items:
            _hear(self._arrived, timeout)

    def notify(self, call: Callable[[], None]) -> None:
        """Call this once, in whatever thread, as soon as there is something to take."""
        self._listeners.append(call)
        if self._items or self._over:
            self._tell_listeners()

    def take(self) -> list[StreamItem] | None:
        """What has come since the last call; None once all has been taken."""
        # Both before the items are looked at, so that the next call sees what comes from here on.
        over = self._over
        _hear(self._arrived, 0.0)
        items = self._gathered(_MOST_AT_ONCE)
        if items or not over:
            return items
        self.drained = True
        if self._failure is not None:
            raise self._failure
        return None

    @property
    def runs_tools(self) -> bool:
        """It runs none."""
        return False

    def follow(self, body: Mapping[str, Any]) -> bool:
        """Nothing follows: it was one request."""
        return False

    def close(self) -> list[StreamItem]:
        """Want no more; gives what had come. Returns at once; the thread ends by itself."""
        self.cancelled.set()
        self.drained = True
        with self._line_lock:
            if self._line is not None and not self._over:
                self._line.hang_up()
        self.wake()
        return self._gathered(len(self._items))

    def wake(self) -> None:
        """Let those who wait look again."""
        self._ended.put(None)
        self._arrived.put(None)
        self._tell_listeners()

    def _tell_listeners(self) -> None:
        with suppress(IndexError):  # two threads may be here
            while True:
                self._listeners.popleft()()

    def _gathered(self, most: int) -> list[StreamItem]:
        items: list[StreamItem] = []
        with suppress(IndexError):  # two threads take, where one stops what the other reads
            for _ in range(min(most, len(self._items))):
                items.append(self._items.popleft())
        return items

    def after_fork(self, *, in_child: bool) -> None:
        """In a child its thread is not there, and the reply is the parent's."""
        if in_child and not self._over:
            self._items.clear()
            self._failure = asked_elsewhere()
            # Other ones, for the thread may have held the locks in these.
            self._arrived, self._ended, self.cancelled = SimpleQueue(), SimpleQueue(), threading.Event()
            self._line, self._line_lock = None, threading.Lock()
            self._over = True


def _hear(bell: SimpleQueue[None], seconds: float) -> None:
    """Wait for the bell so long, and leave it silent."""
    with suppress(Empty):
        bell.get(timeout=seconds)
