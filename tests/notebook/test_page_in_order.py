"""Turns stand where their cells stand on the page, where the front end's extension tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from in_process import Cell, Notebook

from zhipu_magic.history.events.changes import AsideEvent
from zhipu_magic.practice import Answer


class ToldPage:
    """A notebook whose front end tells the order of its asking cells with each request."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.cells: list[str] = []
        self.settings: dict[str, Any] = {}

    def ask(self, cell: str, *, deleted: Sequence[str] = (), line: str = "%%glm") -> list[str]:
        """Run the cell of this name. Returns what its request held."""
        self.notebook.server.enqueue(Answer(f"of {cell}"))
        ran = self.run(f"{line}\nabout {cell}", cell, deleted=deleted)
        assert ran.success, ran.error
        return [text.removeprefix("about ") for text in self.notebook.sent()[::2]]

    def run(self, code: str, cell: str = "other", *, deleted: Sequence[str] = ()) -> Cell:
        told = {"version": 1, "cells": self.cells, "settings": self.settings}
        return self.notebook.page.run(code, cell, deleted=deleted, told=told)

    def say(self, data: object) -> None:
        """Have the page say this over the comm, while no cell runs."""
        self.notebook.page.session.extension._hear(data)

    def turns(self, thread: str | None = None) -> list[str]:
        return [prompt.removeprefix("about ") for prompt, _ in self.notebook.turns(thread)]

    @property
    def stale(self) -> list[str]:
        thread = self.notebook.page.magics.chat.thread()
        return [link.turn.cell or "" for link in thread.links if link.stale]


@pytest.fixture
def told(notebook: Notebook) -> ToldPage:
    page = ToldPage(notebook)
    page.cells = ["a", "b", "c"]
    for cell in "abc":
        page.ask(cell)
    return page


def test_a_cell_put_in_between_is_told_what_stands_above_it(told: ToldPage) -> None:
    told.cells = ["a", "x", "b", "c"]
    assert told.ask("x") == ["a", "x"]
    assert told.turns() == ["a", "x", "b", "c"]
    assert told.stale == ["b", "c"]


def test_a_moved_cell_moves_its_turn_when_any_cell_runs(told: ToldPage) -> None:
    told.cells = ["c", "a", "b"]
    told.run("1")
    assert told.turns() == ["c", "a", "b"]
    assert told.stale == ["c", "a", "b"]


def test_a_cell_moved_while_nothing_runs_moves_its_turn_at_once(told: ToldPage) -> None:
    told.say({"type": "order", "cells": ["a", "c", "b"]})
    assert told.turns() == ["a", "c", "b"]
    assert told.stale == ["c", "b"]


def test_a_cell_that_was_cut_and_pasted_is_no_deletion(told: ToldPage) -> None:
    told.cells = ["b", "c", "a"]
    assert told.ask("b", deleted=["a"]) == ["b"]
    assert told.turns() == ["b", "c", "a"]


def test_a_deleted_cell_that_is_on_the_page_again_has_its_turn_back(told: ToldPage) -> None:
    told.cells = ["a", "c"]
    assert told.ask("c", deleted=["b"]) == ["a", "c"]
    assert told.turns() == ["a", "c"]
    told.say({"type": "order", "cells": ["a", "b", "c"]})
    assert told.turns() == ["a", "b", "c"]


def test_a_cell_that_went_as_no_deletion_is_reported_is_set_aside_too(told: ToldPage) -> None:
    told.notebook.server.enqueue(Answer("of c"))
    said = {"version": 1, "cells": ["a", "c"], "gone": ["b", "c"]}
    assert told.notebook.page.run("%%glm\nabout c", "c", told=said).success
    assert told.turns() == ["a", "c"]


def test_what_was_set_aside_for_another_reason_stays_so(told: ToldPage) -> None:
    told.run("1", "b")  # it asks no more
    assert told.turns() == ["a", "c"]
    told.run("1", "other")
    assert told.turns() == ["a", "c"]


def test_a_page_whose_runs_append_keeps_the_order_of_time(told: ToldPage) -> None:
    told.run("%config GLMMagics.rerun = 'append'")
    told.cells = ["c", "b", "a"]
    assert told.ask("a") == ["a", "b", "c", "a"]
    assert told.turns() == ["a", "b", "c", "a"]


def test_another_page_on_the_same_kernel_moves_nothing_of_this_one(told: ToldPage) -> None:
    told.cells = ["y", "z"]
    told.ask("y")
    told.ask("z")
    told.cells = ["a", "b", "c"]
    told.run("1")
    assert told.turns() == ["a", "b", "c", "y", "z"]
    told.cells = ["z", "y"]
    told.run("1")
    assert told.turns() == ["a", "b", "c", "z", "y"]


def test_pages_that_ask_by_turns_move_and_set_aside_only_their_own(told: ToldPage) -> None:
    own, other = ["a", "b", "c"], ["x", "y", "z"]
    for mine, theirs in zip(own, other, strict=True):
        told.cells = own
        told.ask(mine)
        told.cells = other
        told.ask(theirs)
    told.cells = ["z", "x"]
    told.ask("x", deleted=["y"])
    before = told.turns()
    assert [turn for turn in before if turn in own] == own
    assert [turn for turn in before if turn in other] == ["z", "x"]
    told.cells = own
    told.run("1", "b2")
    assert told.turns() == before
    told.cells = ["c", "a", "b"]
    told.run("1", "b2")
    assert [turn for turn in told.turns() if turn in own] == told.cells
    assert [turn for turn in told.turns() if turn in other] == ["z", "x"]


def test_a_console_on_the_kernel_of_a_page_adds_its_turns_last_and_moves_none(told: ToldPage) -> None:
    notebook = told.notebook
    notebook.server.enqueue(Answer("of the console"), Answer("of another front end"))
    assert notebook.page.run("%%glm\nabout the console", None).success
    assert notebook.page.run("%%glm\nabout another front end", "v").success
    assert told.turns() == ["a", "b", "c", "the console", "another front end"]
    told.cells = ["c", "a", "b", "d"]
    told.ask("d")
    assert [turn for turn in told.turns() if len(turn) == 1] == told.cells
    assert [turn for turn in told.turns() if len(turn) > 1] == ["the console", "another front end"]
    assert notebook.page.run("1", None).success
    assert len(told.turns()) == 6


def test_where_nothing_moves_the_journal_gets_no_line(told: ToldPage) -> None:
    history = told.notebook.page.magics.chat.history
    before = len(history.journal.events)
    told.run("1")
    told.cells = ["a", "b", "c", "d"]
    told.run("1")
    told.say({"type": "order", "cells": ["a", "b", "c"]})
    assert len(history.journal.events) == before


def test_a_turn_in_the_background_comes_where_its_cell_stands(told: ToldPage) -> None:
    told.cells = ["a", "x", "b", "c"]
    told.notebook.server.enqueue(Answer("of x"))
    told.run("%%glm --bg\nabout x", "x")
    told.cells = ["a", "b", "x", "c"]
    assert told.ask("c") == ["a", "b", "x", "c"]
    assert told.turns() == ["a", "b", "x", "c"]


@pytest.mark.parametrize(
    "said",
    [None, 1, [], {}, {"type": "order"}, {"type": "order", "cells": "abc"}, {"type": ["order"], "cells": ["c"]}],
)
def test_what_is_no_message_changes_nothing(told: ToldPage, said: object) -> None:
    told.say(said)
    assert told.turns() == ["a", "b", "c"]


def test_another_version_is_told_once_and_then_all_is_as_without_the_extension(notebook: Notebook) -> None:
    notebook.server.enqueue(*map(Answer, "ab"))
    strange = {"version": 2, "cells": ["b", "a"]}
    first = notebook.page.run("%%glm\nabout a", "a", told=strange)
    second = notebook.page.run("%%glm\nabout b", "b", told=strange)
    assert "another version of zhipu_magic (it speaks 2, the kernel 1)" in "".join(map(str, first.outputs))
    assert "another version" not in "".join(map(str, second.outputs))
    assert [prompt for prompt, _ in notebook.turns()] == ["about a", "about b"]


def test_cells_whose_ids_are_positions_are_those_that_asked(notebook: Notebook) -> None:
    page = ToldPage(notebook)
    page.cells = ["1", "2"]
    page.ask("1")
    page.ask("2")
    page.cells = ["2", "5", "1"]
    assert page.ask("5") == ["2", "5"]
    assert page.turns() == ["2", "5", "1"]


# What is no longer on the page


def told_gone(told: ToldPage, *cells: str) -> None:
    """Have the page say, while no cell runs, that these cells are gone."""
    told.cells = [cell for cell in told.cells if cell not in cells]
    told.say({"type": "order", "cells": told.cells, "gone": list(cells)})


def test_a_deletion_sets_the_turn_aside_at_once(told: ToldPage) -> None:
    told_gone(told, "a")
    assert told.turns() == ["b", "c"]
    assert told.stale == ["b", "c"]
    assert told.ask("c") == ["b", "c"]


def test_a_deletion_that_is_undone_before_a_cell_runs_leaves_no_notice(told: ToldPage) -> None:
    session = told.notebook.page.session
    told_gone(told, "a", "x")
    assert [notice[:22] for notice in session.notices] == ["1 turn was set aside: "]
    told_gone(told, "b")
    told.say({"type": "order", "cells": ["a", "c"]})
    assert [notice[:22] for notice in session.notices] == ["1 turn was set aside: "]
    told.say({"type": "order", "cells": ["a", "b", "c"]})
    assert session.notices == []
    assert told.turns() == ["a", "b", "c"]
    assert told.stale == []


def test_a_deleted_cell_whose_turn_the_user_restores_keeps_it(told: ToldPage) -> None:
    told_gone(told, "a")
    told.run("%glm restore")
    told.run("1")
    greet(told, "page", "b", "c")
    assert told.turns() == ["a", "b", "c"]


def greet(told: ToldPage, page: str, *there: str) -> None:
    """Have a page of this name, which was loaded just now, say that it has these code cells."""
    told.say({"type": "hello", "page": page, "there": list(there)})


def listed(told: ToldPage, page: str, *cells: str) -> None:
    told.say({"type": "order", "cells": list(cells), "page": page})


def test_a_page_that_was_loaded_again_without_a_cell_has_lost_its_turn(told: ToldPage) -> None:
    listed(told, "page", "a", "b", "c")
    greet(told, "page", "b", "c", "plain")
    assert told.turns() == ["b", "c"]
    assert told.stale == ["b", "c"]
    listed(told, "page", "a", "b", "c")  # it was saved elsewhere, and is loaded again
    assert told.turns() == ["a", "b", "c"]


def test_a_page_that_is_loaded_again_loses_nothing_of_another_on_its_kernel(told: ToldPage) -> None:
    listed(told, "one", "a", "b")
    listed(told, "two", "c", "d")
    greet(told, "one", "b")
    assert told.turns() == ["b", "c"]
    greet(told, "two", "d")
    assert told.turns() == ["b"]
    greet(told, "three")
    assert told.turns() == ["b"]


def test_a_cell_that_went_to_another_page_is_not_missing(told: ToldPage) -> None:
    listed(told, "one", "a", "b", "c")
    listed(told, "two", "a")
    greet(told, "one", "b", "c")
    assert told.turns() == ["a", "b", "c"]


@pytest.mark.parametrize("there", [None, 1, "bc", {"b": 1}, ["b"] * 10_001])
def test_a_page_that_does_not_say_all_that_it_has_loses_nothing(told: ToldPage, there: object) -> None:
    listed(told, "page", "a", "b", "c")
    told.say({"type": "hello", "page": "page", "there": there})
    told.say({"type": "hello", "page": ["page"], "there": []})
    told.say({"type": "hello", "there": []})
    assert told.turns() == ["a", "b", "c"]


def test_cells_whose_ids_are_positions_are_not_missing(notebook: Notebook) -> None:
    page = ToldPage(notebook)
    page.cells = ["1", "2"]
    page.ask("1")
    page.ask("2")
    listed(page, "page", "1", "2")
    greet(page, "page", "1")
    assert page.turns() == ["1", "2"]


def test_a_deletion_that_was_told_is_in_the_journal_though_nothing_ran_after_it(told: ToldPage) -> None:
    told_gone(told, "a")
    last = told.notebook.page.magics.chat.history.journal.events[-1]
    assert isinstance(last, AsideEvent)
    assert last.cells == ["a"]


def test_a_page_that_says_no_order_any_more_is_not_brought_into_the_earlier_one(told: ToldPage) -> None:
    told.cells = ["x", "a", "b", "c"]
    said = {"version": 1, "settings": {"temperature": 0.5}}
    assert told.notebook.page.run("1", "other", told=said).success
    told.notebook.server.enqueue(Answer("of x"))
    assert told.notebook.page.run("%%glm\nabout x", "x", told=said).success
    assert told.turns() == ["a", "b", "c", "x"]
