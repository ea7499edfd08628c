"""The answers to rows go where the journal goes: moved, saved, resumed, read only."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from in_process import Page
from test_page_journal import CELLS, Desk, desk, rename  # noqa: F401  # a fixture

from zhipu_magic import Chat
from zhipu_magic.history.journal.checks import rows_of
from zhipu_magic.history.rows.row import Row
from zhipu_magic.history.rows.store import RowStore
from zhipu_magic.practice import PracticeServer
from zhipu_magic.text.errors import JournalError

NewChat = Callable[..., Chat]
ONE, TWO, THREE = (Row(letter * 22, f"row {letter}") for letter in "ABC")


@pytest.fixture
def new_chat(server: PracticeServer) -> Iterator[NewChat]:
    chats: list[Chat] = []

    def begin(journal: Path | None = None, **more: Any) -> Chat:
        settings = {"base_url": server.base_url, "api_key": server.api_key, "warn": pytest.fail, **more}
        chats.append(Chat("glm-4", journal=journal, **settings))
        return chats[-1]

    yield begin
    for chat in chats:
        chat.close()


def rows_in(path: Path) -> list[Row]:
    store = RowStore(path, warn=pytest.fail)
    rows = sorted(store, key=lambda row: row.key)
    store.close()
    return rows


def add(chat: Chat, *rows: Row) -> None:
    for row in rows:
        chat.history.records.rows.add(row)


def test_they_stand_beside_the_journal(tmp_path: Path) -> None:
    assert rows_of(tmp_path / "page.jsonl") == tmp_path / "page.rows.jsonl"
    assert rows_of(tmp_path / "page.txt") == tmp_path / "page.txt.rows.jsonl"


def test_a_chat_that_asks_over_no_table_touches_no_file_of_rows(new_chat: NewChat, tmp_path: Path) -> None:
    (tmp_path / "page.rows.jsonl").write_text("not ours")
    chat = new_chat(tmp_path / "page.jsonl")
    assert chat.ask("hello").text
    chat.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.jsonl", "page.rows.jsonl"]


def test_closing_a_chat_writes_them_and_its_key_is_never_in_them(
    new_chat: NewChat, server: PracticeServer, tmp_path: Path
) -> None:
    chat = new_chat(tmp_path / "page.jsonl")
    add(chat, ONE, Row(TWO.key, f"your key is {server.api_key}"))
    chat.close()
    assert [row.key for row in rows_in(tmp_path / "page.rows.jsonl")] == [ONE.key, TWO.key]
    assert server.api_key.encode() not in (tmp_path / "page.rows.jsonl").read_bytes()


def test_moved_and_saved_elsewhere_they_are_there_too(new_chat: NewChat, tmp_path: Path) -> None:
    chat = new_chat(tmp_path / "page.jsonl")
    assert chat.ask("hello").text
    add(chat, ONE)
    chat.history.records.move(tmp_path / "moved.jsonl")
    add(chat, TWO)
    chat.save(tmp_path / "saved.jsonl")
    chat.close()
    assert rows_in(tmp_path / "page.rows.jsonl") == [ONE]
    assert rows_in(tmp_path / "moved.rows.jsonl") == rows_in(tmp_path / "saved.rows.jsonl") == [ONE, TWO]
    loaded = Chat.load(tmp_path / "saved.jsonl", warn=pytest.fail)
    assert loaded.history.records.rows.find(ONE.key) == ONE
    loaded.save(tmp_path / "again.jsonl")
    loaded.close()
    assert rows_in(tmp_path / "again.rows.jsonl") == [ONE, TWO]


def test_a_chat_without_a_journal_keeps_them_until_it_is_saved(new_chat: NewChat, tmp_path: Path) -> None:
    chat = new_chat()
    add(chat, ONE, TWO)
    assert chat.history.records.rows.find(TWO.key) == TWO
    chat.save(tmp_path / "saved.jsonl")
    assert rows_in(tmp_path / "saved.rows.jsonl") == [ONE, TWO]


def test_a_resumed_journal_has_its_rows(new_chat: NewChat, tmp_path: Path) -> None:
    first, second = new_chat(tmp_path / "first.jsonl"), new_chat(tmp_path / "second.jsonl")
    assert first.ask("hello").text
    add(first, ONE)
    first.close()
    add(second, TWO)
    second.history.resume(tmp_path / "first.jsonl", copy=True)
    assert second.history.records.rows.find(ONE.key) == ONE
    second.close()
    assert rows_in(tmp_path / "second.rows.jsonl") == [ONE, TWO]
    third = new_chat(tmp_path / "third.jsonl")
    add(third, THREE)
    third.history.resume(tmp_path / "first.jsonl")
    third.close()
    assert rows_in(tmp_path / "first.rows.jsonl") == [ONE, THREE]


def test_where_nothing_goes_out_none_are_written(new_chat: NewChat, tmp_path: Path) -> None:
    chat = new_chat(tmp_path / "page.jsonl", replay="only")
    add(chat, ONE)
    chat.close()
    assert list(tmp_path.iterdir()) == []
    assert chat.history.records.rows.find(ONE.key) == ONE
    chat.replay = "off"
    chat.close()
    assert rows_in(tmp_path / "page.rows.jsonl") == [ONE]


def test_a_missing_journal_is_not_told_to_be_a_file_of_rows(new_chat: NewChat, tmp_path: Path) -> None:
    (tmp_path / ".glm").mkdir()
    chat = new_chat(tmp_path / ".glm" / "page.jsonl")
    assert chat.ask("hello").text
    add(chat, ONE)
    chat.close()
    with pytest.raises(JournalError, match=r"the newest first: page\."):
        chat.history.resume(tmp_path / ".glm" / "other.jsonl")


def test_a_notebook_that_is_renamed_takes_its_rows_along(desk: Desk) -> None:  # noqa: F811
    notebook = desk.talk("Untitled", CELLS)
    rows = notebook.page.magics.chat.history.records.rows
    rows.add(ONE)
    rename(desk, "Untitled", "sales")
    assert "is now sales.ipynb, and so is its journal" in notebook.ask("ccc", "ccc one").plain(1)
    rows.add(TWO)
    rows.flush()
    assert desk.journals() == ["sales", "sales.rows"]
    assert rows_in(rows_of(desk.journal_of("sales"))) == [ONE, TWO]
    assert "sales.rows" not in desk.open("sales")[1]


def test_rows_of_an_earlier_session_are_renamed_with_the_journal(desk: Desk) -> None:  # noqa: F811
    store = RowStore(rows_of(desk.journal_of("Untitled")))
    store.add(ONE)
    store.close()
    notebook = desk.talk("Untitled", CELLS)
    rename(desk, "Untitled", "sales")
    assert "is now sales.ipynb" in notebook.ask("ccc", "ccc one").plain(1)
    assert desk.journals() == ["sales", "sales.rows"]


def test_the_journal_setting_moves_them(page: Page, tmp_path: Path) -> None:
    rows = page.magics.chat.history.records.rows
    rows.add(ONE)
    for name in ("mine.jsonl", "off", "other.jsonl"):
        place = name if name == "off" else shlex.quote(str(tmp_path / name))
        assert page.run(f"%glm journal {place}").success
        assert rows.find(ONE.key) == ONE
    rows.flush()
    assert rows_in(tmp_path / "mine.rows.jsonl") == [ONE]
    assert rows.path == tmp_path / "other.rows.jsonl"
