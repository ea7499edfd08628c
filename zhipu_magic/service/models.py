"""What is known about the models: context, longest answer, sight, thinking, price.

The prices are those of open.bigmodel.cn, read from a third party's copy of its price page on `PRICES_DATE`. They are
estimates, and always shown as such. A model that is not listed, or whose price is not known, has no price at all: no
figure is ever made up.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

PRICES_DATE = "2026-09-03"
DEFAULT_MODEL = "glm-4.7-flash"

_K = 1_000
_M = 1_000_000

#: The most and the least that a search of the web costs, in yuan (docs/protocol.md, "Chat request"), billed separately.
SEARCH_COST: Final = 0.05
CHEAPEST_SEARCH: Final = 0.01

#: What the Batch API bills of a live request's price (docs/protocol.md, "Batch, embeddings").
BATCH_PRICE: Final = 0.5

#: The values of `reasoning_effort` in the specification. Each model takes some of them.
EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

#: Whether a model reasons before it answers: never, unless it is turned off, or whatever it is told.
Thinking = Literal["none", "optional", "always"]


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
    """A model: `context` and `longest_answer` are in tokens, None where they are not known; `prices` are tried in
    order; `efforts` are the values of `reasoning_effort` that it takes. If it `thinks_unopened`, its replies begin with
    reasoning that a tag ends and none begins, because its server leaves the marks in. `parts` are what it takes by
    address beside images (docs/protocol.md, "Chat request").
    """

    name: str
    context: int | None
    longest_answer: int | None
    prices: tuple[Price, ...] = ()
    vision: bool = False
    thinking: Thinking = "optional"
    efforts: tuple[str, ...] = ()
    thinks_unopened: bool = False
    parts: tuple[str, ...] = ()

    @property
    def takes(self) -> frozenset[str]:
        """The parts of a message that it takes beside text."""
        return frozenset({"image_url", *self.parts}) if self.vision else frozenset(self.parts)

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


def find(name: str) -> Model | None:
    """The model of this name, None if it is not listed.

    Names are compared without case, a vendor's prefix, a tag and the precision of its weights, as in
    `zai-org/GLM-4.6-FP8` or `glm-4.6:latest`.
    """
    return CATALOGUE.get(name) or CATALOGUE.get(name.lower().rpartition("/")[2].partition(":")[0].removesuffix("-fp8"))


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
_VIDEOS = ("video_url",)
_FILES = ("video_url", "file_url")
_5_3_FLASH = (Price(0.8, 2.8, 0.23),)
_5_3 = ("low", "high", "max")
_4_7 = _tiers(Price(2, 8, 0.4), Price(3, 14, 0.6), Price(4, 16, 0.8))
_4_5_AIR = _tiers(Price(0.8, 2, 0.16), Price(0.8, 6, 0.16), Price(1.2, 8, 0.24))

CATALOGUE: dict[str, Model] = {
    model.name: model
    for model in (
        Model("glm-5.3", _M, 128 * _K, (Price(8, 28, 2),), thinking="always", efforts=_5_3),
        Model("glm-5.3-flash", _M, 128 * _K, _5_3_FLASH, vision=True, thinking="always", efforts=_5_3, parts=_FILES),
        Model("glm-5.3-flashx", _M, 128 * _K, vision=True, thinking="always", efforts=_5_3, parts=_FILES),
        Model("glm-5.2", _M, 128 * _K, (Price(8, 28, 2),), efforts=EFFORTS),
        Model("glm-5.1", 200 * _K, 128 * _K, _short_prompts(6, 24, 1.3)),
        Model("glm-5-turbo", 200 * _K, 128 * _K, _short_prompts(5, 22, 1.2)),
        Model("glm-5v-turbo", 200 * _K, 128 * _K, vision=True, parts=_FILES),
        Model("glm-5", 200 * _K, 128 * _K, _short_prompts(4, 18, 1)),
        # 4.7 and 4.5v think before every answer unless that is turned off; the others decide for themselves.
        Model("glm-4.7", 200 * _K, 128 * _K, _4_7),
        Model("glm-4.7-flashx", 200 * _K, 128 * _K, (Price(0.5, 3, 0.1),)),
        Model("glm-4.7-flash", 200 * _K, 128 * _K, FREE),
        Model("glm-4.6", 200 * _K, 128 * _K),
        Model("glm-4.6v", 128 * _K, 32 * _K, vision=True, parts=_FILES),
        Model("glm-4.6v-flashx", 128 * _K, 32 * _K, vision=True, parts=_VIDEOS),
        Model("glm-4.6v-flash", 128 * _K, 32 * _K, FREE, vision=True, parts=_VIDEOS),
        Model("glm-4.5", 128 * _K, 96 * _K),
        Model("glm-4.5-air", 128 * _K, 96 * _K, _4_5_AIR),
        Model("glm-4.5-airx", 128 * _K, 96 * _K),
        Model("glm-4.5-flash", 128 * _K, 96 * _K, FREE),
        Model("glm-4.5v", 64 * _K, 16 * _K, vision=True, parts=_FILES),
        Model("glm-4.1v-thinking-flashx", 64 * _K, 16 * _K, vision=True, thinking="always", parts=_VIDEOS),
        Model("glm-4.1v-thinking-flash", 64 * _K, 16 * _K, FREE, vision=True, thinking="always", parts=_VIDEOS),
        Model("glm-4v-flash", None, None, FREE, vision=True, thinking="none"),
        Model("glm-4-flashx-250414", 128 * _K, 16 * _K, thinking="none"),
        Model("glm-4-flash-250414", 128 * _K, 16 * _K, FREE, thinking="none"),
        Model("glm-4-plus", 128 * _K, 4 * _K, (Price(5, 5, 5),), thinking="none"),
        Model("glm-4", 128 * _K, 4 * _K, thinking="none"),
        Model("autoglm-phone", None, 4 * _K, vision=True, thinking="none"),
    )
}
