"""What the tests of tables ask: the type of a review, and tables with answers to their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from zhipu_magic.values.frames.answers import answer_columns
from zhipu_magic.values.frames.kinds import table_of


class Review(BaseModel):
    label: str
    stars: int
    sure: float
    spam: bool


GOOD = Review(label="good", stars=5, sure=0.5, spam=False)
BAD = Review(label="bad", stars=1, sure=1, spam=True)


def answered(given: Any, answers: Sequence[Any], as_type: Any = None) -> Any:
    """The table with these answers beside its rows."""
    return table_of(given).joined(answer_columns(as_type).of(answers))


def rows_of(given: Any, *columns: str) -> list[tuple[Any, ...]]:
    """The values of these columns, or of all."""
    table = table_of(given)
    return [*table.rows(columns or table.columns)]
