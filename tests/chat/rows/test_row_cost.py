"""What the next rows of a table may take is foreseen by those so far, in whatever order they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhipu_magic.chat.rows.row_cost import RowCost


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    lengths=st.lists(st.integers(1, 20_000), min_size=1, max_size=120),
    order=st.sampled_from([sorted, lambda rows: sorted(rows, reverse=True), list]),
    times=st.floats(0.5, 2.0),
    answer=st.integers(1, 500),
    at_once=st.integers(1, 40),
    share=st.floats(0.05, 0.95),
)
def test_what_rows_take_is_foreseen_in_any_order(
    lengths: list[int],
    order: Callable[[Sequence[int]], list[int]],
    times: float,
    answer: int,
    at_once: int,
    share: float,
) -> None:
    took = [(float(own), own * times + answer) for own in order(lengths)]
    budget = share * sum(each for _, each in took)
    cost, spent, in_hand = RowCost(512.0), 0.0, list[tuple[float, float]]()
    for own, each in took:
        while in_hand and (
            len(in_hand) >= (at_once if cost.count >= 4 else 2)
            or spent + cost.of(len(in_hand) + 1, sum(other for other, _ in in_hand) + own) > budget
        ):
            landed = in_hand.pop(0)
            spent += landed[1]
            cost.add(*landed)
        if spent + cost.of(len(in_hand) + 1, sum(other for other, _ in in_hand) + own) > budget:
            break
        in_hand.append((own, each))
    spent += sum(each for _, each in in_hand)
    assert spent <= budget + max(each for _, each in took)
