"""Many replies under way: from threads, in coroutines, stopped one by one, and within one budget."""

from __future__ import annotations

import asyncio
import json
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from zhipu_magic import Chat, GLMError, Reply
from zhipu_magic.chat.replies.progress import Progress
from zhipu_magic.chat.watch import watch
from zhipu_magic.history.budget import Budget
from zhipu_magic.history.journal.reader import read
from zhipu_magic.history.turn import Anchor
from zhipu_magic.practice import CUT, DONE, STALL, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.service.exchange import Exchange
from zhipu_magic.text.errors import InvalidRequest, OverBudget, ReplyBroken, ServiceError

SLOW = 0.2


def slow(text: str = "done", seconds: float = SLOW) -> Raw:
    return Raw((sse(chunk(text)), seconds, sse(chunk("", finish_reason="stop")), DONE))


def stalled(text: str = "half ") -> Raw:
    return Raw((sse(chunk(text)), STALL))


def begun(reply: Reply) -> Reply:
    """The reply, once its first words are there."""
    while not reply.progress.has_text:
        reply.advance(0.1)
    return reply


def until(done: Callable[[], bool], seconds: float = 40.0) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.01)


# From threads


def test_threads_ask_at_once_and_every_reply_is_committed_once(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    server.enqueue(*[slow(seconds=0.05)] * 32)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda row: chat.ask(f"row {row}", once=True), range(32)))
        texts = list(pool.map(lambda reply: reply.text, replies))
    assert texts == ["done"] * 32
    assert len(chat.ledger.entries) == 32
    chat.close()
    ids = [json.loads(line)["id"] for line in path.read_text().splitlines()]
    assert len(ids) == len(set(ids)) == 33
    assert {json.loads(line)["prompt"] for line in path.read_text().splitlines()[1:]} == {
        f"row {row}" for row in range(32)
    }
    assert read(path).notes == []


def test_what_is_asked_once_overlaps(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[slow()] * 8)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda row: chat.ask(str(row), once=True).text, range(8))) == {"done"}
    assert time.monotonic() - began < 5 * SLOW


def test_no_more_than_the_limit_are_under_way(server: PracticeServer) -> None:
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, limit=2)
    server.enqueue(stalled(), stalled(), Answer("third"))
    first, second, third = (chat.ask(str(number), once=True) for number in range(3))
    begun(first), begun(second)
    assert third.advance(0.3) and third.state == "waiting"
    assert len(server.requests) == 2
    first.interrupt()
    assert third.text == "third"
    second.interrupt()
    assert chat.limit == 2
    chat.close()


@pytest.mark.parametrize("limit", [0, -1, None, 2.5])
def test_a_limit_is_a_number_of_requests(limit: Any) -> None:
    with pytest.raises(InvalidRequest, match="at least 1"):
        Chat("glm-4", limit=limit)


def test_a_higher_limit_lets_go_what_waits(chat: Chat, server: PracticeServer) -> None:
    chat.limit = 1
    server.enqueue(stalled(), Answer("second"))
    first = begun(chat.ask("one", once=True))
    second = chat.ask("two", once=True)
    assert second.advance(0.2)
    chat.limit = 2
    assert second.text == "second"
    first.interrupt()


def test_a_thread_of_the_conversation_has_one_turn_under_way(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[slow("one", 0.1)] * 8)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda turn: chat.ask(f"turn {turn}").text, range(8))) == ["one"] * 8
    turns = chat.thread().turns
    assert len(turns) == 8
    held = [len(request.body["messages"]) for request in server.requests]
    assert held == [1, 3, 5, 7, 9, 11, 13, 15], "each turn held those before it"
    assert not any(link.stale for link in chat.thread().links)


def test_threads_of_the_conversation_do_not_wait_for_each_other(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(stalled(), Answer("at once"))
    hanging = begun(chat.ask("one", thread="a"))
    assert chat.ask("two", thread="b").text == "at once"
    hanging.interrupt()
    assert [thread.size for thread in chat.history.threads if thread.name in "ab"] == [1, 1]


def test_to_look_waits_for_nothing_and_raises_nothing(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(stalled())
    hanging = begun(chat.ask("one"))
    began = time.monotonic()
    assert (chat.system, chat.model, chat.temperature, chat.budget) == ("", "glm-4", None, None)
    assert chat.thread().size == 0
    assert not chat.ledger.entries
    assert [thread.name for thread in chat.history.threads] == ["main"]
    chat.system, chat.model, chat.temperature = "Be brief.", "glm-4-plus", 0.5
    assert (chat.system, chat.model, chat.temperature) == ("Be brief.", "glm-4-plus", 0.5)
    assert time.monotonic() - began < 1.0
    assert hanging.state == "streaming"
    hanging.interrupt()
    assert [turn.reply for turn in chat.thread().turns] == ["half "]


def test_a_reply_that_nobody_reads_is_kept_all_the_same(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("unread"), Answer('{"a": 1}'), Answer("unread too"))
    chat.ask("one")
    until(lambda: chat.thread().size == 1)
    chat.ask("two", once=True)
    until(lambda: len(list(chat.ledger.entries)) == 2)


def test_what_has_been_read_is_on_the_disk(
    server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def slow_disk(file: int) -> None:
        time.sleep(0.2)
        synced.append("through")

    monkeypatch.setattr(os, "fsync", slow_disk)
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=tmp_path / "j.jsonl")
    reply = chat.ask("hello")
    until(lambda: reply.ended is not None)  # in the thread that received it, which has the disk to wait for
    assert len(synced) < 2
    assert reply.text
    assert len(synced) == 2, "the file, and the folder that it is new in"
    chat.close()


def test_a_setting_that_waits_for_the_disk_holds_up_no_other_change(
    server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_disk, free = threading.Event(), threading.Event()

    def full_disk(file: int) -> None:
        at_disk.set()
        free.wait(10)

    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=tmp_path / "j.jsonl")
    server.enqueue(Answer("one"))
    chat.ask("first", anchor=Anchor(cell="A", run=1)).read()
    monkeypatch.setattr(os, "fsync", full_disk)
    changes: list[Callable[[], object]] = [
        lambda: setattr(chat, "temperature", 0.5),
        lambda: setattr(chat, "system", "Be brief."),
        lambda: chat.history.fork("other"),
        chat.history.undo,
        chat.history.redo,
        lambda: chat.history.set_aside({"A"}),
        chat.history.restore,
        chat.history.reset,
        lambda: chat.history.switch("main"),
    ]
    for change in changes:
        at_disk.clear()
        free.clear()
        waiting = threading.Thread(target=change)
        waiting.start()
        assert at_disk.wait(5)
        assert chat.history.changing.acquire(timeout=1), "the disk holds up what others change"
        chat.history.changing.release()
        free.set()
        waiting.join()
    chat.close()


def test_an_error_that_nobody_saw_is_raised_by_the_next_turn_and_only_once(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1210"), Answer("fine"))
    chat.ask("one")
    until(lambda: not chat._scheduler.under_way)
    assert chat.thread().size == 0, "looking raises nothing"
    with pytest.raises(ServiceError):
        chat.ask("two")
    assert chat.ask("three").text == "fine"


def test_a_text_that_came_before_an_error_is_iterated_whole(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("one ")), sse(chunk("two")), CUT)))
    reply = chat.ask("hello")
    until(lambda: reply.ended is not None)
    said: list[str] = []
    with pytest.raises(ReplyBroken):
        for text in reply:
            said.append(text)
    assert "".join(said) == "one two"


def test_several_threads_read_one_reply(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(slow("the same"))
    reply = chat.ask("hello")
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: reply.text, range(4))) == {"the same"}
    assert chat.thread().size == 1


def test_all_of_several_readers_get_out_on_a_busy_machine() -> None:
    """A wait that ends late, and finds nothing left to take, must not go on for ever."""

    def send(exchange: Exchange) -> None:
        for number in range(30):
            exchange.emit(str(number))
            time.sleep(0.002)

    over = threading.Event()

    def burn() -> None:
        while not over.is_set():
            sum(range(1_000))

    def read(exchange: Exchange) -> None:
        while not exchange.drained:
            exchange.wait(0.005)
            exchange.take()

    burners = [threading.Thread(target=burn) for _ in range(3)]
    for burner in burners:
        burner.start()
    try:
        for _ in range(5):
            exchange = Exchange(send)
            threads = [threading.Thread(target=read, args=(exchange,), daemon=True) for _ in range(6)]
            for thread in (threading.Thread(target=exchange.run, daemon=True), *threads):
                thread.start()
            for thread in threads:
                thread.join(20)
                assert not thread.is_alive()
    finally:
        over.set()
        for burner in burners:
            burner.join()


def test_what_is_asked_while_a_journal_is_resumed_or_moved_is_kept_once(server: PracticeServer, tmp_path: Path) -> None:
    earlier = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=tmp_path / "a.jsonl")
    assert earlier.ask("earlier").text
    earlier.close()
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=tmp_path / "b.jsonl")
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(lambda number: chat.ask(f"row {number}", once=True).text, number) for number in range(24)]
        chat.history.resume(tmp_path / "a.jsonl")
        for number in range(5):
            chat.history.journal.move(tmp_path / f"moved-{number}.jsonl")
        assert all(each.result() for each in asked)
    assert len(chat.ledger.entries) == 25
    chat.close()
    prompts = [json.loads(line).get("prompt") for line in (tmp_path / "moved-4.jsonl").read_text().splitlines()]
    assert sorted(filter(None, prompts)) == sorted(["earlier", *(f"row {number}" for number in range(24))])


# In coroutines


def test_a_hundred_are_gathered(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[Answer(f"answer {number}") for number in range(100)])

    async def all_of_them() -> list[Reply]:
        return await asyncio.gather(*(chat.ask(f"question {number}", once=True) for number in range(100)))

    replies = asyncio.run(all_of_them())
    assert {reply.state for reply in replies} == {"complete"}
    assert {reply.text for reply in replies} == {f"answer {number}" for number in range(100)}
    assert len(list(chat.ledger.entries)) == 100


def test_the_loop_goes_on_while_a_reply_is_awaited(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(slow(seconds=0.5))

    async def count_meanwhile() -> int:
        counted, task = 0, asyncio.ensure_future(_complete(chat.ask("hello")))
        while not task.done():
            counted += 1
            await asyncio.sleep(0.01)
        assert (await task).text == "done"
        return counted

    assert asyncio.run(count_meanwhile()) > 10


async def _complete(reply: Reply) -> Reply:
    return await reply


def test_a_reply_is_iterated_in_a_coroutine(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("one two three", pieces=("one ", "two ", "three")))

    async def said() -> list[str]:
        return [text async for text in chat.ask("hello")]

    assert "".join(asyncio.run(said())) == "one two three"
    assert chat.thread().size == 1


def test_a_reply_that_had_come_before_is_iterated_whole_in_a_coroutine(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("one two"))
    reply = chat.ask("hello")
    until(lambda: reply.ended is not None)

    async def said() -> list[str]:
        return [text async for text in reply]

    assert "".join(asyncio.run(said())) == "one two"


def test_several_tasks_await_one_reply(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(slow("the same"))

    async def together() -> list[Reply]:
        reply = chat.ask("hello")
        return await asyncio.wait_for(asyncio.gather(*(_complete(reply) for _ in range(3))), 40)

    assert [reply.text for reply in asyncio.run(together())] == ["the same"] * 3


def test_an_error_is_raised_where_it_is_awaited(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1210"))
    with pytest.raises(ServiceError):
        asyncio.run(_complete(chat.ask("hello")))


def test_to_cancel_a_task_interrupts_its_reply_and_no_other(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(stalled())

    async def cancel() -> tuple[Reply, Reply]:
        hanging = chat.ask("one", once=True)
        task = asyncio.ensure_future(_complete(hanging))
        while not hanging.progress.has_text:
            await asyncio.sleep(0.01)
        server.enqueue(slow())
        other = asyncio.ensure_future(_complete(chat.ask("two", once=True)))
        await asyncio.sleep(SLOW / 4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return hanging, await other

    hanging, other = asyncio.run(cancel())
    assert (hanging.state, hanging.progress.text) == ("interrupted", "half ")
    assert (other.state, other.text) == ("complete", "done")


def test_a_plain_tool_does_not_block_the_loop_and_an_async_one_runs_on_it(chat: Chat, server: PracticeServer) -> None:
    loops: list[object] = []

    def plain(seconds: float) -> str:
        """Wait in a thread."""
        time.sleep(seconds)
        return "waited"

    async def on_the_loop(word: str) -> str:
        """Say it again."""
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0.01)
        return word

    server.enqueue(
        Answer(
            tool_calls=(
                tool_call("plain", {"seconds": 0.5}, id="call_plain"),
                tool_call("on_the_loop", {"word": "hi"}, id="call_on_the_loop"),
            )
        ),
        Answer("both ran"),
    )

    async def count_meanwhile() -> tuple[int, str]:
        counted = 0
        task = asyncio.ensure_future(_complete(chat.ask("use them", tools=(plain, on_the_loop))))
        while not task.done():
            counted += 1
            await asyncio.sleep(0.01)
        assert loops == [asyncio.get_running_loop()]
        return counted, (await task).text

    counted, text = asyncio.run(count_meanwhile())
    assert (text, counted > 10) == ("both ran", True)
    assert [message["content"] for message in server.requests[1].body["messages"] if message["role"] == "tool"] == [
        "waited",
        "hi",
    ]


def test_to_cancel_a_task_cancels_its_async_tool(chat: Chat, server: PracticeServer) -> None:
    ended: list[str] = []

    async def endless() -> str:
        """Run for ever."""
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return "never"

    server.enqueue(Answer("wait", tool_calls=(tool_call("endless", {}, id="call_endless"),)))

    async def cancel() -> Reply:
        reply = chat.ask("use it", tools=(endless,))
        task = asyncio.ensure_future(_complete(reply))
        while reply.calling is None:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.1)
        return reply

    assert asyncio.run(cancel()).state == "interrupted"
    assert ended == ["cancelled"]


def test_what_another_thread_stops_is_not_awaited_for_ever(chat: Chat, server: PracticeServer) -> None:
    released = threading.Event()

    def hangs() -> str:
        """Hang."""
        released.wait(60)
        return "at last"

    server.enqueue(Answer("wait", tool_calls=(tool_call("hangs", {}, id="call_hangs"),)))

    async def stopped() -> str:
        reply = chat.ask("use it", tools=(hangs,))
        task = asyncio.ensure_future(_complete(reply))
        while reply.calling is None:
            await asyncio.sleep(0.01)
        threading.Timer(0.05, reply.interrupt).start()
        return (await asyncio.wait_for(task, 40)).state

    try:
        assert asyncio.run(stopped()) == "interrupted"
    finally:
        released.set()


def test_to_wait_for_a_turn_whose_tool_needs_the_loop_is_refused(chat: Chat, server: PracticeServer) -> None:
    async def waits() -> str:
        """Wait on the loop."""
        await asyncio.sleep(0.3)
        return "waited"

    server.enqueue(Answer(tool_calls=(tool_call("waits", {}, id="1"),)), Answer("done"), Answer("next"))

    async def ask() -> list[str]:
        reply = chat.ask("use it", tools=(waits,))
        task = asyncio.ensure_future(_complete(reply))
        while reply.calling is None:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        with pytest.raises(InvalidRequest, match="on this event loop"):
            chat.ask("next")
        return [(await task).text, (await chat.ask("next")).text]

    assert asyncio.run(ask()) == ["done", "next"]


# Tools


def test_a_tool_cannot_use_the_chat_that_calls_it_and_nothing_else_is_told_so(
    chat: Chat, server: PracticeServer
) -> None:
    said: list[str] = []

    def curious() -> str:
        """Ask on."""
        assert chat.thread().size == 0, "it may look"
        for ask in (lambda: chat.ask("more"), lambda: chat.ask("more", once=True), chat.history.undo):
            try:
                ask()
            except InvalidRequest as error:
                said.append(error.message)
        return "asked"

    server.enqueue(Answer(tool_calls=(tool_call("curious", {}, id="call_curious"),)), Answer("done"))
    assert chat.ask("use it", tools=(curious,)).text == "done"
    assert said == ["A tool cannot use the chat that is calling it."] * 3


def test_meanwhile_other_threads_use_the_chat(chat: Chat, server: PracticeServer) -> None:
    running, go_on = threading.Event(), threading.Event()

    def waits() -> str:
        """Wait."""
        running.set()
        go_on.wait(30)
        return "waited"

    server.enqueue(Answer(tool_calls=(tool_call("waits", {}, id="call_waits"),)), Answer("outside"), Answer("done"))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: chat.ask("use it", tools=(waits,)).text)
        assert running.wait(30)
        assert chat.ask("another", once=True).text == "outside"
        go_on.set()
        assert asked.result(30) == "done"


# Stopping


def test_to_stop_one_leaves_the_others_alone(chat: Chat, server: PracticeServer) -> None:
    assert chat.ask("to have connections that are kept").text
    server.enqueue(stalled(), slow("whole"), slow("whole"))
    hanging = begun(chat.ask("one", once=True))
    others = [chat.ask(str(number), once=True) for number in range(2)]
    for other in others:
        begun(other)
    hanging.interrupt()
    assert [other.text for other in others] == ["whole", "whole"]
    assert [other.state for other in others] == ["complete", "complete"]


def test_interrupts_at_random_moments_from_many_threads_leave_nothing_behind(
    chat: Chat, server: PracticeServer
) -> None:
    chance = random.Random(7)
    assert chat.ask("to import what is imported late").text
    until(lambda: not _ours())
    before, descriptors = threading.active_count(), _descriptors()

    def ask_and_stop(number: int) -> str:
        reply = chat.ask(f"question {number}", once=True)
        timer = threading.Timer(number % 5 / 200, reply.interrupt)
        timer.start()
        try:
            return reply.read().state
        except GLMError:
            return reply.state
        finally:
            timer.join()

    for _ in range(25):
        server.enqueue(*[chance.choice([stalled(), slow(seconds=0.02), Answer("quick")]) for _ in range(8)])
        with ThreadPoolExecutor(8) as pool:
            states = set(pool.map(ask_and_stop, range(8)))
        assert states <= {"complete", "interrupted", "failed"}
    chat.close()
    until(lambda: not _ours() and threading.active_count() <= before)
    until(lambda: _descriptors() <= descriptors)
    assert chat._scheduler.under_way == []


def _ours() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "zhipu_magic exchange"]


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def test_a_turn_that_is_stopped_between_its_rounds_leaves_no_thread(chat: Chat, server: PracticeServer) -> None:
    def stops() -> str:
        """Stop the turn."""
        chat.interrupt()
        return "too late"

    server.enqueue(Answer(tool_calls=(tool_call("stops", {}, id="1"),)))
    reply = chat.ask("use it", tools=(stops,))
    assert reply.read().state == "interrupted"
    until(lambda: not _ours())


# Budget


def test_parallel_turns_cannot_pass_the_budget_together(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(1_000, "tokens")
    server.enqueue(*[stalled()] * 8)
    replies, refused = [], []
    for number in range(8):
        try:
            replies.append(chat.ask(f"question {number}", once=True, max_tokens=400))
        except OverBudget as error:
            refused.append(error)
    assert len(replies) == 2
    assert len(refused) == 6
    assert "2 replies under way" in refused[0].message
    for reply in replies:
        begun(reply).interrupt()
    assert chat._scheduler.under_way == []
    assert chat.ask("again", once=True, max_tokens=400).request.max_tokens == 400


def test_threads_cannot_pass_the_budget_together(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(2_500, "tokens")
    server.enqueue(*[stalled()] * 16)
    start = threading.Barrier(16)

    def ask(number: int) -> Reply | None:
        start.wait()
        try:
            return chat.ask(f"question {number}", once=True, max_tokens=400)
        except OverBudget:
            return None

    with ThreadPoolExecutor(16) as pool:
        replies = [reply for reply in pool.map(ask, range(16)) if reply is not None]
    assert 1 <= len(replies) <= 6
    for reply in replies:
        reply.interrupt()


# Painting


class Faulty:
    """A painter that fails at once."""

    def begin(self, progress: Progress) -> None: ...

    def patience(self, progress: Progress) -> tuple[float, float]:
        return 0.1, 0.0

    def paint(self, progress: Progress) -> None:
        raise ZeroDivisionError("in painting")

    settle = paint

    def break_off(self, progress: Progress, *, interrupted: bool) -> None: ...


def test_a_fault_in_painting_is_none_in_committing(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(slow("whole"))
    reply = chat.ask("hello")
    painter: Any = Faulty()
    with pytest.raises(ZeroDivisionError, match="in painting"):
        watch(reply, painter)
    assert (reply.state, reply.text) == ("complete", "whole")
    assert [turn.reply for turn in chat.thread().turns] == ["whole"]
