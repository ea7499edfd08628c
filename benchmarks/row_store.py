"""the store of rows: writing, its size, and finding everything again"""

from __future__ import annotations

import subprocess
import sys
from ast import literal_eval
from pathlib import Path

from .contenders import OURS
from .kernel import Bench
from .table import Row, at_most

ROWS = 100_000
LARGEST, FOUND_IN, MEMORY = 25.0, 2.0, 40.0
"""Megabytes of the file, with answers of some 100 characters; seconds to open it and find all; megabytes beside it."""

_BEGUN = """\
import base64, sys, time
from pathlib import Path
import psutil
from zhipu_magic.history.rows.row import Row
from zhipu_magic.history.rows.store import RowStore
path, count = Path(sys.argv[1]), int(sys.argv[2])
keys = [base64.urlsafe_b64encode(number.to_bytes(16, "big"))[:22].decode() for number in range(count)]
answer = '{"label": "positive", "confidence": 0.93, "reason": "The reader praises the plot and the characters."}'
store = RowStore(path, warn=sys.exit)
before = psutil.Process().memory_info().rss
began = time.perf_counter()
"""
_WRITE = """\
for key in keys:
    store.add(Row(key, answer, usage=(412, 37, 384), model="glm-4.7-flash", seconds=0.512))
store.close()
print((time.perf_counter() - began, 0))
"""
_FIND = """\
assert all(store.find(key) for key in keys)
print((time.perf_counter() - began, (psutil.Process().memory_info().rss - before) / 1e6))
"""


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """In processes of their own."""
    written, found, memory, sizes = [], [], [], []
    for number in range(2 if quick else 5):
        path = bench.folder / f"{number}.rows.jsonl"
        written.append(_timed(bench, _WRITE, path)[0] / ROWS * 1e6)
        sizes.append(path.stat().st_size / 1e6)
        seconds, megabytes = _timed(bench, _FIND, path)
        found.append(seconds)
        memory.append(megabytes)
    return [
        Row("rows: add one, and write all", "µs", {OURS.column: written}),
        Row(f"… size of {ROWS:,}", "MB", {OURS.column: sizes}, [at_most(LARGEST, sizes, "MB")]),
        Row("… open the file and find all", "s", {OURS.column: found}, [at_most(FOUND_IN, found, "s")]),
        Row("… memory that this takes", "MB", {OURS.column: memory}, [at_most(MEMORY, memory, "MB")]),
    ]


def _timed(bench: Bench, script: str, path: Path) -> tuple[float, float]:
    timed = subprocess.run(
        [sys.executable, "-c", _BEGUN + script, str(path), str(ROWS)],
        check=True,
        capture_output=True,
        env=bench.environment(),
        cwd=bench.folder,
    )
    seconds, megabytes = literal_eval(timed.stdout.decode())
    return seconds, megabytes
