"""Runs of the model's Python whose cell does not come to its end: nothing that they have shown or changed is lost."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from english import chinese_in
from in_process import Cell, Page

from zhipu_magic.practice import Answer, Fault, PracticeServer, tool_call
from zhipu_magic.text.errors import GLMError, Interrupted, OverBudget, ReplyBroken

TIMES = r"first token \d+\.\d\d s|\d+\.\d s|\d+ tok/s"
PICTURE = "import PIL.Image\nfrom IPython.display import display\n"
SHOWS = f"""\
print('so far')
begun = 1
{PICTURE}get_ipython().display_pub.publish({{'text/html': '<table><tr><td>a</table>', 'text/plain': 'a'}})
"""
STOPPED = f"{SHOWS}raise KeyboardInterrupt\nover = 1"


def runs(*codes: str, words: str = "") -> Answer:
    return Answer(words, tool_calls=[tool_call("python", {"code": code}, id=f"c{n}") for n, code in enumerate(codes)])


def shown(cell: Cell) -> Any:
    """What stands on the page in the end, but for the panel's times."""
    return json.loads(re.sub(TIMES, "…", json.dumps([output["data"] for output in cell.outputs])))


def text(cell: Cell) -> str:
    return "\n".join(str(output["data"].get("text/markdown", "")) for output in cell.outputs)


@pytest.fixture
def kept(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page with a journal."""
    monkeypatch.chdir(tmp_path)
    page.run("%config GLMMagics.journal = 'page.jsonl'")
    return page


def replayed(*cells: tuple[str, str]) -> list[Cell]:
    """These cells, each with its id, in a kernel of its own that has the journal alone."""
    again = Page()
    again.run("%load_ext zhipu_magic\n%config GLMMagics.journal = 'page.jsonl'\n%config GLMMagics.replay = 'only'")
    try:
        return [again.run(source, name) for source, name in cells]
    finally:
        again.run("%unload_ext zhipu_magic")


ASKS = "%%glm --tool python!\ngo"


@pytest.mark.parametrize("words", ["", "Patience."])
def test_what_a_stopped_run_has_shown_and_bound_stays(kept: Page, server: PracticeServer, words: str) -> None:
    server.enqueue(runs(STOPPED, "never = 1", words=words))
    live = kept.run(ASKS, "a")
    assert isinstance(live.error, Interrupted) and "What had arrived is kept" in str(live.error)
    assert "so far" in text(live) and "The user stopped it here." in text(live)
    assert any("<td>a</td>" in str(output["data"].get("text/html")) for output in live.outputs)
    assert kept.names["begun"] == 1 and not {"over", "never"} & kept.names.keys()

    server.enqueue(Answer("I see."))
    after = kept.run("%%glm\nWhat happened?", "b")
    assert after.success
    *_, asked, given, missing, question = server.requests[-1].body["messages"]
    assert (asked["role"], asked["content"]) == ("assistant", words)
    assert "so far" in given["content"] and "The user stopped it here." in given["content"]
    assert "no result" in missing["content"] and question["role"] == "user"

    undone = kept.run("%glm undo 2", "c")
    assert "Its code set `begun`" in undone.plain()

    sent = len(server.requests)
    again, then, back = replayed((ASKS, "a"), ("%%glm\nWhat happened?", "b"), ("%glm undo 2", "c"))
    assert shown(again) == shown(live)
    assert str(again.error) == str(live.error) and type(again.error) is Interrupted
    assert shown(then) == shown(after) and shown(back) == shown(undone)
    assert len(server.requests) == sent


@pytest.mark.parametrize("in_thread", [False, True], ids=["the main thread", "another thread"])
@pytest.mark.parametrize("seconds", [0.3, 0])
def test_its_time_is_up_after_so_many_seconds(
    page: Page, server: PracticeServer, seconds: float, in_thread: bool
) -> None:
    page.run(f"%config GLMMagics.python_seconds = {seconds}")
    server.enqueue(
        runs("import time\nwhile time.sleep(0.01) or time.monotonic() < until: pass\nprint('over')"), Answer("I see.")
    )
    page.names["until"] = time.monotonic() + (20 if seconds else 0.5)
    ended: list[Cell] = []
    asking = threading.Thread(target=lambda: ended.append(page.run(ASKS)))  # a shell may live in any
    if in_thread:
        asking.start()
        asking.join()
    else:
        asking.run()
    assert ended[0].success, ended[0].error
    (result,) = (one["content"] for one in server.requests[-1].body["messages"] if one["role"] == "tool")
    assert ("Stopped after 0.3 s, the time limit." in result) == bool(seconds)
    assert ("over" in result) != bool(seconds)
    assert page.run("1 + 1").success


def test_it_is_asked_anew_where_something_may_go_out(kept: Page, server: PracticeServer) -> None:
    server.enqueue(runs(STOPPED))
    assert not kept.run(ASKS, "a").success
    kept.run("%config GLMMagics.replay = 'auto'")
    server.enqueue(runs("print('again')"), Answer("Done."))
    whole = kept.run(ASKS, "a")
    assert whole.success and "again" in text(whole)
    (again,) = replayed((ASKS, "a"))
    assert shown(again) == shown(whole), "the whole answer goes before the stopped one"


def test_what_was_stopped_just_now_is_given_again_where_nothing_may_go_out(kept: Page, server: PracticeServer) -> None:
    kept.run("%config GLMMagics.replay = 'auto'")
    server.enqueue(runs(STOPPED))
    live = kept.run(ASKS, "a")
    kept.run("%config GLMMagics.replay = 'only'")
    assert shown(kept.run(ASKS, "a"))[:-1] == shown(live)[:-1], "all but the panel"
    assert len(server.requests) == 1


def test_a_prompt_that_needs_what_did_not_run_in_a_replay_says_why(kept: Page, server: PracticeServer) -> None:
    server.enqueue(runs("total = 1"), Answer("Done."))
    assert kept.run(ASKS, "a").success
    _, missing = replayed((ASKS, "a"), ("%%glm\nWhat of {{ total }}?", "b"))
    assert isinstance(missing.error, GLMError)
    assert "a replay does not run it" in text(missing)


def test_the_model_goes_on_from_there(kept: Page, server: PracticeServer) -> None:
    server.enqueue(runs(STOPPED))
    live = kept.run(ASKS, "a")
    assert "%glm continue" in str([output["data"] for output in live.outputs])
    server.enqueue(Answer("It is done."))
    more = kept.run("%glm continue", "b")
    assert more.success and more.markdown() == "It is done."
    (turn,) = kept.magics.chat.thread().turns
    assert turn.reply == "It is done." and turn.changed.bound[0] == "begun"
    assert [message["role"] for message in turn.messages()] == ["user", "assistant", "tool", "assistant"]
    assert "Its code set `begun`" in kept.run("%glm undo 2").plain()


def test_an_earlier_run_of_the_same_round_stays(kept: Page, server: PracticeServer) -> None:
    server.enqueue(runs("print('first')\none = 1", "print('second')\ntwo = 2\nraise KeyboardInterrupt"))
    live = kept.run(ASKS, "a")
    assert text(live).index("first") < text(live).index("second")
    assert "Its code set `one`, `two`" in kept.run("%glm undo").plain()
    (again,) = replayed((ASKS, "a"))
    assert shown(again) == shown(live)


def test_another_tool_that_is_stopped_after_it(kept: Page, server: PracticeServer) -> None:
    kept.run('def stuck() -> str:\n    """Never ends."""\n    raise KeyboardInterrupt')
    calls = [tool_call("python", {"code": "one = 1"}, id="c0"), tool_call("stuck", {}, id="c1")]
    server.enqueue(Answer(tool_calls=calls))
    cell = "%%glm --tool python!,stuck\ngo"
    live = kept.run(cell, "a")
    assert isinstance(live.error, Interrupted) and "stuck()" in text(live)
    assert "`one`" in kept.run("%glm undo").plain()
    define = 'def stuck() -> str:\n    """Never ends."""\n    return ""'
    _, again = replayed((define, "0"), (cell, "a"))
    assert shown(again) == shown(live)


@pytest.mark.parametrize("words", ["", "I look. "])
def test_a_connection_that_is_lost_afterwards(kept: Page, server: PracticeServer, words: str) -> None:
    server.enqueue(runs(SHOWS, words=words), Fault(400, "1210"))
    live = kept.run(ASKS, "a")
    assert isinstance(live.error, GLMError) and "so far" in text(live)
    undone = kept.run("%glm undo", "b")
    assert "Its code set `begun`" in undone.plain()
    again, back = replayed((ASKS, "a"), ("%glm undo", "b"))
    assert shown(again) == shown(live) and shown(back) == shown(undone)
    assert isinstance(again.error, ReplyBroken) and live.error.message in str(again.error)


def test_a_journal_says_in_english_why_a_run_broke_off(kept: Page, server: PracticeServer, tmp_path: Path) -> None:
    kept.run("%glm language zh")
    server.enqueue(runs(SHOWS), Fault(400, "1210"))
    live = kept.run(ASKS, "a")
    assert chinese_in(str(live.error))
    line = (tmp_path / "page.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(line)["broken"] and not chinese_in(line.partition('"told"')[0])


def test_a_budget_that_has_no_room_for_the_next_round(kept: Page, server: PracticeServer) -> None:
    kept.run("%glm budget 1500 tokens")
    server.enqueue(runs(f"{SHOWS}print('word ' * 1500)"))
    live = kept.run("%%glm --tool python! --max-tokens 600\ngo", "a")
    assert isinstance(live.error, OverBudget) and "so far" in text(live)
    assert len(server.requests) == 1
    assert "Its code set `begun`" in kept.run("%glm undo", "b").plain()
    _, again = replayed(("%glm budget 1500 tokens", "0"), ("%%glm --tool python! --max-tokens 600\ngo", "a"))
    assert shown(again) == shown(live)


def test_more_rounds_than_a_turn_may_take(kept: Page, server: PracticeServer) -> None:
    kept.run("%config GLMMagics.tool_rounds = 1")
    server.enqueue(runs(SHOWS), runs("more = 1"))
    live = kept.run(ASKS, "a")
    assert isinstance(live.error, ReplyBroken) and "more" not in kept.names
    assert "Its code set `begun`" in kept.run("%glm undo").plain()
    (again,) = replayed((ASKS, "a"))
    assert shown(again) == shown(live)


def test_a_fault_around_the_code(kept: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*given: Any, **named: Any) -> Any:
        exec(SHOWS, kept.names)
        raise RuntimeError("the kernel's own")

    server.enqueue(runs("x = 1"), Answer("Well."))
    monkeypatch.setattr("zhipu_magic.notebook.python.run.OpenFigures.take", failing)
    live = kept.run(ASKS, "a")
    assert live.success and "so far" in text(live) and "RuntimeError" in text(live)
    monkeypatch.undo()
    assert "`x`, " in kept.run("%glm undo").plain()


def test_an_impatient_user_stops_the_reading_too(
    kept: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*given: Any, **named: Any) -> Any:
        raise KeyboardInterrupt

    server.enqueue(runs("begun = 1\nprint('so far')\n{'tea': 3}"))
    with monkeypatch.context() as patch:
        patch.setattr("zhipu_magic.notebook.python.run._read", stopped)
        live = kept.run(ASKS, "a")
    assert isinstance(live.error, Interrupted)
    assert "so far" in text(live) and "{'tea': 3}" in text(live)
    assert "`begun`" in kept.run("%glm undo").plain()
    kept.run("class Slow(Exception):\n    def __str__(self): raise KeyboardInterrupt\ndef slow(): raise Slow")
    server.enqueue(runs("later = 1\nprint('so far')\nslow()"))
    live = kept.run(ASKS, "b")
    assert isinstance(live.error, Interrupted) and "so far\nSlow" in text(live)
    assert "`later`" in kept.run("%glm undo").plain()


def test_a_figure_of_a_stopped_run_is_kept_once(kept: Page, server: PracticeServer, tmp_path: Path) -> None:
    server.enqueue(
        runs(
            "import PIL.Image\nget_ipython().display_pub.publish(get_ipython().display_formatter.format("
            "PIL.Image.new('RGB', (40, 30), '#1188cc'))[0])\nraise KeyboardInterrupt"
        )
    )
    live = kept.run(ASKS, "a")
    assert any("image/png" in output["data"] for output in live.outputs)
    (file,) = (tmp_path / "images").iterdir()
    (again,) = replayed((ASKS, "a"))
    assert shown(again) == shown(live)
    kept.run("%glm journal other.jsonl")
    assert file.exists()


def test_a_line_whose_calls_make_no_sense_is_left_out(kept: Page, server: PracticeServer, tmp_path: Path) -> None:
    server.enqueue(runs(STOPPED))
    kept.run(ASKS, "a")
    journal = tmp_path / "page.jsonl"
    *head, line = journal.read_text(encoding="utf-8").splitlines()
    event = json.loads(line)
    assert event["event"] == "partial" and "broken" not in event and "rounds" not in event
    (call,) = event["calls"]
    assert call["ran"]["bound"][0] == "begun"
    for calls in ([], [{**call, "id": "other"}], [{**call, "ran": 1}], {}, [call] * 40, [{**call, "text": None}]):
        journal.write_text("\n".join([*head, json.dumps({**event, "calls": calls})]) + "\n", encoding="utf-8")
        (again,) = replayed((ASKS, "a"))
        assert isinstance(again.error, GLMError) and "so far" not in text(again)


def test_its_turn_is_resumed_shown_and_exported(kept: Page, server: PracticeServer, tmp_path: Path) -> None:
    server.enqueue(runs(STOPPED, words="Patience."))
    kept.run(ASKS, "a")
    (before,) = kept.magics.chat.thread().turns
    kept.run("%unload_ext zhipu_magic")
    kept.run("%load_ext zhipu_magic\n%config GLMMagics.journal = 'page.jsonl'")
    assert kept.run("%glm resume").success
    (turn,) = kept.magics.chat.thread().turns
    assert turn == before and turn.reply == "" and turn.interrupted
    assert "begun" not in kept.run("%glm undo").plain(), "it was another kernel that it ran in"
    kept.run("%glm redo")
    page = kept.run("%glm show").markdown()
    assert page.index("Patience.") < page.index("print('so far')") < page.index("The user stopped it here.")
    assert "The user stopped it here." in kept.run("%glm history --full").plain()
    for name in ("page.md", "page.ipynb", "page.json", "page.py"):
        assert kept.run(f"%glm export {tmp_path / name}").success
    assert "The user stopped it here." in (tmp_path / "page.md").read_text(encoding="utf-8")
    messages = json.loads((tmp_path / "page.json").read_text(encoding="utf-8"))
    assert [one["role"] for one in messages] == ["user", "assistant", "tool"]
