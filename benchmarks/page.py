"""replies at 100 chunks a second: processor time, what the front end gets, memory"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise

from .contenders import ALL, HTTPX, OURS, SDK, Contender
from .kernel import Asked, Bench, Cell, Kernel, ask
from .servers import Practice, reply
from .table import Column, Row, at_most, at_most_times

SHORT, MIDDLE, LONG = 1_000, 4_000, 16_000
MEGABYTES = {SHORT: 0.4, LONG: 2.0}
LONGEST_GAP = 1.0
MOST_REFRESHES = 20

_PACE = 100.0
_WARMING = 20
_Turns = dict[Column, list[Asked]]


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure short replies in turns while the long ones grow: at this pace the machine has time for all."""
    with ThreadPoolExecutor() as beside:
        middle = beside.submit(_alone, bench, OURS, MIDDLE)
        long = {} if quick else {one.column: beside.submit(_alone, bench, one, LONG) for one in (OURS, SDK, HTTPX)}
        short = _in_turns(bench, rounds=1 if quick else 3)
    cells = {SHORT: [asked.cell for asked in short[OURS.column]], MIDDLE: [middle.result().cell]}
    if long:
        cells[LONG] = [long[OURS.column].result().cell]
    rows = [_cpu_row(short)]
    for count, ones in cells.items():
        rows += _weight_rows(count, ones, short if count == SHORT else {})
    for count, ones in cells.items():
        rows += _rhythm_rows(count, ones)
    if long:
        rows.append(_memory_row({column: one.result().cell for column, one in long.items()}))
    return rows


def _in_turns(bench: Bench, *, rounds: int) -> _Turns:
    server = bench.practice(pace=_PACE)
    asked: _Turns = {contender.column: [] for contender in ALL}
    with ExitStack() as stack:
        kernels = [(contender, stack.enter_context(bench.kernel(server))) for contender in ALL]
        for contender, kernel in kernels:
            _warm(kernel, contender, server)
        for _ in range(rounds):
            for contender, kernel in kernels:
                asked[contender.column].append(ask(kernel, contender, server, reply(SHORT), SHORT))
    return asked


def _alone(bench: Bench, contender: Contender, count: int) -> Asked:
    server = bench.practice(pace=_PACE)
    with bench.kernel(server) as kernel:
        _warm(kernel, contender, server)
        return ask(kernel, contender, server, reply(count), count)


def _warm(kernel: Kernel, contender: Contender, server: Practice) -> None:
    kernel.run(contender.setup)
    ask(kernel, contender, server, reply(_WARMING), _WARMING)


def _cpu_row(short: _Turns) -> Row:
    cpu = {column: [1e6 * one.cpu_seconds / SHORT for one in ones] for column, ones in short.items()}
    target = at_most_times(0.5, cpu[OURS.column], cpu[SDK.column], SDK.column)
    return Row("CPU a chunk at 100 a second", "µs", {**cpu}, [target])


def _weight_rows(count: int, cells: list[Cell], others: _Turns) -> list[Row]:
    by_column = {column: [one.cell for one in ones] for column, ones in others.items()} | {OURS.column: cells}
    weights = {column: [cell.megabytes for cell in ones] for column, ones in by_column.items()}
    numbers = {column: [float(len(cell.frames)) for cell in ones] for column, ones in by_column.items()}
    target = [at_most(MEGABYTES[count], weights[OURS.column], "MB")] if count in MEGABYTES else []
    return [
        Row(f"{count:,} tokens: to the front end", "MB", {**weights}, target),
        Row(f"{count:,} tokens: messages", "", {**numbers}),
    ]


def _rhythm_rows(count: int, cells: list[Cell]) -> list[Row]:
    gaps = [_longest_gap(_times(cell)) for cell in cells]
    rates = [float(_most_in_a_second(_times(cell))) for cell in cells]
    return [
        Row(
            f"{count:,} tokens: longest gap between refreshes",
            "s",
            {OURS.column: gaps},
            [at_most(LONGEST_GAP, [max(gaps)], "s")],
        ),
        Row(
            f"{count:,} tokens: most refreshes in a second",
            "",
            {OURS.column: rates},
            [at_most(MOST_REFRESHES, [max(rates)])],
        ),
    ]


def _times(cell: Cell) -> list[float]:
    return [frame.sent for frame in cell.refreshes()]


def _longest_gap(times: Sequence[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(times))


def _most_in_a_second(times: Sequence[float]) -> int:
    return max(sum(start <= time < start + 1.0 for time in times) for start in times)


def _memory_row(long: dict[Column, Cell]) -> Row:
    grown = {column: [cell.rss_peak - cell.rss_before] for column, cell in long.items()}
    return Row(f"{LONG:,} tokens: memory, peak above the kernel before", "MB", {**grown})
