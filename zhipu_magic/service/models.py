"""What is known about the models: context, longest answer, price.

The prices are those of open.bigmodel.cn, read from a third party's copy of its price page on `PRICES_DATE`. They are
estimates, and always shown as such. A model that is not listed, or whose price is not known, has no price at all: no
figure is ever made up.
"""

from __future__ import annotations

from typing import NamedTuple

PRICES_DATE = "2026-09-03"
DEFAULT_MODEL = "glm-4.7-flash"

_K = 1_000
_M = 1_000_000


class Price(NamedTuple):
    """Yuan per million tokens, for requests with fewer tokens than the two bounds (None: any number)."""

    prompt: float
    completion: float
    cached: float
    prompt_below: int | None = None
    completion_below: int | None = None

    def covers(self, prompt_tokens: int, completion_tokens: int) -> bool:
        return (self.prompt_below is None or prompt_tokens < self.prompt_below) and (
            self.completion_below is None or completion_tokens < self.completion_below
        )


class Model(NamedTuple):
    """A model of the service: `context` and `longest_answer` are in tokens; `prices` are tried in order."""

    name: str
    context: int
    longest_answer: int
    prices: tuple[Price, ...] = ()
    vision: bool = False

    def cost(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> float | None:
        """The cost of one request in yuan, an estimate; None if the price is not known."""
        for price in self.prices:
            if price.covers(prompt_tokens, completion_tokens):
                cached_tokens = min(cached_tokens, prompt_tokens)
                fresh_tokens = prompt_tokens - cached_tokens
                spent = (
                    fresh_tokens * price.prompt + cached_tokens * price.cached + completion_tokens * price.completion
                )
                return spent / _M
        return None


def _tiers(short: Price, long: Price, huge: Price) -> tuple[Price, ...]:
    """Prices for a short prompt and answer, a short prompt and a long answer, and a prompt of 32K tokens or more.

    Sources disagree on whether an answer is short below 200 or below 2,000 tokens; the more expensive reading is used.
    """
    return (
        Price(short.prompt, short.completion, short.cached, prompt_below=32 * _K, completion_below=200),
        Price(long.prompt, long.completion, long.cached, prompt_below=32 * _K),
        huge,
    )


def _short_prompts(prompt: float, completion: float, cached: float) -> tuple[Price, ...]:
    """A price that is known only for prompts under 32K tokens."""
    return (Price(prompt, completion, cached, prompt_below=32 * _K),)


FREE = (Price(0, 0, 0),)

CATALOGUE: dict[str, Model] = {
    model.name: model
    for model in (
        Model("glm-5.3", _M, 128 * _K, (Price(8, 28, 2),)),
        Model("glm-5.3-flash", _M, 128 * _K, (Price(0.8, 2.8, 0.23),), vision=True),
        Model("glm-5.2", _M, 128 * _K, (Price(8, 28, 2),)),
        Model("glm-5.1", 200 * _K, 128 * _K, _short_prompts(6, 24, 1.3)),
        Model("glm-5-turbo", 200 * _K, 128 * _K, _short_prompts(5, 22, 1.2)),
        Model("glm-5", 200 * _K, 128 * _K, _short_prompts(4, 18, 1)),
        Model("glm-4.7", 200 * _K, 128 * _K, _tiers(Price(2, 8, 0.4), Price(3, 14, 0.6), Price(4, 16, 0.8))),
        Model("glm-4.7-flashx", 200 * _K, 128 * _K, (Price(0.5, 3, 0.1),)),
        Model("glm-4.7-flash", 200 * _K, 128 * _K, FREE),
        Model("glm-4.5-air", 128 * _K, 96 * _K, _tiers(Price(0.8, 2, 0.16), Price(0.8, 6, 0.16), Price(1.2, 8, 0.24))),
        Model("glm-4-flash-250414", 128 * _K, 16 * _K, FREE),
        Model("glm-4-plus", 128 * _K, 4 * _K, (Price(5, 5, 5),)),
        Model("glm-4", 128 * _K, 4 * _K),
    )
}
