"""processor time a chunk, chunks as fast as they come"""

from __future__ import annotations

from contextlib import ExitStack

from .contenders import ALL, HTTPX, OURS, SDK, SDK_DISPLAY
from .kernel import Bench, ask
from .servers import glued_reply, reply
from .table import Column, Row, at_most, at_most_times

CHUNK_US = 40

_CHUNKS = 20_000
_FEWER_CHUNKS = 1_000
"""For the contender that sends its whole text again with every chunk, and to warm up the others."""


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure the whole cell, in all threads of its kernel."""
    rounds, chunks = (2, _CHUNKS // 4) if quick else (5, _CHUNKS)
    server = bench.practice()
    apart: dict[Column, list[float]] = {contender.column: [] for contender in ALL}
    glued: dict[Column, list[float]] = {contender.column: [] for contender in (OURS, HTTPX)}
    with ExitStack() as stack:
        kernels = [(contender, stack.enter_context(bench.kernel(server))) for contender in ALL]
        for contender, kernel in kernels:
            kernel.run(contender.setup)
            ask(kernel, contender, server, reply(_FEWER_CHUNKS), _FEWER_CHUNKS)
        for _ in range(rounds):
            for contender, kernel in kernels:
                count = _FEWER_CHUNKS if contender is SDK_DISPLAY else chunks
                used = ask(kernel, contender, server, reply(count), count).cpu_seconds
                apart[contender.column].append(1e6 * used / count)
            for contender, kernel in kernels:
                if contender.column in glued:
                    used = ask(kernel, contender, server, glued_reply(chunks), chunks).cpu_seconds
                    glued[contender.column].append(1e6 * used / chunks)
    ours = apart[OURS.column]
    return [
        Row(
            "CPU a chunk at full speed, a packet each",
            "µs",
            {**apart},
            [
                at_most(CHUNK_US, ours, "µs"),
                at_most_times(2, ours, apart[HTTPX.column], HTTPX.column),
                at_most_times(0.1, ours, apart[SDK.column], SDK.column),
            ],
        ),
        Row("CPU a chunk at full speed, many a packet", "µs", {**glued}),
    ]
