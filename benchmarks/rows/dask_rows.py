"""Asking over a DataFrame of dask, from the table to the last answer in its partitions."""

from __future__ import annotations

from ..contenders import OURS
from ..kernel import Bench
from ..table import Row, at_most, at_most_times, spread
from .clients import Spec
from .limits import REFUSED, Lost
from .process import asked

#: The share of the service's places that are used, on average.
USED = 0.95
_LIMIT, _LATENCY = 20, 0.5


def dask_rows(bench: Bench, lost: Lost, *, quick: bool) -> list[Row]:
    """Two workers of two threads hold the rows; ours is told nothing of the service."""
    rows, latency, rounds = (1_000, 0.2, 1) if quick else (2_000, _LATENCY, 3)
    found = []
    for _ in range(rounds):
        server = bench.practice(limit=_LIMIT, latency=latency)
        found.append(lost.see(asked(bench, "of_dask", server, Spec(rows))))
    seconds = [one.seconds for one in found]
    refused = [one.refused_share for one in found]
    ideal = [rows * latency / _LIMIT] * rounds
    return [
        Row(
            f"{rows:,} rows of dask, the service takes {_LIMIT}",
            "s",
            {OURS.column: seconds},
            [
                at_most_times(1 / USED, seconds, ideal, f"what {_LIMIT} places take"),
                f"{at_most(REFUSED, refused, '% refused')} ({spread(refused)})",
            ],
        )
    ]
