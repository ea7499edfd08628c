"""The budget: what the chat may spend in all."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from unicodedata import category, normalize

from ..text.characters import shortened
from ..text.errors import InvalidRequest
from ..text.languages.messages import _
from ..text.languages.numbers import plural
from .ledger import Sums

Unit = Literal["yuan", "tokens"]

_SCALES = {
    **{"k": 1_000, "w": 10_000, "m": 1_000_000, "十": 10, "百": 100, "千": 1_000},
    **dict.fromkeys("万萬", 10_000),
    **dict.fromkeys("亿億", 100_000_000),
}
_YUAN = "yuan|rmb|cny|元人民币|人民币|元|圆|圓|块钱|块|¥"
_WRITTEN = re.compile(
    rf"""(?P<below>[-−]?)\s*(?P<sign>¥|rmb|cny|)\s*
    (?P<digits>(?:\d{{1,3}}(?:[,_]\d{{3}})+|\d{{1,99}})(?:\.\d{{1,99}})?(?:e\+?\d{{1,2}})?)\s*
    (?P<scale>[十百千]?[万萬亿億]|[百千kwm]|)\s*
    (?P<unit>{_YUAN}|个?\s*tokens?|)\s*[.。]?""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
#: A thousand where the dot parts thousands, one where it begins the decimals.
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}\.\d{3}")
#: More than anybody has; the sums stay exact below it.
_MOST = 10**15


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
        match = _WRITTEN.fullmatch(_plain(text))
        below, sign, digits, scale, word = map(str.lower, match.groups() if match else [""] * 5)
        tokens = "token" in word or (scale in ("k", "m") and not sign and not word)
        times = math.prod(_SCALES[one] for one in scale)
        limit = float(Decimal(re.sub("[,_]", "", digits) or "nan") * times)
        if math.isfinite(limit) and not (below or sign or word or tokens):
            raise InvalidRequest(
                "{amount} is not a budget: its unit is missing.",
                hint="Write {amount} tokens, or {amount} yuan.",
                reason="budget.no_unit",
                amount=shortened(" ".join(text.split()), 60),
            )
        why = _why_not(limit, below, tokens)
        if why or not math.isfinite(limit) or (tokens and sign):
            raise InvalidRequest(
                "{text!r} is not a budget{why}.",
                hint="Write it with its unit, like 5 yuan or 200k tokens.",
                reason="budget.unreadable",
                text=shortened(text, 60),
                why=why,
            )
        if not scale and _AMBIGUOUS.fullmatch(digits):
            raise InvalidRequest(
                "{text!r} may be read in two ways.",
                hint="Write {thousands} {unit}, or {decimal:g} {unit}.",
                reason="budget.ambiguous",
                text=shortened(text, 60),
                thousands=digits.replace(".", ""),
                decimal=limit,
                unit=_("tokens") if tokens else _("yuan"),
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
        return _("{left} of {limit}", left=self.in_words(self.left(sums)), limit=self.in_words(self.limit))

    def in_words(self, amount: float) -> str:
        """An amount in the budget's unit."""
        if self.unit == "tokens":
            return plural(round(amount), "token")
        return _("under ¥0.0001") if 0 < amount < 0.0001 else f"¥{amount:,.4f}".rstrip("0").rstrip(".")


def _plain(text: str) -> str:
    """The text with plain digits and letters for wide ones, and without what cannot be seen."""
    return "".join(sign for sign in normalize("NFKC", text) if category(sign) != "Cf").strip()


def _why_not(limit: float, below: str, tokens: bool) -> str:
    """What keeps an amount from being a budget, as the end of a sentence; empty if nothing does."""
    if below:
        return _(": it is below zero")
    if math.isfinite(limit) and limit > _MOST:
        return _(": it is too large")
    return _(": there are no parts of a token") if tokens and not limit.is_integer() else ""
