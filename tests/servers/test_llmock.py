"""llmock: a mock server that plays faults, and judges how its client took them."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from real_servers import RealServer

from zhipu_magic import Chat, ConnectionFailed, ReplyBroken, ServiceError

pytestmark = [pytest.mark.timeout(400), pytest.mark.parametrize("real", ["llmock"], indirect=True)]


class Judge:
    """What llmock plays next, and what it says of its client."""

    def __init__(self, real: RealServer) -> None:
        self._address = real.base_url.removesuffix("/v1") + "/_llmock"

    def plays(self, *behaviours: dict[str, Any]) -> None:
        self._asked("scenario", {"behaviors": behaviours})

    def forgets(self) -> None:
        self._asked("reset", {})

    @property
    def requests(self) -> list[dict[str, Any]]:
        return self._asked("requests")["requests"]

    @property
    def findings(self) -> list[str]:
        return [finding["code"] for finding in self._asked("verdict")["findings"]]

    def _asked(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self._address}/{path}", data, timeout=10) as answer:
            return json.load(answer)


@pytest.fixture
def judge(real: RealServer) -> Judge:
    judge = Judge(real)
    judge.forgets()
    return judge


def test_busy_and_broken_servers_are_asked_again_as_they_wish(chat: Chat, judge: Judge) -> None:
    judge.plays(
        {"type": "fail", "status": 429, "retry_after": 1},
        {"type": "fail", "status": 503},
        {"type": "reply", "text": "fine"},
    )
    assert chat.ask("hi").text == "fine"
    assert [request["status"] for request in judge.requests] == [429, 503, 200]
    assert judge.findings == []


@pytest.mark.parametrize("status", [408, 409, 500, 502, 504, 529])
def test_what_may_pass_is_asked_again(chat: Chat, judge: Judge, status: int) -> None:
    judge.plays({"type": "fail", "status": status}, {"type": "reply", "text": "fine"})
    assert chat.ask("hi").text == "fine"
    assert judge.findings == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_stays_is_not_asked_again(chat: Chat, judge: Judge, status: int) -> None:
    judge.plays({"type": "fail", "status": status, "message": "no, and no again"})
    with pytest.raises(ServiceError, match="no, and no again") as refused:
        _ = chat.ask("hi").text
    assert refused.value.status == status
    assert len(judge.requests) == 1
    assert judge.findings == []


@pytest.mark.parametrize("kind", ["truncate", "disconnect", "malformed"])
def test_a_broken_stream_is_kept_and_called_broken(chat: Chat, judge: Judge, kind: str) -> None:
    judge.plays(
        {"type": "reply", "text": "one two three four five six"},
        {"type": "stream_fault", "kind": kind, "after_chunks": 3},
    )
    reply = chat.ask("hi")
    with pytest.raises(ReplyBroken):
        reply.read()
    assert reply.words
    assert "one two three four five six".startswith(reply.words)
    assert [turn.interrupted for turn in chat.thread().turns] == [True]


def test_a_stream_that_stands_still_is_given_up_in_time(chat: Chat, judge: Judge) -> None:
    chat.service.configure(timeout=1)
    judge.plays({"type": "stream_fault", "kind": "stall", "after_chunks": 3, "stall_seconds": 20})
    with pytest.raises((ReplyBroken, ConnectionFailed)):
        _ = chat.ask("hi").text
    assert "no_read_timeout" not in judge.findings


def test_arguments_that_cannot_be_read_go_back_to_the_model(chat: Chat, judge: Judge) -> None:
    cities = []

    def weather(city: str = "nowhere") -> str:
        """The weather in a city."""
        cities.append(city)
        return f"rain in {city}"

    judge.plays({"type": "tool_fault", "kind": "malformed_arguments"})
    assert chat.ask("the weather?", tools=[weather]).text
    assert cities == []  # least of all with its defaults


def test_a_function_that_was_never_offered_is_not_looked_for(chat: Chat, judge: Judge) -> None:
    judge.plays({"type": "tool_fault", "kind": "unknown_tool"})

    def weather(city: str) -> str:
        """The weather in a city."""
        return f"rain in {city}"

    assert chat.ask("the weather?", tools=[weather]).text


def test_a_typed_answer_is_read_from_a_scripted_reply(chat: Chat, judge: Judge) -> None:
    judge.plays({"type": "reply", "text": '```json\n{"value": 4}\n```'})
    assert chat.ask("How many legs has a cat?", as_type=int).value == 4
