"""Workers that outlive an interrupt. They have a module of their own, because they import it with distributed."""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import Any

from distributed.diagnostics.plugin import WorkerPlugin


class Undisturbed(WorkerPlugin):
    """Has the worker processes that this one has started take no interrupt.

    Jupyter and terminals interrupt all processes of a group, so that the stop of a cell would end the workers, with all
    that they hold. They still end with the process that has started them.
    """

    name = "zhipu_magic interrupts"
    idempotent = True

    def __init__(self) -> None:
        self._started_by = os.getpid()

    def setup(self, worker: Any) -> None:
        parent = multiprocessing.parent_process()  # none, where a worker is a thread of the notebook's process
        if parent is not None and parent.pid == self._started_by:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
