"""What was shown and written is there again on a resume, whatever a service sends and a user sets; or it is said."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from zhipu_magic import Chat
from zhipu_magic.history.budget import Budget
from zhipu_magic.history.journal.reader import JournalReader, read
from zhipu_magic.history.journal.sessions import rebuilt
from zhipu_magic.practice import Answer, PracticeServer, Raw, tool_call
from zhipu_magic.service.api_key import ApiKey, Hide
from zhipu_magic.service.wire import Assembly
from zhipu_magic.text.errors import InvalidRequest

REPLY = {"choices": [{"message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}], "model": "glm-4"}
BODIES: dict[str, dict[str, Any]] = {
    "a count beyond all bounds": {"usage": {"prompt_tokens": 2**53 - 1, "completion_tokens": 2**53 - 1}},
    "counts whose sum is": {"usage": dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 2**52)},
    "many numbers": {"token_ids": [104] * 5_000},
    "many large numbers": {"token_ids": [(number * 37) % 999 for number in range(8_000)]},
    "a long name": {"id": "i" * 5_000, "model": "m" * 5_000},
    "arguments of constructors": {"cls": 1, "self": {"cls": 2}, "_fields_set": []},
}


def answered(body: dict[str, Any]) -> Raw:
    return Raw((json.dumps(body).encode(),), headers={"Content-Type": "application/json"})


def new_chat(server: PracticeServer, journal: Path, told: list[str]) -> Chat:
    return Chat("glm-4-plus", base_url=server.base_url, api_key=server.api_key, journal=journal, warn=told.append)


def turns(chat: Chat) -> list[tuple[str, str]]:
    return [(turn.prompt, turn.reply) for turn in chat.thread().turns]


@pytest.mark.parametrize("more", BODIES.values(), ids=BODIES)
def test_a_turn_of_an_odd_body_is_resumed_and_replayed(
    server: PracticeServer, tmp_path: Path, more: dict[str, Any]
) -> None:
    told: list[str] = []
    chat = new_chat(server, tmp_path / "a.jsonl", told)
    server.enqueue(answered(REPLY | more))
    assert chat.ask("q").text == "hello"
    chat.close()
    again = Chat.load(tmp_path / "a.jsonl", warn=told.append)
    assert turns(again) == [("q", "hello")]
    replayed = Chat("glm-4-plus", journal=tmp_path / "a.jsonl", replay="only", warn=told.append)
    assert replayed.ask("q").text == "hello"
    assert told == []


@pytest.mark.parametrize("reason", ["r" * 201, "r" * 5_000])
def test_a_long_reason_costs_no_turn(server: PracticeServer, tmp_path: Path, reason: str) -> None:
    told: list[str] = []
    chat = new_chat(server, tmp_path / "a.jsonl", told)
    server.enqueue(Answer("hello", finish_reason=reason))
    assert chat.ask("q").text == "hello"
    chat.close()
    assert turns(Chat.load(tmp_path / "a.jsonl", warn=told.append)) == [("q", "hello")]
    assert told == []


@pytest.mark.parametrize(
    "params",
    [{"bias": [1] * 500}, {"bias": [[1, 2]] * 300}, {"meta": {"self": 1, "cls": {"a": 2}}}, {"x": 2**62, "y": 0.1}],
)
def test_parameters_that_were_sent_are_resumed(server: PracticeServer, tmp_path: Path, params: dict[str, Any]) -> None:
    told: list[str] = []
    chat = new_chat(server, tmp_path / "a.jsonl", told)
    assert chat.ask("q", params=params).text
    chat.close()
    (turn,) = Chat.load(tmp_path / "a.jsonl", warn=told.append).thread().turns
    assert dict(turn.members) == params and told == []


def test_what_could_not_be_kept_is_refused_beforehand(server: PracticeServer, tmp_path: Path) -> None:
    chat = new_chat(server, tmp_path / "a.jsonl", [])
    nested: Any = 1
    for _ in range(70):
        nested = [nested]
    for params in ({"x": 10**30}, {"seed": 2**64}, {"x": nested}):
        with pytest.raises(InvalidRequest):
            chat.ask("q", params=params)
    for name, value in (("model", "my model"), ("temperature", 3), ("budget", Budget(float("inf"), "yuan"))):
        with pytest.raises(InvalidRequest):
            setattr(chat, name, value)
    with pytest.raises(InvalidRequest):
        Chat("my model", system="Be brief.")
    with pytest.raises(InvalidRequest) as refused:
        Chat(f"{'0a' * 16}.{'Ab' * 8}")
    assert "0a0a" not in str(refused.value)
    assert server.requests == []


def test_a_line_makes_sense_or_not_whatever_stands_beside_it(tmp_path: Path) -> None:
    session = '{"id": "a-0", "event": "session", "version": 1}'
    odd = '{"id": "a-1", "event": "temperature", "value": 1e999}'
    large = '{"id": "a-2", "event": "budget", "limit": 1180591620717411303424, "unit": "tokens"}'
    for beside in ('{"id": "a-3", "event": "switch", "thread": "x"}', "{torn", '{"id": "a-3", "x": "\\ud800"}'):
        path = tmp_path / "a.jsonl"
        path.write_text("\n".join([session, odd, large, beside, ""]))
        taken: list[str] = []
        JournalReader(path).read(lambda place, event, taken=taken: taken.append(event.id))
        assert taken[:1] == ["a-0"] and "a-1" not in taken and "a-2" not in taken


def test_a_flood_of_empty_pieces_is_taken_in_in_a_moment() -> None:
    began = time.process_time()
    for delta in (
        {"content": [{}]},
        {"reasoning_content": ["x"]},
        {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]},
    ):
        reply = Assembly()
        for _ in range(40_000):
            reply.feed({"choices": [{"delta": delta}]})
            assert not reply.has_words
    assert time.process_time() - began < 20


KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9.SecretOfSixteen0"


def test_a_key_that_json_spells_with_escapes_is_hidden(server: PracticeServer) -> None:
    spelled = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
    hide = Hide([ApiKey(KEY)])
    for text in (f'{{"text": "{spelled}"}}', f'["{KEY[:20]}\\u0038{KEY[21:]}"]'):
        assert KEY not in json.dumps(json.loads(hide(text)))
    kept = 'A "\\u0041" and \\u0022 stay as they are.'
    assert hide(kept) == kept
    given: list[str] = []

    def keep(text: str) -> str:
        given.append(text)
        return "kept"

    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key)
    mine = "".join(f"\\u{ord(letter):04x}" for letter in server.api_key)
    server.enqueue(Answer(tool_calls=(tool_call("keep", f'{{"text": "{mine}"}}', id="1"),)), Answer("done"))
    assert chat.ask("q", tools=[keep]).text == "done"
    assert given == ["<API key>"]
    server.enqueue(Answer(f'["{mine}"]'))
    assert chat.ask("q", as_type=list[str]).value == ["<API key>"]
    chat.close()


def turn(event_id: str, prompt: str, **more: Any) -> dict[str, Any]:
    reply = {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}]}
    told = {"thread": "main", "prompt": prompt, "key": prompt, "model": "glm-4", "completion": reply}
    return {"id": event_id, "event": "turn", **told, **more}


def session(name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{name}-0", "event": "session", "version": 1, **more}


def prompts(path: Path, events: list[dict[str, Any]], name: str) -> list[str]:
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    kept = rebuilt(read(path)).state_of(name)
    return [turn.prompt for turn in kept.conversation.here.turns]


def test_what_is_forked_from_a_fork_stands_on_all_before_it(tmp_path: Path) -> None:
    events = [session("p"), turn("p-1", "one"), session("c", **{"from": "p", "at": "p-1"})]
    events += [session("g", **{"from": "c", "at": "c-0"}), turn("g-1", "grandchild")]
    assert prompts(tmp_path / "a.jsonl", events, "g") == ["one", "grandchild"]
    circle = [
        session("x", **{"from": "y", "at": "y-0"}),
        session("y", **{"from": "x", "at": "x-0"}),
        turn("y-1", "one"),
    ]
    assert prompts(tmp_path / "b.jsonl", circle, "y") in (["one"], [])


def test_each_of_many_forks_begins_with_what_was_there(tmp_path: Path) -> None:
    events = [session("p"), turn("p-1", "1")]
    for number in range(1, 301):
        events.append(turn(f"p-{number + 1}", str(number + 1), forked=True))
        events += [session(f"c{number}", **{"from": "p", "at": f"p-{number}"}), turn(f"c{number}-1", "child")]
    for number in (1, 100, 300):
        wanted = [*map(str, range(1, number + 1)), "child"]
        assert prompts(tmp_path / "a.jsonl", events, f"c{number}") == wanted
