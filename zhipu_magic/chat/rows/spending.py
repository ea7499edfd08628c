"""What a map has taken, and whether the budget has room for another row: it stops before its budget."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import NamedTuple

from ...history.budget import Budget
from ...history.ledger import Entry, Sums, cost_of
from ...history.rows.row import Row
from ...service.models import SEARCH_COST
from ...service.wire import Usage
from ...values.row_template import RowPrompt, tokens_of
from ..budget_check import SHORT_ANSWER
from ..over_budget import unknown_price
from ..request import Request

#: What is in flight counts as the mean of the rows so far, and so many standard deviations.
_MARGIN = 3.0
#: Until so many rows have been answered, their mean says little: so many are in flight at once within a budget.
_UNSURE, _AT_FIRST = 4, 2


class Taken(NamedTuple):
    """What some rows took: the sums, and the tokens of their prompts that the service had cached."""

    sums: Sums = Sums()
    cached_tokens: int = 0

    def minus(self, other: Taken) -> Taken:
        return Taken(self.sums.minus(other.sums), self.cached_tokens - other.cached_tokens)


class RowSpending:
    """What the rows of a map take. `taken` is what they took in all; `unrecorded` what the journal lacks of it.

    `spent` says what all else has taken and reserved. Raises OverBudget where the price is not known.
    """

    def __init__(
        self, request: Request, budget: Budget | None, spent: Callable[[], float], *, priced: bool, practice: bool
    ) -> None:
        self._request = request
        self.budget = budget
        self._spent = spent
        self._priced = priced
        self._practice = practice
        self._lock = threading.Lock()
        self.taken = self._recorded = Taken()
        self._at_end: Taken | None = None
        self._count, self._mean, self._squares = 0, 0.0, 0.0
        if budget is not None and budget.unit == "yuan" and self._cost(Usage(1, 1, 2)) is None:
            raise unknown_price(request.model)

    def add(self, usage: Usage | None, requests: int, prompt: RowPrompt) -> None:
        """A row has ended that took so much; without a count, its prompt and a short answer are what it took."""
        asked = 0 if usage is not None else tokens_of(prompt)
        estimate = Usage(asked, SHORT_ANSWER, asked + SHORT_ANSWER)
        cost = self._cost(usage or estimate)
        entry = Entry(
            model=self._request.model,
            prompt="",
            usage=usage,
            cost=cost if usage is not None else None,
            seconds=0.0,
            estimated_tokens=0 if usage is not None else estimate.total_tokens,
            estimated_cost=0.0 if usage is not None else cost or 0.0,
            practice=self._practice,
            requests=requests,
        )
        with self._lock:
            cached = 0 if usage is None else usage.cached_tokens
            self.taken = Taken(self.taken.sums.with_entry(entry), self.taken.cached_tokens + cached)
            took = self._amount(usage or estimate)
            self._count += 1
            change = took - self._mean
            self._mean += change / self._count
            self._squares += change * (took - self._mean)

    def has_room(self, in_flight: int) -> bool:
        """Whether the budget has room for another row beside those in flight."""
        if self.budget is None:
            return True
        if self._count < _UNSURE and in_flight >= _AT_FIRST:
            return False
        return self.reserved(in_flight + 1) <= self.left

    @property
    def left(self) -> float:
        """What is left of the budget after all that was taken, in its unit."""
        assert self.budget is not None
        return self.budget.limit - self._spent() - self.not_in_the_ledger

    @property
    def not_in_the_ledger(self) -> float:
        """What it has taken and the ledger does not have yet, in the budget's unit."""
        if self.budget is None:
            return 0.0
        return self.budget.amount(self.taken.sums) - self.budget.amount(self._recorded.sums)

    def reserved(self, rows: int) -> float:
        """What so many rows may take, in the budget's unit."""
        if not self._count:
            prompt = self._request.tokens
            answer = min(self._request.longest_answer or SHORT_ANSWER, SHORT_ANSWER)
            return rows * self._amount(Usage(prompt, answer, prompt + answer))
        deviation = math.sqrt(self._squares / self._count)
        return rows * self._mean + _MARGIN * deviation * math.sqrt(rows)

    def expected(self, rows: int) -> tuple[int, float | None]:
        """The tokens and the yuan that so many more rows will take, by the mean so far."""
        sums = self.taken.sums
        if not sums.requests:
            return 0, None
        share = rows / sums.requests
        cost = None if sums.cost is None else sums.cost * share
        return round(sums.total_tokens * share), cost

    def close(self) -> None:
        """The map has ended: what lands from now on is not shown."""
        with self._lock:
            self._at_end = self.taken

    @property
    def shown(self) -> Taken:
        """What they took until the map ended, if it has."""
        return self._at_end or self.taken

    @property
    def has_unrecorded(self) -> bool:
        """Whether it has taken anything since the last call of `unrecorded`."""
        return self.taken is not self._recorded

    def unrecorded(self, *, late: bool) -> Taken:
        """What it has taken since the last call, for the journal: until its end, or what came `late`, too."""
        with self._lock:
            upto = self.taken if late else self.shown
            since, self._recorded = upto.minus(self._recorded), upto
        return since

    def _amount(self, usage: Usage) -> float:
        if self.budget is None or self.budget.unit == "tokens":
            return usage.total_tokens
        return self._cost(usage) or 0.0

    def _cost(self, usage: Usage) -> float | None:
        cost = cost_of(self._request.model, usage, priced=self._priced)
        return cost if cost is None or not self._request.searches else cost + SEARCH_COST


def entry_of(model: str, row: Row, *, priced: bool, practice: bool, share: float) -> Entry:
    """The entry of a row's answer that was kept, at this share of its price."""
    usage = None
    if row.usage is not None:
        prompt, completion, cached = row.usage
        usage = Usage(prompt, completion, prompt + completion, cached)
    cost = cost_of(model, usage, priced=priced)
    return Entry(
        model=model,
        prompt="",
        usage=usage,
        cost=None if cost is None else cost * share,
        seconds=0.0,
        practice=practice,
    )
