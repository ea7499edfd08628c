"""A program that collects a batch once for each step of that, in a copy of its folder, and is ended at that step.

It is killed there, or interrupted; after an interrupt, it collects once more.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from batch_killed import Steps  # and what is imported there, which no child imports anew

from zhipu_magic import Chat
from zhipu_magic.chat.batches.intent_file import HeldFile
from zhipu_magic.chat.batches.spool import Spool
from zhipu_magic.chat.rows import row_batches  # noqa: F401  # likewise
from zhipu_magic.history.history import History
from zhipu_magic.history.rows.store import RowStore
from zhipu_magic.service.batches.endpoints import BatchEndpoints

WATCHED: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (RowStore, ("add", "flush", "_append")),
    (History, ("commit", "write_down")),
    (HeldFile, ("_add",)),
    (Spool, ("remove",)),
    (BatchEndpoints, ("retrieve", "content")),
)
#: Exit codes of a program that came to its end.
NOT_ENDED, ENDED = 0, 7


class Interrupts(Steps):
    """The same with an interrupt."""

    def end(self) -> None:
        signal.raise_signal(signal.SIGINT)


def collect(base_url: str, key: str, journal: Path, steps: Steps) -> int:
    for owner, names in WATCHED:
        for name in names:
            steps.watch(owner, name)
    steps.tear()
    chat = Chat(model="glm-4", base_url=base_url, api_key=key, journal=journal)
    try:
        chat.collect()
        chat.close()
    except KeyboardInterrupt:
        steps.left = 0
        chat.collect()
        chat.close()
    return NOT_ENDED if steps.left > 0 else ENDED


def main(base_url: str, key: str, folder: str, kind: str) -> None:
    """Print the ends: of a kill minus its signal, else the exit code."""
    last, code = 0, ENDED
    while code != NOT_ENDED:
        last += 1
        copy = Path(folder) / str(last)
        shutil.copytree(Path(folder) / "begun", copy)
        child = os.fork()
        if not child:
            steps = (Interrupts if kind == "interrupt" else Steps)(last)
            os._exit(collect(base_url, key, copy / "notes.jsonl", steps))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
