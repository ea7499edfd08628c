"""What a map has taken, and whether the budget has room for another row: it stops before its budget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, NamedTuple

from ...history.budget import Budget
from ...history.ledger import Entry, Sums, cost_of
from ...history.rows.row import Row
from ...service.models import SEARCH_COST
from ...service.wire import Usage
from ...text.tokens import estimate
from ...values.row_prompt import RowPrompt, tokens_of
from ..budget_check import SHORT_ANSWER, Held, Others
from ..over_budget import unknown_price
from ..request import Request
from .row_cost import RowCost

#: Until so many rows have ended, they say little of the others: so many are in hand at once within a budget.
_UNSURE, _AT_FIRST = 4, 2


class Taken(NamedTuple):
    """What some rows took: the sums, and the tokens of their prompts that the service had cached."""

    sums: Sums = Sums()
    cached_tokens: int = 0

    def minus(self, other: Taken) -> Taken:
        return Taken(self.sums.minus(other.sums), self.cached_tokens - other.cached_tokens)


class NoRoom(NamedTuple):
    """The budget has no room for a row that may take so much: so much is left. `is_final` says that nothing else gives
    back anything.
    """

    takes: float
    left: float
    is_final: bool


class RowSpending:
    """What the rows of a map take. `taken` is what they took in all; `unrecorded` what the journal lacks of it.

    `others` says what all else has taken; `admitting` is held while anything of the chat reserves what it may take.
    Raises OverBudget where the price is not known.
    """

    def __init__(
        self,
        request: Request,
        budget: Budget | None,
        others: Callable[[], Others],
        *,
        admitting: AbstractContextManager[Any],
        priced: bool,
        practice: bool,
    ) -> None:
        self._request = request
        self.budget = budget
        self._others = others
        self._admitting = admitting
        self._priced = priced
        self._practice = practice
        self._lock = threading.Lock()
        self.taken = self._recorded = Taken()
        self._at_end: Taken | None = None
        self._in_hand, self._own = 0, 0.0
        #: Tokens of a request beside its row's prompt.
        self._around = max(0, request.tokens - round(estimate(request.prompt) * request.scale))
        self._answer = min(request.longest_answer or SHORT_ANSWER, SHORT_ANSWER)
        self._row_cost = RowCost(self._with_short_answer(0))
        if budget is not None and budget.unit == "yuan" and self._cost(Usage(1, 1, 2)) is None:
            raise unknown_price(request.model)

    def reserve(self, prompt: RowPrompt) -> RowInHand | NoRoom:
        """Reserve what the row with this prompt may take, until it ends."""
        row = RowInHand(self, prompt)
        if self.budget is None:
            return row
        with self._admitting:  # what is asked side by side could pass the budget together
            others = self._others()
            with self._lock:
                is_early = not self._is_sure and self._in_hand + others.unsure >= _AT_FIRST
                reserved = self._row_cost.of(self._in_hand + 1, self._own + row.own)
                left = self._left(others)
                if is_early or reserved > left:
                    takes = self._row_cost.of(1, row.own)
                    return NoRoom(takes, left, is_final=not (self._in_hand or others.give_back))
                self._in_hand += 1
                self._own += row.own
        return row

    def count(self, row: RowInHand, usage: Usage | None, requests: int) -> None:
        """A round of this row has ended that took so much, with so many requests; None is estimated."""
        counted = usage or row.estimated
        cost = self._cost(counted)
        entry = Entry(
            model=self._request.model,
            prompt="",
            usage=usage,
            cost=cost if usage is not None else None,
            seconds=0.0,
            estimated_tokens=0 if usage is not None else counted.total_tokens,
            estimated_cost=0.0 if usage is not None else cost or 0.0,
            practice=self._practice,
            requests=requests,
        )
        with self._lock:
            cached = 0 if usage is None else usage.cached_tokens
            self.taken = Taken(self.taken.sums.with_entry(entry), self.taken.cached_tokens + cached)
        row.took += self._amount(counted)

    def end(self, row: RowInHand) -> None:
        """This row is in hand no more: what it did not take is given back."""
        if self.budget is None:
            return
        with self._lock:
            self._in_hand -= 1
            self._own = self._own - row.own if self._in_hand else 0.0
            if row.tokens_before is not None:
                self._row_cost.add(row.own, row.took)

    def request_tokens(self, prompt: RowPrompt) -> int:
        """The tokens of the request of the row with this prompt, by estimate."""
        return self._around + tokens_of(prompt)

    def own(self, tokens: int) -> float:
        """What a request of so many tokens takes beside its answer, in the budget's unit."""
        return self._with_short_answer(tokens) - self._with_short_answer(0)

    def _with_short_answer(self, prompt: int) -> float:
        return self._amount(Usage(prompt, self._answer, prompt + self._answer))

    def of_rows(self, prompt_tokens: Sequence[int]) -> float:
        """What rows may take whose prompts have so many tokens, in the budget's unit."""
        return self._row_cost.of(len(prompt_tokens), sum(self.own(self._around + tokens) for tokens in prompt_tokens))

    @property
    def left(self) -> float:
        """What is left of the budget after all that was taken, in its unit."""
        with self._admitting:
            return self._left(self._others())

    def _left(self, others: Others) -> float:
        assert self.budget is not None
        return self.budget.limit - others.taken - self._not_in_the_ledger

    @property
    def held(self) -> Held:
        """What it has taken beyond the ledger, and what its rows in hand may take."""
        with self._lock:  # a row counts what it took, and then gives back what was reserved: both are seen, or neither
            amount = self._not_in_the_ledger + self._row_cost.of(self._in_hand, self._own)
            return Held(amount, self._in_hand, 0 if self._is_sure else self._in_hand)

    @property
    def _is_sure(self) -> bool:
        return self._row_cost.count >= _UNSURE

    @property
    def _not_in_the_ledger(self) -> float:
        if self.budget is None:
            return 0.0
        return self.budget.amount(self.taken.sums) - self.budget.amount(self._recorded.sums)

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


class RowInHand:
    """A row that is asked: what it may take is reserved until it ends. Each of its rounds counts when that ends,
    whatever becomes of the row.
    """

    def __init__(self, spending: RowSpending, prompt: RowPrompt) -> None:
        self._spending = spending
        self._prompt = prompt
        self.tokens_before: int | None = None
        """The tokens of the round that ended last, which the next one repeats; None before any."""
        self.took = 0.0
        self.estimated = Usage()
        """What the round that has ended takes by estimate."""

    @cached_property
    def own(self) -> float:
        """What its request takes beside its answer, in the budget's unit."""
        return self._spending.own(self._request_tokens)

    @cached_property
    def _request_tokens(self) -> int:
        return self._spending.request_tokens(self._prompt)

    def round_ended(self, usage: Usage | None, written: Callable[[], float], requests: int) -> None:
        """A round has ended; where the service did not count it, so many tokens were written."""
        if usage is None:
            before = self._request_tokens if self.tokens_before is None else self.tokens_before
            answer = round(written())
            self.estimated = Usage(before, answer, before + answer)
        self.tokens_before = (usage or self.estimated).total_tokens
        self._spending.count(self, usage, requests)

    def end(self) -> None:
        """Nothing more comes of it."""
        self._spending.end(self)


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
