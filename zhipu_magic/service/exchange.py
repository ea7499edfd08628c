"""One exchange with the service, read in the background so that the foreground stays free.

The thread that shows a reply must tick a clock, refresh the page by time and answer an interrupt at any moment, which
it cannot do while it waits in a socket. So another thread waits there, and this one takes what has arrived.
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


#: Items that are taken at once; an interrupt is answered between two takes.
_MOST_AT_ONCE = 1_000


class Line(Protocol):
    """What an exchange waits on."""

    def hang_up(self) -> None:
        """Wake the thread that waits on it."""


class Exchange:
    """Runs `send(exchange)`, and hands over what it emits.

    `send` calls `emit` with what arrives, checks `cancelled`, and returns or raises when the exchange is over. With
    `waiting_on` it names what it waits on, so that `close` can wake it.
    """

    def __init__(self, send: Callable[[Exchange], None]) -> None:
        self.cancelled = threading.Event()
        self._send = send
        self._items: deque[StreamItem] = deque()
        # Two bells: `_items` has something, and `_over` is set. The foreground must not wait in a `threading.Event`: it
        # takes its lock in Python, where an interrupt can leave the lock taken, and this thread would wait for ever.
        self._arrived: SimpleQueue[None] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._over = False
        self.drained = False
        """Whether everything has been taken, or nothing more is wanted."""
        self._failure: BaseException | None = None
        self._listeners: deque[Callable[[], None]] = deque()
        self._line: Line | None = None
        self._line_lock = threading.Lock()
        tell_of_forks(self)

    # In the background

    def run(self) -> None:
        """Run the exchange, in a separate thread."""
        try:
            if not self.cancelled.is_set():
                self._send(self)
        except BaseException as failure:
            # Without its frames, which hold the request's headers, and so the key.
            failure.__cause__ = failure.__context__ = None
            self._failure = failure.with_traceback(None)
        finally:
            self._over = True
            self.wake()

    def emit(self, item: StreamItem) -> None:
        """Hand over an item."""
        self._items.append(item)
        if self._arrived.empty():
            self._arrived.put(None)
        if self._listeners:
            self._call_listeners()

    @contextmanager
    def waiting_on(self, line: Line) -> Iterator[None]:
        """Let `close` hang up this line while the block runs."""
        with self._line_lock:
            self._line = line
        try:
            yield
        finally:
            with self._line_lock:
                self._line = None

    # In the foreground (see `stream.Source`)

    def wait(self, timeout: float = 0.0, linger: float = 0.0) -> None:
        """Wait up to `linger` seconds for the end, then up to `timeout` seconds for something to take."""
        if linger > 0 and not self._over:
            _hear(self._ended, linger)
        if timeout > 0 and not self._over and not self._items:
            _hear(self._arrived, timeout)

    def notify(self, call: Callable[[], None]) -> None:
        """Call this once, from any thread, as soon as there is something to take."""
        self._listeners.append(call)
        if self._items or self._over:
            self._call_listeners()

    def take(self) -> list[StreamItem] | None:
        """The items since the last call; None once all have been taken."""
        # Both before the items are read, so that the next call sees what arrives from here on.
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
        """False: an exchange runs no tools."""
        return False

    def follow(self, body: Mapping[str, Any]) -> bool:
        """Returns False: an exchange is one request."""
        return False

    def close(self) -> list[StreamItem]:
        """Stop, and return what had arrived. Does not wait: the thread ends by itself."""
        self.cancelled.set()
        self.drained = True
        with self._line_lock:
            if self._line is not None and not self._over:
                self._line.hang_up()
        self.wake()
        return self._gathered(len(self._items))

    def wake(self) -> None:
        """Wake everyone who waits."""
        self._ended.put(None)
        self._arrived.put(None)
        self._call_listeners()

    def _call_listeners(self) -> None:
        with suppress(IndexError):  # two threads may be here
            while True:
                self._listeners.popleft()()

    def _gathered(self, most: int) -> list[StreamItem]:
        items: list[StreamItem] = []
        with suppress(IndexError):  # two threads take if one stops what the other reads
            for _ in range(min(most, len(self._items))):
                items.append(self._items.popleft())
        return items

    def after_fork(self, *, in_child: bool) -> None:
        """In a child, which lacks the exchange's thread, fail: the reply is the parent's."""
        if in_child and not self._over:
            self._items.clear()
            self._failure = asked_elsewhere()
            # New ones, because the thread may have held the locks in these.
            self._arrived, self._ended, self.cancelled = SimpleQueue(), SimpleQueue(), threading.Event()
            self._line, self._line_lock = None, threading.Lock()
            self._over = True


def _hear(bell: SimpleQueue[None], seconds: float) -> None:
    """Wait so many seconds for the bell, and clear it."""
    with suppress(Empty):
        bell.get(timeout=seconds)
