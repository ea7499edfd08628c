"""Scripted replies on the wire, line by line and packet by packet."""

from __future__ import annotations

import itertools
import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from zhipu_magic.practice import CUT, DONE, RESET, STALL, Answer, Drop, PracticeServer, Raw, chunk, sse, tool_call

Ask = Callable[..., httpx.Response]

ID = re.compile(r"\d{14}[0-9a-f]{16}")
EVENT_STREAM = "text/event-stream;charset=UTF-8"


def chunks(response: httpx.Response) -> list[dict[str, Any]]:
    *events, done, nothing = response.text.split("\n\n")
    assert (done, nothing) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in events]


def deltas(response: httpx.Response) -> list[dict[str, Any]]:
    return [event["choices"][0]["delta"] for event in chunks(response)]


def test_a_stream_is_written_as_the_service_writes_it(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(
        Answer("你好！", pieces=("你好", "！"), id="20261122", created=17, prompt_tokens=7, completion_tokens=10)
    )
    response = ask("你好", stream=True)

    assert response.headers["Content-Type"] == EVENT_STREAM
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert response.headers["X-LOG-ID"] == "20261122"
    head = 'data: {"id":"20261122","created":17,"object":"chat.completion.chunk","model":"glm-4","choices":[{"index":0,'
    assert response.text == (
        head + '"delta":{"role":"assistant","content":"你好"}}]}\n\n'
        + head + '"delta":{"role":"assistant","content":"！"}}]}\n\n'
        + head + '"finish_reason":"stop","delta":{"role":"assistant","content":""}}],'
        '"usage":{"prompt_tokens":7,"completion_tokens":10,"total_tokens":17}}\n\n'
        "data: [DONE]\n\n"
    )  # fmt: skip


def test_a_plain_reply_is_json_with_its_id_in_the_header(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Answer("a"), Answer("b"))
    response, named = ask("?"), ask("?", request_id="mine-0001")

    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert ID.fullmatch(response.json()["id"])
    assert response.json()["request_id"] == response.json()["id"] == response.headers["X-LOG-ID"]
    assert abs(response.json()["created"] - time.time()) < 5
    assert named.json()["request_id"] == "mine-0001" != named.json()["id"]


def test_reasoning_streams_before_content(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Answer("42", reasoning="six by seven", reasoning_tokens=5, cached_tokens=3))
    response = ask("?", stream=True)
    *parts, last = deltas(response)

    assert parts == [
        {"role": "assistant", "reasoning_content": "six "},
        {"role": "assistant", "reasoning_content": "by s"},
        {"role": "assistant", "reasoning_content": "even"},
        {"role": "assistant", "content": "42"},
    ]
    assert last == {"role": "assistant", "content": ""}
    usage = chunks(response)[-1]["usage"]
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 5}
    assert usage["prompt_tokens_details"] == {"cached_tokens": 3}


def test_further_members_are_top_level_and_come_last_in_a_stream(server: PracticeServer, ask: Ask) -> None:
    found = {"web_search": [{"title": "A", "refer": "ref_1"}]}
    server.enqueue(Answer("a", extra=found), Answer("a", extra=found))

    assert ask("?").json()["web_search"] == found["web_search"]
    first, last = chunks(ask("?", stream=True))
    assert "web_search" not in first
    assert last["web_search"] == found["web_search"]


def test_each_tool_call_streams_as_one_delta(server: PracticeServer, ask: Ask) -> None:
    calls = (tool_call("f", {"城": 1}, id="call_1"), tool_call("g", "not json", id="call_2", index=1))
    server.enqueue(Answer(tool_calls=calls), Answer(tool_calls=calls))

    response = ask("?", stream=True)
    assert deltas(response)[:-1] == [{"tool_calls": [calls[0]]}, {"tool_calls": [calls[1]]}]
    assert chunks(response)[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert calls[0] == {
        "id": "call_1",
        "index": 0,
        "type": "function",
        "function": {"name": "f", "arguments": '{"城":1}'},
    }
    plain = ask("?").json()["choices"][0]
    assert (plain["finish_reason"], plain["message"]["tool_calls"]) == ("tool_calls", list(calls))


def test_with_tool_stream_the_arguments_come_in_pieces(server: PracticeServer, ask: Ask) -> None:
    arguments = '{"city":"北京","days":3}'
    server.enqueue(Answer(tool_calls=(tool_call("f", arguments, id="call_1", index=2),)))
    first, *rest = (delta["tool_calls"][0] for delta in deltas(ask("?", stream=True, tool_stream=True))[:-1])

    assert (first["id"], first["function"]) == ("call_1", {"name": "f", "arguments": ""})
    assert len(rest) > 3
    assert {part["index"] for part in rest} == {2}
    assert "".join(part["function"]["arguments"] for part in rest) == arguments


def test_usage_is_estimated_where_it_is_not_given(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Answer("八个汉字五个令牌"), Answer("x" * 40, completion_tokens=3))
    assert ask("x" * 40).json()["usage"] == {"prompt_tokens": 14, "completion_tokens": 5, "total_tokens": 19}
    assert ask("x" * 40).json()["usage"]["completion_tokens"] == 3


def test_any_finish_reason_can_be_scripted(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Answer("so far", finish_reason="sensitive"))
    assert chunks(ask("?", stream=True))[-1]["choices"][0]["finish_reason"] == "sensitive"


def test_line_separators_go_out_raw_as_the_service_sends_them(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Answer("a\u2028b\u0085c", pieces=("a\u2028b\u0085c",)))
    assert "a\u2028b\u0085c".encode() in ask("?", stream=True).content


def test_pieces_must_make_up_the_content() -> None:
    with pytest.raises(ValueError, match="pieces"):
        Answer("whole", pieces=("who", "se"))


def test_a_raw_stream_goes_out_byte_for_byte_and_ends_properly(server: PracticeServer, ask: Ask) -> None:
    steps = (
        b": ping\n\n",
        sse(chunk("你")),
        sse(chunk(finish_reason="stop", usage={"total_tokens": 2})),
        DONE,
    )
    server.enqueue(Raw(steps), Raw((b"<html>",), status=502, headers={"Content-Type": "text/html"}))

    assert ask("?").content == b"".join(steps)
    gateway = ask("?")
    assert (gateway.status_code, gateway.headers["Content-Type"]) == (502, "text/html")
    assert gateway.text == "<html>"


def test_a_chunk_takes_any_top_level_member() -> None:
    extra = chunk(choices=[], usage={"total_tokens": 2}, id="x")
    assert (extra["choices"], extra["usage"], extra["id"]) == ([], {"total_tokens": 2}, "x")


@pytest.fixture
def two_halves_of_an_event(server: PracticeServer) -> None:
    server.enqueue(Raw((0.1, b"data: tw", 0.1, b"o\n\n", 0.1, STALL)))


def test_a_raw_streams_bytes_are_packets_of_their_own_with_its_pauses_between(
    two_halves_of_an_event: None, connection: socket.socket
) -> None:
    packets, times = [], []
    for _ in range(3):
        packets.append(connection.recv(65536))
        times.append(time.monotonic())

    assert packets[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert packets[1:] == [b"8\r\ndata: tw\r\n", b"3\r\no\n\n\r\n"]
    assert all(later - sooner > 0.08 for sooner, later in itertools.pairwise(times))


def test_a_cut_stream_has_no_end(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Raw((sse(chunk("half a rep")), CUT)))
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
        ask("?", stream=True)


def test_a_reset_stream_breaks_the_connection(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Raw((sse(chunk("half a rep")), 0.02, RESET)))
    with pytest.raises(httpx.ReadError):
        ask("?", stream=True)


def test_a_dropped_request_gets_no_response(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Drop(), Drop(reset=True))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        ask("?")
    with pytest.raises(httpx.ReadError):
        ask("?")
    assert all(received.ended.is_set() and not received.closed.is_set() for received in server.requests)


def test_a_stalled_stream_stays_silent(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Raw((sse(chunk("half a rep")), STALL, b"never")))
    with pytest.raises(httpx.ReadTimeout):
        ask("?", stream=True, timeout=0.2)
