"""A program that sends rows by the Batch API, and kills itself at a step of it: before it, in its middle, after it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from batch_rows import rows_of

from zhipu_magic.chat.batches.batches import Batches
from zhipu_magic.chat.batches.intent_file import HeldFile
from zhipu_magic.chat.batches.spool import Spool
from zhipu_magic.service.api_key import ApiKey
from zhipu_magic.service.batches import requests
from zhipu_magic.service.batches.endpoints import BatchEndpoints
from zhipu_magic.service.connection import Service
from zhipu_magic.text import regular_files

ROWS, A_PART = 5, 3


class Steps:
    """Counts what is done, and ends this process at one of them."""

    def __init__(self, last: int) -> None:
        self.left = last

    def next(self) -> None:
        self.left -= 1
        if not self.left:
            self.end()

    def end(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: Any, name: str) -> None:
        done: Callable[..., Any] = getattr(owner, name)

        def step(*arguments: Any, **more: Any) -> Any:
            self.next()
            found = done(*arguments, **more)
            self.next()
            return found

        setattr(owner, name, step)

    def tear(self) -> None:
        """Have each write of a line be two steps, with half of it on the disk in between."""
        write = regular_files.write

        def halves(file: Any, data: bytes) -> None:
            write(file, data[: len(data) // 2])
            self.next()
            write(file, data[len(data) // 2 :])

        regular_files.write = halves


def main(base_url: str, key: str, journal: str, last: str) -> None:
    requests.MOST_LINES = A_PART  # type: ignore[misc]
    steps = Steps(int(last))
    for owner, names in (
        (HeldFile, ("_add",)),
        (BatchEndpoints, ("upload", "create")),
        (Spool, ("write", "remove")),
    ):
        for name in names:
            steps.watch(owner, name)
    steps.tear()
    service = Service(base_url, ApiKey(key), timeout=20, max_retries=0, warn=print)
    batches = Batches(service, Path(journal))
    new = batches.begin(rows_of(ROWS), model="glm-4", note={}).new
    assert new is not None
    batches.resume(new.id)
    print(f"{int(last) - steps.left} steps")


if __name__ == "__main__":
    main(*sys.argv[1:])
