"""A limit that nobody tells: fixed, changing in mid-run, and storms; next to a semaphore that knows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from statistics import mean

from ..contenders import OURS
from ..kernel import Bench
from ..servers import Practice
from ..table import Row, at_most, at_most_times, spread
from .clients import Spec
from .process import Result, client

#: Requests that the service takes at once, and how many rows are asked.
FIXED = {1: 60, 3: 300, 5: 500, 20: 2_000, 50: 5_000}
_FIXED_QUICKLY = {3: 300, 20: 2_000}
#: The share of a semaphore's speed, and the percentages of requests that may be refused, of small limits and others.
ACHIEVED, ACHIEVED_IN_CHANGES = 0.97, 0.90
REFUSED, REFUSED_OF_SMALL, _SMALL = 1.0, 2.5, 10
#: In a storm, all requests get code 1305 for so many seconds.
STORM, STORM_ENDURED = 15.0, 1.1

_LATENCY = 0.5
_CHANGES = ((0.0, 20), (12.0, 5), (27.0, 40))
_CHANGING_ROWS = 1_300
_STORM_ROWS, _STORM_LIMIT, _STORM_AFTER = 1_000, 20, 6.0

Event = tuple[float, Callable[[Practice], None]]
"""What happens to a server so many seconds after the beginning."""


class Lost:
    """Counts the rows that were lost in all runs."""

    def __init__(self) -> None:
        self.rows: list[float] = []

    def see(self, result: Result) -> Result:
        self.rows.append(result.lost)
        return result


def fixed_rows(bench: Bench, lost: Lost, *, quick: bool) -> list[Row]:
    """Ours, told nothing, next to a semaphore of K in the same engine, at the same time, each with its own server."""
    latency, rounds = (0.2, 1) if quick else (_LATENCY, 3)
    found = []
    for limit, rows in (_FIXED_QUICKLY if quick else FIXED).items():
        pairs = [_pair(bench, rows, limit, latency, ((0.0, limit),)) for _ in range(rounds)]
        ours, semaphore = _seconds(pairs, lost)
        refused = [pair[0].refused_share for pair in pairs]
        most = REFUSED if limit >= _SMALL else REFUSED_OF_SMALL
        found.append(
            Row(
                f"{rows:,} rows, the service takes {limit}",
                "s",
                {OURS.column: ours, "semaphore": semaphore},
                [
                    at_most_times(1 / ACHIEVED, ours, semaphore, "semaphore"),
                    at_most(most, refused, "% refused") + _of(refused),
                ],
            )
        )
    return found


def changing_rows(bench: Bench, lost: Lost, *, quick: bool) -> list[Row]:
    """The limit changes in mid-run, which the semaphore knows beforehand."""
    events = [(after, _takes(limit)) for after, limit in _CHANGES[1:]]
    pairs = [
        _pair(bench, _CHANGING_ROWS, _CHANGES[0][1], _LATENCY, _CHANGES, (events, events))
        for _ in range(1 if quick else 3)
    ]
    ours, semaphore = _seconds(pairs, lost)
    refused = [pair[0].refused_share for pair in pairs]
    limits = " → ".join(str(limit) for _, limit in _CHANGES)
    return [
        Row(
            f"{_CHANGING_ROWS:,} rows, the service takes {limits}",
            "s",
            {OURS.column: ours, "semaphore": semaphore},
            [at_most_times(1 / ACHIEVED_IN_CHANGES, ours, semaphore, "semaphore"), f"{spread(refused)} % refused"],
        )
    ]


def storm_rows(bench: Bench, lost: Lost, *, quick: bool) -> list[Row]:
    """A storm for ours, next to a semaphore without one."""
    storm: list[Event] = [(_STORM_AFTER, _storms), (_STORM_AFTER + STORM, _calms)]
    pairs = [
        _pair(bench, _STORM_ROWS, _STORM_LIMIT, _LATENCY, ((0.0, _STORM_LIMIT),), (storm, []))
        for _ in range(1 if quick else 3)
    ]
    ours, semaphore = _seconds(pairs, lost)
    ideal = [seconds + STORM for seconds in semaphore]
    return [
        Row(
            f"{_STORM_ROWS:,} rows, a storm of {STORM:.0f} s",
            "s",
            {OURS.column: ours, "semaphore": semaphore},
            [
                at_most_times(STORM_ENDURED, ours, ideal, f"a semaphore without it and {STORM:.0f} s"),
                f"{mean(pair[0].refused for pair in pairs):.0f} refused",
            ],
        )
    ]


def _pair(
    bench: Bench,
    rows: int,
    limit: int,
    latency: float,
    schedule: Sequence[tuple[float, int]],
    events: tuple[Sequence[Event], Sequence[Event]] = ((), ()),
) -> tuple[Result, Result]:
    """Ours and the semaphore, side by side."""
    servers = [bench.practice(limit=limit, latency=latency) for _ in range(2)]
    with ExitStack() as stack:
        ours = stack.enter_context(client(bench, "ours", servers[0], Spec(rows)))
        oracle = stack.enter_context(client(bench, "oracle", servers[1], Spec(rows, schedule=schedule)))
        ours.begin()
        oracle.begin()
        began = time.monotonic()
        all_events = [(at, act, server) for server, its in zip(servers, events, strict=True) for at, act in its]
        for at, act, server in sorted(all_events, key=lambda event: event[0]):
            time.sleep(max(0.0, began + at - time.monotonic()))
            act(server)
        return ours.result(), oracle.result()


def _seconds(pairs: Sequence[tuple[Result, Result]], lost: Lost) -> tuple[list[float], list[float]]:
    return [lost.see(ours).seconds for ours, _ in pairs], [semaphore.seconds for _, semaphore in pairs]


def _of(refused: Sequence[float]) -> str:
    return f" ({spread(refused)})"


def _takes(limit: int) -> Callable[[Practice], None]:
    return lambda server: server.change(limit=limit)


def _storms(server: Practice) -> None:
    server.storm(True)


def _calms(server: Practice) -> None:
    server.storm(False)
