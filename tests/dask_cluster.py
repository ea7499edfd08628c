"""A cluster of dask on this machine: two workers of two threads each, that nobody else can reach."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from distributed import Client, LocalCluster


@contextmanager
def running() -> Iterator[Client]:
    """A client of such a cluster, the default while it runs."""
    main = sys.modules["__main__"]
    if not hasattr(main, "__spec__"):  # a shell in this process has left an empty one, with which none can be started
        main.__spec__ = None
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=2,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
