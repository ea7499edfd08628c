"""a warm cell: how late its request leaves, and how late the first words show"""

from __future__ import annotations

from contextlib import ExitStack

from .contenders import HTTPX, OURS, SDK
from .kernel import Bench, ask
from .servers import PAUSE, late_reply
from .table import Column, Row, above, at_most_above

FIRST_TOKEN_MS = 5

_TOKENS = 20
_CONTENDERS = (OURS, SDK, HTTPX)


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure from the front end's request on; ours until the words reach the front end, theirs only the kernel."""
    server = bench.practice()
    left: dict[Column, list[float]] = {contender.column: [] for contender in _CONTENDERS}
    shown: dict[Column, list[float]] = {contender.column: [] for contender in _CONTENDERS}
    with ExitStack() as stack:
        kernels = [(contender, stack.enter_context(bench.kernel(server))) for contender in _CONTENDERS]
        for contender, kernel in kernels:
            kernel.run(contender.setup)
            ask(kernel, contender, server, late_reply(_TOKENS), _TOKENS)
        for _ in range(5 if quick else 20):
            for contender, kernel in kernels:
                asked = ask(kernel, contender, server, late_reply(_TOKENS), _TOKENS)
                first = asked.cell.values["first"] or asked.cell.refreshes()[0].at
                left[contender.column].append(1000 * asked.left_after)
                shown[contender.column].append(1000 * (first - asked.received_at - PAUSE))
    ours, raw = OURS.column, HTTPX.column
    return [
        Row("warm cell: request leaves", "ms", {**left}, [above(left[ours], left[raw], "ms", raw)]),
        Row(
            "warm cell: first words on the page (others: in the kernel)",
            "ms",
            {**shown},
            [at_most_above(FIRST_TOKEN_MS, shown[ours], shown[raw], "ms", raw)],
        ),
    ]
