"""Which cells are above the one that asks, whatever is run again, moved and deleted."""

from __future__ import annotations

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_process import Page

from zhipu_magic.values.outputs.above import Piece

CELLS = "abcde"
_examples = count()

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.sampled_from(CELLS), st.just(())),
        st.tuples(st.just("delete"), st.sampled_from(CELLS), st.just(())),
        st.tuples(st.just("ask"), st.sampled_from(CELLS + "q"), st.just(())),
        st.tuples(st.just("ask in order"), st.sampled_from(CELLS + "q"), st.permutations(CELLS + "q").map(tuple)),
    ),
    max_size=14,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(ACTIONS)
def test_each_cell_counts_once_where_it_stands_and_deleted_ones_do_not(
    page: Page, actions: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    example = next(_examples)
    found: list[tuple[Piece, ...]] = []
    page.names["ask"] = lambda: found.append(page.session.outputs.above().pieces)

    def named(cell: str) -> str:
        return f"{cell} of {example}"

    first: list[str] = []  # the cells in the order in which they first ran
    shows: dict[str, str] = {}
    deleted: set[str] = set()
    for number, (what, cell, order) in enumerate(actions):
        if what == "delete":
            deleted.add(cell)
            page.run("0", f"deletes {example} {number}", deleted=[named(cell)])
            continue
        told = None
        if order:
            told = {"version": 1, "cells": [], "above": [{"cell": named(one)} for one in order[: order.index(cell)]]}
        source = f"{'ask()' if what.startswith('ask') else 'pass'}  # {cell} {number} of {example}"
        assert page.run(source, named(cell), told=told).success
        if what.startswith("ask"):
            stands = order[: order.index(cell)] if order else first[: first.index(cell)] if cell in first else first
            expected = [shows[one] for one in stands if one in shows and one not in deleted and one != cell]
            sources = [piece.cell.ran.source for piece in found[-1] if piece.cell is not None]
            assert [one for one in sources if one.endswith(f"of {example}") and "#" in one] == expected
        if cell not in first:
            first.append(cell)
        shows[cell] = source
        deleted.discard(cell)
