"""The page is the conversation: what becomes of a cell's turn when the cell is run again, edited, deleted or moved."""

from __future__ import annotations

import signal
import sys
import threading

import pytest
from in_process import Notebook, Page, texts
from story import plain

from zhipu_magic.practice import CUT, STALL, Answer, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.errors import Interrupted

HALF = Raw((sse(chunk("half a reply")), 0.05, CUT))
REFUSED = Fault(400, "1301")


# Run again


def test_a_cell_run_again_replaces_its_turn_in_place(three: Notebook) -> None:
    cell = three.ask("b", "b two")
    assert cell.plain() == "b two"
    assert three.sent() == ["about a", "a one", "about b"]
    assert three.replies() == ["a one", "b two", "c one"]
    three.ask("d", "d one")
    assert three.sent() == ["about a", "a one", "about b", "b two", "about c", "c one", "about d"]


def test_the_first_cell_run_again_is_asked_anew(three: Notebook) -> None:
    three.ask("a", "a two")
    assert three.sent() == ["about a"]
    assert three.replies() == ["a two", "b one", "c one"]


def test_an_edited_prompt_takes_the_place_of_the_earlier_one(three: Notebook) -> None:
    three.run("b", "%%glm\nin other words", "b two")
    assert three.turns() == [("about a", "a one"), ("in other words", "b two"), ("about c", "c one")]


def test_worded_over_and_over_it_is_one_turn(notebook: Notebook) -> None:
    for number in range(5):
        notebook.ask("a", f"try {number}")
        assert notebook.sent() == ["about a"]
    assert notebook.replies() == ["try 4"]


def test_later_turns_are_stale_until_they_are_run_again(three: Notebook) -> None:
    assert "stale" not in three.command("history")
    three.ask("a", "a two")
    marks = three.marks()
    assert ["stale" in marks[reply] for reply in ("a two", "b one", "c one")] == [False, True, True]
    three.ask("b", "b two")
    three.ask("c", "c two")
    assert three.sent() == ["about a", "a two", "about b", "b two", "about c"]
    assert "stale" not in three.command("history")


def test_the_dashboard_marks_the_stale_turns(three: Notebook) -> None:
    three.ask("b", "b two")
    for shown in (three.page.run("%glm usage").html(0), three.command("usage")):
        assert "about c (stale)" in shown
        assert shown.count("stale") == 1
    three.ask("c", "c two")
    assert "stale" not in three.command("usage")


def test_a_dashboard_that_stands_is_told_of_it(three: Notebook) -> None:
    three.page.run("%glm usage", "usage")
    three.server.enqueue(Answer("b two"))
    cell = three.page.run("%%glm\nabout b", "b")
    [update] = [message for message in cell.messages if "zhipu-magic-dashboard" in str(message["data"])]
    assert update["update"]
    assert "about c (stale)" in update["data"]["text/plain"]


def test_the_status_counts_them(three: Notebook) -> None:
    three.ask("a", "a two")
    three.ask("b", "b two", deleted=["c"])
    assert "| 2, 1 set aside" in three.command("")


def test_undone_it_is_as_it_was(three: Notebook) -> None:
    three.ask("b", "b two")
    assert "a turn run again" in three.command("undo")
    assert three.replies() == ["a one", "b one", "c one"]
    assert "stale" not in three.command("history")
    three.command("redo")
    assert three.replies() == ["a one", "b two", "c one"]


# Without names of cells, and on wish


def test_where_cells_have_no_names_every_run_appends(page: Page, server: PracticeServer) -> None:
    for number in range(3):
        server.enqueue(Answer(f"reply {number}"))
        page.run("%%glm\nsame")
    assert [turn.reply for turn in page.magics.chat.thread().turns] == ["reply 0", "reply 1", "reply 2"]
    assert texts(server.requests[-1].body["messages"]) == ["same", "reply 0", "same", "reply 1", "same"]


def test_identical_pages_give_identical_threads(page: Page, server: PracticeServer) -> None:
    cells = ["%%glm\none", "%glm ask two\n%glm ask three", "x = 1", "%%glm -s brief\nfour", "%%glm\none"]
    held = []
    for thread in ("first", "second"):
        page.run(f"%glm thread {thread}")
        for cell in cells:
            assert page.run(cell).success
        held.append(page.magics.chat.thread().messages)
    assert held[0] == held[1]
    assert len(held[0]) == 11


def test_on_wish_a_cell_run_again_appends(three: Notebook) -> None:
    three.page.run('%config GLMMagics.rerun = "append"')
    three.ask("a", "a two")
    assert three.sent() == ["about a", "a one", "about b", "b one", "about c", "c one", "about a"]
    assert three.replies() == ["a one", "b one", "c one", "a two"]
    assert "stale" not in three.command("history")
    three.run("b", "x = 1")
    assert len(three.turns()) == 4
    three.page.run('%config GLMMagics.rerun = "replace"')
    three.ask("c", "c two")
    assert three.replies() == ["a one", "b one", "c two", "a two"]


# Deleted, and back again


def test_a_deleted_cells_turn_is_set_aside_and_the_panel_says_so(three: Notebook) -> None:
    cell = three.ask("d", "d one", deleted=["b"])
    assert three.sent() == ["about a", "a one", "about c", "c one", "about d"]
    for shown in (cell.html(1), cell.plain(1)):
        assert "1 turn was set aside" in shown
        assert "deleted" in shown
        assert "%glm restore" in shown
    assert "set aside" not in three.ask("e", "e one").plain(1)
    assert three.replies() == ["a one", "c one", "d one", "e one"]


def test_the_history_lists_it_and_the_turns_after_it_are_stale(three: Notebook) -> None:
    three.run("x", "x = 1", deleted=["b"])
    marks = three.marks()
    assert "set aside" in marks["b one"]
    assert "stale" in marks["c one"]
    assert marks["a one"].startswith("**1 ·") and marks["c one"].startswith("**3 ·")
    assert "about b (set aside)" in three.command("usage")


def test_several_are_told_in_one_sentence(three: Notebook) -> None:
    shown = three.ask("d", "d one", deleted=["a", "never run", "c"]).plain(1)
    assert "2 turns were set aside" in shown
    assert three.replies() == ["b one", "d one"]


@pytest.mark.parametrize("panel", ["live", "off"])
def test_with_every_panel_the_page_says_so(three: Notebook, panel: str) -> None:
    three.page.run(f'%config GLMMagics.panel = "{panel}"')
    assert "1 turn was set aside" in three.ask("d", "d one", deleted=["b"]).html(1)


def test_a_command_says_so_where_it_comes_first(three: Notebook) -> None:
    assert "1 turn was set aside" in three.page.run("%glm thread", "x", deleted=["b"]).plain()
    assert "set aside" not in three.ask("d", "d one").plain(1)


def test_a_failed_cell_does_not_swallow_the_news(three: Notebook) -> None:
    assert not three.ask("d", REFUSED, deleted=["b"]).success
    assert "1 turn was set aside" in three.ask("d", "d one").plain(1)


def test_a_cell_that_asked_nothing_can_be_deleted_unnoticed(three: Notebook) -> None:
    assert "set aside" not in three.ask("d", "d one", deleted=["x", "y"]).plain(1)
    assert len(three.turns()) == 4


def test_it_comes_back_when_its_cell_runs_again(three: Notebook) -> None:
    three.ask("c", "c two", deleted=["b"])
    three.ask("b", "b two")
    assert three.sent() == ["about a", "a one", "about b"]
    assert three.replies() == ["a one", "b two", "c two"]
    assert "set aside" not in three.command("history")


@pytest.mark.parametrize("line", ["restore", "restore 2", "undo"])
def test_it_comes_back_by_command(three: Notebook, line: str) -> None:
    three.run("x", "x = 1", deleted=["b"])
    assert "The thread now has 3 turns." in three.command(line)
    assert three.replies() == ["a one", "b one", "c one"]
    assert "stale" not in three.command("history")


def test_restore_brings_back_what_was_set_aside_last(three: Notebook) -> None:
    three.run("x", "x = 1", deleted=["b"])
    three.run("x", "x = 2", deleted=["a", "c"])
    assert three.replies() == []
    assert "2 turns restored" in three.command("restore")
    assert three.replies() == ["a one", "c one"]
    assert "1 turn restored" in three.command("restore")
    assert "No turn is set aside" in three.command("restore")


def test_restore_by_number_brings_back_that_one(three: Notebook) -> None:
    three.run("x", "x = 1", deleted=["a", "b"])
    three.command("restore 2")
    assert three.replies() == ["b one", "c one"]


def test_restore_can_be_undone(three: Notebook) -> None:
    three.run("x", "x = 1", deleted=["b"])
    three.command("restore")
    three.command("undo")
    assert three.replies() == ["a one", "c one"]


def test_a_number_that_is_not_set_aside_restores_nothing(three: Notebook) -> None:
    three.run("x", "x = 1", deleted=["b"])
    for number in (1, 9):
        assert "No such turn is set aside" in three.command(f"restore {number}")
    assert "is not a positive number" in str(three.page.run("%glm restore b").error)
    assert three.replies() == ["a one", "c one"]


def test_a_turn_is_set_aside_in_every_thread(three: Notebook) -> None:
    three.command("fork other")
    three.ask("d", "d one", deleted=["b"])
    assert three.replies("main") == ["a one", "c one"]
    assert three.replies("other") == ["a one", "c one", "d one"]


# Cut and pasted: told as deleted once, with its id kept


def test_a_cut_and_pasted_cell_comes_back_in_place(three: Notebook) -> None:
    three.ask("d", "d one", deleted=["b"])
    three.ask("b", "b two")
    assert three.replies() == ["a one", "b two", "c one", "d one"]


def test_run_at_once_after_the_paste_it_was_never_gone(three: Notebook) -> None:
    cell = three.ask("b", "b two", deleted=["b"])
    assert three.sent() == ["about a", "a one", "about b"]
    assert three.replies() == ["a one", "b two", "c one"]
    assert "set aside" not in cell.plain(1)
    three.command("undo")
    assert three.replies() == ["a one", "b one", "c one"]


def test_run_at_once_after_the_paste_and_failed_it_is_still_there(three: Notebook) -> None:
    cell = three.ask("b", REFUSED, deleted=["b"])
    assert "earlier turn of this cell stays" in str(cell.error)
    assert three.replies() == ["a one", "b one", "c one"]


# A rerun that fails, or is cut short


def test_a_rerun_that_fails_keeps_the_earlier_turn_and_says_so(three: Notebook) -> None:
    cell = three.ask("b", REFUSED)
    assert "The earlier turn of this cell stays in the conversation." in str(cell.error)
    assert three.replies() == ["a one", "b one", "c one"]
    assert "stale" not in three.command("history")


def test_a_first_run_that_fails_speaks_of_no_earlier_turn(three: Notebook) -> None:
    assert "earlier turn" not in str(three.ask("d", REFUSED).error)


@pytest.mark.parametrize(
    "failing", [plain({}), plain({"error": {"code": "1113", "message": "余额不足"}}, 429)], ids=["no words", "no money"]
)
def test_whatever_it_fails_for(three: Notebook, failing: Raw) -> None:
    cell = three.ask("b", failing)
    assert str(cell.error).count("The earlier turn of this cell stays") == 1
    assert three.replies() == ["a one", "b one", "c one"]


def test_an_empty_cell_keeps_the_earlier_turn_and_says_so(three: Notebook) -> None:
    cell = three.run("b", "%%glm\n")
    assert "The earlier turn of this cell stays" in str(cell.error)
    assert three.replies() == ["a one", "b one", "c one"]


@pytest.mark.parametrize("code", ["%%glm --nonsense\nabout b", "1 / 0", "x = ("])
def test_a_cell_that_fails_before_it_asks_leaves_its_turn(three: Notebook, code: str) -> None:
    assert not three.run("b", code).success
    assert three.replies() == ["a one", "b one", "c one"]


def test_a_rerun_that_breaks_off_replaces_the_turn_with_what_came(three: Notebook) -> None:
    cell = three.ask("b", HALF)
    assert "What had arrived is kept" in str(cell.error)
    assert "earlier turn of this cell stays" not in str(cell.error)
    assert three.replies() == ["a one", "half a reply", "c one"]
    marks = three.marks()
    assert "interrupted" in marks["half a reply"]
    assert "stale" in marks["c one"]
    three.command("undo")
    assert three.replies() == ["a one", "b one", "c one"]


class Stop(threading.Thread):
    """A user who presses the stop button once some text stands on the page."""

    def __init__(self, page: Page, text: str) -> None:
        super().__init__(daemon=True)
        self._shown = page.publisher.outputs
        self._text = text
        self._over = threading.Event()

    def run(self) -> None:
        while not any(self._text in str(message["data"].get("text/markdown")) for message in list(self._shown)):
            if self._over.wait(0.005):
                return
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def leave(self) -> None:
        self._over.set()
        self.join()


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_an_interrupted_rerun_replaces_the_turn_with_what_came(three: Notebook) -> None:
    stop = Stop(three.page, "half a reply")
    stop.start()
    cell = three.ask("b", Raw((sse(chunk("half a reply")), STALL)))
    stop.leave()
    assert isinstance(cell.error, Interrupted)
    assert three.replies() == ["a one", "half a reply", "c one"]
    assert three.page.magics.chat.thread().turns[1].interrupted
    three.ask("d", "d one")
    assert three.sent()[:4] == ["about a", "a one", "about b", "half a reply"]


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_a_rerun_interrupted_before_its_first_word_keeps_the_earlier_turn(three: Notebook) -> None:
    stop = Stop(three.page, "Let me see")
    stop.start()
    cell = three.ask("b", Raw((sse(chunk(reasoning="Let me see")), STALL)))
    stop.leave()
    assert isinstance(cell.error, Interrupted)
    assert "earlier turn of this cell stays" in str(cell.error)
    assert "without this turn" not in str(cell.error)
    assert three.replies() == ["a one", "b one", "c one"]


# Several questions in one cell


def test_two_questions_of_one_cell_are_replaced_together(three: Notebook) -> None:
    both = "%glm ask first\n%glm ask second"
    three.run("b", both, "1.1", "1.2")
    assert three.sent() == ["about a", "a one", "first", "1.1", "second"]
    assert three.replies() == ["a one", "1.1", "1.2", "c one"]
    three.run("b", both, "2.1", "2.2")
    assert three.sent() == ["about a", "a one", "first", "2.1", "second"]
    assert texts(three.server.requests[-2].body["messages"]) == ["about a", "a one", "first"]
    assert three.replies() == ["a one", "2.1", "2.2", "c one"]


def test_one_question_fewer_is_one_turn_fewer(three: Notebook) -> None:
    three.run("b", "%glm ask first\n%glm ask second", "1.1", "1.2")
    three.run("b", "%glm ask second", "2.2")
    assert three.sent() == ["about a", "a one", "second"]
    assert three.replies() == ["a one", "2.2", "c one"]


def test_a_loop_of_questions_is_replaced_as_a_whole(three: Notebook) -> None:
    loop = "for number in range({}):\n    get_ipython().run_line_magic('glm', f'ask {{number}}')"
    three.run("b", loop.format(3), "zero", "one", "two")
    assert three.sent() == ["about a", "a one", "0", "zero", "1", "one", "2"]
    assert three.replies() == ["a one", "zero", "one", "two", "c one"]
    three.run("b", loop.format(2), "null", "eins")
    assert three.sent() == ["about a", "a one", "0", "null", "1"]
    assert three.replies() == ["a one", "null", "eins", "c one"]


def test_a_question_after_one_that_failed_stands_in_its_place(three: Notebook) -> None:
    three.run("b", "%glm ask first\n%glm ask second", "1.1", "1.2")
    assert not three.run("b", "%glm ask first\n%glm ask second", "2.1", REFUSED).success
    assert three.replies() == ["a one", "2.1", "c one"]
    three.run("b", "%glm ask first\n%glm ask second", "3.1", "3.2")
    assert three.replies() == ["a one", "3.1", "3.2", "c one"]


# Another thread, no thread, no question


def test_a_cell_moved_to_another_thread_leaves_the_first(three: Notebook) -> None:
    three.ask("b", "b two", line="%%glm -t other")
    assert three.sent() == ["about b"]
    assert three.replies("main") == ["a one", "c one"]
    assert three.replies("other") == ["b two"]
    assert "set aside" in three.ask("d", "d one").plain(1)
    three.ask("b", "b three")
    assert three.sent() == ["about a", "a one", "about b"]
    assert three.replies("main") == ["a one", "b three", "c one", "d one"]


def test_a_cell_edited_into_plain_python_leaves_the_conversation(three: Notebook) -> None:
    three.run("b", "x = 1")
    cell = three.ask("d", "d one")
    assert three.sent() == ["about a", "a one", "about c", "c one", "about d"]
    assert "1 turn was set aside" in cell.plain(1)
    assert "deleted" not in cell.plain(1)
    three.ask("b", "b two")
    assert three.replies() == ["a one", "b two", "c one", "d one"]


def test_a_question_asked_once_leaves_the_conversation(three: Notebook) -> None:
    three.ask("b", "aside", line="%%glm --once")
    assert three.sent() == ["about b"]
    assert three.replies() == ["a one", "c one"]
    three.command("restore")
    assert three.replies() == ["a one", "b one", "c one"]


def test_a_question_asked_once_is_no_turn_however_often(three: Notebook) -> None:
    for _ in range(2):
        three.ask("x", "aside", line="%%glm --once")
    assert three.replies() == ["a one", "b one", "c one"]
    assert "stale" not in three.command("history")


# Within other magics


@pytest.mark.parametrize("around", ["%%capture kept", "%%time"])
def test_a_rerun_within_another_magic_replaces_the_turn(three: Notebook, around: str) -> None:
    for reply in ("b two", "b three"):
        assert three.ask("b", reply, line=f"{around}\n%%glm").success
        assert three.sent() == ["about a", "a one", "about b"]
        assert three.replies() == ["a one", reply, "c one"]
    three.ask("d", "d one")
    assert three.replies() == ["a one", "b three", "c one", "d one"]


def test_a_cell_run_by_a_cell_is_that_cells(three: Notebook) -> None:
    nested = "get_ipython().run_cell('%%glm\\nfirst')\nget_ipython().run_cell('x = 1')\n%glm ask second"
    for run in "12":
        three.run("b", nested, f"{run}.1", f"{run}.2")
        assert three.sent() == ["about a", "a one", "first", f"{run}.1", "second"]
    assert three.replies() == ["a one", "2.1", "2.2", "c one"]
