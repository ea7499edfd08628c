"""What became of a table that was given to the Batch API."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Submitted:
    """Rows that were given to the Batch API: how many requests are `new`, how many were under way `earlier`, and how
    many rows have an answer already (`known`) or cannot be asked (`failed`). `rows` are those of the table.
    """

    rows: int = 0
    new: int = 0
    earlier: int = 0
    known: int = 0
    failed: int = 0
