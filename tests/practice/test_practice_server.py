"""The server's life: its start and stop, its pace, what it remembers, and clients that go away."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from key import key_of

from zhipu_magic.practice import CUT, RESET, STALL, Answer, Drop, Fault, PracticeServer, Raw

Ask = Callable[..., httpx.Response]

HELLO = [{"role": "user", "content": "Why?"}]

SOON = 0.2
"""Seconds within which the server must have noticed that its client has gone."""


@pytest.fixture
def stalled(server: PracticeServer) -> None:
    server.enqueue(Raw((b"data: one\n\n", STALL)))


def test_it_listens_on_this_machine_only_until_it_is_stopped() -> None:
    server = PracticeServer(pace=0).start()
    assert server.base_url.startswith("http://127.0.0.1:")
    assert httpx.get(f"{server.base_url}/models", trust_env=False).status_code == 401
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.base_url, trust_env=False)


def test_starting_and_stopping_twice_does_no_harm() -> None:
    server = PracticeServer().start()
    address = server.base_url
    assert server.start() is server
    assert server.base_url == address
    server.stop()
    server.stop()


def test_it_can_be_started_again_at_the_same_address() -> None:
    server = PracticeServer(pace=0).start()
    address = server.base_url
    server.stop()
    with server:
        assert server.base_url == address
        assert httpx.get(f"{address}/models", trust_env=False).status_code == 401


def test_a_port_that_is_taken_is_an_error_at_the_start(server: PracticeServer) -> None:
    with pytest.raises(OSError):
        PracticeServer(port=httpx.URL(server.base_url).port or 0).start()


def test_many_servers_stand_side_by_side() -> None:
    servers = [PracticeServer(pace=0).start() for _ in range(5)]
    for number, server in enumerate(servers):
        server.enqueue(Answer(str(number)))
    replies = [
        httpx.post(f"{s.base_url}/chat/completions", json={}, headers=key_of(s), trust_env=False) for s in servers
    ]
    for server in servers:
        server.stop()
    assert [reply.json()["choices"][0]["message"]["content"] for reply in replies] == list("01234")


def test_stopping_ends_what_is_under_way_in_silence_and_leaves_no_thread(
    stalled: None, server: PracticeServer, connection: socket.socket, capfd: pytest.CaptureFixture[str]
) -> None:
    server.enqueue(Answer("slow", pieces=tuple("slow")))
    assert connection.recv(65536)
    url = httpx.URL(server.base_url)
    with socket.create_connection((url.host, url.port or 80)) as half_a_request:
        half_a_request.sendall(b"POST /api/paas/v4/chat")
        began = time.monotonic()
        server.stop()

    assert time.monotonic() - began < 1
    assert "practice server" not in {thread.name for thread in threading.enumerate()}
    [received] = server.requests
    assert received.ended.is_set()
    assert not received.closed.is_set()
    assert capfd.readouterr() == ("", "")


def test_it_runs_beside_an_event_loop_of_the_main_thread() -> None:
    async def in_a_kernel() -> int:
        with PracticeServer(pace=0) as server:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"{server.base_url}/models")).status_code

    assert asyncio.run(in_a_kernel()) == 401


def test_requests_are_remembered_in_order_with_what_they_said(
    server: PracticeServer, client: httpx.Client, ask: Ask
) -> None:
    server.enqueue(Answer("a"), Fault(500, "500"))
    ask("one", temperature=0.5)
    ask("two")
    client.post("/chat/completions", content=b"{")

    one, two, broken = server.requests
    assert (one.method, one.path) == ("POST", "/api/paas/v4/chat/completions")
    assert one.headers["Authorization"] == f"Bearer {server.api_key}"
    assert one.body == {
        "model": "glm-4",
        "messages": [{"role": "user", "content": "one"}],
        "temperature": 0.5,
    }
    assert two.body["messages"][0]["content"] == "two"
    assert broken.body is None
    assert one.received_at < two.received_at < time.monotonic()
    assert one.ended.is_set() and not one.closed.is_set() and one.closed_at is None


def test_scripts_are_played_in_order_and_then_the_server_is_itself(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Answer("first"), Answer("second"))
    server.enqueue(Answer("third"))
    said = [ask("你好").json()["choices"][0]["message"]["content"] for _ in range(4)]
    assert said == ["first", "second", "third", "你好！有什么我可以帮助你的吗？"]


def test_a_client_that_leaves_a_stalled_stream_is_noticed(
    stalled: None, server: PracticeServer, connection: socket.socket
) -> None:
    connection.recv(65536)
    [received] = server.requests
    assert not received.closed.wait(0.05)

    left = time.monotonic()
    connection.close()

    assert received.closed.wait(SOON)
    assert received.ended.is_set()
    assert received.closed_at is not None and left <= received.closed_at < left + SOON


@pytest.mark.parametrize(
    "script",
    [
        Raw((10.0,)),
        Raw((b"data: one\n\n", 10.0, b"never")),
        Raw((b"x" * 50_000_000,)),
        Raw((STALL,), headers={"Content-Length": "10"}),
    ],
    ids=["waiting", "pausing", "sending", "stalling"],
)
def test_a_client_that_leaves_is_noticed_whatever_the_server_does(
    server: PracticeServer, client: httpx.Client, script: Raw
) -> None:
    server.enqueue(script)
    with client.stream("POST", "/chat/completions", json={}):
        [received] = server.requests
    assert received.closed.wait(SOON)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_a_reply_is_noticed(stream: bool) -> None:
    with PracticeServer(pace=2) as server:
        server.enqueue(Answer("word " * 100))
        url = f"{server.base_url}/chat/completions"
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(url, json={"stream": stream}, headers=key_of(server), timeout=0.1, trust_env=False)
        assert server.requests[0].closed.wait(SOON)


def test_a_client_that_stays_to_the_end_has_not_left(server: PracticeServer, ask: Ask) -> None:
    ask("你好", stream=True)
    [received] = server.requests
    assert received.ended.wait(SOON)
    assert not received.closed.wait(0.05)


def test_a_stream_keeps_the_pace() -> None:
    with PracticeServer(pace=40) as server:
        server.enqueue(Answer("abcdefghij", pieces=tuple("abcdefghij")))
        url, began = f"{server.base_url}/chat/completions", time.monotonic()
        body = {"stream": True}
        with httpx.stream("POST", url, json=body, headers=key_of(server), trust_env=False) as response:
            times = [time.monotonic() for line in response.iter_lines() if line.startswith("data: {")]

    assert len(times) == 11
    assert 11 / 40 <= times[-1] - began < 1
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert sorted(gaps)[5] == pytest.approx(1 / 40, abs=0.01)


@pytest.mark.parametrize(("length", "seconds"), [(80, 0.2), (100_000, 2.0)])
def test_a_plain_reply_takes_as_long_as_its_stream_but_not_for_ever(length: int, seconds: float) -> None:
    with PracticeServer(pace=100) as server:
        server.enqueue(Answer("x" * length))
        began = time.monotonic()
        httpx.post(f"{server.base_url}/chat/completions", json={}, headers=key_of(server), trust_env=False)
    assert seconds <= time.monotonic() - began < seconds + 0.5


def test_without_a_pace_twenty_thousand_chunks_take_about_a_second(
    server: PracticeServer, client: httpx.Client
) -> None:
    server.enqueue(Answer("x" * 80_000))
    began = time.monotonic()
    body = client.post("/chat/completions", json={"stream": True}).content
    assert body.count(b"data: ") == 20_002
    assert time.monotonic() - began < 3


def test_five_megabytes_arrive_whole_and_quickly(server: PracticeServer, ask: Ask) -> None:
    text = "字" * 1_700_000
    server.enqueue(Answer(text), Answer(text, pieces=("字" * 1000,) * 1700))
    began = time.monotonic()
    plain = ask("?").json()["choices"][0]["message"]["content"]
    streamed = ask("?", stream=True).content

    assert plain == text
    assert streamed.count("字".encode()) == len(text)
    assert time.monotonic() - began < 3


def test_a_fast_stream_leaves_other_connections_their_turn(
    server: PracticeServer, client: httpx.Client, ask: Ask
) -> None:
    server.enqueue(Answer("x" * 400_000))
    with client.stream("POST", "/chat/completions", json={"stream": True}) as response:
        events: Iterator[str] = (line for line in response.iter_lines() if line)
        assert json.loads(next(events).removeprefix("data: "))
        assert ask("你好").status_code == 200
        assert not server.requests[0].ended.is_set()


def test_more_requests_in_flight_than_the_limit_are_told_to_wait(
    stalled: None, server: PracticeServer, client: httpx.Client, ask: Ask
) -> None:
    server.limit = 1
    server.enqueue(Answer("not for the one that was refused"))
    with client.stream("POST", "/chat/completions", json={"stream": True}) as response:
        assert response.status_code == 200
        for stream in (False, True):
            refused = ask("你好", stream=stream)
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "1302")
        server.limit = 2
        assert ask("你好").json()["choices"][0]["message"]["content"].startswith("not for")
        server.limit = None
        assert ask("你好").status_code == 200
    assert server.requests[0].closed.wait(SOON)
    server.limit = 1
    assert ask("你好").status_code == 200


def test_the_limit_is_met_exactly_however_many_ask_at_once() -> None:
    with PracticeServer(pace=20, limit=3) as server, ThreadPoolExecutor(8) as clients:
        url, body = f"{server.base_url}/chat/completions", {"model": "glm-4", "messages": HELLO}
        statuses = list(
            clients.map(
                lambda _: httpx.post(url, json=body, headers=key_of(server), trust_env=False).status_code, range(8)
            )
        )
        assert sorted(statuses) == [200] * 3 + [429] * 5
        assert httpx.post(url, json=body, headers=key_of(server), trust_env=False).status_code == 200


def test_nothing_is_ever_logged_or_printed(
    server: PracticeServer,
    client: httpx.Client,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.WARNING)
    server.enqueue(Drop(), Drop(reset=True), Raw((b"data: half", CUT)), Raw((b"data: half", RESET)))
    for _ in range(4):
        with pytest.raises(httpx.TransportError):
            client.post("/chat/completions", json={})
    server.enqueue(Answer(object()))
    assert client.post("/chat/completions", json={}).status_code == 500
    assert client.get("/nowhere").status_code == 404
    server.stop()

    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_a_script_that_cannot_be_played_is_told_to_the_client(server: PracticeServer, client: httpx.Client) -> None:
    server.enqueue(Answer(object()))
    response = client.post("/chat/completions", json={})
    assert response.status_code == 500
    assert "object" in response.json()["error"]["message"]
    assert server.requests[0].ended.is_set()
