"""A hundred thousand rows: the store, the memory, the page, a second run, and how long a row takes to prepare."""

from __future__ import annotations

from pathlib import Path

from ..contenders import OURS
from ..kernel import Bench, Cell, Kernel
from ..servers import Practice
from ..table import Row, at_most
from .clients import MODEL, TEMPLATE

ROWS = 100_000
STORE_MB, SECOND_RUN, MEMORY_MB, PREPARE_US, PAGE_KB = 25, 5, 150, 60, 200

_SETUP = """\
import os
os.environ["JPY_SESSION_NAME"] = {page!r}
%load_ext zhipu_magic
import pandas
text = "it came late, the box was torn, and still I like it well."
frame = pandas.DataFrame({{"text": [f"Row {{row:06}}: {{text}}" for row in range({rows})]}})
"""
_CELL = f"%%glm --each frame -m {MODEL} --in-flight 20 -o labelled"
#: The time of the thread that prepares, without what a preview sees of each row.
_PREPARE = """\
import time
from zhipu_magic import Chat
from zhipu_magic.chat.rows.map_preview import Survey
from zhipu_magic.chat.rows.part import Part
prepare, took = Part.prepare, []
def timed(part, *more):
    began = time.thread_time()
    prepare(part, *more)
    took.append(time.thread_time() - began)
Part.prepare, Survey.see = timed, lambda *_: None
chat = Chat("glm-4-flash-250414")
for number in range(3):
    chat.map_preview(f"{number} {{{{ text }}}}", frame)
Part.prepare = prepare
"""


def size_rows(bench: Bench, *, quick: bool) -> list[Row]:
    """Asked once in a kernel, and again in a new one."""
    rows = ROWS // 10 if quick else ROWS
    server, page = bench.practice(), bench.folder / "large.ipynb"
    label = bench.folder / "label.json"
    label.write_text('[{"reply": "positive"}]')
    server.answer_all(label)
    with bench.kernel(server) as kernel:
        first = _asked(kernel, page, rows)
        _check(kernel, rows, server, rows)
    store = [sum(file.stat().st_size for file in bench.folder.rglob("large*.rows.jsonl")) / 1e6]
    with bench.kernel(server) as kernel:
        second = [_asked(kernel, page, rows).seconds]
        _check(kernel, rows, server, 0)
        took = kernel.run(_PREPARE, took="took").values["took"]
    share = rows / ROWS
    memory = [first.rss_peak - first.rss_before]
    shown, prepared = [1e3 * first.megabytes], [1e6 * seconds / rows for seconds in took]
    return [
        Row(f"{rows:,} rows: their store", "MB", {OURS.column: store}, [at_most(STORE_MB * share, store, "MB")]),
        Row("… memory beside the frame", "MB", {OURS.column: memory}, [at_most(MEMORY_MB, memory, "MB")]),
        Row(
            f"… what the page was sent in {first.seconds:.0f} s",
            "KB",
            {OURS.column: shown},
            [at_most(PAGE_KB, shown, "KB")],
        ),
        Row("… again, in a new kernel", "s", {OURS.column: second}, [at_most(SECOND_RUN * share, second, "s")]),
        Row("… to prepare a row", "µs", {OURS.column: prepared}, [at_most(PREPARE_US, prepared, "µs")]),
    ]


def _asked(kernel: Kernel, page: Path, rows: int) -> Cell:
    kernel.run(_SETUP.format(page=str(page), rows=rows))
    kernel.run(f"{_CELL} --first 1\n{TEMPLATE}")  # makes the connection, and imports
    return kernel.run(f"{_CELL}\n{TEMPLATE}")


def _check(kernel: Kernel, rows: int, server: Practice, asked: int) -> None:
    """Raises RuntimeError where a row has no answer, or others were asked than should have been."""
    answered = kernel.run("", answered="int(labelled['answer'].notna().sum())").values["answered"]
    if (answered, server.counts()[0]) != (rows, asked):
        raise RuntimeError(f"{answered} of {rows} rows have an answer, and {server.counts()[0]} were asked.")
    server.count_from_here()
