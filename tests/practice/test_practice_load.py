"""What the server takes at once, how long answers take, and when it takes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import mean, median

import httpx
import pytest

from zhipu_magic.practice import Fault, PracticeServer
from zhipu_magic.practice.load import Load

Ask = Callable[..., httpx.Response]


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["error"]["code"]
    return code


@pytest.mark.parametrize("stream", [False, True])
def test_a_place_is_held_until_the_answer_has_come(server: PracticeServer, ask: Ask, stream: bool) -> None:
    begun, answers = threading.Event(), iter([0.2, 0.0, 0.0])

    def latency() -> float:
        begun.set()
        return next(answers)

    server.limit, server.load.latency = 1, latency
    with ThreadPoolExecutor(1) as other:
        slow = other.submit(ask, "slow", stream=stream)
        assert begun.wait(5)
        assert code_of(ask("quick")) == "1302"
        assert slow.result().status_code == 200
    assert ask("quick").status_code == 200
    assert (server.load.let_in, server.load.refused, server.load.most) == (2, 1, 1)
    assert 0.2 <= server.load.in_flight_seconds < 10


def test_an_answer_takes_as_long_as_it_is_said_to(server: PracticeServer, ask: Ask) -> None:
    server.load.latency = lambda: 0.15
    assert ask("你好").elapsed.total_seconds() >= 0.15
    assert ask("你好", stream=True).elapsed.total_seconds() >= 0.15


def test_a_refusal_comes_at_once(server: PracticeServer, ask: Ask) -> None:
    server.limit, server.load.latency = 0, lambda: 60.0
    assert code_of(ask("你好")) == "1302"


def test_latencies_have_the_mean_that_was_asked_for_and_a_long_tail() -> None:
    load = Load(latency=0.5)
    seconds = [load.seconds() for _ in range(20_000)]
    assert mean(seconds) == pytest.approx(0.5, rel=0.02)
    assert min(seconds) > 0 and median(seconds) < 0.46 and max(seconds) > 1.5
    assert seconds[:5] == [again.seconds() for again in [Load(latency=0.5)] for _ in range(5)]


def test_in_a_storm_every_request_is_answered_alike_until_it_is_over(server: PracticeServer, ask: Ask) -> None:
    server.load.storm = Fault.of("1305")
    assert [code_of(ask("你好", stream=stream)) for stream in (False, True)] == ["1305", "1305"]
    server.load.storm = None
    assert ask("你好").status_code == 200
    assert (server.load.let_in, server.load.refused) == (1, 2)


def test_a_place_may_be_free_later_than_its_answer_ends(server: PracticeServer, ask: Ask) -> None:
    server.limit, server.load.freed_after = 1, 0.2
    assert ask("你好").status_code == 200
    assert code_of(ask("你好")) == "1302"
    server.load.freed_after = 0.0
    while (response := ask("你好")).status_code == 429:
        pass
    assert response.status_code == 200


def test_a_client_that_leaves_gives_its_place_back(server: PracticeServer, ask: Ask) -> None:
    server.limit, server.load.latency = 1, lambda: 60.0
    with pytest.raises(httpx.ReadTimeout):
        ask("你好", timeout=0.1)
    assert server.requests[0].ended.wait(5)
    server.load.latency = 0.0
    assert ask("你好").status_code == 200
