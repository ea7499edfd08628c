"""The `%glm` commands that look back at turns, take them back, ask them again and go on from them."""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from in_process import Cell, Notebook, Page
from IPython.core.error import UsageError

from zhipu_magic.practice import CUT, STALL, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.text.errors import InvalidRequest

HALF = Raw((sse(chunk("Half a ")), 0.05, CUT))
CUT_OFF = Answer("Too long to ", finish_reason="length")
REFUSED = Fault(400, "1301")


def requests(notebook: Notebook) -> int:
    return len(notebook.server.requests)


# Undo, redo and reset


def test_undo_takes_the_last_changes_back_and_redo_makes_them_again(three: Notebook) -> None:
    told = three.command("undo 2")
    assert "The thread now has 1 turn." in told
    assert three.replies() == ["a one"]
    assert "The thread now has 2 turns." in three.command("redo")
    assert "The thread now has 3 turns." in three.command("redo")
    assert three.replies() == ["a one", "b one", "c one"]
    assert "stale" not in three.command("history")
    assert requests(three) == 3


def test_undo_and_redo_name_the_turns_by_their_numbers(three: Notebook) -> None:
    assert three.command("undo").startswith("Undone: turn 3. ")
    assert three.command("redo").startswith("Redone: turn 3. ")
    assert three.command("undo 2").startswith("Undone: 2 turns (2 and 3). ")
    assert three.command("redo 2").startswith("Redone: 2 turns (2 and 3). ")
    assert three.command("undo 3").startswith("Undone: 3 turns (1 to 3). ")
    three.command("redo 3")
    three.ask("a", "a two")
    three.command("reset")
    assert three.command("undo 2").startswith("Undone: a turn run again and a reset. ")


def test_a_turn_added_in_the_middle_is_named_by_its_own_number(three: Notebook) -> None:
    asks_twice = "for prompt in 'xy':\n    get_ipython().run_cell_magic('glm', '', prompt)"
    assert three.run("a", asks_twice, "a two", "a three").success
    assert three.replies() == ["a two", "a three", "b one", "c one"]
    assert three.command("undo").startswith("Undone: turn 2. ")
    assert three.command("redo").startswith("Redone: turn 2. ")


def test_what_was_undone_is_named_in_its_order(three: Notebook) -> None:
    three.command("reset")
    three.ask("d", "d one")
    assert three.command("undo 3").startswith("Undone: turn 3, a reset and turn 1. ")
    assert three.command("redo 3").startswith("Redone: turn 3, a reset and turn 1. ")


def test_redo_takes_a_number_too(three: Notebook) -> None:
    three.command("undo 3")
    assert three.replies() == []
    three.command("redo 2")
    assert three.replies() == ["a one", "b one"]


def test_more_than_there_is_takes_all_back_and_says_how_to_make_it_again(three: Notebook) -> None:
    told = three.command("undo 99")
    assert "The thread now has 0 turns." in told
    assert "`%glm redo 3`" in told
    assert "nothing to undo" in three.command("undo")
    three.command("redo 99")
    assert three.replies() == ["a one", "b one", "c one"]
    assert "nothing to redo" in three.command("redo")


def test_undo_shows_what_was_asked(three: Notebook) -> None:
    assert "about c" in three.command("undo")


def test_a_turn_after_an_undo_ends_what_could_be_made_again(three: Notebook) -> None:
    three.command("undo")
    three.ask("d", "d one")
    assert three.sent() == ["about a", "a one", "about b", "b one", "about d"]
    assert "nothing to redo" in three.command("redo")


def test_an_undone_cell_run_again_stands_last(three: Notebook) -> None:
    three.command("undo 2")
    three.ask("c", "c two")
    assert three.sent() == ["about a", "a one", "about c"]
    three.ask("b", "b two")
    assert three.replies() == ["a one", "c two", "b two"]


def test_undo_gives_no_money_back(three: Notebook) -> None:
    spent = three.page.magics.chat.ledger.spent
    three.command("undo 2")
    assert three.page.magics.chat.ledger.spent == spent
    assert "3 requests" in three.command("usage")


def test_reset_sends_nothing_and_can_be_undone(three: Notebook) -> None:
    assert "3 turns" in three.command("reset")
    assert three.replies() == []
    assert requests(three) == 3
    assert "a reset" in three.command("undo")
    assert three.replies() == ["a one", "b one", "c one"]
    three.command("redo")
    three.ask("d", "d one")
    assert three.sent() == ["about d"]


def test_a_cell_run_again_after_a_reset_begins_the_conversation(three: Notebook) -> None:
    three.command("reset")
    three.ask("c", "c two")
    three.ask("a", "a two")
    assert three.replies() == ["c two", "a two"]


def test_reset_of_nothing_says_so(notebook: Notebook) -> None:
    told = notebook.command("reset")
    assert "0 turns" not in told
    assert "brings the turns back" not in told
    notebook.ask("a", "a one")
    notebook.command("undo")
    notebook.command("reset")
    notebook.command("redo")
    assert notebook.replies() == ["a one"]


@pytest.mark.parametrize("command", ["undo", "redo", "show", "restore"])
@pytest.mark.parametrize("number", ["two", "0", "-1", "1.5", "1 2", "²", pytest.param("9" * 5000, id="endless")])
def test_what_is_no_number_does_nothing(three: Notebook, command: str, number: str) -> None:
    three.command("undo")
    error = three.page.run(f"%glm {command} {number}").error
    assert isinstance(error, UsageError)
    assert f"%glm {command} N" in str(error)
    assert three.replies() == ["a one", "b one"]


@pytest.mark.parametrize("command", ["reset", "threads", "retry", "continue"])
def test_a_word_too_many_does_nothing(three: Notebook, command: str) -> None:
    error = three.page.run(f"%glm {command} 2").error
    assert isinstance(error, UsageError)
    assert "nothing was done" in str(error)
    assert len(three.turns()) == requests(three) == 3


# History and show


def test_the_history_tells_numbers_cells_models_and_tokens(notebook: Notebook) -> None:
    told = Answer("a one", prompt_tokens=1_234, completion_tokens=56)
    notebook.run("0123456789-abcdef", "%%glm -m glm-4\nabout a", told)
    shown = notebook.command("history --full")
    assert "**1 · you** · cell 01234567\n\n```text\nabout a\n```" in shown
    assert "**1 · glm-4** · 1,234 + 56 tokens\n\n```text\na one\n```" in shown


def test_a_turn_without_a_cell_names_none(page: Page) -> None:
    page.run("%%glm\nhi", None)
    assert "cell of" not in page.run("%glm history").plain() + page.run("%glm history --full").plain()


def test_the_history_marks_what_is_not_as_it_was(three: Notebook) -> None:
    three.ask("d", CUT_OFF)
    three.ask("e", HALF)
    three.run("x", "x = 1", deleted=["c"])
    three.ask("b", "b two")
    marks = three.marks()
    assert "interrupted" in marks["Half a "]
    assert "cut off" in marks["Too long to "]
    assert "set aside" in marks["c one"]
    assert [reply for reply, line in marks.items() if "stale" in line] == ["Too long to ", "Half a "]


def test_the_history_begins_with_the_system_text(three: Notebook) -> None:
    three.command("system Be brief.")
    assert three.command("history --full").startswith("**system**\n\n```text\nBe brief.\n```")


def rows(shown: str) -> list[list[str]]:
    """The cells of a table, line by line, below its header."""
    lines = [line for line in shown.split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_history_of_no_turns_has_the_system_text_alone(notebook: Notebook) -> None:
    notebook.page.run("%glm system Be brief.")
    assert notebook.command("history") == "The system text: `Be brief.`"


def test_a_number_that_the_history_has_not_says_which_there_are(notebook: Notebook) -> None:
    def said() -> str:
        return str(notebook.page.run("%glm history 9").error)

    assert "There is no such turn: there are none yet." in said()
    notebook.ask("a", "one")
    assert "There is no such turn: there is only turn 1." in said()
    notebook.ask("b", "two")
    assert "There is no such turn: the turns are numbered 1 to 2." in said()


def test_the_history_is_a_line_a_turn(three: Notebook) -> None:
    three.command("system Be brief and answer in rhymes, whatever the question that you are asked may be.")
    three.run("0123456789-d", "%%glm\nA prompt of two lines,\nwhich is too long for one line of a table.", CUT_OFF)
    shown = three.command("history")
    assert shown.startswith("The system text: `Be brief and answer in rhymes, whatever the question that y…`\n\n|")
    assert [row[:3] for row in rows(shown)] == [
        *(["1", "a", "about a"], ["2", "b", "about b"], ["3", "c", "about c"]),
        ["4", "01234567", "A prompt of two lines, which is too long for on…"],
    ]
    assert rows(shown)[-1][3] == "cut off" and " + " in rows(shown)[-1][4]
    assert "`%glm history 4` shows a turn in full, `1-4` several, `--full` all of them." in shown
    assert "```" not in shown


def test_the_history_says_what_its_marks_mean_where_they_stand(three: Notebook) -> None:
    assert "Stale" not in three.command("history") and "Set aside" not in three.command("history")
    three.ask("a", "a two")
    three.run("x", "x = 1", deleted=["c"])
    shown = three.command("history")
    assert [row[3] for row in rows(shown)] == ["", "stale", "set aside"]
    assert "Stale: the turns before it have changed" in shown and "Set aside: not sent" in shown


def test_a_number_or_a_range_of_the_history_is_shown_in_full(three: Notebook) -> None:
    for text, numbers in {
        "2": [2],
        "2-3": [2, 3],
        "2 - 9": [2, 3],
        "２–３": [2, 3],
        "3-": [3],
        "1-3 --full": [1, 2, 3],
    }.items():
        shown = three.command(f"history {text}")
        assert [number for number in (1, 2, 3) if f"**{number} · you**" in shown] == numbers, text
    assert three.command("history --full") == three.command("history 1-3")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("9", "There is no such turn: the turns are numbered 1 to 3."),
        ("4-", "There is no such turn"),
        ("3-1", "A range begins with the lower number: %glm history 1-3."),
        ("all", "takes a turn's number (%glm history 12), a range of them (3-8, or 3- for all from there on)"),
        ("--fully", "--full for all of it; not --fully."),
        ("-3", "takes a turn's number"),
        ("1,2", "takes a turn's number"),
        ("9" * 5000, "takes a turn's number"),
    ],
)
def test_what_the_history_does_not_take_says_what_it_does(three: Notebook, text: str, told: str) -> None:
    error = three.page.run(f"%glm history {text}").error
    assert isinstance(error, UsageError) and told in str(error)
    assert len(str(error)) < 500


def test_a_long_history_is_the_newest_turns_and_says_how_to_see_all(notebook: Notebook) -> None:
    for number in range(60):
        notebook.ask(f"c{number}", "ok")
    shown = notebook.command("history")
    assert [row[0] for row in rows(shown)] == [str(number) for number in range(11, 61)]
    assert "These are the newest 50 of 60 turns; `%glm history --all` lists every one." in shown
    everything = notebook.command("history --all")
    assert len(rows(everything)) == 60 and "newest" not in everything


def test_the_history_counts_calls_and_images(notebook: Notebook) -> None:
    notebook.page.run("def weather(city: str) -> str:\n    return 'clear'")
    call = Answer(tool_calls=(tool_call("weather", {"city": "Paris"}, id="1"),))
    notebook.run("a", "%%glm --tool weather\nHow is Paris?", call, "Clear.")
    notebook.page.run("from PIL import Image\nphoto = Image.new('RGB', (8, 6))")
    notebook.run("b", "%%glm -m glm-4.6v\nWhat is {{ photo }}?", "A square.")
    assert [row[2:4] for row in rows(notebook.command("history"))] == [
        ["How is Paris?", "1 call"],
        ["What is {{ photo }}?", "1 image"],
    ]


def test_show_shows_a_reply_again(notebook: Notebook) -> None:
    notebook.ask("a", Answer("*a* one", reasoning="Let me see."))
    notebook.ask("b", "b one")
    assert notebook.command("show") == "b one"
    first = notebook.page.run("%glm show 1")
    assert first.plain() == "*a* one"
    assert first.markdown().endswith("\n\n*a* one")
    assert "Let me see." in first.markdown()
    assert requests(notebook) == 2


def test_show_shows_what_is_set_aside_too(three: Notebook) -> None:
    three.page.run("%glm thread", "x", deleted=["b"])
    assert three.command("show 2") == "b one"


def test_show_of_a_number_that_there_is_not(three: Notebook) -> None:
    error = three.page.run("%glm show 4").error
    assert isinstance(error, UsageError)
    assert "no such turn" in str(error).lower()


def test_show_before_the_first_turn(notebook: Notebook) -> None:
    assert "no turn yet" in str(notebook.page.run("%glm show").error)


# In the terminal


@pytest.fixture
def terminal(tmp_path: Path, server: PracticeServer) -> Iterator[Any]:
    from test_terminal import Terminal

    running = Terminal(tmp_path, "--simple-prompt")
    running.run(f"os.environ.update({dict(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key)!r})")
    yield running
    running.stop()


def test_in_a_terminal_no_markdown_is_left(terminal: Any, server: PracticeServer) -> None:
    from test_terminal import screen

    server.enqueue(Answer("a one", prompt_tokens=3, completion_tokens=2), CUT_OFF, Answer("an end."), Answer("b two"))
    for prompt in ("about a", "about b"):
        terminal.ask(prompt)
        shown = screen(terminal.until_prompt())
    assert "Cut off: the answer reached its maximum length. %glm continue goes on from here." in shown
    history = screen(terminal.run("%glm history --full"))
    assert re.fullmatch(r"1 · you · \[\d+\]", history[0])
    assert history[1:3] == [
        "│ about a",
        "1 · glm-4.7-flash · 3 + 2 tokens",
    ]
    assert screen(terminal.run("%glm show 1")) == ["a one"]
    assert screen(terminal.run("%glm continue"))[0] == "Too long to an end."
    assert screen(terminal.run("%glm show")) == ["Too long to an end."]
    assert screen(terminal.run("%glm retry"))[0] == "b two"
    assert "The thread now has 1 turn." in " ".join(screen(terminal.run("%glm undo 3")))
    assert screen(terminal.run("%glm thread")) == ["The thread is main: 1 turn, glm-4.7-flash."]
    assert "main ←" in terminal.run("%glm threads")


# Retry


def test_retry_sends_the_same_request_and_replaces_the_turn_in_place(three: Notebook) -> None:
    three.server.enqueue(Answer("c two"))
    cell = three.page.run("%glm retry", "scratch")
    assert cell.success
    assert cell.plain() == "c two"
    assert len(cell.outputs) == 2
    before, again = three.server.requests[-2:]
    assert again.body == before.body
    assert three.replies() == ["a one", "b one", "c two"]
    assert three.page.names["_glm"].choices[0].message.content == "c two"
    assert "cell c" in three.command("history --full")


@pytest.mark.parametrize(
    "options",
    [
        "--temperature 0.2",
        "-m glm-4 --max-tokens 7 --seed 3",
        "-s 'Be brief.' --top-p 0.5 --stop END",
        "--no-think",
        "--param 'user_id=\"user-7\"'",
    ],
)
def test_retry_keeps_the_options(three: Notebook, options: str) -> None:
    three.ask("d", "d one", line=f"%%glm {options}")
    three.server.enqueue(Answer("d two"))
    assert three.page.run("%glm retry").success
    before, again = three.server.requests[-2:]
    assert again.body == before.body
    assert three.replies()[-1] == "d two"


def test_retry_of_a_typed_answer_shows_its_value(notebook: Notebook) -> None:
    first = notebook.ask("a", '["tea"]', line="%%glm --as list[str]")
    assert first.success
    notebook.server.enqueue(Answer('["milk", "tea"]'))
    again = notebook.page.run("%glm retry")
    assert again.success and "milk" in again.markdown()
    assert notebook.replies() == ['["milk", "tea"]']


def test_retry_can_be_undone(three: Notebook) -> None:
    three.server.enqueue(Answer("c two"))
    three.page.run("%glm retry")
    assert "asked again" in three.command("undo")
    assert three.replies() == ["a one", "b one", "c one"]


def test_a_retry_that_fails_keeps_the_turn_and_says_so(three: Notebook) -> None:
    three.server.enqueue(REFUSED)
    cell = three.page.run("%glm retry")
    assert not cell.success
    assert "stays in the conversation" in str(cell.error)
    assert three.replies() == ["a one", "b one", "c one"]


def test_a_turn_asked_again_is_still_its_cells(three: Notebook) -> None:
    three.server.enqueue(Answer("c two"))
    three.page.run("%glm retry")
    three.ask("c", "c three")
    assert three.sent() == ["about a", "a one", "about b", "b one", "about c"]
    assert three.replies() == ["a one", "b one", "c three"]


def test_retry_asks_the_last_turn_that_stands(three: Notebook) -> None:
    three.server.enqueue(Answer("b two"))
    three.page.run("%glm retry", "x", deleted=["c"])
    assert three.sent() == ["about a", "a one", "about b"]
    assert three.replies() == ["a one", "b two"]
    three.command("restore")
    assert three.replies() == ["a one", "b two", "c one"]


def test_retry_of_a_stale_turn_makes_it_fresh(three: Notebook) -> None:
    three.ask("b", "b two")
    three.server.enqueue(Answer("c two"))
    three.page.run("%glm retry")
    assert three.sent() == ["about a", "a one", "about b", "b two", "about c"]
    assert "stale" not in three.command("history")


def test_retry_without_a_turn(notebook: Notebook) -> None:
    error = notebook.page.run("%glm retry").error
    assert isinstance(error, InvalidRequest)
    assert "no turn to ask again" in str(error)
    assert requests(notebook) == 0


# Continue


@pytest.mark.parametrize("first", [HALF, CUT_OFF], ids=["broken off", "length"])
def test_continue_goes_on_and_joins_the_two(three: Notebook, first: Any) -> None:
    begun = three.ask("d", first).plain()
    three.server.enqueue(Answer("end."))
    cell = three.page.run("%glm continue", "scratch")
    assert cell.success
    assert cell.plain() == f"{begun}end."
    *held, asked = three.sent()
    assert held[-2:] == ["about d", begun]
    assert "Go on" in asked
    assert three.turns()[-1] == ("about d", f"{begun}end.")
    assert len(three.turns()) == 4
    three.ask("e", "e one")
    assert three.sent()[-3:] == ["about d", f"{begun}end.", "about e"]
    assert all("Go on" not in text for text in three.sent())
    history = three.command("history")
    assert "interrupted" not in history
    assert "cut off" not in history


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_continue_after_the_users_interrupt(three: Notebook) -> None:
    over = threading.Event()

    def press_stop() -> None:
        while not any("Half a" in str(message["data"]) for message in list(three.page.publisher.outputs)):
            if over.wait(0.005):
                return
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    user = threading.Thread(target=press_stop, daemon=True)
    user.start()
    cell = three.ask("d", Raw((sse(chunk("Half a ")), STALL)))
    over.set()
    user.join()
    assert "%glm continue" in cell.plain(1)
    three.server.enqueue(Answer("reply."))
    assert three.page.run("%glm continue").success
    assert three.turns()[-1] == ("about d", "Half a reply.")


@pytest.mark.parametrize(
    ("prompt", "reply", "chinese"),
    [
        ("讲个故事", "从前有一座山，", True),
        ("Translate the story into Chinese, please", "从前有一座山，", False),
        ("把故事翻译成英文", "Once upon a time ", True),
        ("What is a café — and where?", "A café is ", False),
    ],
)
def test_a_reply_is_asked_for_more_in_the_language_of_its_prompt(
    notebook: Notebook, prompt: str, reply: str, chinese: bool
) -> None:
    notebook.server.enqueue(Answer(reply, finish_reason="length"), Answer("…"))
    notebook.page.run(f"%%glm\n{prompt}", "a")
    notebook.page.run("%glm continue")
    assert ("继续" in notebook.sent()[-1]) == chinese
    assert notebook.replies() == [f"{reply}…"]


def test_it_is_the_cells_language_that_counts_and_not_that_of_a_value(notebook: Notebook) -> None:
    notebook.page.names["poem"] = "从前有一座山，" * 20
    notebook.server.enqueue(Answer("A hill ", finish_reason="length"), Answer("…"))
    notebook.page.run("%%glm\nSummarise {{ poem }} in English.", "a")
    notebook.page.run("%glm continue")
    assert "继续" not in notebook.sent()[-1]


def test_continue_keeps_model_options_and_system_text(notebook: Notebook) -> None:
    notebook.ask("a", CUT_OFF, line="%%glm -m glm-4 -s brief --max-tokens 5 --temperature 0.2")
    notebook.server.enqueue(Answer("end."))
    notebook.page.run("%glm continue")
    before, after = (dict(request.body) for request in notebook.server.requests[-2:])
    asked, goes_on = before.pop("messages"), after.pop("messages")
    assert after == before
    assert goes_on[:2] == asked
    assert goes_on[0]["role"] == "system"


def test_a_continued_reply_is_shown_whole(notebook: Notebook) -> None:
    notebook.ask("a", Answer("Read it:\n\n```python\na = 1\n", finish_reason="length"))
    notebook.server.enqueue(Answer("b = 2\n```\n\nThat is all."))
    cell = notebook.page.run("%glm continue")
    whole = "Read it:\n\n```python\na = 1\nb = 2\n```\n\nThat is all."
    assert cell.markdown() == cell.plain() == whole
    assert notebook.replies() == [whole]
    assert len(cell.outputs) == 2
    assert notebook.page.names["_glm"].choices[0].message.content == "b = 2\n```\n\nThat is all."


@pytest.mark.parametrize("stream", [True, False])
def test_a_continued_reply_that_calls_a_tool_keeps_its_order(notebook: Notebook, stream: bool) -> None:
    notebook.page.run(f"%config GLMMagics.stream = {stream}\ndef look() -> str:\n    'Look.'\n    return 'ok'")
    notebook.ask("a", Answer("BEGIN ", finish_reason="length"), line="%%glm --tool look")
    notebook.server.enqueue(
        Answer("MIDDLE", tool_calls=(tool_call("look", {}, id="1"),)), Answer("END"), Answer("next")
    )
    cell = notebook.page.run("%glm continue")
    places = [cell.markdown().index(words) for words in ("BEGIN MIDDLE", "look()", "END")]
    assert places == sorted(places) and cell.markdown().count("BEGIN") == 1
    shown = notebook.page.run("%glm show 1").markdown()
    assert shown.index("BEGIN MIDDLE") < shown.index("look()") < shown.index("END")
    notebook.page.run("%%glm\nnext")
    _, first, _, last, _ = notebook.server.requests[-1].body["messages"]
    assert (first["content"], last["content"]) == ("BEGIN MIDDLE", "END")


@pytest.mark.parametrize(
    ("first", "more", "whole"),
    [
        ("Read:\n\n```python\na = 1\n", "```python\nb = 2\n```\nDone.", "Read:\n\n```python\na = 1\nb = 2\n```\nDone."),
        ("```python\ny =", "\n```python\n 2\n```", "```python\ny = 2\n```"),
        ("```python\na = 1\n", "```\nDone.", "```python\na = 1\n```\nDone."),
        ("Read:\n\n", "```python\na = 1\n```", "Read:\n\n```python\na = 1\n```"),
    ],
)
def test_a_fence_that_a_continuation_opens_again_is_no_line_of_the_code(
    notebook: Notebook, first: str, more: str, whole: str
) -> None:
    notebook.ask("a", Answer(first, finish_reason="length"))
    notebook.server.enqueue(Answer(more))
    cell = notebook.page.run("%glm continue")
    assert cell.plain() == whole
    assert notebook.replies() == [whole]


def panel_id(cell: Cell) -> str:
    shown = [one for one in cell.messages if not one["update"] and "text/html" in one["data"]]
    return str(shown[-1]["transient"]["display_id"])


def updates_of(display_id: str, cell: Cell) -> list[str]:
    """What this cell has shown in an output of another one."""
    found = [one for one in cell.messages if one.get("transient", {}).get("display_id") == display_id]
    return [one["data"]["text/plain"] for one in found]


def test_a_cell_whose_reply_goes_on_says_so_in_place_of_being_cut_off(notebook: Notebook) -> None:
    first = notebook.ask("a", CUT_OFF)
    assert first.plain(1).startswith("Cut off")
    notebook.server.enqueue(Answer("tell in ", finish_reason="length"), Answer("short."))
    second = notebook.page.run("%glm continue")
    (told,) = updates_of(panel_id(first), second)
    assert told.splitlines()[0] == "The reply goes on in another cell, where it is shown as a whole."
    assert told.splitlines()[1:] == first.plain(1).splitlines()[1:]
    assert second.plain(1).startswith("Cut off")
    third = notebook.page.run("%glm continue")
    assert updates_of(panel_id(first), third) == []
    assert [text.splitlines()[0] for text in updates_of(panel_id(second), third)] == [
        "The reply goes on in another cell, where it is shown as a whole."
    ]
    assert third.plain() == "Too long to tell in short."


@pytest.mark.parametrize("panel", ["settle", "live"])
def test_a_cell_whose_broken_reply_goes_on_contradicts_itself_nowhere(notebook: Notebook, panel: str) -> None:
    notebook.page.run(f'%config GLMMagics.panel = "{panel}"')
    notebook.server.enqueue(HALF, Answer("a reply."))
    first = notebook.page.run("%%glm\nabout a", "a")
    assert "What had arrived is kept" in str(first.error) and "continue" not in str(first.error)
    assert first.plain(1).startswith("%glm continue goes on from here.\n")
    (told,) = updates_of(panel_id(first), notebook.page.run("%glm continue", "b"))
    assert told.startswith("The reply goes on in another cell, where it is shown as a whole.\n")
    assert "continue" not in told


@pytest.mark.parametrize(("options", "cell"), [("", None), ("-q", "a")])
def test_where_no_note_can_be_replaced_the_error_says_how_to_go_on(
    notebook: Notebook, options: str, cell: str | None
) -> None:
    notebook.server.enqueue(HALF, Answer("a reply."))
    first = notebook.page.run(f"%%glm {options}\nabout a", cell)
    assert "marked as interrupted. %glm continue goes on from there." in str(first.error)
    assert all("continue" not in str(output) for output in first.outputs)
    assert len(notebook.page.run("%glm continue", "b").outputs) == 2


def test_where_updates_are_not_shown_none_is_sent(notebook: Notebook) -> None:
    notebook.server.enqueue(CUT_OFF, Answer("short."))
    first = notebook.page.run("%%glm\nabout a", None)
    assert updates_of(panel_id(first), notebook.page.run("%glm continue", None)) == []


def test_a_typed_answer_that_was_cut_off_leaves_nothing_to_continue(notebook: Notebook) -> None:
    notebook.page.run("from typing import TypedDict\nclass Row(TypedDict):\n    name: str\n    size: int")
    half = Answer('[{"name": "tea", "size": 1}, {"na', finish_reason="length")
    notebook.server.enqueue(half, Answer('me": "milk", "size": 2}]'))
    assert not notebook.page.run("%%glm --as list[Row]\nabout a", "a").success
    assert notebook.turns() == []


def test_continue_can_be_asked_for_as_long_as_it_is_cut_off(notebook: Notebook) -> None:
    notebook.ask("a", CUT_OFF)
    for reply in (Answer("tell in ", finish_reason="length"), Answer("short.")):
        notebook.server.enqueue(reply)
        assert notebook.page.run("%glm continue").success
    assert notebook.turns() == [("about a", "Too long to tell in short.")]
    assert isinstance(notebook.page.run("%glm continue").error, InvalidRequest)


def test_continue_broken_off_joins_what_came(notebook: Notebook) -> None:
    notebook.ask("a", CUT_OFF)
    notebook.server.enqueue(HALF)
    cell = notebook.page.run("%glm continue")
    assert "What had arrived is kept" in str(cell.error)
    assert notebook.turns() == [("about a", "Too long to Half a ")]
    assert "interrupted" in notebook.command("history")


def test_continue_that_fails_leaves_the_turn_as_it_was(notebook: Notebook) -> None:
    notebook.ask("a", CUT_OFF)
    notebook.server.enqueue(REFUSED)
    assert not notebook.page.run("%glm continue").success
    assert notebook.turns() == [("about a", "Too long to ")]
    assert "cut off" in notebook.command("history")


def test_continue_can_be_undone(notebook: Notebook) -> None:
    notebook.ask("a", CUT_OFF)
    notebook.server.enqueue(Answer("end."))
    notebook.page.run("%glm continue")
    assert "continued" in notebook.command("undo")
    assert notebook.turns() == [("about a", "Too long to ")]
    notebook.command("redo")
    assert notebook.turns() == [("about a", "Too long to end.")]


def test_a_continued_turn_is_still_its_cells(notebook: Notebook) -> None:
    notebook.ask("a", CUT_OFF)
    notebook.server.enqueue(Answer("end."))
    notebook.page.run("%glm continue", "scratch")
    notebook.ask("a", "a two")
    assert notebook.sent() == ["about a"]
    assert notebook.turns() == [("about a", "a two")]


def test_retry_of_a_continued_turn_asks_its_prompt(notebook: Notebook) -> None:
    notebook.ask("a", CUT_OFF)
    notebook.server.enqueue(Answer("end."), Answer("all at once"))
    notebook.page.run("%glm continue")
    notebook.page.run("%glm retry")
    assert notebook.sent() == ["about a"]
    assert notebook.turns() == [("about a", "all at once")]


def test_continue_after_a_whole_reply_is_refused(three: Notebook) -> None:
    error = three.page.run("%glm continue").error
    assert isinstance(error, InvalidRequest)
    assert "is complete" in str(error)
    assert requests(three) == 3


def test_continue_without_a_turn(notebook: Notebook) -> None:
    error = notebook.page.run("%glm continue").error
    assert isinstance(error, InvalidRequest)
    assert "no turn to go on from" in str(error)
    assert requests(notebook) == 0


def test_the_panel_tells_of_continue_where_it_can_be_used(notebook: Notebook) -> None:
    assert "%glm continue" in notebook.ask("a", CUT_OFF).html(1)
    assert "%glm continue" not in notebook.ask("b", CUT_OFF, line="%%glm --once").html(1)
    assert "%glm continue" not in notebook.ask("c", "whole").html(1)


# In the turn's own cell, and with nothing but reasoning


@pytest.mark.parametrize(("command", "stands"), [("continue", "Too long to end."), ("retry", "end.")])
def test_typed_into_the_turns_own_cell_the_turn_stays(three: Notebook, command: str, stands: str) -> None:
    three.ask("d", CUT_OFF)
    three.run("d", f"%glm {command}", "end.")
    assert three.turns()[-1] == ("about d", stands)
    three.ask("e", "e one")
    assert three.sent()[-3:] == ["about d", stands, "about e"]


@pytest.mark.parametrize("command", ["continue", "retry"])
def test_broken_off_before_the_first_word_the_turn_stays_as_it_was(notebook: Notebook, command: str) -> None:
    notebook.ask("a", CUT_OFF)
    notebook.server.enqueue(Raw((sse(chunk(reasoning="Let me see")), 0.05, CUT)))
    cell = notebook.page.run(f"%glm {command}")
    assert "without this turn" not in str(cell.error)
    assert "this turn is not in the conversation" not in cell.plain(1)
    assert notebook.turns() == [("about a", "Too long to ")]


def test_show_with_reasoning_opens_it_on_the_page(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("Two.", reasoning="One *and* one."), Answer("Yes."))
    page.run("%%glm\nhi")
    assert page.run("%glm show").markdown().startswith("<details><summary>Reasoning")
    opened = page.run("%glm show 1 --reasoning")
    assert opened.markdown().startswith("<details open><summary>Reasoning") and opened.plain() == "Two."
    page.run("%%glm\nReally?")
    assert "no reasoning" in page.run("%glm show --reasoning").plain()
