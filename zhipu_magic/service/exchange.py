"""One exchange with the service, read in the background so that the foreground stays free.

The thread that shows a reply must tick a clock, refresh the page by time and answer an interrupt at any moment, which
it cannot do while it waits in a socket. So another thread waits there, and this one takes what has arrived.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from ..text.errors import asked_elsewhere
from .forks import register_at_fork
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
        self._over = False
        self.drained = False
        """Whether everything has been taken, or nothing more is wanted."""
        self._failure: BaseException | None = None
        #: Called once as soon as there is something to take, and once it is over.
        self._on_arrival: deque[Callable[[], None]] = deque()
        self._on_end: deque[Callable[[], None]] = deque()
        self._line: Line | None = None
        self._line_lock = threading.Lock()
        register_at_fork(self)

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
        if self._on_arrival:
            call_all(self._on_arrival)

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
        if linger > 0:
            wait_for_call(self._on_end, lambda: self._over or self.drained, linger)
        if timeout > 0:
            wait_for_call(self._on_arrival, lambda: self._over or self.drained or bool(self._items), timeout)

    def notify(self, call: Callable[[], None]) -> None:
        """Call this once, from any thread, as soon as there is something to take."""
        self._on_arrival.append(call)
        if self._items or self.is_over:
            call_all(self._on_arrival)

    def take(self) -> list[StreamItem] | None:
        """The items since the last call; None once all have been taken."""
        over = self._over  # before the items are read, so that the next call sees what arrives from here on
        items = self._gathered(_MOST_AT_ONCE)
        if items or not over:
            return items
        self.drained = True
        if self._failure is not None:
            raise self._failure
        return None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self._over or self.drained

    @property
    def runs_tools(self) -> bool:
        """False: an exchange runs no tools."""
        return False

    def follow(self, body: Mapping[str, Any]) -> bool:
        """Returns False: an exchange is one request."""
        return False

    def would_follow(self, body: Mapping[str, Any]) -> bool:
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
        call_all(self._on_end)
        call_all(self._on_arrival)

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
            # New ones, because the thread may have held their locks.
            self.cancelled, self._line, self._line_lock = threading.Event(), None, threading.Lock()
            self._over = True


def call_all(calls: deque[Callable[[], None]]) -> None:
    with suppress(IndexError):  # two threads may be here
        while True:
            calls.popleft()()


def wait_for_call(calls: deque[Callable[[], None]], is_there: Callable[[], bool], seconds: float) -> None:
    """Wait up to `seconds` for a call of these, unless what they wait for is there.

    Each waits in a lock of its own, which only C code takes. An interrupt can leave the lock of a `threading.Event`
    taken for ever; and a `SimpleQueue` whose item another thread has taken can wait beyond its timeout, for ever.
    """
    bell = threading.Lock()
    bell.acquire()
    calls.append(bell.release)
    ends = time.monotonic() + seconds
    while not is_there() and (left := ends - time.monotonic()) > 0:
        if bell.acquire(timeout=min(left, _LONGEST_WAIT)):
            return
    with suppress(ValueError, IndexError):  # it has been called, or the others are being called
        calls.remove(bell.release)


#: Seconds after which a wait begins anew: an interrupt that comes just before a wait does not end it.
_LONGEST_WAIT = 0.1
