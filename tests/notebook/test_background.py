"""Cells that do not wait for their replies: `%%glm --bg`, and `%glm jobs`, `stop` and `wait`."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from in_process import Cell, Notebook, Page, folded
from IPython.core.error import UsageError

from zhipu_magic import GLMError, InvalidRequest
from zhipu_magic.chat.replies.reply import Reply
from zhipu_magic.practice import CUT, DONE, STALL, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call

END = (sse(chunk(finish_reason="stop")), DONE)
PLACED = "asked in the background (job 1)"


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def slow(words: str, seconds: float = 0.4) -> Raw:
    return Raw((sse(chunk(words[:1])), seconds, sse(chunk(words[1:])), *END))


def begun_and_stalled(words: str = "The beginning") -> Raw:
    return Raw((sse(chunk(words)), STALL))


def has_words(page: Page) -> Callable[[], bool]:
    return lambda: any(job.work.state == "streaming" for job in page.session.jobs.all)


def is_done(page: Page) -> bool:
    return all(job.work.done for job in page.session.jobs.all)


class Notes:
    """A page, all of it: the outputs of every cell after the updates that later cells have brought."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.messages: list[dict[str, Any]] = []

    def run(self, cell: str, code: str, *replies: Any, **more: Any) -> Cell:
        ran = self.notebook.run(cell, code, *replies, **more)
        self.messages += ran.every
        return ran

    @property
    def outputs(self) -> list[dict[str, str]]:
        return [output["data"] for output in folded(self.messages)]

    @property
    def plain(self) -> list[str]:
        return [output["text/plain"] for output in self.outputs]


@pytest.fixture
def notes(notebook: Notebook) -> Notes:
    return Notes(notebook)


# A reply that goes on


def test_the_cell_returns_at_once_and_the_reply_is_settled_in_its_place(notes: Notes, page: Page) -> None:
    ran = notes.run("a", "%%glm --bg -b r\nabout the sea", slow("The sea is deep."))
    reply = page.names["r"]
    assert ran.success
    assert isinstance(reply, Reply) and reply.ended is None
    assert PLACED in notes.plain[0] and len(notes.plain) == 2
    until(lambda: is_done(page))
    notes.run("b", "1 + 1")
    assert notes.plain[0] == "The sea is deep."
    assert "text/markdown" in notes.outputs[0] and list(notes.outputs[1]) == ["text/html", "text/plain"]
    assert len(notes.outputs) == 2
    assert reply.text == "The sea is deep."
    assert page.names["_glm"].choices[0].message.content == "The sea is deep."
    assert notes.notebook.turns() == [("about the sea", "The sea is deep.")]


def test_the_reply_is_as_a_cell_that_waits_leaves_it_but_for_the_sums_of_the_chat(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --once\nhello", "**Hi**")
    notes.run("b", "%%glm --once --bg\nhello", "**Hi**")
    notes.run("c", "%glm wait")
    first, panel, second, apart = notes.outputs
    assert first == second
    assert "in all" in panel["text/html"] and "in all" not in apart["text/html"]
    assert "completion tokens" in apart["text/html"]


def test_a_name_for_the_answer_is_bound_when_it_is_whole(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg --as int -o number\nhow many?", slow("42"))
    assert "number" not in page.names
    notes.run("b", "%glm wait")
    assert page.names["number"] == 42


def test_the_next_turn_of_the_thread_waits_and_sees_it(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg\nfirst", slow("one"))
    notes.run("b", "%%glm\nsecond", "two")
    assert notes.notebook.sent() == ["first", "one", "second"]
    assert [text for text in notes.plain if text in ("one", "two")] == ["one", "two"]


def test_turns_elsewhere_wait_for_nothing_and_paint_it_meanwhile(notes: Notes, page: Page) -> None:
    release = threading.Event()
    notes.run("a", "%%glm --bg\nfirst", begun_and_stalled())
    until(has_words(page))
    assert notes.run("b", "%%glm --once\nsecond", "two").success
    assert notes.run("c", "%%glm -t other\nthird", "three").success
    assert page.session.jobs.running
    release.set()
    notes.run("d", "%glm stop")
    assert not page.session.jobs.running


def test_several_go_on_at_once(notes: Notes, page: Page, server: PracticeServer) -> None:
    for number in range(3):
        notes.run(f"cell {number}", f"%%glm --bg --once -b r{number}\nabout {number}", slow(f"answer {number}"))
    assert len(page.session.jobs.running) == 3
    assert notes.run("last", "%glm wait").success
    texts = {page.names[f"r{number}"].text for number in range(3)}
    assert texts == {"answer 0", "answer 1", "answer 2"}


def test_it_can_be_awaited_in_a_cell(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg -b r\nhello", slow("hi there"))
    assert notes.run("b", "text = (await r).text").success
    assert page.names["text"] == "hi there"


def test_it_can_be_awaited_in_a_loop_of_ones_own(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg -b r\nhello", slow("hi there"))

    async def read() -> str:
        return (await page.names["r"]).text

    assert asyncio.run(read()) == "hi there"


def test_its_tools_run_while_a_cell_computes(notes: Notes, page: Page) -> None:
    page.run("import threading\nasked = threading.Event()\ndef depth() -> int:\n    asked.set()\n    return 11")
    call = Answer("", tool_calls=(tool_call("depth", {}, id="1"),))
    notes.run("a", "%%glm --bg --tool depth -b r\nhow deep?", call, "11 km")
    assert notes.run("b", "assert asked.wait(5)\nimport time\nwhile r.ended is None: time.sleep(0.01)").success
    assert page.names["r"].text == "11 km"


def test_a_type_is_mended_in_the_background_too(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg --as int -o number\nhow many?", "many", "42")
    notes.run("b", "%glm wait")
    assert page.names["number"] == 42


# Failures


def test_a_failure_stands_in_its_place_and_fails_who_waits(notes: Notes, page: Page) -> None:
    ran = notes.run("a", "%%glm --bg -b r\nhello", Fault(400, "1210"))
    assert ran.success
    until(lambda: is_done(page))
    notes.run("b", "1 + 1")
    assert "The service does not take a parameter" in notes.plain[0] or "1210" in notes.plain[0]
    assert "Check the options of the cell" in notes.plain[0], "what to do in a cell"
    assert "text/html" in notes.outputs[0]
    for code in ("%glm wait", "r.text", "await r"):
        failed = notes.run("c", code)
        if code == "%glm wait":
            assert isinstance(failed.error, GLMError)
        else:
            assert failed.error is not None
    assert notes.notebook.turns() == []


def test_what_had_come_of_a_broken_reply_stays_with_the_reason_below(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg\nhello", Raw((sse(chunk("The beginning")), CUT)))
    until(lambda: is_done(page))
    notes.run("b", "1 + 1")
    assert notes.plain[0] == "The beginning"
    assert "broke off" in notes.plain[1] or "lost" in notes.plain[1]
    assert notes.plain[1].count("Interrupted") <= 1


def test_an_answer_of_the_wrong_type_is_told_below_it(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg --as int -o number -b r\nhow many?", "many", "very many")
    until(lambda: is_done(page))
    notes.run("b", "1 + 1")
    assert "number" not in page.names
    assert "very many" in notes.plain[0]
    assert "int" in notes.plain[1]
    assert isinstance(notes.run("c", "%glm wait").error, GLMError)


def test_a_turn_after_one_that_failed_is_not_asked_without_it_until_that_was_told(
    notes: Notes, page: Page, server: PracticeServer
) -> None:
    notes.run("a", "%%glm --bg\nfirst", Fault(400, "1210"))
    until(lambda: is_done(page))
    failed = notes.run("b", "%%glm\nsecond")
    assert isinstance(failed.error, InvalidRequest)
    assert "job 1, first" in str(failed.error) and "Nothing was sent" in str(failed.error)
    assert len(server.requests) == 1
    assert notes.run("b", "%%glm\nsecond", "two").success


def test_the_cell_that_failed_can_be_run_again_at_once(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg\nfirst", Fault(400, "1210"))
    until(lambda: is_done(page))
    assert notes.run("a", "%%glm --bg\nfirst", "one").success
    assert notes.run("b", "%glm wait").success
    assert notes.notebook.turns() == [("first", "one")]


def test_what_cannot_be_sent_fails_the_cell_itself(notes: Notes, page: Page) -> None:
    assert isinstance(notes.run("a", "%%glm --bg\n{{ missing }}").error, GLMError)
    assert page.session.jobs.all == []


def test_a_quiet_one_tells_its_failure_with_what_is_shown_next(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg -q\nhello", Raw((sse(chunk("The beginning")), CUT)))
    until(lambda: is_done(page))
    notes.run("b", "1 + 1")
    assert notes.plain == ["The beginning"]
    assert "Markdown" not in notes.run("c", "%glm jobs").plain()
    assert any("broke off" in text or "lost" in text for text in notes.plain)


# What it cannot be combined with


def test_a_tool_that_asks_the_user_is_refused_before_anything_is_sent(
    notes: Notes, page: Page, server: PracticeServer
) -> None:
    page.run("def send() -> None:\n    pass")
    for line in ("%%glm --bg --tool confirm(send)",):
        failed = notes.run("a", f"{line}\ngo")
        assert isinstance(failed.error, InvalidRequest) and "send asks you" in str(failed.error)
    page.run("%glm tools add confirm(send)")
    assert isinstance(notes.run("a", "%%glm --bg\ngo").error, InvalidRequest)
    assert isinstance(notes.run("a", "%%glm --bg --tool send\ngo").error, InvalidRequest)
    assert server.requests == []


def test_a_cell_that_has_ended_inserts_no_other(notes: Notes, server: PracticeServer) -> None:
    failed = notes.run("a", "%%glm --bg -i\ngo")
    assert isinstance(failed.error, UsageError) and "--bg and -i" in str(failed.error)
    assert server.requests == []


def test_a_preview_is_shown_as_ever(notes: Notes, page: Page, server: PracticeServer) -> None:
    assert notes.run("a", "%%glm --bg --preview\nhello").success
    assert server.requests == [] and page.session.jobs.all == []


# Stopping, waiting


def test_stop_keeps_what_had_come(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg\nhello", begun_and_stalled())
    until(has_words(page))
    answer = notes.run("b", "%glm stop")
    assert "Stopped: 1 job (1)." in answer.plain(-1)
    assert notes.plain[0] == "The beginning"
    assert "Interrupted." in notes.plain[1]
    assert notes.notebook.turns() == [("hello", "The beginning")]
    assert "Nothing is running" in notes.run("c", "%glm stop").plain()


def test_a_table_that_ends_takes_no_name_from_a_later_cell(notes: Notes, page: Page, server: PracticeServer) -> None:
    page.names["many"] = ["a", "b"]
    server.load.latency = 0.2
    notes.run("a", "%%glm --each many --bg -o found -b mapped\n{{ text }}")
    assert page.names["mapped"].done is False
    notes.run("b", "mapped = 'another'")
    notes.run("c", "%glm wait")
    assert page.names["mapped"] == "another"
    assert len(page.names["found"]) == 2


def test_a_table_that_cannot_be_asked_fails_its_cell_and_is_no_job(
    notes: Notes, page: Page, server: PracticeServer
) -> None:
    page.names["many"] = ["a"]
    cell = notes.run("a", "%%glm --each many --bg\n{{ nothing }}")
    assert isinstance(cell.error, InvalidRequest) and page.session.jobs.all == []
    assert server.requests == []


def test_a_table_that_fails_says_so_in_the_list_and_in_the_next_cell(
    notes: Notes, page: Page, server: PracticeServer
) -> None:
    page.names["many"] = ["a", "b"]
    notes.run("a", "%%glm --each many --bg\n{{ text }}", *[Fault.of("1113")] * 2)
    until(lambda: is_done(page))
    told = notes.run("b", "%glm jobs")
    assert "failed" in told.plain(len(told.outputs) - 1)
    assert any("1113" in text for text in notes.plain)


def test_a_table_whose_cell_is_run_again_to_do_otherwise_is_not_shown(
    notes: Notes, page: Page, server: PracticeServer
) -> None:
    page.names["many"] = [f"row {number}" for number in range(20)]
    server.load.latency = 0.1
    notes.run("a", "%%glm --each many --bg --in-flight 1 -o found\n{{ text }}")
    notes.run("a", "1 + 1")
    notes.run("b", "%glm wait")
    assert "found" not in page.names
    assert len(server.requests) < 20


def test_a_table_that_was_stopped_says_so_and_what_is_left(notes: Notes, page: Page, server: PracticeServer) -> None:
    page.names["many"] = [f"row {number}" for number in range(60)]
    server.load.latency = 0.2
    notes.run("a", "%%glm --each many --bg --in-flight 2 -o found -b mapped\n{{ text }}")
    notes.run("b", "%glm stop")
    notes.run("c", "1")
    assert "rows without an answer.\nRun the cell again: it asks only those." in notes.plain[0]
    assert repr(page.names["mapped"]).endswith("stopped>")


def test_stop_of_one_leaves_the_others(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg --once\none", begun_and_stalled())
    notes.run("b", "%%glm --bg --once\ntwo", begun_and_stalled())
    until(lambda: [job.work.state for job in page.session.jobs.all] == ["streaming", "streaming"])
    assert "Stopped: 1 job (2)." in notes.run("c", "%glm stop 2").plain(-1)
    assert [job.work.state for job in page.session.jobs.all] == ["streaming", "interrupted"]
    assert "has ended already" in notes.run("d", "%glm stop 2").plain(-1)
    notes.run("e", "%glm stop")


def test_stop_before_the_first_word(notes: Notes, server: PracticeServer) -> None:
    notes.run("a", "%%glm --bg\nhello", Raw((STALL,)))
    until(lambda: server.requests)
    notes.run("b", "%glm stop")
    assert notes.plain[0] == "Stopped before it began."
    assert notes.notebook.turns() == []
    assert notes.run("c", "%%glm\nagain", "fine").success


def test_an_interrupt_of_another_cell_stops_no_job(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg\nhello", begun_and_stalled())
    until(has_words(page))
    interrupted = notes.run("b", "raise KeyboardInterrupt")
    assert not interrupted.success
    assert page.session.jobs.running
    notes.run("c", "%glm stop")


def test_of_those_that_have_ended_the_newest_are_listed(
    notes: Notes, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhipu_magic.notebook.jobs._MOST_ENDED", 2)
    for number in range(5):
        notes.run(f"cell {number}", f"%%glm --bg\nquestion {number}", "an answer")
        notes.run(f"waits {number}", "%glm wait")
    listed = notes.run("list", "%glm jobs").plain()
    assert "question 4" in listed and "question 0" not in listed and listed.count("question ") <= 3


def test_jobs_are_listed_with_their_states(notes: Notes, page: Page) -> None:
    assert "--bg" in notes.notebook.command("jobs")
    assert "--bg" in notes.notebook.command("wait")
    notes.run("a", "%%glm --bg\nabout | the sea", Answer("deep", prompt_tokens=5, completion_tokens=7))
    notes.run("b", "%glm wait 1")
    rows = notes.notebook.command("jobs").splitlines()
    assert [cell.strip() for cell in rows[2].strip("|").rsplit("|", 3)][1:] == [
        "complete",
        rows[2].split("|")[-3].strip(),
        "12",
    ]
    assert "about \\| the sea" in rows[2]


@pytest.mark.parametrize("line", ["stop 3", "wait 3", "stop x", "wait 0", "jobs 1"])
def test_a_wrong_number_is_a_mistake(notes: Notes, line: str) -> None:
    assert isinstance(notes.run("a", f"%glm {line}").error, UsageError)


def test_a_hostile_prompt_and_reply_stay_harmless(notes: Notes, page: Page) -> None:
    attack = "<img src=x onerror=alert(1)>\x1b[31m"
    notes.run("a", f"%%glm --bg\n{attack}", attack)
    notes.run("b", "%glm wait")
    listed = notes.run("c", "%glm jobs")
    for output in [*notes.outputs, listed.outputs[-1]["data"]]:
        for kind, text in output.items():
            assert "\x1b" not in text
            assert kind == "text/plain" or "<img" not in text


# Cells that are run again, deleted, or reset


def test_a_cell_run_again_stops_and_replaces_its_job(notes: Notes, page: Page, server: PracticeServer) -> None:
    notes.run("a", "%%glm --bg -o answer\nhello", begun_and_stalled())
    until(has_words(page))
    notes.run("a", "%%glm --bg -o answer\nhello again", "fine")
    notes.run("b", "%glm wait")
    assert notes.notebook.turns() == [("hello again", "fine")]
    assert page.names["answer"] == "fine"
    assert [job.work.state for job in page.session.jobs.all] == ["interrupted", "complete"]


def test_a_cell_run_again_to_append_stops_nothing(notes: Notes, page: Page) -> None:
    page.run("%config GLMMagics.rerun = 'append'")
    notes.run("a", "%%glm --bg\nhello", slow("hi"))
    notes.run("a", "%%glm --bg\nhello", "hi again")
    notes.run("b", "%glm wait")
    assert notes.notebook.replies() == ["hi", "hi again"]


def test_a_cell_run_again_without_asking_leaves_no_turn(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg\nhello", begun_and_stalled())
    until(has_words(page))
    notes.run("a", "1 + 1")
    assert not page.session.jobs.running
    assert notes.notebook.turns() == []


def test_a_deleted_cell_goes_on_and_leaves_no_turn(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg -b r\nhello", slow("hi"))
    assert notes.run("b", "1 + 1", deleted=["a"]).success
    assert page.session.jobs.running, "a cell that was moved is told as deleted too"
    notes.run("c", "%glm wait")
    assert page.names["r"].text == "hi"
    assert notes.notebook.turns() == []


def test_to_delete_another_cell_waits_for_no_job(notes: Notes, page: Page) -> None:
    notes.run("x", "%%glm\nfirst", "one")
    notes.run("y", "%%glm -t other\nelsewhere", "there")
    notes.run("a", "%%glm --bg\nhello", begun_and_stalled())
    until(has_words(page))
    assert notes.run("b", "1 + 1", deleted=["x", "y"]).success
    assert page.session.jobs.running
    assert notes.notebook.replies("other") == [], "no job has the turn there"
    notes.run("c", "%glm stop")
    assert notes.notebook.turns() == [("hello", "The beginning")]
    notes.run("d", "%%glm\nand now?", "well")
    assert "first" not in notes.notebook.sent()


def test_a_reset_stops_the_job_of_the_thread_and_no_other(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg\nhello", begun_and_stalled())
    notes.run("b", "%%glm --bg -t other\nhello", begun_and_stalled())
    until(lambda: [job.work.state for job in page.session.jobs.all] == ["streaming", "streaming"])
    assert notes.run("c", "%glm reset").success
    assert [job.work.state for job in page.session.jobs.all] == ["interrupted", "streaming"]
    assert notes.notebook.turns() == []
    notes.run("d", "%glm stop")


def test_unloading_stops_all(notes: Notes, page: Page) -> None:
    notes.run("a", "%%glm --bg -b r\nhello", begun_and_stalled())
    until(has_words(page))
    assert notes.run("b", "%unload_ext zhipu_magic\n%load_ext zhipu_magic").success
    assert page.names["r"].state == "interrupted"
    assert notes.plain[0] == "The beginning"


# Front ends that show no updates


def test_a_console_shows_it_below_when_a_cell_runs(page: Page, server: PracticeServer) -> None:
    server.enqueue(slow("The sea is deep."))
    first = page.run("%%glm --bg -b r\nabout the sea", None)
    assert "Asked in the background: job 1." in first.plain()
    until(lambda: is_done(page))
    then = page.run("1 + 1", None)
    assert [output["data"]["text/plain"] for output in then.outputs][:2] == [
        "Job 1, about the sea:",
        "The sea is deep.",
    ]
    assert not any(message["update"] for message in then.messages)


def test_a_console_shows_a_failure_below(page: Page, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1210"))
    first = page.run("%%glm --bg\nhello", None)
    until(lambda: is_done(page))
    then = page.run("1 + 1", None)
    shown = [output["data"]["text/plain"] for output in (*first.outputs, *then.outputs)]
    if "Asked" in shown[0]:  # else it has failed before its cell had ended, and is shown in that
        assert shown[1] == "Job 1, hello:"
    assert "1210" in shown[-1]


# Replays


def test_a_replay_leaves_the_same_page(notes: Notes, page: Page, server: PracticeServer) -> None:
    cells = {
        "a": "%%glm --bg -b r\nabout the sea",
        "b": "%%glm -t other\nabout the sky",
        "c": "%%glm --bg --once -q\nabout the land",
        "d": "%glm wait",
        "e": "%%glm\nand the sea?",
    }
    answers = {"a": slow("deep", 0.8), "b": "high", "c": slow("wide"), "e": "deep still"}
    for name, code in cells.items():
        notes.run(name, code, *filter(None, [answers.get(name)]))
    live = notes.outputs
    page.run("%unload_ext zhipu_magic\n%load_ext zhipu_magic")
    page.run("%config GLMMagics.replay = 'only'")
    asked = len(server.requests)
    again = Notes(notes.notebook)
    for name, code in cells.items():
        ran = again.run(f"{name} again", code)
        assert ran.success
        assert not any(message["update"] for message in ran.messages), "nbval sees what is shown first"
    assert len(server.requests) == asked
    replies = [output["text/markdown"] for output in live if "text/markdown" in output]
    assert [output["text/markdown"] for output in again.outputs if "text/markdown" in output] == replies
    assert again.outputs[:2] == live[:2]
    assert page.names["r"].replayed
