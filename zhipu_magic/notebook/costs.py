"""What is said of a cost: the same words for the same fact, wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..history.ledger import Sums
from ..service.models import PRICES_DATE
from ..text.numbers import money, plural

if TYPE_CHECKING:
    from ..service.connection import Service

#: What is said in place of an amount where there is none. An amount of zero is said by `money`.
NOT_KNOWN = "price not known"
OF_PRACTICE = f"{money(0)}: practice"
OF_PLAN = "covered by the coding plan"
NOT_COUNTED = "not counted"
#: Said of several replies together if none of them was counted.
NOTHING_COUNTED = "not known"


def with_date(yuan: float | None) -> str:
    """An amount, and from when its prices are."""
    return NOT_KNOWN if yuan is None else f"{money(yuan)} (prices of {PRICES_DATE})"


def without_price(service: Service) -> str:
    """What the next turn costs where the price table does not say."""
    return OF_PRACTICE if service.practising else OF_PLAN if service.profile.plan else NOT_KNOWN


def in_all(sums: Sums) -> str:
    """What some replies have cost together, as far as the service has counted them: `estimated` tells the rest."""
    if sums.cost is not None:
        return money(sums.cost)
    return NOT_KNOWN if sums.unpriced else NOTHING_COUNTED if _has_uncounted(sums) else OF_PRACTICE


def in_all_with_estimate(sums: Sums) -> str:
    """The same where nothing beside it says how many tokens the service did not count."""
    rest = uncounted(sums) if _has_uncounted(sums) else ""
    return ", and ".join(filter(None, [in_all(sums), rest]))


def estimated(sums: Sums) -> str:
    """How many tokens the service did not count, estimated for budgets; empty where it has counted everything."""
    return f"about {plural(sums.estimated_tokens, 'token')}" if sums.estimated_tokens else ""


def uncounted(sums: Sums) -> str:
    """The same, saying what they are."""
    return f"{about} {NOT_COUNTED}" if (about := estimated(sums)) else ""


def _has_uncounted(sums: Sums) -> bool:
    """Whether any reply that may have cost something was not counted."""
    return sums.uncounted > sums.practice_uncounted
