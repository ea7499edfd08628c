"""Where the rows of a DataFrame of dask are: with a cluster's workers, or in this process.

It is the default scheduler of the thread that opens the table. dask finds that by a context variable, which other
threads do not have, so that whatever follows goes to it by name.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from ...text.characters import message_of, shortened
from ...text.errors import InvalidRequest
from ...text.languages.messages import _
from ...text.own_version import OWN_VERSION as _VERSION

_LONGEST_ERROR = 500
#: What dask should not do with our frames: make texts of the lists and dicts in a column of objects, and warn of the
#: answers in its tasks (they are meant to be there, because those of a worker that dies would be lost).
_SETTINGS = {"dataframe.convert-string": False, "distributed.admin.large-graph-warning-threshold": "1 TB"}
_setting = threading.Lock()
#: Seconds after which a wait begins anew, and after which a cluster's workers should be there.
_TICK, _STARTED = 0.25, 3.0

#: Told again and again what is waited for.
Waits = Callable[[str], None]


@dataclass(frozen=True)
class Partition:
    """A partition: its `rows`, as who computes it knows them, and how many there are."""

    rows: Any
    size: int


class Call(Protocol):
    """A call that is under way."""

    def wait(self, seconds: float) -> bool:
        """Wait for its end, up to so many seconds. Returns whether it has ended."""

    def result(self) -> Any:
        """What it has returned, once it has ended."""

    def give_up(self) -> None:
        """Its result is not wanted any more."""


class Workers(Protocol):
    """What computes partitions, and calls functions of their rows. Raises `InvalidRequest` for all that fails there."""

    def partitions(self, collection: Any, waits: Waits) -> list[Partition]:
        """The partitions of a collection, computed and kept."""

    def begin(self, function: Callable[[Any], Any], partition: Partition) -> Call:
        """Begin a call."""

    def kept(self, function: Callable[[Any], Any], partition: Partition, size: int) -> Partition:
        """The result of a call as another partition of this size."""

    def frame(
        self,
        functions: Sequence[Callable[[Any], Any]],
        partitions: Sequence[Partition],
        meta: Any,
        divisions: Sequence[Any],
    ) -> Any:
        """The DataFrame of what these functions make, each of its own partition. It is persisted."""


def workers_of(collection: Any) -> Workers:
    """Where this collection is computed."""
    dask: Any = sys.modules["dask"]
    get = dask.base.get_scheduler(collections=[collection])
    client = getattr(get, "__self__", None)
    return Cluster(client) if hasattr(client, "submit") else Here(get)


class Cluster:
    """The workers of a cluster, by a client of distributed. Rows are a future."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def partitions(self, collection: Any, waits: Waits) -> list[Partition]:
        waits(_COMPUTES)
        with _failing():
            self._spare_the_workers()
            futures = self._client.compute(collection.to_delayed())
            call = self._gathered([self._submitted(_measured, future) for future in futures])
            found = self._waited_for(call, waits)
        for _size, version in found:
            if version != _VERSION:
                raise InvalidRequest(
                    "The workers have version {theirs} of zhipu_magic, and this process has {ours}.",
                    hint="Install the same in both: they make a table's prompts together.",
                    reason="rows.dask_version",
                    theirs=shortened(str(version), _LONGEST_ERROR),
                    ours=_VERSION,
                )
        return [Partition(future, size) for future, (size, _) in zip(futures, found, strict=True)]

    def begin(self, function: Callable[[Any], Any], partition: Partition) -> Call:
        with _failing():
            return self._gathered(self._submitted(function, partition.rows))

    def kept(self, function: Callable[[Any], Any], partition: Partition, size: int) -> Partition:
        with _failing():
            return Partition(self._submitted(function, partition.rows), size)

    def frame(
        self,
        functions: Sequence[Callable[[Any], Any]],
        partitions: Sequence[Partition],
        meta: Any,
        divisions: Sequence[Any],
    ) -> Any:
        with _failing(), _our_settings():
            made = [self._submitted(make, each.rows) for make, each in zip(functions, partitions, strict=True)]
            return self._client.persist(_frame(made, meta, divisions))

    def _submitted(self, function: Callable[[Any], Any], rows: Any) -> Any:
        return self._client.submit(function, rows, pure=False)

    def _gathered(self, futures: Any) -> _Gathered:
        """The results of some futures, or that of one."""
        gathering = self._client.gather(futures, asynchronous=True)
        wanted = futures if isinstance(futures, list) else [futures]
        return _Gathered(wanted, asyncio.run_coroutine_threadsafe(gathering, self._client.loop.asyncio_loop))

    def _waited_for(self, call: _Gathered, waits: Waits) -> Any:
        since = time.monotonic()
        try:
            while not call.wait(_TICK):
                is_late = time.monotonic() - since > _STARTED
                waits(_NO_WORKER if is_late and not self._client.nthreads() else _COMPUTES)
            return call.result()
        finally:
            call.give_up()

    def _spare_the_workers(self) -> None:
        """Have the interrupts of this process end none of the workers that it has started."""
        library: Any = sys.modules["distributed"]
        if isinstance(self._client.cluster, library.LocalCluster):
            from .dask_interrupts import Undisturbed

            with suppress(Exception):  # such as a worker that goes in this moment: it has none of ours to lose
                self._client.register_plugin(Undisturbed())


_COMPUTES = _("Dask computes the table …")
_NO_WORKER = _("The table waits for Dask, which has no worker: start some, or interrupt the cell.")


class _Gathered:
    """What a cluster sends, in the thread of its client: a result may be gone with its worker, and be made again."""

    def __init__(self, wanted: Sequence[Any], future: concurrent.futures.Future[Any]) -> None:
        self._wanted = wanted
        self._future = future

    def wait(self, seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while not self._future.done() and (left := ends - time.monotonic()) > 0:
            concurrent.futures.wait([self._future], min(left, _TICK))
        return self._future.done()

    def result(self) -> Any:
        with _failing():
            return self._future.result()

    def give_up(self) -> None:
        if not self._future.done():
            for future in self._wanted:  # what gathers is left alone: other calls may share it
                future.release()


class Here:
    """This process, where one of dask's own schedulers computes. Rows are a DataFrame of pandas."""

    def __init__(self, get: Callable[..., Any]) -> None:
        self._get = get

    def partitions(self, collection: Any, waits: Waits) -> list[Partition]:
        dask: Any = sys.modules["dask"]
        waits(_COMPUTES)
        with _failing():
            frames = dask.compute(*collection.to_delayed(), scheduler=self._get)
            return [Partition(frame, len(frame)) for frame in frames]

    def begin(self, function: Callable[[Any], Any], partition: Partition) -> Call:
        return _Late(function, partition.rows)

    def kept(self, function: Callable[[Any], Any], partition: Partition, size: int) -> Partition:
        with _failing():
            return Partition(function(partition.rows), size)

    def frame(
        self,
        functions: Sequence[Callable[[Any], Any]],
        partitions: Sequence[Partition],
        meta: Any,
        divisions: Sequence[Any],
    ) -> Any:
        dask: Any = sys.modules["dask"]
        with _failing(), _our_settings():
            made = [make(each.rows) for make, each in zip(functions, partitions, strict=True)]
            found = _frame([dask.delayed(rows, traverse=False) for rows in made], meta, divisions)
            return dask.persist(found, scheduler=self._get)[0]


@dataclass(frozen=True)
class _Late:
    """A call in this process, made when its result is wanted."""

    function: Callable[[Any], Any]
    rows: Any

    def wait(self, seconds: float) -> bool:
        return True

    def result(self) -> Any:
        with _failing():
            return self.function(self.rows)

    def give_up(self) -> None:
        pass


def _frame(made: Sequence[Any], meta: Any, divisions: Sequence[Any]) -> Any:
    library: Any = sys.modules["dask.dataframe"]
    return library.from_delayed(made, meta=meta, divisions=tuple(divisions), verify_meta=False)


def _measured(rows: Any) -> tuple[int, str]:
    """Runs on the workers: the size of a partition, and the version that they have."""
    return len(rows), _VERSION


@contextmanager
def _our_settings() -> Iterator[None]:
    dask: Any = sys.modules["dask"]
    with _setting, dask.config.set(_SETTINGS):  # two threads would each put back what the other has set
        yield


@contextmanager
def _failing() -> Iterator[None]:
    """Raises `InvalidRequest` for whatever fails in dask: a worker, the scheduler, or the user's own code."""
    try:
        yield
    except InvalidRequest:  # as it was told by a call
        raise
    except Exception as error:
        raise InvalidRequest(
            "Dask could not compute the rows: {error}",
            hint="Answers that came are kept: ask again, and only what is missing is asked.",
            reason="rows.dask",
            error=shortened(f"{type(error).__name__}: {message_of(error)}".partition("\n")[0], _LONGEST_ERROR),
        ) from error
