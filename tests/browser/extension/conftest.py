"""What the tests of the front-end extension share: which of them run in both front ends each time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from front_end import NOTEBOOK

#: Notebook 7 runs these each time, and the others in `make test-front-ends`.
_IN_NOTEBOOK = frozenset(
    {
        "test_a_moved_cell_marks_what_has_changed_at_once",
        "test_an_inserted_cell_is_told_what_stands_above_it_and_stale_cells_are_run",
        "test_alt_g_adds_a_cell_that_asks_and_is_written_in",
        "test_growing_attacks_run_nothing_and_fetch_nothing",
        "test_it_looks_like_prose",
        "test_it_shows_the_conversation_and_goes_to_its_cells",
        "test_stop_ends_a_reply_at_once_and_what_was_cut_goes_on",
        "test_what_is_opened_selected_and_read_stays",
        "test_what_is_typed_is_what_is_sent",
        "test_with_every_part_off_it_is_the_page_without_the_extension",
    }
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave most of Notebook 7 out where time matters."""
    if os.environ.get("ZHIPU_MAGIC_TEST_FRONT_ENDS"):
        return
    later = pytest.mark.skip(reason="in Notebook 7 too it takes minutes: make test-front-ends")
    for item in items:
        parameters = getattr(item, "callspec", None)
        name = getattr(item, "originalname", item.name)
        if (
            Path(__file__).parent in item.path.parents
            and parameters is not None
            and NOTEBOOK in parameters.params.values()
            and name not in _IN_NOTEBOOK
        ):
            item.add_marker(later)
