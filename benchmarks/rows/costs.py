"""Processor time a row, on the whole way from the table to its answers, in the client's process alone."""

from __future__ import annotations

from ..contenders import OURS
from ..kernel import Bench
from ..table import Column, Row, at_most_times
from . import peers
from .clients import Spec
from .process import asked

OF_SDK, OF_CHATLAS = 1.2, 0.5
_AT_ONCE, _LATENCY = 20, 0.1


def cost_rows(bench: Bench, *, quick: bool) -> list[Row]:
    """Everybody asks as much at once; ours also writes its store."""
    rows, rounds = (400, 2) if quick else (1_000, 5)
    server = bench.practice(latency=_LATENCY)
    used: dict[Column, list[float]] = {}
    for number in range(rounds):
        journal = str(bench.folder / f"cost-{number}.jsonl")
        used.setdefault(OURS.column, []).append(asked(bench, "ours", server, Spec(rows, _AT_ONCE, (), journal)).cpu_us)
        for column, (name, python) in peers.clients().items():
            used.setdefault(column, []).append(asked(bench, name, server, Spec(rows, _AT_ONCE), python).cpu_us)
    ours = used[OURS.column]
    remarks = [at_most_times(OF_SDK, ours, used["bare SDK"], "bare SDK")]
    if "chatlas" in used:
        remarks.append(at_most_times(OF_CHATLAS, ours, used["chatlas"], "chatlas"))
    return [Row(f"CPU a row, {_AT_ONCE} in flight", "µs", {**used}, remarks)]
