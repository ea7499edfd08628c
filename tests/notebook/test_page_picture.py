"""What the page is told of a conversation stands for the whole of it, and is short."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhipu_magic import Chat
from zhipu_magic.history.conversation import Conversation, Thread
from zhipu_magic.history.order import Order
from zhipu_magic.history.turn import Turn
from zhipu_magic.notebook.display.dashboard_figures import DashboardFigures
from zhipu_magic.notebook.page.picture import Picture, changes


class Shown:
    """A conversation, and what a page knows of it that is told what has changed."""

    def __init__(self) -> None:
        self.chat = Chat("glm-4")
        self.conversation = Conversation()
        self.picture = Picture(lambda cell: cell)
        self.told: dict[str, Any] = self.whole(self.picture)
        self.known = json.loads(json.dumps(self.told))
        self.asked = 0

    def whole(self, picture: Picture) -> dict[str, Any]:
        state = self.chat.state.copy()
        state.conversation = self.conversation
        threads = tuple(self.conversation.threads.values()) or (self.conversation.here,)
        return picture.of(DashboardFigures(state, as_recorded=False, practising=False), threads, str)

    def put(self, thread: Thread) -> None:
        self.conversation = self.conversation.with_thread(thread)

    def ask(self, cell: str) -> None:
        self.asked += 1
        turn = Turn(f"about {cell}", "yes", "glm-4", id=f"s-{self.asked}", cell=cell, run=str(self.asked), tokens=50)
        self.put(self.conversation.here.commit(turn))

    def tell(self) -> str:
        """Tell the page what has changed. Returns the message."""
        now = self.whole(self.picture)
        message = json.dumps(changes(self.told, now))
        said = json.loads(message)
        parts = [
            [part] if isinstance(part, dict) else self.known["turns"][slice(*part)] for part in said.get("turns", [])
        ]
        turns = [turn for part in parts for turn in part] if "turns" in said else self.known["turns"]
        self.told, self.known = now, {**self.known, **said, "turns": turns}
        return message


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ask", "ask", "order", "aside", "undo", "reset", "fork", "nothing"]), st.integers(0, 6)
        )
    )
)
def test_a_page_that_is_told_changes_knows_what_one_does_that_is_told_all(what: list[tuple[str, int]]) -> None:
    shown = Shown()
    for kind, number in what:
        here = shown.conversation.here
        if kind == "ask":
            shown.ask(f"c{number}")
        elif kind == "order":
            cells = [f"c{place}" for place in range(7)]
            shown.conversation = shown.conversation.in_order(Order(cells[number:] + cells[:number]))
        elif kind == "aside":
            shown.put(here.set_aside([f"c{number}"]))
        elif kind == "undo":
            shown.put(here.undo(number))
        elif kind == "reset":
            shown.put(here.reset())
        elif kind == "fork":
            shown.conversation = shown.conversation.with_thread(here.fork(f"t{number}")).switched(f"t{number}")
        shown.tell()
        assert shown.known == shown.whole(Picture(lambda cell: cell))
    assert shown.tell() == "{}"


def long() -> Shown:
    shown = Shown()
    for number in range(1_000):
        shown.ask(f"cell-{number}")
    shown.tell()
    return shown


@pytest.mark.parametrize("cell", ["new", "cell-999", "cell-998"])
def test_what_one_cell_changes_of_a_long_conversation_is_little_and_found_at_once(cell: str) -> None:
    shown = long()
    shown.ask(cell)
    began = time.perf_counter()
    message = shown.tell()
    assert time.perf_counter() - began < 0.05
    assert len(message) < 1_000


def test_cells_run_again_one_after_the_other_are_little_each() -> None:
    shown = long()
    shown.ask("cell-0")
    assert len(shown.tell()) > 50_000  # every turn is stale by now
    for number in range(1, 5):
        shown.ask(f"cell-{number}")
        assert len(shown.tell()) < 1_000


def test_a_page_whose_cells_are_not_known_is_told_of_them_when_they_are() -> None:
    shown = Shown()
    known: dict[str, str] = {}
    shown.picture = Picture(known.get)
    shown.ask("1")
    shown.tell()
    assert shown.known["turns"] == []
    known["1"] = "here"
    shown.tell()
    assert [turn["cell"] for turn in shown.known["turns"]] == ["here"]
    known["1"] = "there"
    shown.tell()
    assert [turn["cell"] for turn in shown.known["turns"]] == ["there"]
