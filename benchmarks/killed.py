"""Processes that ask until they are killed at a random moment; then their journals are resumed."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from zhipu_magic import Chat
from zhipu_magic.history.events.turn_event import TurnEvent
from zhipu_magic.history.journal.reader import read
from zhipu_magic.text.errors import GLMError

from .asker import ASKERS, Address, prompt, whole_reply

_MODULES = [
    "benchmarks.killed",
    "zhipu_magic.service.client",
    "IPython.core.interactiveshell",
    "zhipu_magic.notebook.extension",
]
_WORDS = 40


@dataclass(frozen=True)
class Given:
    """The reports of a killed process: checksums of the replies that it had got, in order."""

    name: str
    journal: Path
    replies: list[int]


def kill(times: int, seed: int, address: Address, folder: Path) -> Counter[str]:
    """Kill so many processes, two at a time. Returns counts of what was tried and what went wrong."""
    context = get_context("forkserver")
    context.set_forkserver_preload(_MODULES)

    def one(number: int) -> Counter[str]:
        name = f"killed-{number}"
        journal = folder / f"{name}.jsonl"
        hear, reports = context.Pipe(duplex=False)
        process = context.Process(target=_ask_on, args=(number % len(ASKERS), address, name, journal, reports))
        process.start()
        reports.close()
        given = Given(name, journal, _killed(process, hear, random.Random(f"{seed} {number}")))
        return _checked(given, address)

    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(2) as both:
        for counted in both.map(one, range(times)):
            counts.update(counted)  # not `+`, which drops zeros
    return counts


def _ask_on(kind: int, address: Address, name: str, journal: Path, reports: Connection) -> None:
    """Ask turn after turn, and report each reply."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    asker = ASKERS[kind](address, journal)
    number = 0
    while True:
        number += 1
        reply = asker.ask(prompt(f"{name}/{number}", _WORDS), "main")
        reports.send(zlib.crc32(reply.encode()))


def _killed(process: BaseProcess, hear: Connection, chance: random.Random) -> list[int]:
    """Kill the process some time after its first few replies. Returns what it had reported by then."""
    given: list[int] = []
    wanted = chance.randrange(6)
    with suppress(EOFError, OSError):  # the end, perhaps in the middle of a report
        while len(given) < wanted and hear.poll(30):
            given.append(hear.recv())
        # Before the first reply, this includes the time until it asks.
        time.sleep(chance.uniform(0, 0.05 if wanted else 0.4))
        process.kill()
        while True:
            given.append(hear.recv())
    process.join()
    if process.exitcode != -signal.SIGKILL:
        raise RuntimeError(f"A process that was to be killed ended by itself: {process.exitcode}.")
    hear.close()
    return given


def _checked(given: Given, address: Address) -> Counter[str]:
    chat = Chat(
        "glm-4",
        base_url=address["ZHIPUAI_BASE_URL"],
        api_key=address["ZHIPUAI_API_KEY"],
        journal=given.journal,
        warn=lambda _: None,
    )
    counts = Counter({"killed": 1, "replies given before": len(given.replies)})
    try:
        if given.journal.exists():
            _resume(chat, may_be_empty=not given.replies)
        turns = chat.thread().turns
        stored = [zlib.crc32(turn.reply.encode()) for turn in turns]
        asked = [prompt(f"{given.name}/{number}", _WORDS) for number in range(1, len(turns) + 1)]
        differ = sum(before != after for before, after in zip(given.replies, stored, strict=False))
        counts["turns lost"] = differ + max(0, len(given.replies) - len(stored))
        # The last reply may have been written but not yet reported when the process was killed.
        counts["turns doubled"] = max(0, len(stored) - len(given.replies) - 1)
        counts["turns out of order"] = [turn.prompt for turn in turns] != asked
        counts["journals that do not go on"] = not _goes_on(chat, given.journal, asked)
    except GLMError as error:
        print(f"{given.name}: {error}", file=sys.stderr)
        counts["journals that do not go on"] = 1
    finally:
        chat.close()
    return counts


def _resume(chat: Chat, *, may_be_empty: bool) -> None:
    try:
        chat.history.resume()
    except GLMError:
        if not may_be_empty:
            raise


def _goes_on(chat: Chat, journal: Path, asked: list[str]) -> bool:
    """Whether the chat can go on, and everything in the file can be read."""
    last = prompt("and on", _WORDS)
    reply = chat.ask(last).text
    lines = read(journal)
    events = (lines.event_at(place) for place in range(len(lines.raw)))
    prompts = [event.prompt for event in events if isinstance(event, TurnEvent) and event.event == "turn"]
    return reply == whole_reply(last) and lines.notes == [] and prompts == [*asked, last]
