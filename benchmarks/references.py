"""references: what a DataFrame of ten million rows costs as part of a prompt"""

from __future__ import annotations

from .contenders import OURS
from .kernel import Bench
from .table import Row, at_most

ROWS = 10_000_000
RENDERED_MS = 200
COPIED_MB = 40
"""Half of one column of the frame, so that a copy of any column would be noticed."""

_TOKENS = 2_000

_DATA = f"""\
import time
import numpy as np
from zhipu_magic.values.rendering.renderers import rendered
numbers = np.random.default_rng(0)
words = np.array(["alpha", "beta", "gamma", None], dtype=object)[np.arange({ROWS}) % 4]
columns = {{
    "price": numbers.random({ROWS}),
    "weight": numbers.random({ROWS}),
    "count": np.arange({ROWS}),
    "at": np.arange({ROWS}).astype("M8[us]"),
}}

def timed(frame):
    began = time.perf_counter()
    rendered(frame, {_TOKENS})
    return 1e3 * (time.perf_counter() - began)
"""

_FRAMES = {
    "pandas, numbers and moments": "import pandas\nframe = pandas.DataFrame(columns)",
    "pandas, and strings": "import pandas\nframe = pandas.DataFrame(columns)\nframe['word'] = pandas.Series(words)",
    "pandas, and objects": "import pandas\nframe = pandas.DataFrame(columns)\n"
    "frame['word'] = pandas.Series(words, dtype=object)",
    "pandas, one array of four columns": f"import pandas\nframe = pandas.DataFrame(numbers.random(({ROWS}, 4)))",
    "polars, and strings": "import polars\n"
    "frame = polars.DataFrame({**columns, 'word': polars.Series(words, dtype=polars.String)})",
}


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure in one kernel for each frame: each rendering after the first, and the memory beyond the frame's own."""
    rounds = 5 if quick else 20
    server = bench.practice()
    rows = []
    for name, making in _FRAMES.items():
        with bench.kernel(server) as kernel:
            kernel.run(_DATA)
            kernel.run(f"{making}\ntimed(frame)")
            cell = kernel.run(f"taken = [timed(frame) for _ in range({rounds})]", taken="taken")
            above = cell.rss_peak - cell.rss_before
        taken = cell.values["taken"]
        rows += [
            Row(f"{ROWS:,} rows: {name}", "ms", {OURS.column: taken}, [at_most(RENDERED_MS, taken, "ms")]),
            Row("… memory above the frame's own", "MB", {OURS.column: [above]}, [at_most(COPIED_MB, [above], "MB")]),
        ]
    return rows
