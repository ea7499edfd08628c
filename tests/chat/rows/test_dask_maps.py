"""Asking over a DataFrame of dask: as any table is asked, with its rows where they are."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import dask
import dask.dataframe as dd
import dask_cluster
import pandas as pd
import pytest
from distributed import Client
from distributed.diagnostics.plugin import WorkerPlugin
from in_process import Page
from platforms import needs_signals
from pydantic import BaseModel

from zhipu_magic import Chat
from zhipu_magic.practice import Answer, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.errors import Interrupted, InvalidRequest, NotRecorded

GOOD = '{"label": "good", "score": 0.9}'


class Review(BaseModel):
    label: Literal["good", "bad"]
    score: float


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with dask_cluster.running() as found:
        yield found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "n.jsonl"


@pytest.fixture
def chat(server: PracticeServer, path: Path, client: Client) -> Iterator[Chat]:
    asking = Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key, journal=path)
    yield asking
    asking.close()


def table(*texts: Any, partitions: int = 3) -> Any:
    return dd.from_pandas(pd.DataFrame({"text": [*texts]}), npartitions=partitions)


def many(count: int, partitions: int) -> Any:
    return table(*(f"row {number}" for number in range(count)), partitions=partitions)


def slow(seconds: float) -> Raw:
    return Raw((sse(chunk("done")), seconds, sse(chunk("", finish_reason="stop"))))


def until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.01)


def prompts(server: PracticeServer) -> list[str]:
    return sorted(request.body["messages"][-1]["content"] for request in server.requests)


def test_the_answers_stand_beside_the_rows_of_every_partition(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[Answer(GOOD)] * 4)
    given = table(*"abcd")
    frame = chat.map("Say {{ text }}", given, as_type=Review).frame
    assert isinstance(frame, dd.DataFrame)
    assert (frame.npartitions, frame.divisions) == (given.npartitions, given.divisions)
    found = frame.compute()
    assert found.to_dict("list") == {"text": [*"abcd"], "label": ["good"] * 4, "score": [0.9] * 4}
    assert prompts(server) == [f"Say {letter}" for letter in "abcd"]


def test_a_duplicate_in_another_partition_is_asked_once(chat: Chat, server: PracticeServer) -> None:
    for fresh in (False, True):
        mapped = chat.map("Say {{ text }}", table(*"abcabcab", partitions=4), fresh=fresh)
        assert mapped.frame["answer"].compute().notna().all()
        assert mapped.figures().equal == 5
    assert prompts(server) == sorted([f"Say {letter}" for letter in "abc"] * 2)


def test_a_duplicate_of_a_row_that_fails_fails_alike_in_every_partition(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Fault.of("1301"))
    mapped = chat.map("Say {{ text }}", table(*"aaaaaa"))
    assert mapped.frame["answer"].compute().isna().all()
    assert [(error.row, error.code) for error in mapped.errors] == [(row, "1301") for row in range(6)]
    assert len(server.requests) == 1


def test_rows_fail_by_their_number_over_all_partitions(chat: Chat, server: PracticeServer) -> None:
    mapped = chat.map("Say {{ text }}", table("a", None, "c", "d", None, None))
    assert list(mapped.frame["answer"].compute().isna()) == [False, True, False, False, True, True]
    assert [(error.row, error.reason) for error in mapped.errors] == [(row, "row.missing") for row in (1, 4, 5)]
    assert [value is None for value in mapped.values] == [False, True, False, False, True, True]


def test_what_is_known_is_not_asked_again(chat: Chat, server: PracticeServer) -> None:
    chat.map("Say {{ text }}", ["a", "b"]).wait()
    mapped = chat.map("Say {{ text }}", table(*"abc"))
    assert mapped.frame["answer"].compute().notna().all()
    assert mapped.figures().known == 2
    assert len(server.requests) == 3


def test_a_series_and_the_first_rows(chat: Chat, server: PracticeServer) -> None:
    mapped = chat.map("Say {{ text }}", table(*"abcdef")["text"], first=3)
    assert mapped.frame.compute()["text"].to_list() == [*"abc"]
    assert isinstance(mapped.head(2), pd.DataFrame)
    assert len(server.requests) == 3


def test_its_partitions_can_be_asked_as_a_stream(chat: Chat) -> None:
    frames = [*chat.map_batches("Say {{ text }}", table(*"abcd", partitions=2).partitions)]
    assert [frame.compute()["text"].to_list() for frame in frames] == [["a", "b"], ["c", "d"]]
    assert all(frame["answer"].compute().notna().all() for frame in frames)


def test_no_cluster_is_needed(chat: Chat, server: PracticeServer) -> None:
    with dask.config.set(scheduler="synchronous"):
        mapped = chat.map("Say {{ text }}", table(*"abca"))
    assert mapped.frame.compute(scheduler="synchronous")["answer"].notna().all()
    assert len(server.requests) == 3


def test_a_row_may_have_its_own_picture_and_all_may_share_one(chat: Chat, server: PracticeServer) -> None:
    first, second, shared = (f"https://example.com/{name}.png" for name in ("first", "second", "shared"))
    given = dd.from_pandas(pd.DataFrame({"text": [*"ab"], "picture": [first, second]}), npartitions=2)
    chat.map("Say {{ text }}", given, model="glm-4.5v", images=["{{ picture }}", shared], in_flight=1).wait()
    sent = [request.body["messages"][-1]["content"] for request in server.requests]
    pictures = [[part["image_url"]["url"] for part in parts if part["type"] == "image_url"] for parts in sent]
    assert pictures == [[shared, first], [shared, second]]


def test_a_replay_answers_it_and_sends_nothing(chat: Chat, server: PracticeServer, path: Path) -> None:
    first = chat.map("Say {{ text }}", table("a", None, "c"))
    expected = first.frame.compute()
    chat.close()
    replaying = Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key, journal=path, replay="only")
    mapped = replaying.map("Say {{ text }}", table("a", None, "c"))
    pd.testing.assert_frame_equal(mapped.frame.compute(), expected)
    assert mapped.errors == first.errors
    assert len(server.requests) == 2
    with pytest.raises(NotRecorded):
        replaying.map("Say {{ text }}", table("d"))
    replaying.close()


def test_a_batch_has_its_rows(chat: Chat, server: PracticeServer) -> None:
    assert chat.batch("Say {{ text }}", table(*"abca")).new == 3
    until(lambda: all(one.is_over for one in chat.collect()))
    mapped = chat.map("Say {{ text }}", table(*"abca"))
    assert mapped.frame["answer"].compute().notna().all()
    assert server.requests == []


# What the workers get


class Seen(WorkerPlugin):
    """Keeps what a worker is given to run, and what that returns."""

    name = "seen"

    def setup(self, worker: Any) -> None:
        self.worker, worker.seen = worker, []

    def transition(self, key: Any, start: str, finish: str, **more: Any) -> None:
        if finish in ("executing", "memory"):
            task = self.worker.state.tasks[key]
            self.worker.seen.append(pickle.dumps((key, task.run_spec, self.worker.data.get(key))))


def test_the_key_is_in_nothing_that_a_worker_gets(chat: Chat, server: PracticeServer, client: Client) -> None:
    key = server.api_key
    server.enqueue(*[Answer(f"I know {key}")] * 2)
    client.register_plugin(Seen())
    names = {"guide": f"Be kind.\n{key}", "beginning": key[:10], "end": key[10:], "picture": f"https://a.b/{key}.png"}
    template = "Grade {{ text }}. {{ guide }} {{ beginning }}{{ end }} " + key + '{{ text | default("' + key + '") }}'
    mapped = chat.map(template, table(*"ab"), names=names, model="glm-4.5v", images=["{{ picture }}"])
    mapped.frame.compute()
    mapped.head(2)
    blobs: list[bytes] = [blob for found in client.run(lambda dask_worker: dask_worker.seen).values() for blob in found]
    client.unregister_worker_plugin("seen")
    assert any(b"Be kind." in blob for blob in blobs)
    assert any(b"I know" in blob for blob in blobs)
    for part in (key, key.partition(".")[2]):
        assert not any(part.encode() in blob for blob in blobs)


# In a cell


def test_a_cell_shows_the_first_rows_and_binds_the_frame(page: Page, client: Client, server: PracticeServer) -> None:
    page.names["reviews"] = table("alpha", "beta", "alpha", None)
    cell = page.run("%%glm --each reviews -o labelled\nClassify: {{ text }}")
    assert cell.success
    assert any("Dask computes the table" in str(shown) for shown in cell.every)
    assert "alpha" in cell.plain(0)
    assert "<table" in cell.html(0)
    assert "4 rows (1 equal) · 1 failed" in cell.plain(1)
    assert isinstance(page.names["labelled"], dd.DataFrame)
    assert list(page.names["labelled"].compute()["answer"].isna()) == [False, False, False, True]


@needs_signals
def test_an_interrupt_binds_what_there_is_and_the_next_run_asks_the_rest(
    page: Page, client: Client, server: PracticeServer
) -> None:
    page.names["reviews"] = many(40, 5)
    server.enqueue(*[slow(0.2)] * 40)
    threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    cell = page.run("%%glm --each reviews --in-flight 4 -o labelled\n{{ text }}")
    assert isinstance(cell.error, Interrupted)
    answered = page.names["labelled"].compute()["answer"].notna().sum()
    assert 0 < answered < 40
    assert page.run("%%glm --each reviews -o labelled\n{{ text }}").success
    assert page.names["labelled"].compute()["answer"].notna().all()
    assert len(server.requests) == 40


# Workers and schedulers that die


def kill_a_worker(client: Client) -> None:
    os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)


@needs_signals
def test_a_worker_that_is_killed_in_mid_run_loses_nothing(chat: Chat, server: PracticeServer, client: Client) -> None:
    server.enqueue(*[slow(0.05)] * 120)
    mapped = chat.map("Say {{ text }}", many(120, 40), in_flight=4)
    until(lambda: mapped.figures().done > 10)
    kill_a_worker(client)
    assert mapped.frame["answer"].compute().notna().all()
    assert mapped.errors == []
    assert prompts(server) == sorted(f"Say row {number}" for number in range(120))


@needs_signals
def test_a_worker_that_is_killed_after_the_end_loses_no_answer(chat: Chat, client: Client) -> None:
    frame = chat.map("Say {{ text }}", many(40, 8)).frame
    expected = frame.compute()
    kill_a_worker(client)
    pd.testing.assert_frame_equal(frame.compute(), expected)


def test_the_first_rows_are_left_out_if_no_worker_is_there_to_send_them(page: Page, server: PracticeServer) -> None:
    with dask_cluster.running() as client:

        def end_the_workers() -> None:
            until(lambda: len(server.requests) == 2)
            client.cluster.scale(0)
            until(lambda: not client.nthreads())

        page.names["reviews"] = table("a", "b")
        server.enqueue(*[slow(4.0)] * 2)
        going = threading.Thread(target=end_the_workers)
        going.start()
        cell = page.run("%%glm --each reviews -o labelled\n{{ text }}")
        going.join()
        assert cell.success
        assert "The first rows are not shown" in cell.plain(0)
        assert "2 rows" in cell.plain(0)
        client.cluster.scale(1)
        assert page.names["labelled"].compute()["answer"].to_list() == ["done"] * 2


def test_a_cluster_that_goes_away_fails_the_cell_and_what_came_is_kept(page: Page, server: PracticeServer) -> None:
    template = "--each reviews --in-flight 4 -o labelled\n{{ text }}"
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), dask_cluster.running() as client:
        page.names["reviews"] = table("a").map_partitions(lambda rows: os._exit(1), meta={"text": "str"})
        cell = page.run(f"%%glm {template}")
        assert "KilledWorker" in str(cell.error)
        page.names["reviews"] = many(200, 100)
        server.enqueue(*[slow(0.05)] * 200)
        going = threading.Thread(target=lambda: (until(lambda: len(server.requests) > 10), client.shutdown()))
        going.start()
        cell = page.run(f"%%glm {template}")
        going.join()
    assert isinstance(cell.error, InvalidRequest)
    assert cell.error.reason == "rows.dask"
    assert "only what is missing is asked" in str(cell.error)
    assert "/200 · " in cell.plain(0)
    assert "failed" not in cell.plain(0)
    assert "labelled" not in page.names
    until(lambda: not page.magics.chat._scheduler.maps_under_way)
    assert 10 < len(server.requests) < 200
    with dask.config.set(scheduler="threads"):
        assert page.run(f"%%glm {template}").success
        assert page.names["labelled"]["answer"].compute().notna().all()
    assert len(server.requests) == 200
