"""`%glm resume`: after a restart the page goes on as if nothing had happened."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from in_process import Notebook, Page
from restarted import Kernels

from zhipu_magic.practice import CUT, Answer, Raw, chunk, sse
from zhipu_magic.text.errors import GLMError, JournalError

HALF = Raw((sse(chunk("half a reply")), 0.05, CUT))


def three(kernels: Kernels) -> Notebook:
    """A conversation of the cells a, b and c."""
    notebook = Notebook(kernels.start(), kernels.server)
    for cell in "abc":
        assert notebook.ask(cell, f"{cell} one").success
    return notebook


def restarted(kernels: Kernels) -> Notebook:
    """The page in a new kernel, resumed."""
    notebook = Notebook(kernels.start(), kernels.server)
    assert notebook.page.run("%glm resume").success
    return notebook


def loaded(kernels: Kernels, capsys: pytest.CaptureFixture[str], replay: str = "off") -> str:
    """What a new kernel's `%load_ext` says."""
    kernels.start_bare(replay)
    capsys.readouterr()
    assert kernels.start_bare(replay).run("%load_ext zhipu_magic").success
    return capsys.readouterr().out


# Going on


def test_the_next_turn_goes_on_from_what_was_there(kernels: Kernels) -> None:
    three(kernels)
    notebook = restarted(kernels)
    notebook.ask("d", "d one")
    assert notebook.sent() == ["about a", "a one", "about b", "b one", "about c", "c one", "about d"]
    assert notebook.replies() == ["a one", "b one", "c one", "d one"]


def test_resume_says_what_it_brought_back_and_asks_nothing(kernels: Kernels) -> None:
    three(kernels)
    asked = kernels.asked
    told = Notebook(kernels.start(), kernels.server).command("resume")
    assert told == "Resumed: 3 turns in main. The last prompt: “about c”."
    assert kernels.asked == asked


def test_the_history_tells_cell_numbers_of_an_earlier_kernel_apart(kernels: Kernels) -> None:
    notebook = three(kernels)
    notebook.page.shell.run_cell("%%glm\nlast", store_history=True, cell_id="last")
    notebook.page.taken()
    now, earlier = re.compile(r"(?<!was )\[\d+\]"), re.compile(r"was \[\d+\]")
    for command in ("history", "history --full"):
        assert now.search(notebook.command(command)) and not earlier.search(notebook.command(command))
    resumed_page = Notebook(kernels.start(), kernels.server)
    resumed_page.command("resume")
    for command in ("history", "history --full"):
        assert earlier.search(resumed_page.command(command)) and not now.search(resumed_page.command(command))
    resumed_page.page.shell.run_cell("%%glm\nnew", store_history=True, cell_id="new")
    resumed_page.page.taken()
    assert len(now.findall(resumed_page.command("history"))) == 1


def test_without_resume_a_new_kernel_begins_anew(kernels: Kernels) -> None:
    three(kernels)
    notebook = Notebook(kernels.start(), kernels.server)
    notebook.ask("d", "d one")
    assert notebook.sent() == ["about d"]


def test_a_cell_run_again_after_a_resume_replaces_its_turn_in_place(kernels: Kernels) -> None:
    three(kernels)
    notebook = restarted(kernels)
    notebook.ask("b", "b two")
    assert notebook.sent() == ["about a", "a one", "about b"]
    assert notebook.replies() == ["a one", "b two", "c one"]
    assert "stale" in notebook.marks()["c one"]
    notebook.ask("c", "c two")
    assert notebook.replies() == ["a one", "b two", "c two"]
    assert "stale" not in notebook.command("history")


def test_a_cell_deleted_after_a_resume_is_set_aside_and_comes_back(kernels: Kernels) -> None:
    three(kernels)
    notebook = restarted(kernels)
    cell = notebook.ask("d", "d one", deleted=["b"])
    assert notebook.sent() == ["about a", "a one", "about c", "c one", "about d"]
    assert "1 turn was set aside" in cell.plain(1)
    notebook = restarted(kernels)
    assert notebook.replies() == ["a one", "c one", "d one"]
    notebook.command("restore")
    assert notebook.replies() == ["a one", "b one", "c one", "d one"]


def test_undo_and_redo_go_on_too(kernels: Kernels) -> None:
    notebook = three(kernels)
    notebook.ask("b", "b two")
    notebook.command("undo")
    notebook = restarted(kernels)
    assert notebook.replies() == ["a one", "b one", "c one"]
    notebook.command("redo")
    assert notebook.replies() == ["a one", "b two", "c one"]
    notebook.command("undo 2")
    assert notebook.replies() == ["a one", "b one"]


def test_a_reset_is_resumed_and_can_be_undone(kernels: Kernels) -> None:
    three(kernels).command("reset")
    notebook = restarted(kernels)
    assert notebook.replies() == []
    notebook.command("undo")
    assert notebook.replies() == ["a one", "b one", "c one"]


def test_threads_come_back_each_with_its_own_system_text_and_model(kernels: Kernels) -> None:
    notebook = three(kernels)
    notebook.command("fork idea --at 1")
    notebook.ask("d", "d one", line='%%glm -s "Be wild."')
    notebook.command("model glm-4-plus")
    notebook = restarted(kernels)
    assert notebook.page.run("%glm threads").plain().count("| about ") == 2
    assert notebook.replies() == ["a one", "d one"]
    magics = notebook.page.magics
    assert (magics.system, magics.model) == ("Be wild.", "glm-4-plus")
    notebook.command("thread main")
    assert notebook.replies() == ["a one", "b one", "c one"]
    assert (magics.system, magics.model) == ("", "glm-4.7-flash")


def test_settings_ledger_and_budget_come_back(kernels: Kernels) -> None:
    notebook = three(kernels)
    notebook.page.run("%config GLMMagics.temperature = 0.3")
    notebook.page.run("%config GLMMagics.system = 'Be brief.'")
    notebook.command("budget 500k tokens")
    notebook.ask("d", Answer("d one", prompt_tokens=1_000, completion_tokens=10))
    usage, entries = notebook.command("usage"), notebook.page.magics.chat.ledger.entries
    notebook = restarted(kernels)
    magics = notebook.page.magics
    assert (magics.temperature, magics.system) == (0.3, "Be brief.")
    assert magics.chat.ledger.entries == entries
    assert notebook.command("usage") == usage
    assert "budget left" in usage
    notebook.ask("e", "e one")
    assert kernels.server.requests[-1].body["temperature"] == 0.3
    assert kernels.server.requests[-1].body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert "5 requests" in notebook.command("usage")


def test_an_interrupted_reply_can_be_continued_after_a_restart(kernels: Kernels) -> None:
    notebook = three(kernels)
    assert not notebook.ask("d", HALF).success
    notebook = restarted(kernels)
    assert notebook.run("d", "%glm continue", " and the rest").success
    assert notebook.replies()[-1] == "half a reply and the rest"


def test_the_history_is_the_same_after_a_restart(kernels: Kernels) -> None:
    notebook = three(kernels)
    notebook.ask("a", "a two")
    history = notebook.command("history"), notebook.command("history --full")
    again = restarted(kernels)
    assert (again.command("history"), again.command("history --full")) == history


def test_it_can_be_resumed_over_and_over(kernels: Kernels) -> None:
    three(kernels)
    for number in range(3):
        notebook = restarted(kernels)
        notebook.ask("d", f"d {number}")
    assert restarted(kernels).replies() == ["a one", "b one", "c one", "d 2"]


def test_what_was_asked_before_the_resume_stands_after_what_came_back(kernels: Kernels) -> None:
    three(kernels)
    notebook = Notebook(kernels.start(), kernels.server)
    notebook.ask("d", "d one")
    told = notebook.command("resume")
    assert told.startswith("Resumed: 4 turns in main.")
    assert notebook.replies() == ["a one", "b one", "c one", "d one"]
    assert "stale" in notebook.marks()["d one"]


def test_the_bound_names_are_left_as_they_are(kernels: Kernels) -> None:
    three(kernels)
    assert "_glm" not in restarted(kernels).page.names


# From another file


def test_a_path_may_hold_spaces_and_is_the_journal_from_then_on(kernels: Kernels, tmp_path: Path) -> None:
    three(kernels)
    kernels.end()
    other = tmp_path / "my copy.jsonl"
    other.write_bytes(kernels.journal.read_bytes())
    before = kernels.journal.read_bytes()
    notebook = Notebook(kernels.start(), kernels.server)
    assert notebook.page.run(f"%glm resume '{other}'").success
    assert notebook.page.magics.journal == str(other)
    notebook.ask("d", "d one")
    assert "d one" in other.read_text(encoding="utf-8")
    assert kernels.journal.read_bytes() == before


# What cannot be


def failed(page: Page, line: str) -> str:
    cell = page.run(line)
    assert isinstance(cell.error, GLMError)
    assert cell.outputs == []
    return str(cell.error)


def test_with_no_journal_there_is_nothing_to_resume(kernels: Kernels, tmp_path: Path) -> None:
    page = kernels.start()
    assert "page.jsonl" in failed(page, "%glm resume")
    assert "gone.jsonl" in failed(page, f"%glm resume {tmp_path / 'gone.jsonl'}")
    page.run("%config GLMMagics.journal = 'off'")
    assert "%glm resume PATH" in failed(page, "%glm resume")
    assert page.run("%%glm\nfirst").success


def test_to_resume_twice_is_refused_and_changes_nothing(kernels: Kernels) -> None:
    three(kernels)
    notebook = restarted(kernels)
    assert "already been resumed" in failed(notebook.page, "%glm resume")
    assert len(notebook.turns()) == 3


def test_a_file_of_another_kind_is_refused_and_left_as_it_is(kernels: Kernels, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("my notes\n", encoding="utf-8")
    page = kernels.start()
    assert "notes.txt" in failed(page, f"%glm resume {other}")
    assert page.magics.journal == "auto"
    assert page.run("%%glm\nfirst").success
    assert other.read_text(encoding="utf-8") == "my notes\n"
    assert kernels.journal.exists()


# What %load_ext says


def test_load_ext_says_in_one_line_that_there_is_something_to_resume(
    kernels: Kernels, capsys: pytest.CaptureFixture[str]
) -> None:
    assert loaded(kernels, capsys) == ""
    three(kernels)
    said = loaded(kernels, capsys)
    assert said == "The journal page.jsonl has an earlier conversation: %glm resume continues it.\n"


def test_load_ext_says_nothing_where_no_turn_could_be_resumed(
    kernels: Kernels, capsys: pytest.CaptureFixture[str]
) -> None:
    page = kernels.start()
    page.run("%glm model glm-4-plus")
    page.run("%%glm --once\nby the way")
    assert kernels.journal.exists()
    assert loaded(kernels, capsys) == ""
    with pytest.raises(JournalError, match="nothing to resume"):
        kernels.start().magics.chat.history.resume()


def test_load_ext_says_nothing_in_a_replay_or_where_nobody_reads_it(
    kernels: Kernels, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    three(kernels)
    assert loaded(kernels, capsys, "auto") == ""
    assert loaded(kernels, capsys, "only") == ""
    assert loaded(kernels, capsys) != ""
    monkeypatch.delenv("JPY_SESSION_NAME")
    kernels.start().run("%%glm\nfirst")
    assert loaded(kernels, capsys) == ""


TYPES = """
import enum, datetime
from dataclasses import dataclass
from typing import Literal, NamedTuple, Optional
import pandas as pd
from pydantic import BaseModel, Field
class Colour(enum.Enum):
    RED = "red"
class Invoice(BaseModel):
    number: str
    total: float
    note: Optional[str] = None
    day: datetime.date = datetime.date(2026, 1, 2)
@dataclass
class Point:
    x: int
    y: int
class Pair(NamedTuple):
    a: str
    b: Colour
class Tree(BaseModel):
    name: str
    children: list["Tree"] = []
"""


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        ("list[Invoice]", '{"items": [{"number": "A|1", "total": 1.5}, {"total": 2.5, "number": "<b>", "note": "x"}]}'),
        ("list[Invoice]", '[{"number": "A", "total": 1.5}]'),
        ("Invoice", '{"number": "**A**", "total": 12.5}'),
        ("DataFrame[Invoice]", '{"items": [{"number": "A", "total": 1.5, "note": "n"}]}'),
        ("Point", '{"x": 1, "y": -2}'),
        ("Pair", '{"a": "one", "b": "red"}'),
        ("list[str]", '{"items": ["a", "b"]}'),
        ("dict[str, int]", '{"a": 1}'),
        ("int", '{"value": 7}'),
        ("bool", '{"value": true}'),
        ("str", '{"value": "*one*"}'),
        ('Literal["good", "bad"]', '"good"'),
        ("Tree", '{"name": "root", "children": [{"name": "leaf"}]}'),
        ("list[Invoice]", '{"items": []}'),
    ],
)
def test_a_typed_reply_is_shown_again_as_its_cell_showed_it_and_so_after_a_restart(
    kernels: Kernels, wanted: str, answer: str
) -> None:
    notebook = Notebook(kernels.start(), kernels.server)
    assert notebook.page.run(TYPES).success
    cell = notebook.run("a", f"%%glm --as '{wanted}'\nRead it.", answer)
    assert cell.success
    again = notebook.page.run("%glm show")
    after_restart = restarted(kernels).page.run("%glm show")
    for shown in (again, after_restart):
        assert (shown.markdown(), shown.plain()) == (cell.markdown(), answer)
