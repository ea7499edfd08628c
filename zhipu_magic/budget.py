"""The budget: what the chat may spend in all, and the turn that could pass it."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from .errors import InvalidRequest, OverBudget
from .ledger import Sums
from .models import CATALOGUE
from .request import Request

Unit = Literal["yuan", "tokens"]

_WRITTEN = re.compile(r"([¥￥]?)\s*(\d{1,3}(?:[,_]\d{3})+|\d+(?:\.\d+)?)\s*([km]?)\s*(yuan|元|tokens?|)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Budget:
    """What the chat may spend in all: yuan by the price table, or tokens."""

    limit: float
    unit: Unit

    @classmethod
    def read(cls, text: str) -> Budget:
        """Read "5 yuan" or "200k tokens". Raises InvalidRequest."""
        match = _WRITTEN.fullmatch(text.strip())
        sign, digits, thousands, word = match.groups() if match else ("", "", "", "")
        tokens, limit = word.lower().startswith("token"), math.nan
        with suppress(ValueError):
            limit = float(re.sub("[,_]", "", digits)) * {"": 1, "k": 1_000, "m": 1_000_000}[thousands.lower()]
        if not math.isfinite(limit) or not (sign or word) or (sign and tokens):
            raise InvalidRequest(
                f"{text!r} is not a budget.", hint="It looks like 5 yuan, or 200k tokens; off takes it away."
            )
        return cls(limit, "tokens" if tokens else "yuan")

    def left(self, sums: Sums) -> float:
        """What may still be spent, never below 0."""
        spent = sums.reckoned_tokens if self.unit == "tokens" else sums.reckoned_cost
        return max(0.0, self.limit - spent)

    def told_left(self, sums: Sums) -> str:
        """What may still be spent, of how much."""
        return f"{self.told(self.left(sums))} of {self.told(self.limit)}"

    def told(self, amount: float) -> str:
        """An amount of it, in words."""
        return f"{amount:,.0f} tokens" if self.unit == "tokens" else f"¥{amount:.4f}".rstrip("0").rstrip(".")

    def check(self, request: Request, sums: Sums, *, priced: bool) -> None:
        """Raise OverBudget for a request that could pass it, with the longest answer that there may be."""
        known = CATALOGUE.get(request.model)
        longest = request.max_tokens or (known.longest_answer if known else None)
        left = self.left(sums)
        if longest is None:
            raise OverBudget(
                f"How long an answer of {request.model} may be is not known, so the budget cannot be kept.",
                hint="Give --max-tokens, or end the budget: %glm budget off. Nothing was sent.",
            )
        most: float | None = request.tokens + longest
        if self.unit == "yuan":
            most = known.cost(request.tokens, longest) if known and priced else None
        if most is None:
            raise OverBudget(
                f"The price of {request.model} is not known here, so a budget in yuan cannot be kept.",
                hint="Take a budget in tokens (%glm budget 200k tokens), or end it: %glm budget off. Nothing was sent.",
            )
        if most > left:
            if not left:
                raise OverBudget(
                    f"The budget of {self.told(self.limit)} is spent.",
                    hint="Raise it (%glm budget), or end it (%glm budget off). Nothing was sent.",
                )
            raise OverBudget(
                f"This turn could pass the budget: it may take up to {self.told(most)}, and {self.told(left)} are left "
                f"of {self.told(self.limit)}.",
                hint=f"Nothing was sent. Shorten the answer (--max-tokens, now {longest:,}), or raise the budget.",
            )
