"""Maps that are asked again where nothing goes out: each has what it had when it was recorded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from zhipu_magic import Chat
from zhipu_magic.history.turn import Anchor
from zhipu_magic.practice import Answer, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.errors import NotRecorded

SAY = "Say {{ text }}"
ROWS = list("abcdef")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "n.jsonl"


@pytest.fixture
def chat(server: PracticeServer, path: Path) -> Iterator[Chat]:
    asking = Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key, journal=path)
    yield asking
    asking.close()


@pytest.fixture
def replaying(chat: Chat, server: PracticeServer, path: Path) -> Iterator[Callable[[], Chat]]:
    """Opens a chat of another session on the same journal, in which nothing goes out."""
    chats: list[Chat] = []

    def begin() -> Chat:
        chat.close()
        chats.append(Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key, journal=path, replay="only"))
        return chats[-1]

    yield begin
    for one in chats:
        one.close()


def until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.01)


def slow(text: str, seconds: float = 0.3, cached: int = 0) -> Raw:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": cached}}
    return Raw((sse(chunk(text)), seconds, sse(chunk("", finish_reason="stop", usage=usage))))


def events(path: Path) -> list[dict[str, Any]]:
    found = map(json.loads, path.read_text().splitlines())
    return [event for event in found if event["event"] == "map"]


def test_each_of_several_equal_maps_has_its_own_answers(
    chat: Chat, server: PracticeServer, replaying: Callable[[], Chat]
) -> None:
    server.enqueue(*[Answer("one")] * 4, *[Fault.of("1301")] * 2, *[Answer("two")] * 2, *[Answer("three")] * 6)
    maps = [chat.map(SAY, ROWS, in_flight=1, fresh=fresh).values for fresh in (False, False, True)]
    assert [values.count(None) for values in maps] == [2, 0, 0]
    again = replaying()
    assert [again.map(SAY, ROWS, fresh=fresh).values for fresh in (False, False, True)] == maps


def test_what_lands_after_the_stop_is_in_the_store_and_not_in_the_table(
    chat: Chat, server: PracticeServer, path: Path, replaying: Callable[[], Chat]
) -> None:
    server.enqueue(*[slow("early", 0.0, cached=3)] * 2, *[slow("late", cached=4)] * 2)
    mapped = chat.map(SAY, ROWS[:4], in_flight=2)
    until(lambda: mapped.figures().done == 2 and len(server.requests) == 4)
    mapped.stop()
    values, usage, shown = mapped.values, mapped.usage, mapped.figures()
    until(lambda: not chat._scheduler.maps_under_way)
    assert len(list(chat.history.records.rows)) == 4
    assert mapped.values == values
    assert (values.count("early"), values.count(None)) == (2, 2)
    assert (mapped.usage, mapped.figures().done) == (usage, shown.done)
    first, late = events(path)
    assert (first["prompt_tokens"], first["cached_tokens"]) == (20, 6)
    assert (late["late"], late["prompt_tokens"], late["cached_tokens"]) == (True, 20, 8)
    again = replaying().map(SAY, ROWS[:4])
    assert again.values == values
    assert again.usage == usage


def test_a_map_that_was_stopped_while_it_looked_at_its_rows_is_found_by_those(
    chat: Chat, server: PracticeServer, path: Path, replaying: Callable[[], Chat]
) -> None:
    class Word:
        def __init__(self, text: str) -> None:
            self.text = text

        def __repr__(self) -> str:
            if self.text == "c":
                until(lambda: stopping, 5)
            return self.text

    stopping: list[bool] = []
    chat.map(SAY, ROWS[3:5]).wait()  # these are known, and were not looked at when it was stopped
    server.enqueue(Answer("x"), Answer("y"))
    mapped = chat.map(SAY, [{"text": Word(text)} for text in ROWS], anchor=Anchor(cell="A", run=1))
    until(lambda: mapped.figures().done == 2)
    mapped.stop()
    stopping.append(True)
    values = mapped.values
    assert values[:2] in (["x", "y"], ["y", "x"])
    assert values[2:] == [None] * 4
    assert events(path)[-1]["prepared"] == 2
    whole = chat.map(SAY, ROWS, anchor=Anchor(cell="B", run=2)).values
    again = replaying()
    stopped = again.map(SAY, ROWS, anchor=Anchor(cell="A", run=1))
    assert stopped.values == values
    assert (stopped.was_stopped, stopped.error) == (True, None)
    assert again.map(SAY, ROWS, anchor=Anchor(cell="B", run=2)).values == whole


def test_rows_of_an_older_journal_are_shown_as_they_are(
    chat: Chat, server: PracticeServer, path: Path, replaying: Callable[[], Chat]
) -> None:
    server.enqueue(Answer("one"), Fault.of("1301"))
    values = chat.map(SAY, ["a", "b"], in_flight=1).values
    chat.close()
    for file in (path, path.with_name("n.rows.jsonl")):
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        for line in lines:
            for member in ("at", "since", "until"):
                line.pop(member, None)
        file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    mapped = replaying().map(SAY, ["a", "b"])
    assert mapped.values == values
    assert values.count("one") == 1
    assert [error.code for error in mapped.errors] == ["1301"]


def test_rows_that_came_only_later_are_not_recorded_for_an_earlier_map(
    chat: Chat, path: Path, replaying: Callable[[], Chat]
) -> None:
    chat.map(SAY, ["a"]).wait()
    chat.close()
    rows = path.with_name("n.rows.jsonl")
    rows.write_text(rows.read_text().replace('"at":', '"at":9'))
    with pytest.raises(NotRecorded, match="1 of the 1 rows have no answer"):
        replaying().map(SAY, ["a"])
