"""What is said of a cost: the same words for the same fact, wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..history.ledger import Sums
from ..service.models import PRICES_DATE
from ..text.languages.messages import _
from ..text.languages.numbers import money, plural

if TYPE_CHECKING:
    from ..service.connection import Service

#: What is said in place of an amount where there is none. An amount of zero is said by `money`.
NOT_KNOWN = _("price not known")
OF_PRACTICE = _("free: practice")
OF_PLAN = _("covered by the coding plan")
NOT_COUNTED = _("not counted")
#: Said of several replies together if none of them was counted.
NOTHING_COUNTED = _("not known")


def with_date(yuan: float | None) -> str:
    """An amount, and from when its prices are."""
    return NOT_KNOWN if yuan is None else _("{cost} (prices of {date})", cost=money(yuan), date=PRICES_DATE)


def without_price(service: Service) -> str:
    """What the next turn costs where the price table does not say."""
    return OF_PRACTICE if service.practising else OF_PLAN if service.profile.plan else NOT_KNOWN


def amount_or_why(sums: Sums) -> float | str:
    """What some replies have cost together, in yuan, as far as the service has counted them; where there is no amount,
    why: a key of `_WHY`.
    """
    if sums.cost is not None:
        return sums.cost
    return "unpriced" if sums.unpriced else "uncounted" if _has_uncounted(sums) else "practice"


_WHY = {"unpriced": NOT_KNOWN, "uncounted": NOTHING_COUNTED, "practice": OF_PRACTICE}


def in_all(sums: Sums) -> str:
    """The same in words: `estimated` tells the rest."""
    found = amount_or_why(sums)
    return _WHY[found] if isinstance(found, str) else money(found)


def in_all_with_estimate(sums: Sums) -> str:
    """The same where nothing beside it says how many tokens the service did not count."""
    rest = uncounted(sums) if _has_uncounted(sums) else ""
    return _("{cost}, and {rest}", cost=in_all(sums), rest=rest) if rest else in_all(sums)


def estimated(sums: Sums) -> str:
    """How many tokens the service did not count, estimated for budgets; empty where it has counted everything."""
    return _("about {tokens}", tokens=plural(sums.estimated_tokens, "token")) if sums.estimated_tokens else ""


def uncounted(sums: Sums) -> str:
    """The same, saying what they are."""
    return _("{tokens} not counted", tokens=about) if (about := estimated(sums)) else ""


def _has_uncounted(sums: Sums) -> bool:
    """Whether any reply that may have cost something was not counted."""
    return sums.uncounted > sums.practice_uncounted
