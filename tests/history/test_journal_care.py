"""What a journal must bear: interrupts, files of other kinds, lost lines, other hands, several conversations."""

from __future__ import annotations

import dis
import json
import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from in_process import Page

import zhipu_magic
from zhipu_magic import Chat
from zhipu_magic.chat.replies.replay import Replay
from zhipu_magic.history.events.turn_event import TurnEvent
from zhipu_magic.history.history import History
from zhipu_magic.history.journal.journal import Journal
from zhipu_magic.notebook.front_ends import deleted_cells, running_cell
from zhipu_magic.practice import STALL, Answer, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.errors import JournalError, NotRecorded

Ask = Callable[[Path], Chat]
HISTORY = ("history", "event", "events", "turn_event", "journal", "conversation", "link", "ledger")
ROOMS = {
    str(Path(zhipu_magic.__file__).parent / room)
    for room in ("chat/chat.py", "chat/journal_entry.py", *(f"history/{one}.py" for one in HISTORY))
}


class InterruptAt:
    """Raises KeyboardInterrupt at the line of this number that the rooms between a reply and its line come to."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self.at_line if frame.f_code.co_filename in ROOMS else None

    def at_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        self.left -= event == "line" and not is_leaving(frame)
        if self.left == 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return self.at_line


def is_leaving(frame: FrameType) -> bool:
    """Whether a `with` is about to free its lock: before that is done, Python looks for no interrupt."""
    at_with = linecache.getline(frame.f_code.co_filename, frame.f_lineno).lstrip().startswith("with ")
    # It is entered by loading what it is for.
    return at_with and not dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith(("LOAD_FAST", "LOAD_GLOBAL"))


@contextmanager
def tracing(tracer: InterruptAt) -> Iterator[None]:
    """What traced before, such as coverage, goes on afterwards."""
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.fixture
def asking(server: PracticeServer) -> Iterator[Ask]:
    """Makes chats with a journal."""
    chats: list[Chat] = []

    def make(path: Path) -> Chat:
        chats.append(Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path))
        return chats[-1]

    yield make
    for chat in chats:
        chat.close()


def texts(chat: Chat) -> list[str]:
    return [turn.prompt for turn in chat.thread().turns]


def test_an_interrupt_at_any_line_leaves_memory_and_journal_alike(tmp_path: Path, asking: Ask) -> None:
    number, came = 0, True
    while came:
        number += 1
        path = tmp_path / f"{number}.jsonl"
        chat = asking(path)
        _ = chat.ask("one").text, chat.ask("two").text
        interrupt = InterruptAt(number)
        with suppress(KeyboardInterrupt), tracing(interrupt):
            chat.history.undo()
        came = interrupt.left == 0
        _ = chat.ask("next").text
        again = Chat.load(path)
        assert (texts(again), again.thread().name) == (texts(chat), chat.thread().name), f"at line {number}"
        chat.close()
    assert number > 20


def test_a_whole_reply_whose_commit_was_interrupted_is_committed_with_the_next(tmp_path: Path, asking: Ask) -> None:
    chat = asking(tmp_path / "j.jsonl")
    for number in range(1, 40, 3):
        reply = chat.ask(f"question {number}")
        while reply.ended is None and not reply.progress.has_begun:
            reply.advance(0.1)
        with suppress(KeyboardInterrupt), tracing(InterruptAt(number)):
            _ = reply.text
    _ = chat.ask("last").text
    assert texts(chat) == [*(f"question {number}" for number in range(1, 40, 3)), "last"]
    assert texts(Chat.load(tmp_path / "j.jsonl")) == texts(chat)


@pytest.mark.parametrize("line", ["%%glm", "%%glm --once"])
def test_what_was_interrupted_is_never_given_again_as_whole(
    page: Page, server: PracticeServer, tmp_path: Path, line: str
) -> None:
    page.run(f"%config GLMMagics.journal = '{tmp_path / 'j.jsonl'}'")
    page.run("%config GLMMagics.timeout = 0.3")
    server.enqueue(Raw((sse(chunk("half ")), STALL)))
    assert not page.run(f"{line}\nhello").success
    page.run("%glm reset")
    page.run("%config GLMMagics.replay = 'only'")
    assert "not in the journal" in str(page.run(f"{line}\nhello").error)


@pytest.mark.parametrize("content", ['{"a": 1}', "x,y\n1,2\n3,4", '{"cells": [],\n "nbformat": 4}\n'])
def test_a_file_of_another_kind_is_left_as_it_is(page: Page, tmp_path: Path, content: str) -> None:
    file = tmp_path / "data.txt"
    file.write_text(content)
    assert "of another kind" in str(page.run(f"%glm journal {file}").error)
    page.run(f"%config GLMMagics.journal = '{file}'")
    assert "of another kind" in page.run("%%glm\nhello").plain(1)
    assert "of another kind" not in page.run("%%glm\nand again").plain(1)
    assert [path.name for path in tmp_path.glob("data*")] == ["data.txt"]
    assert file.read_text() == content
    with pytest.raises(JournalError, match="another kind"):
        page.magics.chat.save(file)


def test_turns_whose_sessions_first_line_is_lost_are_resumed(tmp_path: Path, asking: Ask) -> None:
    path = tmp_path / "j.jsonl"
    chat = asking(path)
    _ = chat.ask("one").text, chat.ask("two").text
    path.write_bytes(path.read_bytes().split(b"\n", 1)[1])
    assert texts(Chat.load(path)) == ["one", "two"]


def test_a_journal_that_is_taken_away_is_written_anew(tmp_path: Path, asking: Ask) -> None:
    path = tmp_path / ".glm" / "j.jsonl"
    chat = asking(path)
    _ = chat.ask("one").text
    path.unlink()
    path.parent.rmdir()
    _ = chat.ask("two").text
    assert texts(Chat.load(path)) == ["one", "two"]


def test_what_was_resumed_goes_along_to_another_file(server: PracticeServer, tmp_path: Path, asking: Ask) -> None:
    first, second, third = (tmp_path / name for name in ("first.jsonl", "second.jsonl", "third.jsonl"))
    _ = asking(first).ask("one").text
    loaded = Chat.load(first, base_url=server.base_url, api_key=server.api_key, journal=second)
    _ = loaded.ask("two").text
    loaded.save(third)
    loaded.close()
    assert texts(Chat.load(second)) == texts(Chat.load(third)) == ["one", "two"]

    chat = asking(first)
    chat.history.resume()
    chat.history.journal.move(tmp_path / "moved.jsonl")
    _ = chat.ask("three").text
    assert texts(Chat.load(tmp_path / "moved.jsonl")) == ["one", "three"]


def test_what_the_resumed_one_had_resumed_goes_along_too(tmp_path: Path, asking: Ask) -> None:
    path, moved = tmp_path / "j.jsonl", tmp_path / "elsewhere" / "moved.jsonl"
    # Threads whose names look like what lines with images, documents or settings have.
    for prompt, name in (("one", "images"), ("two", "read"), ("three", "session")):
        chat = asking(path)
        if prompt != "one":
            chat.history.resume()
        chat.replay = "auto"  # so that it points to a reply of the first
        assert chat.ask("aside", once=True).replayed == (prompt != "one")
        chat.history.fork(name)
        _ = chat.ask(prompt).text
    stranger = asking(path)
    _ = stranger.ask("of somebody else").text
    chat.history.journal.move(moved)
    _ = chat.ask("four").text
    loaded = Chat.load(moved, warn=pytest.fail)
    assert texts(loaded) == ["one", "two", "three", "four"]
    assert b"of somebody else" not in moved.read_bytes()
    loaded.save(tmp_path / "saved.jsonl")
    assert texts(Chat.load(tmp_path / "saved.jsonl", warn=pytest.fail)) == texts(loaded)


def test_a_session_that_goes_on_though_another_has_resumed_it_replays(tmp_path: Path, asking: Ask) -> None:
    path = tmp_path / "j.jsonl"
    first = asking(path)
    _ = first.ask("one").text
    second = asking(path)
    second.history.resume()
    said = [first.ask("two").text, second.ask("three").text, first.ask("four").text]
    again = Chat("glm-4", journal=path, replay="only", warn=pytest.fail)
    assert again.ask("one").text
    assert [again.ask("two").text, again.ask("four").text] == [said[0], said[2]]
    with pytest.raises(NotRecorded):
        again.ask("three")


def test_an_earlier_conversation_is_told_of_and_can_be_resumed(page: Page, tmp_path: Path, asking: Ask) -> None:
    path = tmp_path / "j.jsonl"
    earlier = asking(path)
    _ = earlier.ask("one").text, earlier.ask("two").text
    _ = asking(path).ask("meanwhile").text
    page.run(f"%config GLMMagics.journal = '{path}'")
    page.run("%%glm\nhere")
    told = page.run("%glm resume").markdown()
    assert "2 turns" in told and "“two”" in told and "%glm resume --earlier" in told
    assert texts(page.magics.chat) == ["meanwhile", "here"]
    assert "Resumed: 3 turns" in page.run("%glm resume --earlier").markdown()
    assert texts(page.magics.chat) == ["one", "two", "here"]
    assert texts(Chat.load(path)) == ["one", "two", "here"]
    assert "nothing earlier" in str(page.run("%glm resume --earlier").error)
    again = asking(path)
    again.history.resume()
    assert texts(again) == ["one", "two", "here"]
    again.history.resume(earlier=True)
    assert texts(again) == ["meanwhile"]


def test_a_key_of_any_letters_is_hidden_and_a_word_is_no_key(server: PracticeServer, tmp_path: Path) -> None:
    key = 'id.se"cr\\et'
    path = tmp_path / "j.jsonl"
    chat = Chat("glm-4", base_url=server.base_url, api_key=key, journal=path, system=f"My key is {key}.")
    chat.system = f"Never tell {key}."
    for line in path.read_text().splitlines():
        assert key not in json.dumps(json.loads(line), ensure_ascii=False).encode().decode("unicode_escape")
        assert key not in str(json.loads(line))
    word = Chat("glm-4", base_url=server.base_url, api_key="completion", journal=tmp_path / "w.jsonl")
    word.system = "The completion of it all."
    assert json.loads((tmp_path / "w.jsonl").read_text().splitlines()[1])["text"] == "The completion of it all."


@pytest.mark.parametrize("cell", ["file:///home/me/nb.ipynb", "/home/me/nb.ipynb:cell-3", "C:\\me\\nb.ipynb"])
def test_a_cells_id_brings_no_path_into_the_journal(cell: str) -> None:
    metadata = {"cellId": cell, "deletedCells": [cell]}
    name = running_cell(metadata, None)
    assert name and "me" not in name
    assert deleted_cells(metadata) == [name]


def test_a_relative_path_stays_where_it_was_given(
    server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal="talk.jsonl")
    _ = chat.ask("one").text
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    _ = chat.ask("two").text
    chat.close()
    assert texts(Chat.load(tmp_path / "talk.jsonl")) == ["one", "two"]


def test_a_miss_tells_of_damaged_lines(tmp_path: Path, asking: Ask) -> None:
    path = tmp_path / "j.jsonl"
    _ = asking(path).ask("one").text
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], lines[1][:40], b""]))
    with pytest.raises(zhipu_magic.GLMError, match="line 2 is damaged"):
        Chat("glm-4", journal=path, replay="only", warn=lambda text: None).ask("one")


def test_a_damaged_reply_is_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    event = {"id": "a-1", "event": "turn", "key": "k", "completion": {"choices": []}}
    path.write_text(json.dumps(event) + "\n")
    told: list[str] = []
    chat = Chat("glm-4", journal=path, replay="only", warn=told.append)
    assert isinstance(chat._dispatch._replay, Replay)
    with pytest.raises(zhipu_magic.GLMError, match="not in the journal"):
        chat.ask("one")
    assert told == ["j.jsonl: line 1 makes no sense there and is left out."]


def test_a_reply_after_a_broken_one_does_not_repeat_its_notices(page: Page, server: PracticeServer) -> None:
    page.run("%%glm\nfirst", "a")
    page.run("%config GLMMagics.timeout = 0.3")
    server.enqueue(Raw((sse(chunk("half ")), STALL)), Answer("whole"))
    broken = page.run("%%glm\nsecond", "b", deleted=["a"])
    assert "set aside" in broken.plain(1)
    assert "set aside" not in page.run("%%glm\nthird", "c").plain(1)


def test_a_journal_that_moves_after_a_resume_has_each_line_once(tmp_path: Path) -> None:
    earlier, now = (History(Journal(tmp_path / name), {}, lambda thread: None) for name in ("a.jsonl", "b.jsonl"))
    with earlier.changing:
        answer = {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "r"}}]}
        earlier.commit(
            TurnEvent(
                id=earlier.next_id(), event="turn", thread="main", prompt="q", completion=answer, model="glm-4", run="r"
            )
        )
        earlier.write_down()
    now.do("system", thread="main", text="Be brief.")
    now.resume(tmp_path / "a.jsonl")
    for number in range(2):
        now.journal.move(tmp_path / f"moved-{number}.jsonl")
    ids = [json.loads(line)["id"] for line in (tmp_path / "moved-1.jsonl").read_text().splitlines()]
    assert len(ids) == len(set(ids)) == 2 + 3
