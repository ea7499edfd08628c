"""asking over a table: limits that nobody tells, storms, interrupts and kills, dask, the cost of a row, 100,000 rows"""

from __future__ import annotations

from .contenders import OURS
from .kernel import Bench
from .rows.costs import cost_rows
from .rows.dask_rows import dask_rows
from .rows.endings import ending_rows
from .rows.limits import Lost, changing_rows, fixed_rows, storm_rows
from .rows.peers_lost import lost_rows
from .rows.sizes import size_rows
from .table import Row, at_most


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Everything about tables, ours told nothing of the service."""
    lost = Lost()
    rows = [
        *fixed_rows(bench, lost, quick=quick),
        *changing_rows(bench, lost, quick=quick),
        *storm_rows(bench, lost, quick=quick),
        *dask_rows(bench, lost, quick=quick),
        *lost_rows(bench, lost, quick=quick),
        *ending_rows(bench, lost, quick=quick),
    ]
    total = [sum(lost.rows)]
    return [
        *rows,
        Row("rows lost in all of these, by ours", "", {OURS.column: total}, [at_most(0, total)]),
        *cost_rows(bench, quick=quick),
        *size_rows(bench, quick=quick),
    ]
