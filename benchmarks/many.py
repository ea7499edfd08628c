"""many at once: 16 requests from 8 threads or from one coroutine, next to an ideal client with as many in flight"""

from __future__ import annotations

from statistics import median

from zhipu_magic.practice import DONE, Raw, chunk, sse

from .contenders import OURS
from .kernel import Bench
from .servers import Practice
from .table import Row, Values

REQUESTS, IN_FLIGHT, SECONDS = 16, 8, 0.5
#: The share of an ideal client's speed, which takes REQUESTS / IN_FLIGHT times as long as one reply.
ACHIEVED = 0.9

_SETUP = """\
import asyncio, time
from concurrent.futures import ThreadPoolExecutor
from zhipu_magic import Chat
chat = Chat("glm-4", limit={in_flight})

def in_threads():
    with ThreadPoolExecutor({in_flight}) as pool:
        return list(pool.map(lambda row: chat.ask(str(row), once=True).text, range({requests})))

async def gathered():
    return await asyncio.gather(*(chat.ask(str(row), once=True) for row in range({requests})))

def timed(ask):
    began = time.perf_counter()
    assert len(ask()) == {requests}
    return time.perf_counter() - began

def alone():
    began = time.perf_counter()
    chat.ask("one", once=True).text
    return time.perf_counter() - began
"""

#: A cell's thread has a running event loop, so the coroutine gets its own loop in another thread.
_WAYS = {
    "8 threads": "timed(in_threads)",
    "one coroutine": "ThreadPoolExecutor(1).submit(timed, lambda: asyncio.run(gathered())).result()",
}


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure one reply alone, then all of them, round by round."""
    rounds = 3 if quick else 7
    server = bench.practice()
    achieved: dict[str, list[float]] = {way: [] for way in _WAYS}
    with bench.kernel(server) as kernel:
        kernel.run(_SETUP.format(in_flight=IN_FLIGHT, requests=REQUESTS))
        _answer(server, REQUESTS)
        kernel.run("timed(in_threads)")  # makes the connections
        for _ in range(rounds):
            for way, code in _WAYS.items():
                _answer(server, REQUESTS + 1)
                alone = kernel.run("taken = alone()", taken="taken")
                all_of_them = kernel.run(f"taken = {code}", taken="taken")
                ideal = alone.values["taken"] * REQUESTS / IN_FLIGHT
                achieved[way].append(ideal / all_of_them.values["taken"])
    return [
        Row(f"{REQUESTS} requests, {IN_FLIGHT} in flight, {way}", "of ideal", {OURS.column: got}, [_at_least(got)])
        for way, got in achieved.items()
    ]


def _answer(server: Practice, requests: int) -> None:
    for _ in range(requests):
        server.answer_next(Raw((sse(chunk("one ")), SECONDS, sse(chunk("two", finish_reason="stop")) + DONE)))


def _at_least(values: Values) -> str:
    return f"{'✓' if median(values) >= ACHIEVED else '✗'} ≥ {ACHIEVED}"
