"""DataFrames of dask: the workers hold the rows and make something of each; what comes of that is all that travels.

    persist      once, so that whoever goes through the rows sees the same ones, and nothing is loaded twice
    made         a task for some rows: what a function makes of each of them, a few tasks ahead of who takes it
    joined       a task for each partition, which has its answers in it: a worker that dies costs nothing

All of it goes to the scheduler that was the default when the table was opened, in whatever thread. Without a cluster's
client, the rows are in this process.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

from ...text.errors import InvalidRequest
from ...text.languages.messages import _
from .answers import Answers
from .dask_workers import Call, Partition, Waits, Workers, workers_of
from .libraries import as_frame, of_library
from .of_pandas import PandasFrame, answer_cells
from .table import BATCH, NOT_YET, Source, values_of

#: Tasks that are under way before what they make is wanted.
_AHEAD = 4
#: Seconds of waiting that are worth a word.
_LONG = 2.0


def of_dask(value: Any, waits: Waits) -> DaskFrame:
    """A DataFrame of dask, or a Series as one with a single column, computed. Raises `InvalidRequest` if that fails."""
    collection = as_frame(value)
    workers = workers_of(collection)
    return DaskFrame(workers, workers.partitions(collection, waits), collection.divisions, collection._meta)


class DaskFrame:
    """A persisted DataFrame: its partitions, and their divisions. `meta` is one of pandas, without rows."""

    def __init__(self, workers: Workers, partitions: Sequence[Partition], divisions: Sequence[Any], meta: Any) -> None:
        self._workers = workers
        self._partitions = partitions
        self._divisions = divisions
        self._meta = meta
        self._columns = _opened(meta)
        self.labels: Sequence[Any] = self._columns.labels
        self.size = sum(each.size for each in partitions)
        self._waiting: tuple[float, Call] | None = None

    @property
    def waits_for(self) -> str:
        waiting = self._waiting
        is_long = waiting is not None and time.monotonic() - waiting[0] > _LONG and not waiting[1].wait(0)
        return _("waiting for Dask's workers") if is_long else ""

    def made(self, places: Sequence[int], make: Callable[[Sequence[Any]], Any]) -> Iterator[Any]:
        ahead: deque[Call] = deque()
        try:
            for partition in self._partitions:
                for start in range(0, partition.size, BATCH):
                    ahead.append(self._workers.begin(partial(_made, make, places, (start, start + BATCH)), partition))
                    if len(ahead) > _AHEAD:
                        yield from self._results(ahead)
            while ahead:
                yield from self._results(ahead)
        finally:
            for call in ahead:
                call.give_up()

    def _results(self, ahead: deque[Call]) -> Iterator[Any]:
        call = ahead[0]
        if not call.wait(0):
            waiting = self._waiting = time.monotonic(), call
            while not call.wait(0):
                yield NOT_YET
            if self._waiting is waiting:  # another thread that goes through the rows may wait as well
                self._waiting = None
        yield from ahead.popleft().result()

    def first(self, count: int) -> DaskFrame:
        some: list[Partition] = []
        for partition in self._partitions:
            size = min(partition.size, count)
            whole = size == partition.size
            some.append(partition if whole else self._workers.kept(partial(_first, size), partition, size))
            count -= size
            if not count:
                break
        return DaskFrame(self._workers, some, self._divisions[: len(some) + 1], self._meta)

    def here(self, count: int, seconds: float) -> Source | None:
        pandas: Any = sys.modules["pandas"]
        ends = time.monotonic() + seconds
        first = self.first(count)
        found = [self._workers.begin(partial(_first, each.size), each) for each in first._partitions]
        try:
            are_there = all(call.wait(max(0.0, ends - time.monotonic())) for call in found)
            return _opened(pandas.concat([call.result() for call in found])) if are_there else None
        finally:
            for call in found:
                call.give_up()

    def label(self, name: str) -> Any:
        return self._columns.label(name)

    def joined(self, kept: Sequence[int], answers: Answers) -> Any:
        names = [column.name for column in answers.columns]
        cells = answer_cells(answers)  # all of them at once, so that each partition has the types that all need
        ends = pairwise(accumulate((each.size for each in self._partitions), initial=0))
        tasks = [partial(_beside, kept, names, _some(cells, *between)) for between in ends]
        meta = self._columns.beside(kept, names, _some(cells, 0, 0))
        return self._workers.frame(tasks, self._partitions, meta, self._divisions)


# What the workers run


def _made(
    make: Callable[[Sequence[Any]], Any], places: Sequence[int], between: tuple[int, int], rows: Any
) -> list[Any]:
    return [_made_of(row, make) for row in values_of(_opened(rows.iloc[slice(*between)]), places)]


def _made_of(row: Sequence[Any], make: Callable[[Sequence[Any]], Any]) -> Any:
    try:
        return make(row)
    except InvalidRequest as error:
        return error


def _first(count: int, rows: Any) -> Any:
    return rows.iloc[:count]


def _beside(kept: Sequence[int], names: Sequence[str], cells: Any, rows: Any) -> Any:
    return _opened(rows).beside(kept, names, cells)


def _some(cells: Any, start: int, end: int) -> Any:
    """Some of the cells. A slice would have all of them in it when it is pickled."""
    return cells.take(range(start, end))


def _opened(frame: Any) -> PandasFrame:
    source = of_library(frame)
    assert isinstance(source, PandasFrame)
    return source
