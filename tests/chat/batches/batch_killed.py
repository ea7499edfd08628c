"""A program that sends rows by the Batch API again and again, and is killed at a step of it each time.

That is before what a step does, in its middle, or after it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import certifi  # noqa: F401  # imported once, and by no child anew
import httpcore  # noqa: F401  # likewise
from batch_rows import rows_of

import zhipu_magic.service.client  # noqa: F401  # likewise
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


def send(base_url: str, key: str, journal: Path, last: int) -> int:
    """Send the rows. Returns how many steps that took."""
    requests.MOST_LINES = A_PART  # type: ignore[misc]
    steps = Steps(last)
    for owner, names in (
        (HeldFile, ("_add",)),
        (BatchEndpoints, ("upload", "create")),
        (Spool, ("write", "remove")),
    ):
        for name in names:
            steps.watch(owner, name)
    steps.tear()
    service = Service(base_url, ApiKey(key), timeout=20, max_retries=0, warn=print)
    batches = Batches(service, journal)
    new = batches.begin(rows_of(ROWS), model="glm-4", note={}).new
    assert new is not None
    batches.resume(new.id)
    return last - steps.left


def main(base_url: str, key: str, folder: str, *lasts: str) -> None:
    """Print the ends of children that are killed at these steps: minus the signal, or how many steps there were."""
    for last in map(int, lasts):
        child = os.fork()
        if not child:
            os._exit(send(base_url, key, Path(folder) / str(last) / ".glm" / "notes.jsonl", last))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
