"""A journal follows its notebook: renamed, copied, moved, or another one under the same name."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Notebook
from PIL import Image as PIL
from test_replay import Kernels

from zhipu_magic.history.journal.glance import Asked, asked_in
from zhipu_magic.notebook.page.file import NotebookFile
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.text import regular_files
from zhipu_magic.text.errors import GLMError

OFFER = "The journal {} has an earlier conversation: %glm resume continues it.\n"
OTHERS = "The journal of {}.ipynb has this notebook's conversation: %glm resume {} continues it.\n"


class Desk(Kernels):
    """A folder with notebooks, whose kernels start and end."""

    def __init__(self, folder: Path, server: PracticeServer, patch: pytest.MonkeyPatch, capsys: Any) -> None:
        super().__init__(folder, server, patch)
        self.folder = folder
        self._environment, self._capsys = patch, capsys

    def save(self, name: str, cells: Sequence[str], *, ids: bool = True) -> Path:
        """Save a notebook whose cells have these names, and ask about them."""
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"%%glm\nabout {cell}") for cell in cells])
        for cell, made_cell in zip(cells, made.cells, strict=True):
            made_cell["id"] = cell
        if not ids:
            made.nbformat_minor = 4
            for made_cell in made.cells:
                del made_cell["id"]
        path = self.folder / f"{name}.ipynb"
        nbformat.write(made, path)
        return path

    def open(self, name: str, running: str | None = "the first") -> tuple[Notebook, str]:
        """The notebook in a new kernel; gives what `%load_ext` said, which the cell `running` holds."""
        self._environment.setenv("JPY_SESSION_NAME", str(self.folder / f"{name}.ipynb"))
        page = self.start_bare()
        self._capsys.readouterr()
        assert page.run("%load_ext zhipu_magic", running).success
        return Notebook(page, self.server), self._capsys.readouterr().out

    def talk(self, name: str, cells: Sequence[str]) -> Notebook:
        """A notebook that was saved and has had a conversation."""
        self.save(name, cells)
        notebook, _ = self.open(name)
        for cell in cells:
            assert notebook.ask(cell, f"{cell} one").success
        return notebook

    def journals(self) -> list[str]:
        return sorted(path.stem for path in (self.folder / ".glm").iterdir())

    def journal_of(self, name: str) -> Path:
        return self.folder / ".glm" / f"{name}.jsonl"


@pytest.fixture
def desk(
    tmp_path: Path, server: PracticeServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    (tmp_path / "work").mkdir()
    made = Desk(tmp_path / "work", server, monkeypatch, capsys)
    yield made
    made.end()


def rename(desk: Desk, old: str, new: str) -> None:
    os.rename(desk.folder / f"{old}.ipynb", desk.folder / f"{new}.ipynb")


CELLS = ("aaa", "bbb")
ABOUT = [("about aaa", "aaa one"), ("about bbb", "bbb one")]


# Whose conversation is offered


def test_the_notebooks_own_is_offered(desk: Desk) -> None:
    desk.talk("page", CELLS)
    assert desk.open("page")[1] == OFFER.format("page.jsonl")


def test_a_new_notebook_of_the_same_name_is_not_offered_a_strangers(desk: Desk) -> None:
    desk.talk("Untitled", CELLS)
    (desk.folder / "Untitled.ipynb").unlink()
    desk.save("Untitled", [])
    assert desk.open("Untitled")[1] == ""
    desk.save("Untitled", ["other"])
    notebook, said = desk.open("Untitled")
    assert said == ""
    assert "earlier conversation" not in notebook.ask("other", "fine").plain(1)


def test_a_renamed_notebook_finds_its_own_and_resumes_it_as_its_own(desk: Desk) -> None:
    desk.talk("Untitled", CELLS)
    rename(desk, "Untitled", "sales")
    notebook, said = desk.open("sales")
    assert said == OTHERS.format("Untitled", "Untitled")
    assert notebook.turns() == []
    old = desk.journal_of("Untitled").read_bytes()
    told = notebook.command("resume Untitled")
    assert "Resumed: 2 turns in main." in told
    assert "They were copied from Untitled.jsonl, which stays as it is." in told
    notebook.ask("aaa", "aaa two")
    assert notebook.replies() == ["aaa two", "bbb one"]
    assert desk.journal_of("Untitled").read_bytes() == old
    notebook, said = desk.open("sales")
    assert said == OFFER.format("sales.jsonl")
    notebook.command("resume")
    assert notebook.replies() == ["aaa two", "bbb one"]


def test_a_name_with_spaces_can_be_resumed_as_it_is_offered(desk: Desk) -> None:
    desk.talk("my first  try", CELLS)
    rename(desk, "my first  try", "sales")
    notebook, said = desk.open("sales")
    assert said == OTHERS.format("my first  try", "'my first  try'")
    notebook.command("resume 'my first  try'")
    assert notebook.turns() == ABOUT


def test_a_notebook_that_is_renamed_before_its_kernel_starts_again_is_known_by_the_running_cell(desk: Desk) -> None:
    desk.talk("Untitled", CELLS)
    rename(desk, "Untitled", "sales")
    notebook, said = desk.open("Untitled", running="bbb")  # the server tells the kernel its first name
    assert said == OTHERS.format("Untitled", "Untitled")
    notebook.command("resume Untitled")
    notebook.ask("aaa", "aaa two")
    assert desk.journals() == ["Untitled", "sales"]


def test_where_that_is_not_known_the_journal_of_the_first_name_is_offered(desk: Desk) -> None:
    desk.talk("Untitled", CELLS)
    rename(desk, "Untitled", "sales")
    assert desk.open("Untitled", running=None)[1] == OFFER.format("Untitled.jsonl")


def test_what_runs_notebooks_is_offered_no_other_notebooks(desk: Desk) -> None:
    desk.talk("page", CELLS)
    rename(desk, "page", "sales")
    assert desk.open("sales", running=None)[1] == ""


def test_a_copied_notebook_resumes_a_copy(desk: Desk) -> None:
    desk.talk("page", CELLS)
    shutil.copy(desk.folder / "page.ipynb", desk.folder / "page-Copy1.ipynb")
    old = desk.journal_of("page").read_bytes()
    notebook, said = desk.open("page-Copy1")
    assert said == OTHERS.format("page", "page")
    notebook.command("resume page.ipynb")
    notebook.ask("bbb", "bbb copied")
    assert notebook.replies() == ["aaa one", "bbb copied"]
    assert desk.journal_of("page").read_bytes() == old
    assert "bbb copied" in desk.journal_of("page-Copy1").read_text()
    assert "aaa one" in desk.journal_of("page-Copy1").read_text()


def test_a_copy_takes_what_was_asked_before_the_resume_and_pictures(desk: Desk) -> None:
    desk.save("page", CELLS)
    notebook, _ = desk.open("page")
    notebook.page.names["picture"] = PIL.new("RGB", (8, 6), "red")
    assert notebook.run("aaa", "%%glm -m glm-5.3-flash --image picture\nabout aaa", "aaa one").success
    (desk.folder / "elsewhere").mkdir()
    shutil.copy(desk.folder / "page.ipynb", desk.folder / "elsewhere" / "copy.ipynb")
    notebook, _ = desk.open("elsewhere/copy")
    notebook.ask("bbb", "bbb one")
    notebook.command(f"resume {desk.folder / 'page.ipynb'}")
    assert notebook.replies() == ["aaa one", "bbb one"]
    shutil.rmtree(desk.folder / ".glm")
    notebook, _ = desk.open("elsewhere/copy")
    notebook.command("resume")
    assert notebook.replies() == ["aaa one", "bbb one"]
    assert notebook.page.magics.chat.thread().messages[0]["content"][0]["image_url"]


def test_a_notebook_moved_elsewhere_takes_its_conversation_by_path(desk: Desk) -> None:
    desk.talk("page", CELLS)
    (desk.folder / "archive").mkdir()
    rename(desk, "page", "archive/page")
    notebook, said = desk.open("archive/page")
    assert said == ""
    notebook.command(f"resume {desk.folder / 'page.ipynb'}")
    assert notebook.turns() == ABOUT
    notebook.ask("ccc", "ccc one")
    assert "ccc one" not in desk.journal_of("page").read_text()
    assert "ccc one" in (desk.folder / "archive" / ".glm" / "page.jsonl").read_text()


def test_what_the_file_does_not_show_is_offered_when_a_cell_runs_that_has_asked(desk: Desk) -> None:
    desk.talk("page", CELLS)
    desk.save("page", [])  # as it stands on the disk until it is saved
    notebook, said = desk.open("page")
    assert said == ""
    assert "earlier conversation" not in notebook.ask("ccc", "ccc one").plain(1)
    told = notebook.ask("aaa", "aaa two").plain(1)
    assert "The journal page.jsonl has an earlier conversation: %glm resume continues it." in told
    assert "earlier conversation" not in notebook.ask("bbb", "bbb two").plain(1)


def test_so_is_that_of_a_notebook_that_was_renamed(desk: Desk) -> None:
    desk.talk("Untitled", CELLS)
    (desk.folder / "Untitled.ipynb").unlink()
    desk.save("sales", [])
    notebook, said = desk.open("sales")
    assert said == ""
    assert "%glm resume Untitled continues it" in notebook.ask("bbb", "bbb two").plain(1)


def test_what_was_resumed_is_not_offered_again(desk: Desk) -> None:
    desk.talk("page", CELLS)
    desk.save("page", [])
    notebook, _ = desk.open("page")
    notebook.command("resume")
    assert "earlier conversation" not in notebook.ask("aaa", "aaa two").plain(1)


@pytest.mark.parametrize("ids", [True, False])
def test_cells_without_names_of_their_own_are_known_by_their_texts(desk: Desk, ids: bool) -> None:
    notebook = desk.talk("page", ["0", "1"])
    notebook.run("2", "%%glm\nWrite me a limerick about cats.", "There was a cat")
    path = desk.save("page", ["0", "1"], ids=ids)
    path.write_text(path.read_text().replace("about 1", "Write me a limerick about cats."))
    rename(desk, "page", "cats")
    assert desk.open("cats")[1] == OTHERS.format("page", "page")
    desk.save("dogs", ["0", "1"], ids=ids)
    path = desk.folder / "dogs.ipynb"
    path.write_text(path.read_text().replace("about", "on"))
    assert desk.open("dogs")[1] == ""


def test_a_journal_without_cells_is_known_by_its_texts(desk: Desk) -> None:
    desk.save("page", CELLS)
    notebook, _ = desk.open("page")
    notebook.server.enqueue(Answer("one"))
    notebook.page.run("%%glm\nabout aaa", None)
    assert desk.open("page")[1] == OFFER.format("page.jsonl")
    desk.save("page", ["ccc"])
    assert desk.open("page")[1] == ""


def test_of_two_notebooks_in_one_journal_each_resumes_its_own(desk: Desk) -> None:
    """The first was named Untitled and is now sales; the second is Untitled."""
    desk.talk("Untitled", CELLS)
    rename(desk, "Untitled", "sales")
    desk.talk("Untitled", ["ccc", "ddd"])
    notebook, said = desk.open("Untitled")
    assert said == OFFER.format("Untitled.jsonl")
    told = notebook.command("resume")
    assert "earlier conversation" not in told
    assert notebook.replies() == ["ccc one", "ddd one"]
    notebook, said = desk.open("sales")
    assert said == OTHERS.format("Untitled", "Untitled")
    told = notebook.command("resume Untitled")
    assert "earlier conversation" not in told
    assert notebook.turns() == ABOUT
    notebook.ask("aaa", "aaa two")
    assert "about ccc" not in desk.journal_of("sales").read_text()


def test_a_strangers_conversation_can_still_be_resumed_on_wish(desk: Desk) -> None:
    desk.talk("Untitled", CELLS)
    desk.save("Untitled", ["other"])
    notebook, _ = desk.open("Untitled")
    assert "Resumed: 2 turns" in notebook.command("resume")


# What there is instead


def test_a_missing_journal_names_those_that_are_there(desk: Desk) -> None:
    for number, name in enumerate(("first", "second", "third")):
        desk.talk(name, [f"{name} cell"])
        os.utime(desk.journal_of(name), (1e9 + number, 1e9 + number))
    desk.save("new", ["other"])
    notebook, said = desk.open("new")
    assert said == ""
    for line in ("resume gone", "resume", "resume gone.ipynb", "resume nowhere.jsonl"):
        error = notebook.page.run(f"%glm {line}").error
        assert isinstance(error, GLMError)
        assert (
            "Those that are there, the newest first: third, second, first.\n%glm resume NAME takes one of them."
            in str(error)
        ) is (line != "resume nowhere.jsonl"), line
    assert notebook.page.run("%glm resume second").success
    assert notebook.replies() == ["second cell one"]


# Renamed and copied while the kernel runs


def test_a_notebook_renamed_while_its_kernel_runs_takes_its_journal_along(desk: Desk) -> None:
    notebook = desk.talk("Untitled", CELLS)
    rename(desk, "Untitled", "sales")
    cell = notebook.ask("ccc", "ccc one")
    assert "The notebook is now sales.ipynb, and so is its journal: sales.jsonl." in cell.plain(1)
    assert desk.journals() == ["sales"]
    assert "The notebook is now" not in notebook.ask("ddd", "ddd one").plain(1)
    lines = desk.journal_of("sales").read_bytes().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["session", *["turn"] * 4]
    notebook, said = desk.open("sales")
    assert said == OFFER.format("sales.jsonl")
    notebook.command("resume")
    assert notebook.replies() == ["aaa one", "bbb one", "ccc one", "ddd one"]


def test_a_new_notebook_under_the_old_name_then_has_a_journal_of_its_own(desk: Desk) -> None:
    notebook = desk.talk("Untitled", CELLS)
    rename(desk, "Untitled", "sales")
    notebook.ask("ccc", "ccc one")
    desk.talk("Untitled", ["ddd"])
    assert "about aaa" not in desk.journal_of("Untitled").read_text()
    assert "about ddd" not in desk.journal_of("sales").read_text()


def test_a_notebook_that_is_only_gone_keeps_its_journal(desk: Desk) -> None:
    notebook = desk.talk("page", CELLS)
    desk.save("other", ["eee"])
    (desk.folder / "page.ipynb").unlink()
    assert "The notebook is now" not in notebook.ask("ccc", "ccc one").plain(1)
    assert desk.journals() == ["page"]


def test_of_two_that_may_be_it_none_is_taken(desk: Desk) -> None:
    notebook = desk.talk("page", CELLS)
    shutil.copy(desk.folder / "page.ipynb", desk.folder / "copy.ipynb")
    rename(desk, "page", "sales")
    assert "The notebook is now" not in notebook.ask("ccc", "ccc one").plain(1)
    assert desk.journals() == ["page"]


def test_another_journal_under_the_new_name_is_gone_on_in_and_not_lost(desk: Desk) -> None:
    desk.talk("sales", ["eee"])
    (desk.folder / "sales.ipynb").unlink()
    notebook = desk.talk("Untitled", CELLS)
    rename(desk, "Untitled", "sales")
    before = desk.journal_of("Untitled").read_bytes()
    told = notebook.ask("ccc", "ccc one").plain(1)
    assert "is now sales.ipynb, and the conversation goes on in sales.jsonl, which was there already." in told
    assert "The earlier journal, Untitled.jsonl, stays as it is." in told
    assert desk.journals() == ["Untitled", "sales"]
    assert desk.journal_of("Untitled").read_bytes() == before
    assert "eee one" in desk.journal_of("sales").read_text()
    notebook, _ = desk.open("sales")
    notebook.command("resume")
    assert notebook.replies() == ["aaa one", "bbb one", "ccc one"]


def test_a_journal_that_cannot_be_renamed_is_gone_on_from(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = desk.talk("Untitled", CELLS)
    rename(desk, "Untitled", "sales")

    def refused(*_: object) -> None:
        raise OSError(5, "refused")

    monkeypatch.setattr(regular_files, "rename", refused)
    told = notebook.ask("ccc", "ccc one").plain(1)
    assert "goes on in sales.jsonl. The earlier journal, Untitled.jsonl, stays as it is." in told
    assert all(one in desk.journal_of("sales").read_text() for one in ("aaa one", "bbb one", "ccc one"))


def test_a_journal_that_the_user_has_chosen_stays_where_it_is(desk: Desk) -> None:
    notebook = desk.talk("Untitled", CELLS)
    notebook.command(f"journal {desk.folder / 'mine.jsonl'}")
    rename(desk, "Untitled", "sales")
    assert "The notebook is now" not in notebook.ask("ccc", "ccc one").plain(1)
    assert "ccc one" in (desk.folder / "mine.jsonl").read_text()


def test_the_journal_of_another_notebook_that_was_resumed_stays_where_it_is(desk: Desk) -> None:
    desk.talk("theirs", ["eee"])
    notebook = desk.talk("Untitled", CELLS)
    notebook.command(f"resume {desk.journal_of('theirs')}")
    rename(desk, "Untitled", "sales")
    assert "The notebook is now" not in notebook.ask("ccc", "ccc one").plain(1)
    assert "ccc one" in desk.journal_of("theirs").read_text()
    assert desk.journals() == ["Untitled", "theirs"]


def test_a_journal_that_somebody_has_deleted_is_written_anew_under_the_new_name(desk: Desk) -> None:
    notebook = desk.talk("Untitled", CELLS)
    desk.journal_of("Untitled").unlink()
    rename(desk, "Untitled", "sales")
    told = notebook.ask("ccc", "ccc one").plain(1)
    assert "The notebook is now sales.ipynb, and the conversation goes on in sales.jsonl." in told
    assert "stays as it is" not in told
    assert all(one in desk.journal_of("sales").read_text() for one in ("aaa one", "bbb one", "ccc one"))


def test_saved_as_another_in_vscode_the_first_turn_copies(desk: Desk) -> None:
    first = desk.save("first", CELLS)
    notebook, _ = desk.open("first")
    notebook.page.names["__vsc_ipynb_file__"] = str(first)
    for cell in CELLS:
        notebook.ask(cell, f"{cell} one")
    shutil.copy(first, desk.folder / "second.ipynb")
    notebook.page.names["__vsc_ipynb_file__"] = str(desk.folder / "second.ipynb")
    old = desk.journal_of("first").read_bytes()
    cell = notebook.ask("ccc", "ccc one")
    assert "This is now second.ipynb, and its journal is a copy of that of first.ipynb." in cell.plain(1)
    assert desk.journal_of("first").read_bytes() == old
    notebook, said = desk.open("second")
    assert said == OFFER.format("second.jsonl")
    notebook.command("resume")
    assert notebook.replies() == ["aaa one", "bbb one", "ccc one"]


def test_a_resumed_conversation_is_copied_whole(desk: Desk) -> None:
    first = desk.save("first", CELLS)
    desk.talk("first", CELLS)
    notebook, _ = desk.open("first")
    notebook.page.names["__vsc_ipynb_file__"] = str(first)
    notebook.command("resume")
    shutil.copy(first, desk.folder / "second.ipynb")
    notebook.page.names["__vsc_ipynb_file__"] = str(desk.folder / "second.ipynb")
    notebook.ask("ccc", "ccc one")
    desk.journal_of("first").unlink()
    notebook, _ = desk.open("second")
    notebook.command("resume")
    assert notebook.replies() == ["aaa one", "bbb one", "ccc one"]


def test_a_working_directory_that_changes_is_no_new_notebook(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = desk.talk("page", CELLS)
    monkeypatch.chdir(desk.folder)
    monkeypatch.setenv("JPY_SESSION_NAME", "page.ipynb")
    assert "now" not in notebook.ask("ccc", "ccc one").plain(1).partition("\n")[0]
    assert desk.journals() == ["page"]


# What is looked at


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes links and pipes")
def test_links_pipes_and_folders_are_passed_over(desk: Desk, tmp_path: Path) -> None:
    desk.talk("page", CELLS)
    journals = desk.folder / ".glm"
    os.rename(desk.journal_of("page"), tmp_path / "elsewhere.jsonl")
    (journals / "link.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    os.mkfifo(journals / "pipe.jsonl")
    os.mkfifo(desk.folder / "pipe.ipynb")
    (journals / "folder.jsonl").mkdir()
    assert desk.open("page")[1] == ""
    shutil.rmtree(journals)
    journals.symlink_to(tmp_path)
    assert desk.open("page")[1] == ""
    os.unlink(desk.folder / "page.ipynb")
    assert desk.open("page", running="aaa")[1] == ""


def test_a_name_is_one_printed_line_without_controls(desk: Desk) -> None:
    desk.talk("page", CELLS)
    os.rename(desk.journal_of("page"), desk.journal_of("a\x1b[31mb\nc"))
    assert desk.open("page")[1] == OTHERS.format("a [31mb c", "'a [31mb c'")


@given(st.binary(max_size=400))
def test_whatever_a_journal_holds_a_glance_takes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "glance.jsonl"
    path.write_bytes(b'{"id": "a-1", "event": "turn", "cell": ' + data + b"\n" + data)
    NotebookFile(data).has_asked(asked_in(path))


def test_a_glance_sees_both_ends_of_a_long_journal(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    line = '{{"id": "a-{0}", "event": "turn", "cell": "c{0}", "prompt": "about {0}", "completion": "{1}"}}\n'
    path.write_text("".join(line.format(number, "x" * 1000) for number in range(1_000)))
    asked = asked_in(path)
    assert {"c0", "c1", "c998", "c999"} <= asked.cells
    assert asked.texts[0] == "about 0" and asked.texts[-1] == "about 999"
    assert len(asked.cells) < 200


def test_what_left_no_turn_is_no_conversation(tmp_path: Path) -> None:
    path = tmp_path / "once.jsonl"
    path.write_text('{"id": "a-0", "event": "session"}\n{"id": "a-1", "event": "once", "cell": "c", "prompt": "x"}\n')
    assert not asked_in(path)
    assert not asked_in(tmp_path / "gone.jsonl")


#: Texts whose lines end as an editor ends them, and of which one says enough.
TEXTS = st.text(min_size=12, max_size=40).filter(
    lambda text: (
        text.splitlines() == text.removesuffix("\n").split("\n") and len(max(text.split("\n"), key=len).strip()) >= 12
    )
)


@given(TEXTS, st.booleans())
def test_a_text_is_found_in_a_notebook_however_that_is_written(text: str, as_lines: bool) -> None:
    cell = nbformat.v4.new_code_cell(f"%%glm\n{text}")
    if as_lines:
        cell["source"] = cell.source.splitlines(keepends=True)
    data = nbformat.v4.new_notebook(cells=[cell])
    file = NotebookFile(json.dumps(data, indent=1, ensure_ascii=False).encode("utf-8", "replace"))
    assert file.has_asked(Asked(frozenset({"0"}), (text,)))
    assert not file.has_asked(Asked(frozenset({"0"}), ("What another notebook asked, at some length",)))


def test_the_newest_files_come_first_and_few_are_enough(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.jsonl").touch()
        os.utime(tmp_path / f"{number}.jsonl", (1e9 + number, 1e9 + number))
    (tmp_path / "other.txt").touch()
    (tmp_path / ".jsonl").touch()
    assert [path.name for path in regular_files.newest(tmp_path, ".jsonl", 3)] == ["4.jsonl", "3.jsonl", "2.jsonl"]
    assert regular_files.newest(tmp_path / "gone", ".jsonl", 3) == []


def test_among_many_large_files_an_offer_is_soon_made(desk: Desk) -> None:
    desk.talk("page", CELLS)
    line = '{{"id": "{0}-1", "event": "turn", "cell": "{0}", "prompt": "about {0}", "completion": "{1}"}}\n'
    for number in range(30):
        text = "".join(line.format(f"{number}-{place}", "x" * 2000) for place in range(500))
        desk.journal_of(f"other{number}").write_text(text)
    desk.save("new", [f"new{number}" for number in range(2_000)])
    notebook, said = desk.open("new")
    assert said == ""
    page_journal, began = notebook.page.session.page_journal, time.process_time()
    for _ in range(10):
        assert page_journal.offer() == ""
    assert time.process_time() - began < 10 * 0.25  # a hundredth of it, on a quiet machine
