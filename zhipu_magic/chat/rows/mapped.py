"""A map as its user has it: the rows as they come, and the table with their answers."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, NamedTuple

from ...history.events.map_event import MapEvent
from ...history.turn import Anchor
from ...service.wire import Usage
from ...text.errors import GLMError
from ...values.frames.answers import AnswerColumns
from ...values.frames.table import Table
from . import loops
from .asked import FailedRow
from .figures import MapFigures, Speed
from .late_asking import AtService
from .part import UNANSWERED, Part
from .recorded import Recorded
from .run import Run

#: Seconds after which a wait begins anew: on Windows, no interrupt gets through while it waits.
_TICK = 0.25


class MappedRow(NamedTuple):
    """One row that has ended: its place in the table from 0 on, and its value, or the `error` that it ended with."""

    row: int
    value: Any
    error: FailedRow | None


class Mapped:
    """The answers to the rows of a table, while they come and when they are there.

    >>> mapped = chat.map("Classify this review: {{ text }}", reviews, as_type=Review)
    >>> for row in mapped:            # as they come
    ...     print(row.row, row.value)
    >>> mapped.frame                  # the table, with a column for each field of the answer

    It is asked in the background from the start. Reading `frame`, `values`, `errors`, `usage` or `cost`, iterating and
    awaiting wait for the rows, and raise the `GLMError` that stopped the map, unless it has been raised already; then
    they give what there is. `so_far` and `figures` wait for nothing. An interrupt while they wait stops the map. What
    is in flight then still lands, and is kept for the next run: the same map asked again asks only what is missing.

    A loop that is left early leaves the map going on. In a block `with chat.map(…) as mapped:`, whatever is raised
    there stops the map.
    """

    def __init__(
        self,
        table: Table,
        part: Part,
        run: Run,
        columns: AnswerColumns,
        *,
        state: Callable[[], AtService | None],
        recorded: Recorded | None = None,
        plan: bool = False,
        practice: bool = False,
    ) -> None:
        self._table = table
        self._part = part
        self._run = run
        self._columns = columns
        self._state = state
        self._recorded = recorded
        self._plan, self._practice = plan, practice
        self._speed = Speed()
        self._frame: tuple[Any, ...] = ()
        self.error_was_raised = False

    # Waiting

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end, at most so many seconds. Returns whether it has ended.

        Raises the error that stopped it, unless it has been raised already. An interrupt stops it.
        """
        try:
            if seconds is None:
                while not self.done:
                    self._run.wait(_TICK)
            else:
                self._run.wait(seconds)
        except BaseException:
            self.stop()
            raise
        if self.done:
            self._raise()
        return self.done

    def wait_for_rows(self, or_until: Callable[[], bool] = lambda: False) -> bool:
        """Wait until each of its rows has ended, the map was stopped, or this is so. Returns whether the rows have.

        Raises what stopped it.
        """
        part = self._part
        try:
            while not (part.is_done or self.done or or_until()):
                self._run.wait_for_change(_TICK, lambda: part.is_done)
        except BaseException:
            self.stop()
            raise
        if not part.is_done and self.done:
            self._raise()
        return part.is_done

    def _raise(self) -> None:
        error = self.error
        if error is not None and not self.error_was_raised:
            self.error_was_raised = True
            raise error
        if self._part.error is not None and not self.error_was_raised:  # what the table's own code has raised
            self.error_was_raised = True
            raise self._part.error

    def __iter__(self) -> Iterator[MappedRow]:
        """The rows, in the order in which they end."""
        loops.note(self)
        seen = 0
        while True:
            while seen < len(self._part.arrived):
                index = self._part.arrived[seen]
                seen += 1
                yield self._row(index)
            if self.done and seen == len(self._part.arrived):
                self._raise()
                return
            self._wait_for_more_than(seen)

    def _wait_for_more_than(self, seen: int) -> None:
        try:
            self._run.wait_for_change(_TICK, lambda: len(self._part.arrived) > seen)
        except BaseException:  # an interrupt
            self.stop()
            raise

    def _row(self, index: int) -> MappedRow:
        value = self._part.values[index]
        return MappedRow(index, None if value is UNANSWERED else value, self._part.failures.get(index))

    def __await__(self) -> Generator[Any, None, Mapped]:
        return self._completed().__await__()

    def __enter__(self) -> Mapped:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, if anything was raised in the block."""
        if error is not None:
            self.stop()

    async def _completed(self) -> Mapped:
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def call() -> None:
            with suppress(RuntimeError):  # the loop was closed
                loop.call_soon_threadsafe(news.set)

        try:
            while not self.done:
                news.clear()
                self._run.notify(call)
                if not self.done:
                    await news.wait()
        except asyncio.CancelledError:
            self.stop()
            raise
        self._raise()
        return self

    def stop(self) -> None:
        """Ask no further row. What is in flight lands, and is kept for the next run; it is not in this table."""
        self._run.stop()

    # What there is

    @property
    def done(self) -> bool:
        """Whether it has ended: every row has, or it was stopped."""
        return self._run.is_settled

    @property
    def anchor(self) -> Anchor:
        """The cell that has begun it."""
        return self._run.anchor

    @property
    def error(self) -> GLMError | None:
        """What stopped it early, if anything but its user did."""
        return self._run.error

    @property
    def was_stopped(self) -> bool:
        """Whether it was stopped before its end, by whatever it was."""
        return self._run.stopped

    @property
    def kept_as(self) -> str:
        """The id of its event in the journal, where it was replayed that of the recording; empty before its end."""
        return self._run.event_id

    @property
    def is_whole(self) -> bool:
        """Whether every row has ended, with an answer or without."""
        return self._part.is_done

    @property
    def left(self) -> int:
        """How many rows have not ended."""
        return self._part.size - self._part.done

    @property
    def frame(self) -> Any:
        """The table, of its own kind and with its own index, and a column for each field of the answers, or `answer`.

        A row without an answer has nulls there. Waits for the end.
        """
        self.wait()
        return self.so_far()

    def so_far(self) -> Any:
        """The same with the answers that there are by now. It waits for nothing."""
        if not (self._frame and self._part.done == self._frame[1]):
            done = self._part.done
            values = [None if value is UNANSWERED else value for value in self._part.values]
            self._frame = (self._table.joined(self._columns.of(values)), done)
        return self._frame[0]

    def close(self) -> Any:
        """The same, of a table of many in one map; nothing of it is kept there."""
        self._run.close(self._part)
        return self.so_far()

    def head(self, rows: int, seconds: float = math.inf) -> Any:
        """The first rows of the same, as far as it is, in this process.

        Waits for nothing but rows that are in other processes, and for those at most so many seconds: then it is None.
        """
        table = self._table.head(rows, seconds)
        if table is None:
            return None
        values = [None if value is UNANSWERED else value for value in self._part.values[:rows]]
        return table.joined(self._columns.of(values))

    @property
    def values(self) -> list[Any]:
        """The answers in the order of the rows: texts, or values of the type; None for a row without. Waits."""
        self.wait()
        return [None if value is UNANSWERED else value for value in self._part.values]

    @property
    def errors(self) -> list[FailedRow]:
        """The rows that have ended without an answer, in the order of the table. Waits."""
        self.wait()
        return self.errors_so_far()

    def errors_so_far(self) -> list[FailedRow]:
        """The same for the rows that have ended by now. It waits for nothing."""
        failures = dict(self._part.failures)
        return [failures[index] for index in sorted(failures)]

    @property
    def usage(self) -> Usage:
        """The tokens that it has taken, as the service has counted them. What was known before took none. Waits."""
        self.wait()
        figures = self.figures()
        return Usage(
            prompt_tokens=figures.prompt_tokens,
            completion_tokens=figures.completion_tokens,
            total_tokens=figures.prompt_tokens + figures.completion_tokens,
            cached_tokens=figures.cached_tokens,
        )

    @property
    def cost(self) -> float | None:
        """An estimate of what it has cost, in yuan; None where the price is not known. Waits."""
        self.wait()
        return self.figures().cost

    @property
    def replaced(self) -> tuple[str, ...]:
        """The columns of the table in whose place the answers stand."""
        return self._table.replaced_by(self._columns.names)

    def figures(self) -> MapFigures:
        """Where it stands."""
        part, run = self._part, self._run
        recorded = None if self._recorded is None else self._recorded.event
        (sums, cached_tokens), state = run.spending.shown, self._state()
        left = part.size - part.done
        asked = max(0, part.done - part.known)
        eta = None if run.is_over else self._speed.seconds_for(left, asked)
        cost = sums.cost
        share = left * (part.distinct / part.prepared if part.prepared else 1.0)
        _, more = run.spending.expected(round(share))
        busy = 0.0 if state is None or not state.busy_until else max(0.0, state.busy_until - time.monotonic())
        found = MapFigures(
            rows=part.size,
            prepared=part.prepared,
            done=part.done,
            equal=part.equal,
            known=part.known,
            failed=len(part.failures),
            cut_off=part.cut_off,
            cut=part.cut,
            prompt_tokens=sums.prompt_tokens,
            completion_tokens=sums.completion_tokens,
            cached_tokens=cached_tokens,
            estimated_tokens=sums.estimated_tokens,
            requests=sums.requests,
            cost=cost,
            seconds=run.seconds,
            in_flight=run.workers.in_flight,
            limit=0 if state is None else state.limit,
            busy_for=busy,
            trouble="" if state is None else state.trouble,
            waits_for=self._table.waits_for,
            expected_cost=None if cost is None or more is None else cost + more,
            eta=eta,
            is_over=run.is_over,
            practice=self._practice,
            plan=self._plan,
        )
        return found if recorded is None else _as_recorded(found, recorded)

    def __len__(self) -> int:
        return self._part.size

    def __repr__(self) -> str:
        figures = self.figures()
        failed = f", {figures.failed:,} failed" if figures.failed else ""
        stopped = ", stopped" if self.was_stopped else ""
        return f"<Mapped, {figures.done:,} of {figures.rows:,} rows{failed}{stopped}>"


def _as_recorded(figures: MapFigures, event: MapEvent) -> MapFigures:
    """The figures with what was recorded, where nothing is asked."""
    return replace(
        figures,
        equal=event.equal or 0,
        known=event.known or 0,
        prompt_tokens=event.prompt_tokens or 0,
        completion_tokens=event.completion_tokens or 0,
        cached_tokens=event.cached_tokens or 0,
        estimated_tokens=event.estimated_tokens or 0,
        requests=event.requests or 0,
        cost=event.cost,
        seconds=event.seconds or 0.0,
        practice=event.practice is not None,
    )
