"""Prices are estimates of what is known, and nothing is made up."""

from __future__ import annotations

import pytest

from zhipu_magic.history.ledger import Entry, Ledger, cost_of
from zhipu_magic.service.models import CATALOGUE, DEFAULT_MODEL
from zhipu_magic.service.wire import Usage


@pytest.mark.parametrize(
    ("model", "prompt_tokens", "completion_tokens", "cached_tokens", "yuan"),
    [
        ("glm-5.3", 1_000_000, 1_000_000, 0, 36.0),
        ("glm-5.3", 1_000_000, 0, 1_000_000, 2.0),
        ("glm-4.7", 1_000, 199, 0, (2 * 1_000 + 8 * 199) / 1e6),
        ("glm-4.7", 1_000, 200, 0, (3 * 1_000 + 14 * 200) / 1e6),
        ("glm-4.7", 31_999, 1, 0, (2 * 31_999 + 8) / 1e6),
        ("glm-4.7", 32_000, 1, 0, (4 * 32_000 + 16) / 1e6),
        ("glm-4.7", 32_000, 0, 32_000, 0.8 * 32_000 / 1e6),
        ("glm-5", 31_999, 1, 0, (4 * 31_999 + 18) / 1e6),
        ("glm-5", 32_000, 1, 0, None),
        ("glm-4-plus", 10, 10, 5, 5 * 20 / 1e6),
        ("glm-4.7-flash", 1_000_000, 1_000_000, 0, 0.0),
        ("glm-4", 1_000, 1_000, 0, None),
    ],
)
def test_a_request_costs_what_the_table_says(
    model: str, prompt_tokens: int, completion_tokens: int, cached_tokens: int, yuan: float | None
) -> None:
    assert CATALOGUE[model].cost(prompt_tokens, completion_tokens, cached_tokens) == (
        yuan if yuan is None else pytest.approx(yuan)
    )


def test_the_default_model_is_free() -> None:
    assert CATALOGUE[DEFAULT_MODEL].cost(1_000, 1_000) == 0


def test_a_model_that_is_not_listed_has_no_price() -> None:
    assert cost_of("llama-3", Usage(10, 10, 20), priced=True) is None


def test_another_service_has_no_price_even_for_a_known_model() -> None:
    assert cost_of("glm-5.3", Usage(10, 10, 20), priced=False) is None


def test_the_ledger_adds_up_and_says_what_it_leaves_out() -> None:
    ledger, usage = Ledger(), Usage(1_000, 1_000, 2_000)
    assert ledger.spent.cost is None
    for model in ("glm-5.3", "glm-4", "glm-5.3"):
        ledger = ledger.add(Entry(model, "hello", usage, cost_of(model, usage, priced=True), 1.0))
    replayed = Entry("glm-5.3", "hello", usage, cost_of("glm-5.3", usage, priced=True), 1.0, replayed=True)
    ledger = ledger.add(replayed)
    assert ledger.spent.cost == pytest.approx(0.072)
    assert ledger.spent.unpriced == 1
    assert (ledger.spent.prompt_tokens, ledger.spent.completion_tokens, ledger.spent.total_tokens) == (
        3_000,
        3_000,
        6_000,
    )
    assert (ledger.replayed.requests, ledger.replayed.total_tokens, ledger.everything.total_tokens) == (1, 2_000, 8_000)
    assert ledger.latest is replayed is ledger.entries[-1]


def test_the_ledger_adds_up_by_model_and_thread_whoever_asks_first() -> None:
    usage = Usage(1, 2, 3)
    ledgers = [Ledger()]
    for model, thread, replayed in (
        ("a", "main", False),
        ("b", "main", False),
        ("a", "side", True),
        ("a", "main", False),
    ):
        ledgers.append(ledgers[-1].add(Entry(model, "hello", usage, None, 1.0, thread=thread, replayed=replayed)))
    for ledger in (ledgers[0], ledgers[2], ledgers[4], ledgers[1], ledgers[4]):
        spent, recorded = (ledger.parts(as_recorded=as_recorded) for as_recorded in (False, True))
        assert sum(sums.requests for sums in spent.values()) == ledger.spent.requests
        assert sum(sums.total_tokens for sums in recorded.values()) == ledger.everything.total_tokens
    assert {part: sums.requests for part, sums in recorded.items()} == {
        ("a", "main"): 2,
        ("b", "main"): 1,
        ("a", "side"): 1,
    }
    assert ("a", "side") not in spent
