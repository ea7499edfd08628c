"""Refuses a turn that could exceed the budget, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..history.budget import Budget
from ..history.ledger import Entry, Sums, cost_of
from ..history.rounds import Round
from ..service.models import SEARCH_COST
from ..text.errors import OverBudget
from .request import Request
from .token_counts import taken


@dataclass(frozen=True)
class Spending:
    """What has been spent, and what `others` replies that are under way may still take, in the budget's unit.

    `priced` is whether the price table speaks of the service.
    """

    spent: Sums
    reserved: float = 0.0
    others: int = 0
    priced: bool = True


def most_of(budget: Budget, request: Request, rounds: Sequence[Round] = (), *, priced: bool) -> float | None:
    """The most that a turn may take in all after these rounds, in the budget's unit; None where it is not known."""
    spent, tokens = _after(Sums(), request, rounds, priced=priced)
    next_round = _most_of_a_round(budget, request, tokens, priced=priced)
    return None if next_round is None else next_round + budget.amount(spent)


def check_budget(budget: Budget, request: Request, rounds: Sequence[Round], spending: Spending) -> None:
    """Raise OverBudget for a request that could exceed it after these rounds, given the longest possible answer."""
    priced, longest = spending.priced, request.longest_answer
    spent, tokens = _after(spending.spent, request, rounds, priced=priced)
    left = max(0.0, budget.left(spent) - spending.reserved)
    if longest is None:
        raise OverBudget(
            "It is not known how long an answer of {model} may be, so the budget cannot be enforced.",
            hint="Pass max_tokens=…, or remove the budget: chat.budget = None.",
            reason="budget.unknown_length",
            model=request.model,
        )
    most = _most_of_a_round(budget, request, tokens, priced=priced)
    if most is None:
        raise OverBudget(
            "The price of {model} is not known here, so a budget in yuan cannot be enforced.",
            hint='Set a budget in tokens (chat.budget = "200k tokens"), or remove it: chat.budget = None.',
            reason="budget.unknown_price",
            model=request.model,
        )
    if most <= left:
        return
    if spending.reserved and most <= budget.left(spent):
        raise OverBudget(
            "This turn could exceed the budget: it may take up to {most}, and only {left} of {budget} are left besides "
            "what {others} under way may take.",
            hint="Ask again when that is done, shorten the answers (max_tokens), or raise the budget.",
            reason="budget.reserved",
            most=budget.in_words(most),
            left=budget.in_words(left),
            budget=budget.in_words(budget.limit),
            others="1 reply" if spending.others == 1 else f"{spending.others:,} replies",
        )
    if not left:
        raise OverBudget(
            "The budget of {budget} is spent.",
            hint="Raise it, or remove it: chat.budget = None.",
            reason="budget.spent",
            budget=budget.in_words(budget.limit),
        )
    raise OverBudget(
        "This turn could exceed the budget: it may take up to {most}, and {left} are left of {budget}.",
        hint="Shorten the answer (max_tokens, now {longest:,}), or raise the budget.",
        reason="budget.exceeded",
        most=budget.in_words(most),
        left=budget.in_words(left),
        budget=budget.in_words(budget.limit),
        longest=longest,
    )


def _after(spent: Sums, request: Request, rounds: Sequence[Round], *, priced: bool) -> tuple[Sums, int]:
    """What has been spent after these rounds, and the tokens that the next one's prompt takes."""
    usages, tokens = taken(request, rounds)
    for usage in usages:
        cost = cost_of(request.model, usage, priced=priced)
        spent = spent.with_entry(Entry(model=request.model, prompt="", usage=usage, cost=cost, seconds=0.0))
    return spent, tokens


def _most_of_a_round(budget: Budget, request: Request, tokens: int, *, priced: bool) -> float | None:
    known, longest = request.known, request.longest_answer
    if longest is None:
        return None
    if budget.unit == "tokens":
        return tokens + longest
    cost = known.cost(tokens, longest) if known and priced else None
    return cost if cost is None or not request.searches else cost + SEARCH_COST
