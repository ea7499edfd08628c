"""What a store holds, in sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .row import Row


@dataclass(slots=True)
class ModelSums:
    """What one model took for the rows that are stored: tokens of prompts, of answers, and those that were cached.

    `uncounted` rows came without a count. Answers from a batch are half the price, and have sums of their own.
    """

    rows: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    uncounted: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """How many answers and errors are stored, and what they took, by model and by whether they came from a batch."""

    answers: int
    errors: int
    models: dict[tuple[str, bool], ModelSums]


def summary_of(rows: Iterable[Row]) -> Summary:
    """The sums over these rows; those that failed may have taken tokens, too."""
    answers = errors = 0
    models: dict[tuple[str, bool], ModelSums] = {}
    for row in rows:
        answers += row.error is None
        errors += row.error is not None
        sums = models.setdefault((row.model, row.batch), ModelSums())
        sums.rows += 1
        if row.usage is None:
            sums.uncounted += 1
        else:
            sums.prompt_tokens += row.usage[0]
            sums.completion_tokens += row.usage[1]
            sums.cached_tokens += row.usage[2]
    return Summary(answers, errors, models)
