"""The turn that could pass the budget: it is refused before anything is sent."""

from __future__ import annotations

from ..history.budget import Budget
from ..history.ledger import Sums
from ..service.models import CATALOGUE
from ..text.errors import OverBudget
from .request import Request


def check_budget(budget: Budget, request: Request, sums: Sums, *, priced: bool) -> None:
    """Raise OverBudget for a request that could pass it, with the longest answer that there may be."""
    known = CATALOGUE.get(request.model)
    longest = request.max_tokens or (known.longest_answer if known else None)
    left = budget.left(sums)
    if longest is None:
        raise OverBudget(
            f"How long an answer of {request.model} may be is not known, so the budget cannot be kept.",
            hint="Give --max-tokens, or end the budget: %glm budget off. Nothing was sent.",
        )
    most: float | None = request.tokens + longest
    if budget.unit == "yuan":
        most = known.cost(request.tokens, longest) if known and priced else None
    if most is None:
        raise OverBudget(
            f"The price of {request.model} is not known here, so a budget in yuan cannot be kept.",
            hint="Take a budget in tokens (%glm budget 200k tokens), or end it: %glm budget off. Nothing was sent.",
        )
    if most > left:
        if not left:
            raise OverBudget(
                f"The budget of {budget.told(budget.limit)} is spent.",
                hint="Raise it (%glm budget), or end it (%glm budget off). Nothing was sent.",
            )
        raise OverBudget(
            f"This turn could pass the budget: it may take up to {budget.told(most)}, and {budget.told(left)} are left "
            f"of {budget.told(budget.limit)}.",
            hint=f"Nothing was sent. Shorten the answer (--max-tokens, now {longest:,}), or raise the budget.",
        )
