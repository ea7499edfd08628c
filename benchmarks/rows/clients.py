"""A client that asks over a table, in a process of its own: `python clients.py NAME SPEC`.

It needs no other module of this package, because others' clients run in an environment of their own. It says "ready"
once everything is imported, begins when it reads a line, and then prints what came of it, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

#: One to warm up with, which is no part of what is measured, and the one that is asked.
WARM, MODEL = "glm-4-air", "glm-4-flash-250414"
TEMPLATE = "Classify this review in one word: {{ text }}"

Answers = list[str | None]
#: Asks a model all texts, with so many requests at once. None of the answers is one that was lost.
Ask = Callable[[str, Sequence[str], int], Answers]


class Spec(NamedTuple):
    """What a client is to do. `at_once` is what it is told, `schedule` what the oracle knows beforehand: from when on
    the service takes how many, in seconds since the beginning.
    """

    rows: int
    at_once: int = 0
    schedule: Sequence[tuple[float, int]] = ()
    journal: str | None = None


def texts(rows: int) -> list[str]:
    """The table's rows: all different, about as long as a review in a shop."""
    return [f"Row {row:06}: it came late, the box was torn, and still I like it well." for row in range(rows)]


def prompts(rows: Sequence[str]) -> list[str]:
    """The same as others' clients need them."""
    return [TEMPLATE.replace("{{ text }}", text) for text in rows]


# Ours


class _Oracle:
    """Places of a semaphore that knows what the service takes at each moment (see `zhipu_magic.service.places`)."""

    def __init__(self, schedule: Sequence[tuple[float, int]]) -> None:
        self._schedule = schedule
        self._began = time.monotonic()
        self._taken = 0
        self._changed = threading.Condition()

    def caller(self, most: int | None = None) -> _Oracle:
        return self

    def take(self, given_up: Callable[[], bool], **_: Any) -> _OraclesPlace | None:
        with self._changed:
            while self._taken >= self._limit:
                if given_up():
                    return None
                self._changed.wait(0.05)
            self._taken += 1
        return _OraclesPlace(self)

    def free(self) -> None:
        with self._changed:
            self._taken -= 1
            self._changed.notify()

    @property
    def _limit(self) -> int:
        now = time.monotonic() - self._began
        return next(limit for since, limit in reversed(self._schedule) if now >= since)

    @property
    def state(self) -> None:
        return None


class _OraclesPlace:
    def __init__(self, oracle: _Oracle) -> None:
        self._oracle = oracle

    def end(self, *_: Any) -> None:
        self._oracle.free()


def ours(spec: Spec) -> Ask:
    """`Chat.map`, told nothing unless `at_once` says it."""
    import pandas

    from zhipu_magic import Chat

    chat = Chat(MODEL, api_key=os.environ["ZHIPUAI_API_KEY"], base_url=_address(), journal=spec.journal)

    def ask(model: str, rows: Sequence[str], at_once: int) -> Answers:
        mapped = chat.map(TEMPLATE, pandas.DataFrame({"text": rows}), model=model, in_flight=at_once or None)
        answers: Answers = mapped.values
        chat.history.records.rows.flush()
        return answers

    return ask


def oracle(spec: Spec) -> Ask:
    """The same engine, with a semaphore that knows the limit in the limiter's place."""
    from zhipu_magic.chat.rows import late_asking

    asked = ours(spec)

    def ask(model: str, rows: Sequence[str], at_once: int) -> Answers:
        places = _Oracle(spec.schedule)
        late_asking.places_of = lambda endpoint, model: places  # type: ignore[assignment,return-value]
        return asked(model, rows, 0)

    return ask


def of_dask(spec: Spec) -> Ask:
    """`Chat.map` over a DataFrame of dask, whose rows are with two workers of a cluster, and told nothing."""
    import dask.dataframe
    import pandas
    from distributed import Client, LocalCluster, wait

    from zhipu_magic import Chat

    address: dict[str, Any] = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    client = Client(LocalCluster(n_workers=2, threads_per_worker=2, silence_logs=logging.CRITICAL, **address))
    chat = Chat(MODEL, api_key=os.environ["ZHIPUAI_API_KEY"], base_url=_address(), journal=spec.journal)

    def ask(model: str, rows: Sequence[str], at_once: int) -> Answers:
        table = dask.dataframe.from_pandas(pandas.DataFrame({"text": rows}), npartitions=_PARTITIONS)
        mapped = chat.map(TEMPLATE, client.persist(table), model=model)
        wait(mapped.frame)
        answers: Answers = mapped.values
        return answers

    return ask


# Others


def zhipuai(spec: Spec) -> Ask:
    """The bare SDK in a thread pool, with its own retries."""
    from zhipuai import ZhipuAI

    client = ZhipuAI()

    def ask(model: str, rows: Sequence[str], at_once: int) -> Answers:
        def one(prompt: str) -> str | None:
            try:
                reply = client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}])
            except Exception:
                return None
            text: str = reply.choices[0].message.content
            return text

        with ThreadPoolExecutor(at_once or _AT_ONCE) as pool:
            return list(pool.map(one, prompts(rows)))

    return ask


def openai(spec: Spec) -> Ask:
    """OpenAI's client in coroutines, with its own retries."""
    from openai import AsyncOpenAI  # type: ignore[import-not-found,unused-ignore]  # in an environment of its own

    client = AsyncOpenAI(api_key=os.environ["ZHIPUAI_API_KEY"], base_url=_address())

    async def all_of_them(model: str, rows: Sequence[str], at_once: int) -> Answers:
        places = asyncio.Semaphore(at_once or _AT_ONCE)

        async def one(prompt: str) -> str | None:
            async with places:
                try:
                    reply = await client.chat.completions.create(
                        model=model, messages=[{"role": "user", "content": prompt}]
                    )
                except Exception:
                    return None
                text: str = reply.choices[0].message.content
                return text

        return await asyncio.gather(*map(one, prompts(rows)))

    loop = asyncio.new_event_loop()
    return lambda model, rows, at_once: loop.run_until_complete(all_of_them(model, rows, at_once))


def chatlas(spec: Spec) -> Ask:
    """chatlas' parallel chat, which asks ten at once, and 500 a minute, unless it is told otherwise."""
    from chatlas import ChatOpenAICompletions, parallel_chat  # type: ignore[import-not-found,unused-ignore]  # as above

    async def all_of_them(model: str, rows: Sequence[str], at_once: int) -> Answers:
        chat = ChatOpenAICompletions(base_url=_address(), api_key=os.environ["ZHIPUAI_API_KEY"], model=model)
        told = {"max_active": at_once, "rpm": 1_000_000} if at_once else {}
        chats = await parallel_chat(chat, prompts(rows), **told)
        return [_last_text(one) for one in chats]

    loop = asyncio.new_event_loop()
    return lambda model, rows, at_once: loop.run_until_complete(all_of_them(model, rows, at_once))


def _last_text(chat: Any) -> str | None:
    if chat is None or isinstance(chat, BaseException):
        return None
    last = chat.get_last_turn()
    return str(last.text) if last is not None and last.role == "assistant" else None


#: What a user writes who knows of no limit.
_AT_ONCE = 32
_PARTITIONS = 16

CLIENTS: dict[str, Callable[[Spec], Ask]] = {
    each.__name__: each for each in (ours, oracle, of_dask, zhipuai, openai, chatlas)
}


def _address() -> str:
    return os.environ["ZHIPUAI_BASE_URL"]


def _resident() -> float:
    """Megabytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main(name: str, spec: Spec) -> None:
    report = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # some clients print how far they are
    ask, rows = CLIENTS[name](spec), texts(spec.rows)
    ask(WARM, texts(20), 2)
    print("ready", file=report, flush=True)
    sys.stdin.readline()
    before, wall, cpu = _resident(), time.perf_counter(), time.process_time()
    answers = ask(MODEL, rows, spec.at_once)
    found = {
        "seconds": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "lost": sum(answer is None for answer in answers),
        "megabytes": _resident() - before,
    }
    print(json.dumps(found), file=report, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Spec(**json.loads(sys.argv[2])))
