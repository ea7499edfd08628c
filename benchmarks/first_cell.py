"""the first cell that asks, imports and all"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from .contenders import HTTPX, OURS, SDK
from .kernel import Bench, Cell
from .servers import Practice, late_reply
from .start import WITHOUT_WARM_UP
from .table import Row, above

_TOKENS = 20
_WRITING = 2.0
"""Seconds between loading and the first cell, enough for the warm-up."""

_Name = Literal["waited", "waited, unwarmed", "at once", "at once, unwarmed", "sdk", "httpx"]


@dataclass(frozen=True)
class _Way:
    """One way to a first cell: the code that is run before, the seconds that the user then waits, and the cell."""

    before: str
    wait: float
    cell: str


_WAYS: dict[_Name, _Way] = {
    "waited": _Way(OURS.setup, _WRITING, OURS.cell),
    "waited, unwarmed": _Way(WITHOUT_WARM_UP + OURS.setup, _WRITING, OURS.cell),
    "at once": _Way(OURS.setup, 0.0, OURS.cell),
    "at once, unwarmed": _Way(WITHOUT_WARM_UP + OURS.setup, 0.0, OURS.cell),
    "sdk": _Way("", 0.0, SDK.setup + SDK.cell),
    "httpx": _Way("", 0.0, HTTPX.setup + HTTPX.cell),
}


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure in fresh kernels: some time after loading and right after it, with and without the warm-up."""
    server = bench.practice()
    left: dict[_Name, list[float]] = {name: [] for name in _WAYS}
    shown: dict[_Name, list[float]] = {name: [] for name in _WAYS}
    for _ in range(2 if quick else 5):
        for name, way in _WAYS.items():
            cell, received_at = _first_cell(bench, server, way)
            left[name].append(1000 * (received_at - cell.sent))
            if way.cell is OURS.cell:
                shown[name].append(1000 * (cell.first_display() - cell.sent))
    return [
        Row(
            "first cell, 2 s after loading: request leaves",
            "ms",
            {"%%glm": left["waited"], "bare SDK": left["sdk"], "raw httpx": left["httpx"]},
            [above(left["waited"], left["httpx"], "ms", "raw httpx, which imports in the cell")],
        ),
        Row("… without the warm-up", "ms", {"%%glm": left["waited, unwarmed"]}),
        Row("first cell, right after loading: request leaves", "ms", {"%%glm": left["at once"]}),
        Row("… without the warm-up", "ms", {"%%glm": left["at once, unwarmed"]}),
        Row("first cell, 2 s after loading: something shows", "ms", {"%%glm": shown["waited"]}),
        Row("… without the warm-up", "ms", {"%%glm": shown["waited, unwarmed"]}),
        Row("first cell, right after loading: something shows", "ms", {"%%glm": shown["at once"]}),
        Row("… without the warm-up", "ms", {"%%glm": shown["at once, unwarmed"]}),
    ]


def _first_cell(bench: Bench, server: Practice, way: _Way) -> tuple[Cell, float]:
    """The cell, and the time when its request was received."""
    with bench.kernel(server) as kernel:
        server.answer_next(late_reply(_TOKENS))
        kernel.run(way.before)
        time.sleep(way.wait)
        return kernel.run(way.cell), server.received_at()
