"""The events of drawings, and of what became vectors: read only if they make sense, and counted as they were."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from zhipu_magic import Chat
from zhipu_magic.history.events.changes import from_json
from zhipu_magic.history.events.event import State
from zhipu_magic.history.events.members import SENSELESS
from zhipu_magic.practice import PracticeServer

IMAGE = {"sha256": "a" * 64, "type": "image/png", "width": 8, "height": 8}
RESPONSE = {
    "created": 1,
    "data": [{"url": "https://a.example/b.png"}],
    "content_filter": [{"role": "user", "level": 3}],
}
DRAWN = {
    **{"id": "a-1", "event": "drawn", "key": "k", "model": "cogview-4", "prompt": "a cat", "thread": "main"},
    **{"images": [IMAGE], "response": RESPONSE, "seconds": 1.5},
}
USED = {
    **{"id": "a-1", "event": "used", "what": "2 texts as vectors", "key": "k", "model": "embedding-3"},
    **{"requests": 3, "tokens": 100, "uncounted": 1, "estimated_tokens": 7, "seconds": 1.5},
}


@pytest.mark.parametrize("line", [DRAWN, USED])
def test_what_was_read_is_written_again(line: dict[str, Any]) -> None:
    assert from_json(dict(line), 10_000).to_json() == {name: line[name] for name in from_json(dict(line)).to_json()}
    assert from_json({**line, "cost": None}, 10_000).to_json().get("cost") is None


@pytest.mark.parametrize(
    "member",
    [
        {"key": 1},
        {"key": "k" * 5_000},
        {"model": "a\nb"},
        {"prompt": None},
        {"images": {}},
        {"images": [{"sha256": "../../x", "type": "image/png"}]},
        {"images": [{**IMAGE, "type": "image/webp"}]},
        {"images": [{**IMAGE, "width": -1}]},
        {"images": [IMAGE] * 2},
        {"images": [{"url": "https://a.example/b.png"}]},
        {"response": []},
        {"response": {}},
        {"response": {**RESPONSE, "more": 1}},
        {"response": {**RESPONSE, "created": -1}},
        {"response": {**RESPONSE, "data": []}},
        {"response": {**RESPONSE, "data": [{"url": 1}]}},
        {"response": {**RESPONSE, "data": [{"url": "x" * 5_000}]}},
        {"response": {**RESPONSE, "data": [{"b64_json": "x"}]}},
        {"response": {**RESPONSE, "content_filter": [{"role": "user"}]}},
        {"response": {**RESPONSE, "content_filter": [{"role": "user", "level": 1}] * 11}},
        {"seconds": -1},
        {"cost": 1e13},
        {"practice": False},
        {"failed": 1},
        {"members": []},
        {"execution_count": "1"},
    ],
)
def test_a_drawing_with_an_odd_member_makes_no_sense(member: dict[str, Any]) -> None:
    with pytest.raises(SENSELESS):
        from_json({**DRAWN, **member}, 10_000)


@pytest.mark.parametrize("member", [{"requests": -1}, {"requests": None}, {"tokens": 1.5}, {"what": 1}, {"of": 2}])
def test_so_does_what_was_used(member: dict[str, Any]) -> None:
    with pytest.raises(SENSELESS):
        from_json({**USED, **member}, 10_000)


def test_counted_and_uncounted_requests_are_entries_of_their_own() -> None:
    ledger = from_json(dict(USED)).applied_to(State()).ledger
    assert [(entry.requests, entry.usage is None) for entry in ledger.entries] == [(2, False), (1, True)]
    sums = ledger.spent
    assert (sums.requests, sums.total_tokens, sums.estimated_tokens, sums.budget_tokens) == (3, 100, 7, 107)


@pytest.fixture
def new_chat(server: PracticeServer, tmp_path: Path) -> Iterator[Callable[[str], Chat]]:
    chats: list[Chat] = []

    def new(name: str) -> Chat:
        chats.append(
            Chat("glm-4", journal=tmp_path / name, base_url=server.base_url, api_key=server.api_key, replay="auto")
        )
        return chats[-1]

    yield new
    for chat in chats:
        chat.close()


def test_a_session_with_drawings_is_resumed_with_what_it_has_spent(
    new_chat: Callable[[str], Chat], tmp_path: Path
) -> None:
    chat = new_chat("a.jsonl")
    chat.ask("one").read()
    drawing = chat.draw("a cat", model="cogview-4")
    chat.embed(["a"], dimensions=256)
    chat.ask("two").read()
    chat.close()
    other = new_chat("sub/b.jsonl")
    other.history.resume(tmp_path / "a.jsonl", copy=True)
    assert other.ledger.spent == chat.ledger.spent
    assert [turn.prompt for turn in other.thread().turns] == ["one", "two"]
    other.close()
    again = new_chat("sub/b.jsonl")
    assert again.draw("a cat", model="cogview-4").data == drawing.data  # its picture has come along
    with closing(Chat.load(tmp_path / "sub" / "b.jsonl")) as loaded:
        assert loaded.ledger.spent == chat.ledger.spent


def test_a_drawing_that_makes_no_sense_costs_no_other(new_chat: Callable[[str], Chat], tmp_path: Path) -> None:
    chat = new_chat("a.jsonl")
    chat.draw("a cat", size="512x512")
    chat.draw("a dog", size="512x512")
    chat.close()
    file = tmp_path / "a.jsonl"
    lines = file.read_text("utf-8").splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), "response": {"data": [{"url": 1}]}})
    file.write_text("\n".join(lines) + "\n", "utf-8")
    notes: list[str] = []
    with closing(Chat(journal=file, replay="only", warn=notes.append)) as again:
        assert again.draw("a dog", size="512x512").replayed
    assert notes == ["a.jsonl: line 2 makes no sense there and is left out."]
