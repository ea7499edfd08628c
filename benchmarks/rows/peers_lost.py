"""What others' clients lose at the same service, told its limit, and with what a user writes who knows of none."""

from __future__ import annotations

from ..contenders import OURS
from ..kernel import Bench
from ..table import Column, Row
from . import peers
from .clients import Spec
from .limits import Lost
from .process import Result, asked

_LATENCY = 0.5


def lost_rows(bench: Bench, lost: Lost, *, quick: bool) -> list[Row]:
    """One run each, since chance has little to do with it."""
    found = []
    for limit, rows in ((20, 400 if quick else 1_000), (3, 60 if quick else 150)):
        for told in (limit, 0):
            results: dict[Column, Result] = {}
            for column, (name, python) in peers.clients().items():
                server = bench.practice(limit=limit, latency=_LATENCY)
                results[column] = asked(bench, name, server, Spec(rows, told), python)
            ours = asked(bench, "ours", bench.practice(limit=limit, latency=_LATENCY), Spec(rows))
            results[OURS.column] = lost.see(ours)
            how = "others are told so" if told else "others are told nothing"
            found += [
                Row(
                    f"{rows:,} rows, the service takes {limit}, {how}: lost",
                    "rows",
                    {column: [result.lost] for column, result in results.items()},
                ),
                Row("… refused", "%", {column: [result.refused_share] for column, result in results.items()}),
                Row("… taken", "s", {column: [result.seconds] for column, result in results.items()}),
            ]
    return found
