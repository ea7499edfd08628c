"""The budget: what the chat may spend in all."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from unicodedata import normalize

from ..text.characters import shortened
from ..text.errors import InvalidRequest
from ..text.numbers import plural
from .ledger import Sums

Unit = Literal["yuan", "tokens"]

_SCALES = {"k": 1_000, "千": 1_000, "w": 10_000, "万": 10_000, "m": 1_000_000, "百万": 1_000_000, "亿": 100_000_000}
_YUAN = "yuan|rmb|cny|元人民币|人民币|元|块钱|块"
_WRITTEN = re.compile(
    rf"""(?P<sign>¥|rmb|cny|)\s*
    (?P<digits>(?:\d{{1,3}}(?:[,_]\d{{3}})+|\d{{1,99}})(?:\.\d{{1,99}})?(?:e\+?\d{{1,2}})?)\s*
    (?P<scale>{"|".join(_SCALES)}|)\s*
    (?P<unit>{_YUAN}|个?\s*tokens?|)""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What the chat may spend in all: yuan according to the price table, or tokens."""

    limit: float
    unit: Unit

    @classmethod
    def read(cls, text: str) -> Budget:
        """Read "5 yuan" or "200k tokens", also as Chinese writes it: "5元", "20万 tokens". Raises InvalidRequest.

        Of a number alone it is not known what it counts, but "200k" and "1.5M" are said of tokens only.
        """
        match = _WRITTEN.fullmatch(normalize("NFKC", text).strip())  # full-width digits and letters are meant alike
        sign, digits, scale, word = map(str.lower, match.groups() if match else [""] * 4)
        tokens = "token" in word or (scale in ("k", "m") and not sign and not word)
        limit = float(Decimal(re.sub("[,_]", "", digits) or "nan") * _SCALES.get(scale, 1))
        if math.isfinite(limit) and not (sign or word or tokens):
            raise InvalidRequest(
                "{amount} is not a budget: its unit is missing.",
                hint="Write {amount} tokens, or {amount} yuan.",
                reason="budget.no_unit",
                amount=shortened(" ".join(text.split()), 60),
            )
        if not math.isfinite(limit) or (tokens and (sign or not limit.is_integer())):
            raise InvalidRequest(
                "{text!r} is not a budget.",
                hint="Write it with its unit, like 5 yuan or 200k tokens.",
                reason="budget.unreadable",
                text=shortened(text, 60),
            )
        return cls(limit, "tokens" if tokens else "yuan")

    def left(self, sums: Sums) -> float:
        """What may still be spent, never below 0."""
        return max(0.0, self.limit - self.amount(sums))

    def amount(self, sums: Sums) -> float:
        """What has been spent, in its unit."""
        return sums.budget_tokens if self.unit == "tokens" else sums.budget_cost

    def left_in_words(self, sums: Sums) -> str:
        """What may still be spent, of how much."""
        return f"{self.in_words(self.left(sums))} of {self.in_words(self.limit)}"

    def in_words(self, amount: float) -> str:
        """An amount in the budget's unit."""
        if self.unit == "tokens":
            return plural(round(amount), "token")
        return "under ¥0.0001" if 0 < amount < 0.0001 else f"¥{amount:,.4f}".rstrip("0").rstrip(".")
