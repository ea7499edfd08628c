"""The order of a page: it is told when it matters, kept in the journal, and decides where a turn stands."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journals import latest

from zhipu_magic import Chat
from zhipu_magic.history.conversation import Conversation, Thread
from zhipu_magic.history.events.members import LONGEST_CELL, MOST_CELLS
from zhipu_magic.history.history import History
from zhipu_magic.history.journal.journal import Journal
from zhipu_magic.history.journal.reader import read
from zhipu_magic.history.journal.sessions import reopen
from zhipu_magic.history.link import checksum_of
from zhipu_magic.history.order import Order
from zhipu_magic.history.turn import Anchor, Turn
from zhipu_magic.practice import Answer, PracticeServer


class Page:
    """A page whose cells ask, without a service: the event of each reply is made here."""

    def __init__(self, path: Path | None = None) -> None:
        self.history = History(Journal(path), {"model": "glm-4"}, lambda thread: None)
        self.runs = 0

    def run(self, cell: str, page: str = "", *, append: bool = False, system: str | None = None) -> None:
        """Run a cell, on a page in this order if it tells; its request holds what stands above it."""
        self.runs += 1
        if page:
            self.history.arrange(list(page), [cell])
        self.end(cell, self.begin(cell, append=append), append=append, system=system)

    def begin(self, cell: str, *, append: bool = False) -> Thread:
        return self.history.before(None, Anchor(cell, self.runs, append=append))

    def end(self, cell: str, before: Thread, *, append: bool = False, system: str | None = None) -> None:
        choice = {"finish_reason": "stop", "message": {"content": f"re {cell}"}}
        members = {"thread": before.name, "cell": cell, "run": self.history.run(self.runs), "prompt": cell}
        members |= {"model": "glm-4", "completion": {"choices": [choice]}, "held": checksum_of(before.last)}
        members |= {"append": True} if append else {}
        members |= {} if system is None else {"system": system}
        self.history.do("turn", **members)

    @property
    def cells(self) -> str:
        return "".join(turn.prompt for turn in self.history.thread().turns)

    @property
    def stale(self) -> str:
        return "".join(link.turn.prompt for link in self.history.thread().links if link.stale)

    @property
    def orders(self) -> list[str]:
        """The orders that were written down."""
        events = [event.to_json() for event in self.history.journal.events]
        return ["".join(event["cells"]) for event in events if event["event"] == "order"]


@pytest.fixture
def page() -> Page:
    return Page()


def test_a_page_that_is_run_from_top_to_bottom_writes_no_order(page: Page) -> None:
    for _ in range(2):
        for cell in "ABCD":
            page.run(cell, "ABCD")
    for number, cell in enumerate("EFG"):
        page.run(cell, "ABCDEFG"[: 5 + number])
    assert (page.cells, page.orders) == ("ABCDEFG", [])


def test_a_cell_put_in_between_stands_there_and_is_told_what_is_above(page: Page) -> None:
    page.run("A", "A")
    page.run("B", "AB")
    page.history.arrange("ACB", ["C"])
    assert [turn.prompt for turn in page.begin("C").turns] == ["A"]
    page.run("C", "ACB")
    assert (page.cells, page.stale, page.orders) == ("ACB", "B", ["ACB"])


def test_the_same_order_is_told_once_and_one_that_makes_no_difference_never(page: Page) -> None:
    page.run("B", "AB")
    page.run("A", "AB")
    for cells in ("AB", "ABC", "XAB", "A", "B", ""):
        assert not page.history.arrange(cells, [])
    page.run("C", "ABC")
    assert page.orders == ["AB"]
    assert page.history.arrange("CAB", ["A"])
    assert not page.history.arrange("CAB", ["A"])
    assert page.cells == "CAB"


def test_what_may_still_ask_counts_whether_it_runs_or_not(page: Page) -> None:
    page.run("B", "AB")
    assert not page.history.arrange("XAB", ["B"])
    assert page.history.arrange("XAB")


def test_other_cells_keep_their_place_after_the_one_before_them_and_their_order(page: Page) -> None:
    for cell in "aAbBcC":
        page.run(cell)
    page.history.arrange("CBA")
    assert page.cells == "aCBAbc"


@settings(deadline=None)
@given(st.lists(st.sampled_from("ABCDwxyz"), max_size=16), st.permutations("ABCD"), st.permutations("wxyz"))
def test_two_pages_on_one_kernel_move_only_their_own_turns(ran: list[str], one: list[str], other: list[str]) -> None:
    page = Page()
    for cell in ran:
        page.run(cell)
    for cells in (one, other):
        before = page.cells
        page.history.arrange(cells)
        assert [cell for cell in page.cells if cell in cells] == [cell for cell in cells if cell in ran]
        assert [cell for cell in page.cells if cell not in cells] == [cell for cell in before if cell not in cells]
    settled = page.cells
    for cells in (one, other):  # nor does one page undo what the other has done
        page.history.arrange(cells)
        assert page.cells == settled


def test_what_is_set_aside_moves_with_its_cell(page: Page) -> None:
    for cell in "ABC":
        page.run(cell)
    page.history.set_aside(["A"])
    page.history.arrange("BCA")
    assert [link.turn.prompt for link in page.history.thread().links] == ["B", "C", "A"]
    assert page.history.bring_back(["A"]) == {"main": 1}
    assert page.cells == "BCA"


def test_undo_takes_back_a_turn_and_never_the_order(page: Page) -> None:
    for cell in "ABC":
        page.run(cell)
    page.history.arrange("CBA")
    assert page.history.undo() == ["turn 1"]
    assert page.cells == "BA"
    page.history.arrange("ABC")
    assert page.history.redo() == ["turn 3"]
    assert page.cells == "ABC"
    page.history.reset()
    page.history.arrange("BAC")
    page.history.undo()
    assert page.cells == "BAC"


def test_what_is_appended_goes_last_whatever_the_order(page: Page) -> None:
    page.history.arrange("CBA")
    for cell in "ABCA":
        page.run(cell, "CBA", append=True)
    page.history.arrange("BCA")
    assert page.cells == "ABCA"
    page.run("A", "BCA")
    assert page.cells == "ABC"
    page.run("B", "BCA")
    assert page.cells == "BCA"


def test_a_request_under_way_lands_where_its_cell_is_by_then(page: Page) -> None:
    page.run("A")
    before = page.begin("B")
    page.history.arrange("BA", ["B"])
    page.end("B", before)
    assert (page.cells, page.stale) == ("BA", "BA")


def test_a_system_text_counts_from_where_its_cell_stands(page: Page) -> None:
    page.run("A", "AB", system="one")
    page.run("B", "AB", system="two")
    assert page.history.thread().system == "two"
    page.history.arrange("BA")
    assert page.history.thread().system == "one"
    page.history.arrange("BCA", ["C"])
    assert page.begin("C").system == "two"
    page.run("C", "BCA", system="three")
    assert page.history.thread().system == "one"


def test_a_fork_keeps_the_order_and_a_new_thread_begins_with_it(page: Page) -> None:
    for cell in "BCA":
        page.run(cell)
    page.history.arrange("ABC")
    page.history.fork("idea", at=2)
    assert page.cells == "AB"
    page.run("C", "CAB")
    assert page.cells == "CAB"
    page.history.switch("empty")
    page.run("B")
    page.run("C")
    assert page.cells == "CB"
    page.history.switch("main")
    assert page.cells == "CAB"


def test_what_was_set_aside_because_a_cell_asked_no_more_does_not_come_back_with_it(page: Page) -> None:
    page.run("A")
    page.run("B")
    page.history.set_aside(["A"], except_run=99)
    page.history.set_aside(["A", "B"])
    assert page.history.bring_back(["A", "B", "unknown"]) == {"main": 1}
    assert page.cells == "B"
    assert page.history.bring_back(["A", "B"]) == {}
    assert page.history.restore() == 1
    assert page.cells == "AB"


def test_it_comes_back_in_all_threads_or_in_one(page: Page) -> None:
    page.run("A")
    page.history.fork("idea")
    page.history.fork("other")
    page.history.set_aside(["A"])
    assert page.history.bring_back(["A"], thread="idea") == {"idea": 1}
    assert page.history.bring_back(["A"]) == {"main": 1, "other": 1}
    assert page.history.undo() == ["a turn restored"]
    assert page.cells == ""


def test_ids_that_are_none_are_left_out(page: Page) -> None:
    page.run("B")
    cells = ["A", "x" * (LONGEST_CELL + 1), "A", "B", *map(str, range(MOST_CELLS))]
    assert page.history.arrange(cells, ["A"])
    written = page.history.journal.events[-1].to_json()["cells"]
    assert (written[:3], len(written)) == (["A", "B", "0"], MOST_CELLS)


def test_a_resumed_session_goes_on_in_the_order_and_its_own_counts_on_top(tmp_path: Path) -> None:
    first = Page(tmp_path / "page.jsonl")
    for cell, order in (("B", "B"), ("A", "AB")):
        first.run(cell, order)
    second = Page(tmp_path / "page.jsonl")
    second.run("D", "D")
    second.run("C", "CD")
    second.history.resume()
    assert second.cells == "ABCD"
    second.run("X", "AXBCD")
    assert second.cells == "AXBCD"
    third = Page(tmp_path / "page.jsonl")
    third.history.resume()
    assert third.cells == "AXBCD"


def test_a_forked_process_goes_on_in_the_order(page: Page, tmp_path: Path) -> None:
    page = Page(tmp_path / "page.jsonl")
    page.run("B", "AB")
    page.run("A", "AB")
    page.history.after_fork(in_child=True)
    page.run("C", "ACB")
    assert page.cells == "ACB"
    found = latest(read(tmp_path / "page.jsonl"), but="")
    assert found is not None
    assert [turn.prompt for turn in found[1].conversation.here.turns] == ["A", "C", "B"]


def test_an_order_is_in_the_journal_and_a_chat_is_loaded_with_it(tmp_path: Path, server: PracticeServer) -> None:
    path = tmp_path / "page.jsonl"
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    for run, (cell, order) in enumerate((("A", "A"), ("B", "AB"), ("C", "ACB"))):
        server.enqueue(Answer(f"re {cell}"))
        chat.history.arrange(order, [cell])
        chat.ask(cell, anchor=Anchor(cell, run)).read()
    asked = [message["content"] for message in server.requests[-1].body["messages"]]
    assert asked == ["A", "re A", "C"]
    chat.close()
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [line["cells"] for line in lines if line["event"] == "order"] == [["A", "C", "B"]]
    assert [turn.prompt for turn in Chat.load(path).thread().turns] == ["A", "C", "B"]


# Anything that a page and its user may do

CELLS = "ABCDE"


DOINGS = ("run", "run", "run", "insert", "insert", "move", "move", "delete", "bring back", "undo", "redo", "restore")
ANYTHING = st.lists(st.tuples(st.sampled_from(DOINGS), st.integers(0, 99)), max_size=25)


@settings(max_examples=100, deadline=None)
@given(ANYTHING)
def test_whatever_a_page_does_its_turns_stand_in_its_order(what: list[tuple[str, int]]) -> None:
    """Each request holds what stands above its cell, and a journal that is read again gives the same."""
    with TemporaryDirectory() as folder:
        page = Page(Path(folder) / "page.jsonl")
        cells, gone = ["A"], [*CELLS[1:]]
        for kind, number in what:
            page.runs += 1
            if kind == "insert" and gone:
                cells.insert(number % (len(cells) + 1), gone.pop(0))
            elif kind == "move" and cells:
                cells.insert(number // 7 % len(cells), cells.pop(number % len(cells)))
            elif kind == "delete" and len(cells) > 1:
                gone.append(cells.pop(number % len(cells)))
                page.history.set_aside([gone[-1]])
            elif kind == "bring back" and gone:
                cells.insert(number % (len(cells) + 1), gone.pop())
                page.history.bring_back([cells[number % len(cells)]])
            elif kind == "undo":
                page.history.undo()
            elif kind == "redo":
                page.history.redo()
            elif kind == "restore":
                page.history.restore()
            elif kind == "run":
                cell = cells[number % len(cells)]
                page.history.arrange(cells, [cell])
                stands_in_order(page, cells)
                before = page.begin(cell)
                above = cells[: cells.index(cell)]
                listed = [turn.cell for turn in before.turns if turn.cell in cells]
                now = [turn.cell for turn in page.history.thread().turns]
                assert listed == [other for other in above if other in now]
                page.end(cell, before)
                stands_in_order(page, cells)
                links = page.history.thread().links
                assert not next(link for link in links if link.turn.cell == cell).stale
        _, found = reopen(Path(folder) / "page.jsonl", but="") if page.history.journal.own_events[1:] else (None, {})
        for state in found.values():
            again, thread = state.conversation.here, page.history.thread()
            assert [(link.turn.id, link.aside, link.stale) for link in again.links] == [
                (link.turn.id, link.aside, link.stale) for link in thread.links
            ]


def stands_in_order(page: Page, cells: list[str]) -> None:
    listed = [turn.cell for turn in page.history.thread().turns if turn.cell in cells]
    assert listed == sorted(listed, key=lambda cell: cells.index(cell or ""))


# From a journal that may come from anyone


@pytest.mark.parametrize(
    "cells", [None, "AB", ["A", 1], ["A", "A"], ["x" * (LONGEST_CELL + 1)], [*map(str, range(MOST_CELLS + 1))], {}]
)
def test_an_order_that_is_none_is_left_out(tmp_path: Path, cells: Any) -> None:
    path = tmp_path / "page.jsonl"
    page = Page(path)
    page.run("A")
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": f"{page.history.journal.session}-9", "event": "order", "cells": cells}) + "\n")
    reader, found = reopen(path, but="")
    assert "makes no sense" in " ".join(reader.notes)
    assert len(found) == 1


@pytest.mark.parametrize("line", ["order", "reset and undo", "undo"])
def test_a_journal_cannot_have_long_threads_sorted_again_and_again(tmp_path: Path, line: str) -> None:
    page = Page(tmp_path / "page.jsonl")
    lines = [page.history.journal.events[0].to_json()]
    session = page.history.journal.session
    for number in range(3_000):
        choice = {"finish_reason": "stop", "message": {"content": "y"}}
        turn = {"event": "turn", "thread": "main", "cell": f"{number}", "run": "1", "prompt": "x", "model": "m"}
        lines.append({"id": "", **turn, "completion": {"choices": [choice]}})
    for number in range(3_000):
        cells = [str(number % 3_000), str((number + 1) % 3_000)]
        lines.append({"id": "", "event": "order", "cells": cells[:: (-1) ** number]})
        if line != "order":
            lines += [{"id": "", "event": kind, "thread": "main"} for kind in line.split(" and ")]
    path = tmp_path / "hostile.jsonl"
    texts = [json.dumps({**one, "id": f"{session}-{number}"}) for number, one in enumerate(lines)]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    reader, found = reopen(path, but="")
    assert "asks for more changes than its journal's size allows" in " ".join(reader.notes)
    assert len(found) == 1


def test_many_orders_take_no_more_than_their_size_allows(tmp_path: Path) -> None:
    session = "k"
    with (tmp_path / "page.jsonl").open("w", encoding="utf-8") as file:
        file.write(json.dumps({"id": f"{session}-0", "event": "session", "version": 1, "model": "glm-4"}) + "\n")
        choice = {"finish_reason": "stop", "message": {"content": "y"}}
        turn = {"event": "turn", "thread": "main", "prompt": "x", "model": "m", "completion": {"choices": [choice]}}
        for number in range(60):
            cells = [f"{place + number}" for place in range(MOST_CELLS)]
            file.write(json.dumps({"id": f"{session}-{2 * number + 1}", "event": "order", "cells": cells}) + "\n")
            file.write(json.dumps({"id": f"{session}-{2 * number + 2}", **turn}) + "\n")
    _, found = reopen(tmp_path / "page.jsonl", but="")
    (state,) = found.values()
    step, orders = state.conversation.here.past, set()
    while step is not None:
        orders.add(step.order)
        step = step.before
    assert sum(order.bytes for order in orders) < 6 * (tmp_path / "page.jsonl").stat().st_size + 5_000_000


def test_the_place_of_a_turn_is_looked_for_from_the_end() -> None:
    thread = Conversation().in_order(Order(["A", "B"])).here
    for number in range(3):
        thread = thread.commit(Turn(f"{number}", "r", "glm-4", id=f"{number}", cell=f"{number}", run="1"))
    assert thread.links_behind("A") == thread.links_behind("unknown") == 0
    thread = thread.commit(Turn("B", "r", "glm-4", id="B", cell="B", run="1"))
    assert thread.links_behind("A") == 1
