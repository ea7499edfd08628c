"""The budget: what the chat may spend in all."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from ..text.characters import shortened
from ..text.errors import InvalidRequest
from .ledger import Sums

Unit = Literal["yuan", "tokens"]

_WRITTEN = re.compile(r"([¥￥]?)\s*(\d{1,3}(?:[,_]\d{3})+|\d+(?:\.\d+)?)\s*([km]?)\s*(yuan|元|tokens?|)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Budget:
    """What the chat may spend in all: yuan according to the price table, or tokens."""

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
                "{text!r} is not a budget.",
                hint="Write it like 5 yuan or 200k tokens.",
                reason="budget.unreadable",
                text=shortened(text, 60),
            )
        return cls(limit, "tokens" if tokens else "yuan")

    def left(self, sums: Sums) -> float:
        """What may still be spent, never below 0."""
        return max(0.0, self.limit - self.amount(sums))

    def amount(self, sums: Sums) -> float:
        """What has been spent, in its unit."""
        return sums.reckoned_tokens if self.unit == "tokens" else sums.reckoned_cost

    def left_in_words(self, sums: Sums) -> str:
        """What may still be spent, of how much."""
        return f"{self.in_words(self.left(sums))} of {self.in_words(self.limit)}"

    def in_words(self, amount: float) -> str:
        """An amount in the budget's unit."""
        return f"{amount:,.0f} tokens" if self.unit == "tokens" else f"¥{amount:.4f}".rstrip("0").rstrip(".")

    told_left, told = left_in_words, in_words
    """The same, by their earlier names."""
