"""Keeps a turn within the budget: limits its answer, or refuses it before anything is sent."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..history.budget import Budget
from ..history.ledger import Entry, Sums, cost_of
from ..history.rounds import Round
from ..service.models import SEARCH_COST
from .over_budget import exceeded, reserved, unknown_length, unknown_price, used_up
from .request import Request
from .token_counts import taken

#: Tokens of a short answer: with room for no more than that, a turn is not worth its prompt.
SHORT_ANSWER = 512


@dataclass(frozen=True)
class Spending:
    """What has been spent, and what `others` replies that are under way may still take, in the budget's unit.

    `priced` is whether the price table speaks of the service. One part in so many (`share`) of what is left may be
    taken: other replies to the same question come after this one.
    """

    spent: Sums
    reserved: float = 0.0
    others: int = 0
    priced: bool = True
    share: int = 1


class Held(NamedTuple):
    """What a map has taken beyond the ledger, and may still take for its rows in hand (`amount`, in the budget's unit).
    So many of these are `unsure`: too few rows have ended to tell what others take.
    """

    amount: float = 0.0
    in_hand: int = 0
    unsure: int = 0


class Others(NamedTuple):
    """What all but one map has `taken` and reserved, in the budget's unit; how many rows in hand are `unsure`; and
    whether some of it will by itself `give_back` what it does not need.
    """

    taken: float = 0.0
    unsure: int = 0
    give_back: bool = False


def most_of(budget: Budget, request: Request, rounds: Sequence[Round] = (), *, priced: bool) -> float | None:
    """The most that a turn may take in all after these rounds, in the budget's unit; None where it is not known."""
    spent, tokens = _after(Sums(), request, rounds, priced=priced)
    longest = request.longest_answer
    next_round = None if longest is None else _cost(budget, request, _Tokens(tokens, longest), priced=priced)
    return None if next_round is None else next_round + budget.amount(spent)


def answer_limit(budget: Budget, request: Request, rounds: Sequence[Round], spending: Spending) -> int | None:
    """The longest answer, in tokens, that the budget has room for after these rounds; None where it limits nothing.

    Raises OverBudget where that is shorter than `SHORT_ANSWER`, and than what the user has asked for.
    """
    request = replace(request, answer_limit=None)  # that of an earlier round
    priced, longest = spending.priced, request.longest_answer
    spent, tokens = _after(spending.spent, request, rounds, priced=priced)
    left = max(0.0, budget.left(spent) - spending.reserved) / spending.share
    if longest is None:
        raise unknown_length(request.model)

    def cost(answer: int) -> float | None:
        return _cost(budget, request, _Tokens(tokens, answer), priced=priced)

    most, least = cost(longest), cost(min(longest, SHORT_ANSWER))
    if most is None or least is None:
        raise unknown_price(request.model)
    if most <= left:
        return None
    if least <= left:
        return bisect_right(range(longest), left, key=lambda answer: cost(answer) or 0.0) - 1
    if spending.reserved and least <= budget.left(spent):
        raise reserved(budget, least, left, answer=min(longest, SHORT_ANSWER), others=spending.others)
    raise exceeded(budget, least, left, answer=min(longest, SHORT_ANSWER)) if left else used_up(budget)


def _after(spent: Sums, request: Request, rounds: Sequence[Round], *, priced: bool) -> tuple[Sums, int]:
    """What will have been spent after these rounds, and the tokens of the next round's prompt."""
    usages, tokens = taken(request, rounds)
    for usage in usages:
        cost = cost_of(request.model, usage, priced=priced)
        spent = spent.with_entry(Entry(model=request.model, prompt="", usage=usage, cost=cost, seconds=0.0))
    return spent, tokens


class _Tokens(NamedTuple):
    """The tokens of a round."""

    prompt: int
    answer: int


def _cost(budget: Budget, request: Request, tokens: _Tokens, *, priced: bool) -> float | None:
    """What a round takes, in the budget's unit; None where its price is not known."""
    if budget.unit == "tokens":
        return sum(tokens)
    cost = request.known.cost(*tokens) if request.known and priced else None
    return cost if cost is None or not request.searches else cost + SEARCH_COST
