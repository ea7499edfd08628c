"""A stream of tables as its user has it: each with its answers, in order, a few of them under way at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ...history.events.map_event import MapEvent
from ...service.wire import Usage
from ...text.characters import shorten
from ...text.languages.joined import comma
from ...text.languages.messages import _, ngettext
from ...text.languages.notice import Notice
from ...text.languages.numbers import plural
from ...values.frames.table import Table
from . import loops
from .asked import FailedRow
from .mapped import Mapped
from .recording import Begun

#: Tables that are under way at once, however long they are; and more while fewer rows than these are left to answer,
#: or than so many times the limit of the service: else tables of a few rows would leave its places empty.
_TABLES, _ROWS, _TIMES_LIMIT = 3, 64, 4
#: The rows of those, answered or not, that are in memory: so many times as many.
_IN_MEMORY = 2
#: Rows that are named in a warning, and characters of why the first has failed.
_NAMED, _LONGEST = 5, 240


class MappedFrames:
    """The tables of a stream with their answers, in order. It asks ahead of whoever takes them, and begins with the
    first that is taken.

    >>> labelled = chat.map_batches("Classify this review: {{ text }}", frames, as_type=Review)
    >>> for frame in labelled:
    ...     write(frame)
    >>> labelled.errors               # the rows without an answer, counted over all tables

    `errors` is of the tables that were given back; `usage` and `cost` are of all that was asked by now. What stops it
    is raised where the next table would come. At its end, a warning says how many rows have failed. An interrupt while
    it waits stops it, and so does `stop`, and letting go of it.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._frames = stream.frames()  # which does not know this object, so that letting go of it closes them

    def __iter__(self) -> Iterator[Any]:
        loops.note(self)
        return self

    def __next__(self) -> Any:
        return next(self._frames)

    def stop(self) -> None:
        """Ask no further row, and give back only what is whole by now. What is in flight lands, and is kept."""
        self._stream.stop()

    @property
    def done(self) -> bool:
        """Whether it has ended: all was given back, or it was stopped."""
        return self._stream.is_over

    @property
    def errors(self) -> list[FailedRow]:
        """The rows without an answer, counted from 0 on over all tables that were given back by now."""
        return list(self._stream.errors)

    @property
    def usage(self) -> Usage:
        """The tokens that it has taken by now, as the service has counted them."""
        return self._stream.usage

    @property
    def cost(self) -> float | None:
        """An estimate of what it has cost by now, in yuan; None where the price is not known."""
        return self._stream.cost

    def __repr__(self) -> str:
        stream = self._stream
        failed = f", {len(stream.errors):,} failed" if stream.errors else ""
        return f"<MappedFrames, {plural(stream.tables, 'table')} with {plural(stream.rows, 'row')}{failed}>"


class Stream:
    """Tables being asked. `begin` begins with the first, `add` has the rows of each asked.

    `tables` and `rows` count what was given back, and `errors` is what failed of that: nothing else of it is kept.
    """

    def __init__(
        self,
        given: Iterator[Table],
        begin: Callable[[Table], Begun],
        add: Callable[[Begun, Table], Mapped],
        *,
        warn: Callable[[str], None],
    ) -> None:
        self._given = given
        self._begin = begin
        self._add = add
        self._warn = warn
        self._begun: Begun | None = None
        self._waiting: deque[Mapped] = deque()
        self.tables = self.rows = 0
        self.errors: list[FailedRow] = []
        self.is_over = False

    def frames(self) -> Iterator[Any]:
        """The tables with their answers. Raises what stopped it; what a table itself raises, after those before it."""
        failure: Exception | None = None
        try:
            while failure is None:
                try:
                    table = next(self._given, None)
                    if table is None:
                        break
                    if self.is_over:  # before it has begun, or while the table was made
                        return
                    begun = self._begun = self._begun or self._begin(table)
                    self._waiting.append(self._add(begun, table))
                except Exception as error:
                    failure = error
                while self._waiting and (self._waiting[0].is_whole or not self._has_room()):
                    if self._waiting[0].wait_for_rows(self._has_room):
                        yield self._given_back()
                    elif self._waiting[0].done:
                        return
                if self.is_over:
                    return
            while self._waiting and self._waiting[0].wait_for_rows():
                yield self._given_back()
            if failure is not None:
                raise failure
            if self._begun is not None and not self._waiting:
                self._begun.run.complete()
                self._tell_failures()
        finally:  # also where the caller takes no more
            self.stop()

    def stop(self) -> None:
        """Ask no more."""
        self.is_over = True
        if self._begun is not None:
            self._begun.run.stop()

    @property
    def usage(self) -> Usage:
        """The tokens so far, or those of the recording."""
        event = self._recorded
        if event is not None:
            return event.usage or Usage()
        if self._begun is None:
            return Usage()
        sums, cached = self._begun.run.spending.shown
        return Usage(sums.prompt_tokens, sums.completion_tokens, sums.total_tokens, cached)

    @property
    def cost(self) -> float | None:
        """The yuan so far, or those of the recording."""
        event = self._recorded
        if event is not None:
            return event.cost
        return 0.0 if self._begun is None else self._begun.run.spending.shown.sums.cost

    @property
    def _recorded(self) -> MapEvent | None:
        recorded = None if self._begun is None else self._begun.recorded
        return None if recorded is None else recorded.event

    def _has_room(self) -> bool:
        """Whether another table is to be taken on."""
        waiting = self._waiting
        if len(waiting) < _TABLES:
            return True
        state = None if self._begun is None else self._begun.asking.state()
        enough = max(_ROWS, _TIMES_LIMIT * state.limit) if state is not None else _ROWS
        return sum(map(len, waiting)) < _IN_MEMORY * enough and sum(mapped.left for mapped in waiting) < enough

    def _given_back(self) -> Any:
        mapped = self._waiting.popleft()
        self.errors += [replace(failed, row=failed.row + self.rows) for failed in mapped.errors_so_far()]
        self.tables += 1
        self.rows += len(mapped)
        return mapped.close()

    def _tell_failures(self) -> None:
        if not self.errors:
            return
        count, named = len(self.errors), comma(f"{failed.row:,}" for failed in self.errors[:_NAMED])
        which: str = ngettext("row {rows}", "rows {rows}", count, rows=named)
        if count > _NAMED:
            which = _("rows {rows} and {more:,} more", rows=named, more=count - _NAMED)
        first = self.errors[0].message
        self._warn(
            Notice(
                "{failed:,} of {rows} failed ({which}): {message}",
                hint="The .errors of the stream lists them.",
                reason="rows.failed",
                failed=count,
                rows=plural(self.rows, "row"),
                which=which,
                message=first if len(first) <= _LONGEST else shorten(first, _LONGEST),
            )
        )
