"""Where the rows of a DataFrame of dask are: with a cluster's workers, or in this process.

It is the default scheduler of the thread that opens the table. dask finds that by a context variable, which other
threads do not have, so that whatever follows goes to it by name.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from ...text.characters import message_of, shortened
from ...text.errors import InvalidRequest

_VERSION: str = sys.modules[__name__.partition(".")[0]].__version__  # what is above all wings is imported by none
_LONGEST_ERROR = 500
#: What dask should not do with our frames: make texts of the lists and dicts in a column of objects, and warn of the
#: answers in its tasks (they are meant to be there, because those of a worker that dies would be lost).
_SETTINGS = {"dataframe.convert-string": False, "distributed.admin.large-graph-warning-threshold": "1 TB"}
_setting = threading.Lock()


@dataclass(frozen=True)
class Partition:
    """A partition: its `rows`, as who computes it knows them, and how many there are."""

    rows: Any
    size: int


class Workers(Protocol):
    """What computes partitions, and calls functions of their rows. Raises `InvalidRequest` for all that fails there."""

    def partitions(self, collection: Any) -> list[Partition]:
        """The partitions of a collection, computed and kept."""

    def begin(self, function: Callable[[Any], Any], partition: Partition) -> Callable[[], Any]:
        """Begin a call. Returns what waits for its result."""

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

    def partitions(self, collection: Any) -> list[Partition]:
        with _failing():
            futures = self._client.compute(collection.to_delayed())
            found = self._client.gather([self._submitted(_measured, future) for future in futures])
        for _, version in found:
            if version != _VERSION:
                raise InvalidRequest(
                    "The workers have version {theirs} of zhipu_magic, and this process has {ours}.",
                    hint="Install the same in both: they make a table's prompts together.",
                    reason="rows.dask_version",
                    theirs=shortened(str(version), _LONGEST_ERROR),
                    ours=_VERSION,
                )
        return [Partition(future, size) for future, (size, _) in zip(futures, found, strict=True)]

    def begin(self, function: Callable[[Any], Any], partition: Partition) -> Callable[[], Any]:
        with _failing():
            return partial(_result, self._submitted(function, partition.rows).result)

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


class Here:
    """This process, where one of dask's own schedulers computes. Rows are a DataFrame of pandas."""

    def __init__(self, get: Callable[..., Any]) -> None:
        self._get = get

    def partitions(self, collection: Any) -> list[Partition]:
        dask: Any = sys.modules["dask"]
        with _failing():
            frames = dask.compute(*collection.to_delayed(), scheduler=self._get)
            return [Partition(frame, len(frame)) for frame in frames]

    def begin(self, function: Callable[[Any], Any], partition: Partition) -> Callable[[], Any]:
        return partial(_result, partial(function, partition.rows))

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


def _frame(made: Sequence[Any], meta: Any, divisions: Sequence[Any]) -> Any:
    library: Any = sys.modules["dask.dataframe"]
    return library.from_delayed(made, meta=meta, divisions=tuple(divisions), verify_meta=False)


def _result(wait: Callable[[], Any]) -> Any:
    with _failing():
        return wait()


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
    except Exception as error:
        raise InvalidRequest(
            "Dask could not compute the rows: {error}",
            hint="Answers that came are kept: ask again, and only what is missing is asked.",
            reason="rows.dask",
            error=shortened(f"{type(error).__name__}: {message_of(error)}".partition("\n")[0], _LONGEST_ERROR),
        ) from error
