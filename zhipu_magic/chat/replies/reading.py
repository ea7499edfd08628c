"""A reply under way: any thread may take in what comes, or stop it; its end is committed once."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ...history.events.turn_event import TurnEvent
from ...history.ledger import Entry
from ...history.rounds import Round
from ...service.exchange import Exchange
from ...service.forks import register_at_fork
from ...text.errors import GLMError, asked_elsewhere
from ..undisturbed import undisturbed
from .in_tool import check_loop, check_not_in_tool, in_tool
from .progress import Progress, ReplyState
from .round_end import check_ended_well
from .stream import Source, StreamEvent

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ...values.tools.awaiting import RunCoroutine
    from ..request import Request

#: Seconds after which a wait starts anew: on Windows, no interrupt gets through while it waits.
TICK = 0.25
#: Seconds that a connection is given to end after `[DONE]`, so that the next turn finds it free.
_FAREWELL = 0.1


class Reading:
    """Reads a reply from its source into its `progress`, a step at a time.

    Its request is on its way from the start. Any thread may read it. The thread that received it takes in the rest
    once all of it has arrived, so that a reply that nobody reads is kept all the same,
    unless its model calls tools. Its end is committed once, by `commit`.

    A turn may take several rounds. The tools that the model calls run in a thread that reads, one at each step; then
    the model is called again with their results. An answer that is not of the wanted type is asked for once more.
    """

    def __init__(
        self,
        progress: Progress,
        source: Source,
        *,
        commit: Callable[[Reading], None],
        owner: object,
    ) -> None:
        self.progress = progress
        self.error: Exception | None = None
        self.event: TurnEvent | None = None
        """The event that it was committed as."""
        self.entry: Entry | None = None
        """What it has cost, once it is committed."""
        self.error_was_raised = False
        self.admitted: tuple[Round, ...] = ()
        """The rounds that its latest request was admitted after; `progress` may still lack some."""
        self.run_coroutine: RunCoroutine | None = None
        """What runs an async tool, where an event loop reads the reply."""
        self.loop: AbstractEventLoop | None = None
        """The event loop that runs one of its tools."""
        self.on_interrupt: list[Callable[[], object]] = []
        """Called when it is stopped."""
        self._owner = owner
        self._source = source
        self._commit = commit
        self._changing = threading.RLock()  # one thread may stop, or take in, what another one reads
        self._between = False
        self._running_tool = False
        self._committed = False
        self._deltas: deque[str] = deque()
        register_at_fork(self)

    @property
    def request(self) -> Request:
        return self.progress.request

    @property
    def state(self) -> ReplyState:
        """waiting, streaming, complete, interrupted or failed (see `Progress`)."""
        return self.progress.state

    @property
    def kept_as(self) -> str:
        """The id of its event in the journal, for a replay that of the recording; empty before it is kept."""
        return self.progress.recorded_as or (self.event.id if self.event is not None else "")

    @property
    def ended(self) -> float | None:
        """When it ended, by the monotonic clock; None before."""
        return self.progress.ended

    def advance(self, timeout: float = 0.0, linger: float = 0.0) -> bool:
        """Take in what has come, waiting at most `timeout` seconds for something; False once it has ended.

        `linger` seconds more are given for the rest to gather, unless the end comes first. Raises the `GLMError`
        that ended the reply. An interrupt while it waits ends the reply as *interrupted*.
        """
        if self.progress.ended is None:
            check_not_in_tool(self)
            check_loop(self.loop)
            try:
                self._source.wait(timeout, linger)
                self.step(timeout)
            except BaseException:  # an interrupt, or what has ended the reply
                self.error_was_raised = self.error is not None
                self.interrupt()
                raise
        if self.progress.ended is None:
            return True
        if not self._committed:  # the thread that ended it may not have committed it yet, or may have failed to
            self._end()
        if self.error is not None:
            self.error_was_raised = True
            raise self.error
        return False

    def wait_on(self, timeout: float) -> None:
        """Read on, as `advance` does, for another turn that waits: an interrupt ends that wait, and not this reply.

        But a tool that it runs is this reply's, and so is an interrupt of that.
        """
        check_not_in_tool(self)
        check_loop(self.loop)
        if self._between:
            try:
                ran = self._run_on()
            except BaseException:
                self.error_was_raised = self.error is not None
                self.interrupt()
                raise
            if not ran:  # another thread runs it: an interrupt ends this wait alone
                time.sleep(min(timeout, TICK))
            return
        self._source.wait(timeout, 0.0)
        try:
            undisturbed(self._take_in)
        except Exception:
            self.error_was_raised = self.error is not None
            raise

    def take_soon(self) -> bool:
        """Take in what has come, if that is soon done; False if it may take long: an end, a tool, another thread."""
        done = False

        def take() -> None:
            nonlocal done
            if self._changing.acquire(blocking=False):
                try:
                    done = self._take_what_came()
                finally:
                    self._changing.release()

        undisturbed(take)
        return done

    def _take_what_came(self) -> bool:
        if self._between or self._source.is_over or self.progress.ended is not None or self.progress.round_is_done:
            return False
        arrived: Sequence[StreamEvent] | None = None
        with suppress(GLMError):  # what ended it is raised by each `take`
            arrived = self._source.take()
        with self._ending():
            for event in arrived or ():
                self._feed(event)
        return not (self._source.is_over or self.progress.round_is_done)

    def step(self, patience: float = 0.0) -> None:
        """Take in what is there, or run the next tool; another thread that runs one is given `patience` seconds."""
        if self.progress.ended is not None:
            undisturbed(self._end)
        elif not self._between:
            undisturbed(self._take_in)
        elif not self._run_on():
            time.sleep(min(patience, TICK))

    def notify(self, call: Callable[[], None]) -> None:
        """Call this once, in whatever thread, as soon as `step` has something to do."""
        self._source.notify(call)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Keep it as it is within this block, for those who look at it while another thread reads it.

        Gives False where that would be to wait, and then it may change.
        """
        changing = self._changing
        held = changing.acquire(blocking=False)
        try:
            yield held
        finally:
            if held:
                changing.release()

    @property
    def is_settled(self) -> bool:
        """Whether it has ended and its end is committed: nothing waits for it any more."""
        return self.progress.ended is not None and self._committed

    @property
    def is_abandoned(self) -> bool:
        """Whether a tool is to run, and nobody who reads is running it."""
        return self.runs_tools and not self._running_tool

    @property
    def runs_tools(self) -> bool:
        """Whether the next step may take long, for it runs a tool."""
        return self._between and self._source.runs_tools

    def interrupt(self) -> None:
        """Stop here: the connection is let go, and what has come is kept. Does nothing to a reply that has ended.

        A tool may call it, and so may another thread. A running tool is not waited for, and its result is not used.
        """
        undisturbed(self._stop)

    def _stop(self) -> None:
        with self._changing:
            arrived = self._source.close()
            if self.progress.ended is None:
                with suppress(Exception):
                    for event in arrived:
                        self._feed(event)
            whole = self.progress.round_is_done and not self._between
            self._end(whole=whole and not self._source.would_follow(self.progress.body()))
        for call in list(self.on_interrupt):
            call()

    def received(self, exchange: Exchange) -> None:
        """This exchange has ended. Called in its thread, so that a reply that nobody reads is kept all the same."""
        with suppress(Exception):  # it is kept as the reply's error, and raised for those who read it
            while not exchange.drained and self.progress.ended is None:
                self._take_in()
            while self.progress.ended is None and self._between and not self._source.runs_tools:
                if not self._run_on():
                    return
        self._source.wake()

    def after_fork(self, *, in_child: bool) -> None:
        """In a child, a reply under way has failed: the parent reads it to its end and keeps it."""
        if in_child:
            self._changing = threading.RLock()
            if self.progress.ended is None:
                self.error = asked_elsewhere()
                self.progress.state, self.progress.ended = "failed", time.monotonic()
                self._committed = True

    def _take_in(self) -> None:
        """Take in what has come. Nothing of it is lost to an interrupt, nor to another thread that stops the reply."""
        with self._changing:
            if self.progress.ended is None and not self._between:
                with self._ending():
                    self._feed_all(self._source.take())

    def _run_on(self) -> bool:
        """Run the next tool, which an interrupt can stop; False where another thread is running it."""
        with self._changing:
            if self._running_tool or not self._between or self.progress.ended is not None:
                return not self._running_tool
            self._running_tool = True
        failure: Exception | None = None
        events: Sequence[StreamEvent] | None = None
        try:
            with in_tool(self._owner, self):
                events = self._source.take()
        except Exception as error:
            failure = error
        except BaseException:
            self._running_tool = False
            raise
        with self._changing:  # until what it returned is fed, no other thread runs the next
            self._running_tool = False
            if self.progress.ended is None:  # and the reply was not stopped meanwhile
                with self._ending():
                    if failure is not None:
                        raise failure
                    self._feed_all(events)
        return True

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """An error raised within ends the reply."""
        try:
            yield
        except GLMError as error:
            self._break_off(error)
            raise
        except Exception as error:  # a fault of our own or of a library's
            self.error = error
            self._end()
            raise

    def _feed_all(self, events: Sequence[StreamEvent] | None) -> None:
        for event in events or ():
            self._feed(event)
        if self.progress.round_is_done and not self._between:
            # The round is whole, whatever becomes of the connection; most often that ends at once.
            self._source.wait(0.0, _FAREWELL)
            with suppress(GLMError):
                self._source.take()
            self._source.close()  # a server that holds it open would hold a thread and a place in the queue
            events = None
        if events is None:
            self._finish_round()

    def _feed(self, event: StreamEvent) -> None:
        rounds = len(self.progress.rounds)
        self._deliver(self.progress.feed(event))
        if len(self.progress.rounds) > rounds:
            self._between = False

    def _deliver(self, text: str) -> None:
        if text:
            self._deltas.append(text)

    def _finish_round(self) -> None:
        progress = self.progress
        self._deliver(progress.end_round())
        check_ended_well(progress)
        self._between = self._source.follow(progress.body())
        if not self._between:
            self._end(whole=True)

    def _break_off(self, error: GLMError) -> None:
        self._deliver(self.progress.end_round())
        if self.progress.has_begun:
            error.outcomes.insert(0, self.progress.outcome)
        self.error = error
        self._end()

    def _end(self, *, whole: bool = False) -> None:
        """End it, unless it has ended, and commit it, unless an interrupt came between and it is committed."""
        with self._changing:
            if self.progress.ended is None:
                self._deliver(self.progress.end_round())
                self.progress.end(whole=whole)
            if not self._committed:
                self._commit(self)
                self._committed = True
