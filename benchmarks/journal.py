"""the journal: appending to it, its size, loading it, and loading the extension beside it"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from ast import literal_eval
from pathlib import Path

from zhipu_magic.history.events.changes import from_json
from zhipu_magic.history.journal.journal import Journal

from .contenders import OURS
from .kernel import Bench
from .past import prompt_and_reply, write_past
from .start import LOADING_MS, TIMED_LOAD
from .table import Row, above, at_most, at_most_times

LINES = 100_000
LOADED_IN = 1.5
"""Seconds for all of them."""
NO_MORE = 0.75
"""Times what `json.loads` of the same lines takes beside it."""

_BESIDE = 50_000_000
"""Bytes of the journal that the extension is loaded beside."""
_HISTORY = 100
"""Turns of a journal that would hold the whole history with each of them."""

_TIMED = """\
import json, sys, time
from pathlib import Path
import psutil
from zhipu_magic import Chat
path = Path(sys.argv[1])
began = time.perf_counter()
held = {expression}
taken = time.perf_counter() - began
print((taken, psutil.Process().memory_info().rss / 1e6))
"""
_LOAD = _TIMED.format(expression="Chat.load(path)")
_PARSE = _TIMED.format(expression="[json.loads(line) for line in path.read_bytes().splitlines()]")


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Each figure next to that of the least that could do the same."""
    path = bench.folder / "past.jsonl"
    write_past(path, LINES, bench.practice())
    with path.open("rb") as file:
        lines = file.readlines(_BESIDE)
    beside = bench.folder / ".glm" / "beside.jsonl"
    beside.parent.mkdir(exist_ok=True)
    beside.write_bytes(b"".join(lines))
    return [
        *_append_rows(bench, beside, lines[1:], rounds=50 if quick else 200),
        *_size_rows(lines[1:]),
        *_load_rows(bench, path, rounds=2 if quick else 5),
        *_extension_rows(bench, beside, rounds=3 if quick else 5),
    ]


def _append_rows(bench: Bench, beside: Path, lines: list[bytes], *, rounds: int) -> list[Row]:
    ours, bare, first = [], [], []
    journal = _begun(bench.folder / "appended.jsonl")
    journal.add(from_json(json.loads(lines[0])))
    descriptor = os.open(bench.folder / "bare.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        for line in lines[1 : rounds + 1]:
            event = from_json(json.loads(line))
            began = time.perf_counter()
            journal.add(event)
            added = time.perf_counter()
            os.write(descriptor, line)
            os.fsync(descriptor)
            ours.append(1e3 * (added - began))
            bare.append(1e3 * (time.perf_counter() - added))
    finally:
        os.close(descriptor)
    for line in lines[1:6]:
        session = _begun(beside)
        event = from_json(json.loads(line))
        began = time.perf_counter()
        session.add(event)
        first.append(1e3 * (time.perf_counter() - began))
    size = beside.stat().st_size / 1e6
    return [
        Row("journal: append a turn", "ms", {OURS.column: ours}, [above(ours, bare, "ms", "the bare write")]),
        Row("… the same bytes by os.write and os.fsync", "ms", {OURS.column: bare}),
        Row(f"… the first of a session, after {size:.0f} MB", "ms", {OURS.column: first}),
    ]


def _begun(path: Path) -> Journal:
    journal = Journal(path)
    journal.begin({})
    return journal


def _size_rows(lines: list[bytes]) -> list[Row]:
    """Of turns of some 80 and 300 characters, half Chinese."""
    turns = [json.loads(line) for line in lines[:_HISTORY]]
    texts = [len("".join(prompt_and_reply(number)).encode()) for number in range(1, _HISTORY + 1)]
    whole = [sum(texts[: number + 1]) for number in range(len(turns))]
    average = sum(map(len, lines[:_HISTORY])) / _HISTORY / 1e3
    text, repeated = sum(texts) / _HISTORY / 1e3, sum(whole) / _HISTORY / 1e3
    return [
        Row("journal: size a turn", "KB", {OURS.column: [average]}, [f"{average / text:.1f} × its text"]),
        Row("… its prompt and reply alone", "KB", {OURS.column: [text]}),
        Row(f"… with the whole history each time, over {_HISTORY} turns", "KB", {OURS.column: [repeated]}),
    ]


def _load_rows(bench: Bench, path: Path, *, rounds: int) -> list[Row]:
    """In processes of their own, which take turns."""
    loads, parses = [], []
    for _ in range(rounds):
        loads.append(_timed(bench, _LOAD, path))
        parses.append(_timed(bench, _PARSE, path))
    ours, bare = [seconds for seconds, _ in loads], [seconds for seconds, _ in parses]
    return [
        Row(
            f"journal: load {LINES:,} turns",
            "s",
            {OURS.column: ours},
            [at_most(LOADED_IN, ours, "s"), at_most_times(NO_MORE, ours, bare, "json.loads")],
        ),
        Row("… json.loads of each line alone", "s", {OURS.column: bare}),
        Row("… memory of the process", "MB", {OURS.column: [rss for _, rss in loads]}),
        Row("… after json.loads alone", "MB", {OURS.column: [rss for _, rss in parses]}),
    ]


def _timed(bench: Bench, script: str, path: Path) -> tuple[float, float]:
    timed = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        check=True,
        capture_output=True,
        env=bench.environment(),
        cwd=bench.folder,
    )
    seconds, megabytes = literal_eval(timed.stdout.decode())
    return seconds, megabytes


def _extension_rows(bench: Bench, beside: Path, *, rounds: int) -> list[Row]:
    server = bench.practice()
    notebook = bench.folder / f"{beside.stem}.ipynb"
    with_journal, without = [], []
    for _ in range(rounds):
        with bench.kernel(server) as kernel:
            without.append(1e3 * kernel.run(TIMED_LOAD, taken="taken").values["taken"])
        with bench.kernel(server) as kernel:
            kernel.run(f"import os\nos.environ['JPY_SESSION_NAME'] = {str(notebook)!r}")
            cell = kernel.run(TIMED_LOAD, taken="taken")
            if not any(beside.name in frame.content.get("text", "") for frame in cell.frames):
                raise RuntimeError("The extension has not found the journal beside it.")
            with_journal.append(1e3 * cell.values["taken"])
    return [
        Row(
            f"load: %load_ext beside a journal of {beside.stat().st_size / 1e6:.0f} MB",
            "ms",
            {OURS.column: with_journal},
            [at_most(LOADING_MS, with_journal, "ms"), above(with_journal, without, "ms", "without a journal")],
        ),
    ]
