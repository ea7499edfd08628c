"""loading the extension, above bare IPython"""

from __future__ import annotations

import subprocess
import sys
import time

from .contenders import OURS
from .kernel import Bench
from .table import Row, above, at_most, at_most_above

LOADING_MS = 30

WITHOUT_WARM_UP = """\
import zhipu_magic.notebook.extension
assert callable(zhipu_magic.notebook.extension._warm_up)
zhipu_magic.notebook.extension._warm_up = lambda *given: None
"""
TIMED_LOAD = """\
import time
began = time.perf_counter()
get_ipython().run_line_magic("load_ext", "zhipu_magic")
taken = time.perf_counter() - began
"""
_BUSY = "import json; sum(range(10**6))"


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure whole processes, then kernels: loading, and a cell right after it that keeps the processor busy."""
    rounds = 3 if quick else 5
    _run_python(bench, "-c", "import ipywidgets, zhipuai")  # from now on they are in the disk's cache
    whole: dict[str, list[float]] = {"bare": [], "loaded": []}
    for _ in range(rounds):
        whole["bare"].append(1000 * _run_python(bench, "-m", "IPython", "-c", "pass"))
        whole["loaded"].append(1000 * _run_python(bench, "-m", "IPython", "--ext=zhipu_magic", "-c", "pass"))

    server = bench.practice()
    loads: list[float] = []
    busy: dict[str, list[float]] = {"bare": [], "loaded": [], "unwarmed": []}
    for _ in range(rounds):
        with bench.kernel(server) as kernel:
            kernel.run("import time")  # its first cell, as loading is for the others
            busy["bare"].append(1000 * kernel.run(_BUSY).seconds)
        with bench.kernel(server) as kernel:
            loads.append(1000 * kernel.run(TIMED_LOAD, taken="taken").values["taken"])
            busy["loaded"].append(1000 * kernel.run(_BUSY).seconds)
        with bench.kernel(server) as kernel:
            kernel.run(WITHOUT_WARM_UP + OURS.setup)
            busy["unwarmed"].append(1000 * kernel.run(_BUSY).seconds)

    name = "bare IPython"
    return [
        Row("load: %load_ext in a kernel", "ms", {"%%glm": loads}, [at_most(LOADING_MS, loads, "ms")]),
        Row(
            "load: whole process, ipython -c pass",
            "ms",
            {"%%glm": whole["loaded"]},
            [at_most_above(LOADING_MS, whole["loaded"], whole["bare"], "ms", name)],
        ),
        Row(f"… {name}", "ms", {"%%glm": whole["bare"]}),
        Row(
            "load: busy cell right after it",
            "ms",
            {"%%glm": busy["loaded"]},
            [above(busy["loaded"], busy["bare"], "ms", name)],
        ),
        Row("… without the warm-up", "ms", {"%%glm": busy["unwarmed"]}),
        Row(f"… {name}", "ms", {"%%glm": busy["bare"]}),
    ]


def _run_python(bench: Bench, *arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, env=bench.environment(), cwd=bench.folder)
    return time.perf_counter() - began
