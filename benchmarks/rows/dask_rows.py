"""Asking over a DataFrame of dask, from the table to the last answer in its partitions."""

from __future__ import annotations

from ..contenders import OURS
from ..kernel import Bench
from ..table import Row, at_least, at_most, spread
from .clients import Spec
from .limits import REFUSED, Lost
from .process import asked

#: The percentage of the service's places that are used, on average.
USED = 95.0
_LIMIT, _LATENCY = 20, 0.5


def dask_rows(bench: Bench, lost: Lost, *, quick: bool) -> list[Row]:
    """Two workers of two threads hold the rows; ours is told nothing of the service."""
    rows, latency, rounds = (1_000, 0.2, 1) if quick else (2_000, _LATENCY, 3)
    found = []
    for _ in range(rounds):
        server = bench.practice(limit=_LIMIT, latency=latency)
        found.append(lost.see(asked(bench, "of_dask", server, Spec(rows))))
    used = [100 * one.used(_LIMIT) for one in found]
    refused = [one.refused_share for one in found]
    return [
        Row(
            f"{rows:,} rows of dask, the service takes {_LIMIT}",
            "s",
            {OURS.column: [one.seconds for one in found]},
            [
                f"{at_least(USED, used, '% of the places used')} ({spread(used)})",
                f"{at_most(REFUSED, refused, '% refused')} ({spread(refused)})",
            ],
        )
    ]
