"""What a map leaves that ends early, or meets faults: rows lost, and rows that are paid again."""

from __future__ import annotations

import random
import threading
import time

from zhipu_magic.practice import Answer, Drop, Fault, Script

from ..contenders import OURS
from ..kernel import Bench, Kernel
from ..servers import Practice
from ..table import Row, at_most
from .clients import MODEL, TEMPLATE, Spec
from .limits import Lost
from .process import asked, client

BACK_IN = 0.3
"""Seconds from an interrupt until the cell is back."""
_ROWS, _LIMIT, _LATENCY = 400, 20, 0.5
#: Seconds until a row that came is on the disk.
_KEPT_WITHIN = 0.25
_FAULTS: tuple[Script, ...] = (Fault(500, "500"), Fault(503, "503"), Drop(), Drop(reset=True), Fault.of("1305"))

_CELL = f"%%glm --each rows -m {MODEL} -o labelled\n{TEMPLATE}"
_SETUP = """\
%load_ext zhipu_magic
rows = [f"row {number}" for number in range(ROWS)]
"""


def ending_rows(bench: Bench, lost: Lost, *, quick: bool) -> list[Row]:
    """Interrupts, kills and faults."""
    times = 2 if quick else 5
    return [*_interrupted(bench, lost, times), *_killed(bench, lost, times), *_faulty(bench, lost)]


def _interrupted(bench: Bench, lost: Lost, times: int) -> list[Row]:
    server, chance = bench.practice(limit=_LIMIT, latency=_LATENCY), random.Random(1)
    back = []
    with bench.kernel(server) as kernel:
        kernel.run(_SETUP.replace("ROWS", str(_ROWS)))
        for _ in range(times):
            back.append(_interrupt(kernel, chance.uniform(0.5, 2.0)))
        kernel.run(_CELL)
        missing = kernel.run("", missing="sum(row.get('answer') is None for row in labelled)").values["missing"]
    lost.rows.append(missing)
    again = [server.counts()[0] - _ROWS]
    return [
        Row("an interrupt: the cell is back after", "s", {OURS.column: back}, [at_most(BACK_IN, back, "s")]),
        Row(f"… answers asked again, after {times}", "", {OURS.column: again}, [at_most(0, again)]),
    ]


def _interrupt(kernel: Kernel, after: float) -> float:
    pressed: list[float] = []
    hand = threading.Timer(after, lambda: pressed.append(kernel.interrupt()))
    hand.start()
    cell = kernel.run(_CELL, may_fail=True)
    hand.join()
    return cell.ended - pressed[0]


def _killed(bench: Bench, lost: Lost, times: int) -> list[Row]:
    chance, again = random.Random(2), []
    for number in range(times):
        server = bench.practice(limit=_LIMIT, latency=_LATENCY)
        spec = Spec(_ROWS, journal=str(bench.folder / f"killed-{number}.jsonl"))
        with client(bench, "ours", server, spec) as first:
            first.begin()
            time.sleep(chance.uniform(1.0, 6.0))
            first.process.kill()
            first.process.wait()
        paid = _settled(server)
        result = lost.see(asked(bench, "ours", server, spec))
        again.append(paid + result.let_in - _ROWS)
    most = _LIMIT + _LIMIT / _LATENCY * _KEPT_WITHIN
    return [Row("kill −9: answers asked again", "", {OURS.column: again}, [at_most(most, again)])]


def _settled(server: Practice) -> int:
    """The requests that were let in, once those in flight have ended."""
    time.sleep(4 * _LATENCY)
    return server.counts()[0]


def _faulty(bench: Bench, lost: Lost) -> list[Row]:
    """One request of ten meets a fault."""
    server, chance = bench.practice(limit=_LIMIT, latency=_LATENCY / 5), random.Random(3)
    for _ in range(_ROWS):
        server.answer_next(chance.choice(_FAULTS) if chance.random() < 0.1 else Answer("good"))
    missing = [lost.see(asked(bench, "ours", server, Spec(_ROWS))).lost]
    return [
        Row(
            "one of ten requests meets a 5xx or a broken connection: rows lost",
            "",
            {OURS.column: missing},
            [at_most(0, missing)],
        )
    ]
