"""Decides when requests go out: a limited number at once, and the turns of a thread one after another."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from ..history.turn import Anchor
from ..service.exchange import Exchange
from ..service.forks import register_at_fork
from ..text.errors import GLMError, Interrupted, InvalidRequest
from .budget_check import Held
from .replies.in_tool import check_loop, check_not_in_tool
from .replies.reading import TICK, Reading
from .replies.reply import Reply
from .undisturbed import undisturbed

#: Seconds between two looks at a turn whose request another thread is still making, which takes about as long.
_LOOK = 0.005

#: Called in an exchange's thread after the exchange has ended.
Received = Callable[[Exchange], None]


@dataclass(eq=False)
class _Turn:
    """The place of one turn in its thread of the conversation, from before its request is made. `maker` makes it."""

    maker: int = field(default_factory=threading.get_ident)
    reply: Reply | None = None


class UnderWay(Protocol):
    """A map over the rows of a table, as far as the rest of the chat knows it."""

    anchor: Anchor

    def stop(self, error: GLMError | None = None) -> None:
        """Ask no further row; the error, if any, is raised where they are waited for. An interrupt meanwhile is
        delivered afterwards.
        """

    @property
    def held(self) -> Held:
        """What it has taken beyond the ledger, and what its rows in hand may take. They end whatever anybody does."""


class Scheduler:
    """The replies of one chat that are under way, at most `limit` of them exchanging with the service.

    A thread of the conversation has one turn under way; the next one waits for its end. What is asked outside the
    conversation waits for no turn. `admitting` is held while deciding whether a request may go out.
    """

    def __init__(self, limit: int) -> None:
        self._limit = _checked(limit)
        self.admitting = threading.RLock()
        self._lock = threading.Lock()
        self._turns: dict[str, _Turn] = {}
        self._under_way: dict[int, Reply] = {}
        self._maps: dict[int, UnderWay] = {}
        self._latest: Reply | None = None
        self._exchanging = 0
        self._queue: deque[tuple[Exchange, Received]] = deque()
        register_at_fork(self)

    # Turns

    @contextmanager
    def turn(self, thread: str | None) -> Iterator[Callable[[Reply], None]]:
        """Take the next turn of this thread, once the one before it has ended; without a thread, at once.

        The function that it yields is called with the reply. Raises the error that ended the turn before, unless it
        has been raised already, and InvalidRequest for a tool of this chat.
        """
        check_not_in_tool(self)
        mine = _Turn()

        def begun(reply: Reply) -> None:
            mine.reply = self._latest = reply

        try:
            if thread is not None:
                self._claim(thread, mine)
            yield begun
        except BaseException:  # an interrupt
            if mine.reply is not None:
                mine.reply.interrupt()
            raise
        finally:
            if thread is not None and mine.reply is None:
                self._leave(thread, mine)

    def settle(self, thread: str | None = None) -> None:
        """Read the turn that is under way in this thread to its end; without a thread, those of all.

        Raises the error that ended it, unless it has been raised already, and InvalidRequest for a tool of this chat.
        """
        check_not_in_tool(self)
        for name in list(self._turns) if thread is None else [thread]:
            while (turn := self._turns.get(name)) is not None:
                if turn.reply is None and turn.maker == threading.get_ident():
                    return
                self._wait_for(name, turn)

    def _claim(self, thread: str, mine: _Turn) -> None:
        while True:
            with self._lock:
                turn = self._turns.get(thread)
                if turn is None or (turn.reply is None and turn.maker == threading.get_ident()):
                    self._turns[thread] = mine
                    return
            self._wait_for(thread, turn)

    def _wait_for(self, thread: str, turn: _Turn) -> None:
        reply = turn.reply
        if reply is None:
            time.sleep(_LOOK)
            return
        check_loop(reply.loop)
        try:
            while reply.ended is None:
                reply.wait_on(TICK)
            if not reply.error_was_raised:
                reply.read()
        finally:
            if reply.ended is not None:
                if not reply.is_settled:  # an interrupt came between its end and its commit
                    reply.interrupt()
                self._leave(thread, turn)

    def _leave(self, thread: str, turn: _Turn) -> None:
        with self._lock:
            if self._turns.get(thread) is turn:
                del self._turns[thread]

    # Replies

    @property
    def under_way(self) -> list[Reply]:
        """The replies that have not ended."""
        return list(self._under_way.values())

    def add(self, reply: Reply) -> None:
        self._under_way[id(reply)] = reply

    def remove(self, reply: Reading) -> None:
        self._under_way.pop(id(reply), None)

    def asked_by(self, anchor: Anchor) -> Reply | None:
        """The latest reply, if this execution of a cell has asked for it."""
        latest = self._latest
        return latest if latest is not None and latest.request.anchor == anchor else None

    # Maps

    @property
    def maps_under_way(self) -> list[UnderWay]:
        """The maps that have not ended, or whose last rows have not landed."""
        return list(self._maps.values())

    def add_map(self, one: UnderWay) -> None:
        self._maps[id(one)] = one

    def end_maps(self, seconds: float) -> None:
        """Stop all maps, and give what is in flight so many seconds to land. Whoever waits for one is told."""
        for one in self.maps_under_way:
            one.stop(_closed())
        ends = time.monotonic() + seconds
        while self._maps and time.monotonic() < ends:
            time.sleep(_LOOK)

    def remove_map(self, one: UnderWay) -> None:
        self._maps.pop(id(one), None)

    # Exchanges

    @property
    def limit(self) -> int:
        """How many exchanges there are at once. Raises InvalidRequest for none."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        with self._lock:
            self._limit = _checked(limit)
        undisturbed(self._let_go)

    def _let_go(self) -> None:
        """Begin what is queued, as far as the limit allows."""
        while True:
            with self._lock:
                if not self._queue or self._exchanging >= self._limit:
                    return
                exchange, received = self._queue.popleft()
            self._start(exchange, received)

    def start(self, exchange: Exchange, received: Received) -> None:
        """Begin the exchange in a thread of its own, now or as soon as another one is over."""
        undisturbed(lambda: self._start(exchange, received))

    def _start(self, exchange: Exchange, received: Received) -> None:
        with self._lock:
            if self._exchanging >= self._limit:
                self._queue.append((exchange, received))
                return
            self._exchanging += 1
        try:
            threading.Thread(
                target=self._work, args=(exchange, received), name="zhipu_magic exchange", daemon=True
            ).start()
        except BaseException:  # no thread is to be had
            with self._lock:
                self._exchanging -= 1
                self._queue.appendleft((exchange, received))  # for when another one is over
            raise

    def _work(self, exchange: Exchange, received: Received) -> None:
        more = True
        while more:
            try:
                exchange.run()
                received(exchange)
            except BaseException:  # such as a warning raised as SystemExit: those in the queue go out all the same
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
            finally:
                with self._lock:  # in one step: a request queued in between would wait for a thread that ends
                    more = bool(self._queue) and self._exchanging <= self._limit
                    if more:
                        exchange, received = self._queue.popleft()
                    else:
                        self._exchanging -= 1

    def after_fork(self, *, in_child: bool) -> None:
        """In a child nothing is under way: its threads are not there, and the replies are the parent's."""
        if in_child:
            self.admitting, self._lock = threading.RLock(), threading.Lock()
            self._turns, self._under_way, self._maps, self._exchanging = {}, {}, {}, 0
            self._queue.clear()


def _closed() -> Interrupted:
    return Interrupted(
        "The chat was closed before all rows were asked.",
        hint="The same map asked again asks only what is missing.",
        reason="rows.closed",
    )


def _checked(limit: int) -> int:
    if type(limit) is not int or limit < 1:
        raise InvalidRequest(
            "limit must be a whole number of at least 1, not {limit}: it is how many requests are under way at once.",
            reason="limit.invalid",
            limit=repr(limit),
        )
    return limit
