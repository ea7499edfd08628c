"""recording what cells show: the time that it adds to a cell, and the memory that it takes"""

from __future__ import annotations

from contextlib import ExitStack

from .contenders import OURS
from .kernel import Bench
from .table import Row, above, at_most, at_most_above

MOST_PERCENT, MOST_MB = 1, 50

#: Counts the time that is spent in recording, in seconds; a cell's own time is too uneven for a hundredth of it.
_TIMED = """\
import time
from zhipu_magic.notebook.outputs.recorder import OutputRecorder
spent = 0.0
def _timed(function):
    def timed(*given):
        global spent
        began = time.perf_counter()
        try:
            return function(*given)
        finally:
            spent += time.perf_counter() - began
    return timed
for _name in ("begin", "end", "look"):
    setattr(OutputRecorder, _name, _timed(getattr(OutputRecorder, _name)))
"""

#: A cell that works, prints as it goes, and shows tables and pictures.
_WORKING = """\
from IPython.display import HTML, display
for step in range(40):
    total = sum(number * number for number in range(60_000))
    print("step", step, total, "\\r" if step % 2 else "")
    if step % 4 == 0:
        display({"text/plain": "a table", "text/html": "<table>" + "<tr><td>1</td></tr>" * 500 + "</table>"}, raw=True)
        display({"text/plain": "a figure", "image/png": "A" * 60_000}, raw=True)
"""
#: A cell that shows a megabyte of its own.
_LARGE = 'print(str({number}) * 1000); print("x" * 500_000 + str({number})); display("y" * 500_000 + str({number}))'
_CELLS = 120


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure the same cells with the extension and without, in turn."""
    seconds: dict[str, list[float]] = {"bare": [], "loaded": []}
    shares: list[float] = []
    grown: dict[str, float] = {}
    with ExitStack() as stack:
        kernels = {name: stack.enter_context(bench.kernel(bench.practice())) for name in seconds}
        kernels["loaded"].run(OURS.setup)
        for kernel in kernels.values():
            kernel.run(_WORKING)
        for _ in range(10 if quick else 40):
            for name, kernel in kernels.items():
                seconds[name].append(1000 * kernel.run(_WORKING).seconds)
        kernels["loaded"].run(_TIMED)
        for _ in range(10 if quick else 40):
            kernels["loaded"].run("spent = 0.0")
            cell = kernels["loaded"].run(_WORKING, spent="spent")
            shares.append(100 * cell.values["spent"] / cell.seconds)
        for name, kernel in kernels.items():
            before = kernel.run("").rss_before
            for number in range(20 if quick else _CELLS):
                kernel.run(_LARGE.format(number=number))
            grown[name] = kernel.run("").rss_before - before
    return [
        Row(
            "outputs: a cell that prints and shows",
            "ms",
            {"%%glm": seconds["loaded"]},
            [above(seconds["loaded"], seconds["bare"], "ms", "the same cell without us")],
        ),
        Row("outputs: of that spent in recording", "%", {"%%glm": shares}, [at_most(MOST_PERCENT, shares, "%")]),
        Row(
            f"outputs: memory after {20 if quick else _CELLS} cells of 1 MB",
            "MB",
            {"%%glm": [grown["loaded"]]},
            [at_most_above(MOST_MB, [grown["loaded"]], [grown["bare"]], "MB", "without us")],
        ),
    ]
