"""Many replies at odds: threads, tasks, interrupts and faults that meet at the worst moment lose nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from platforms import needs_signals
from test_many_at_once import slow, until

from zhipu_magic import Chat, GLMError, Reply
from zhipu_magic.chat.replies.progress import Progress
from zhipu_magic.chat.undisturbed import undisturbed
from zhipu_magic.chat.watch import watch
from zhipu_magic.history.budget import Budget
from zhipu_magic.practice import CUT, DONE, STALL, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.text.errors import InvalidRequest, OverBudget, ReplyBroken, ServiceError


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


CALL = Answer("", tool_calls=(tool_call("add", {"a": 1, "b": 2}, id="1"),))


def chat_at(server: PracticeServer, **settings: Any) -> Chat:
    return Chat("glm-4", base_url=server.base_url, api_key=server.api_key, **settings)


# Locks and turns


def test_turns_from_the_journal_and_those_that_wait_for_them_do_not_lock_each_other(
    server: PracticeServer, tmp_path: Path
) -> None:
    with_journal = chat_at(server, journal=tmp_path / "a.jsonl")
    for _ in range(10):
        server.enqueue(CALL, CALL, Answer("three"))
        with_journal.history.reset()
        assert with_journal.ask("add", tools=(add,)).text == "three"
    with_journal.close()
    for _ in range(10):
        chat = chat_at(server, journal=tmp_path / "a.jsonl", replay="only")

        def ask(_: int, chat: Chat = chat) -> None:
            with suppress(GLMError):  # a second turn in the same thread was not recorded
                assert chat.ask("add", tools=(add,)).text == "three"

        pool = ThreadPoolExecutor(4)
        asked = [pool.submit(ask, number) for number in range(8)]
        until(lambda asked=asked: all(each.done() for each in asked), 20)
        pool.shutdown()
        chat.close()
        for each in asked:
            each.result()


def test_a_turn_stays_in_the_thread_that_it_waited_in(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(slow("first"), Answer("second"))
    first = chat.ask("one")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: chat.ask("two").text)
        time.sleep(0.05)
        chat.history.switch("elsewhere")
        assert first.text == "first" and waiting.result() == "second"
    assert [turn.prompt for turn in chat.thread("main").turns] == ["one", "two"]
    assert chat.thread("elsewhere").size == 0


class _SlowSecondTime:
    """A lock that a thread of an exchange takes slowly the second time."""

    def __init__(self, go_on: threading.Event) -> None:
        self._lock = threading.Lock()
        self._taken = 0
        self._go_on = go_on

    def __enter__(self) -> None:
        if threading.current_thread().name == "zhipu_magic exchange":
            self._taken += 1
            if self._taken == 2:
                self._go_on.wait(1)
        self._lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()


def test_what_is_asked_while_an_exchange_ends_is_sent(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    chat, go_on = chat_at(server, limit=1), threading.Event()
    monkeypatch.setattr(chat._scheduler, "_lock", _SlowSecondTime(go_on))
    server.enqueue(Answer("one"), Answer("two"))
    assert chat.ask("one", once=True).text == "one"
    second = chat.ask("two", once=True)
    go_on.set()
    until(lambda: second.ended is not None, 10)
    assert second.text == "two"
    chat.close()


def _waiting(together: threading.Barrier) -> Callable[[], str]:
    def wait() -> str:
        """Wait."""
        with suppress(threading.BrokenBarrierError):
            together.wait(5)
        return "ok"

    return wait


def test_turns_whose_tools_end_together_cannot_pass_the_budget(server: PracticeServer) -> None:
    for _ in range(8):
        chat, together = chat_at(server), threading.Barrier(2)
        chat.budget = Budget(2_000, "tokens")

        wait = _waiting(together)
        calls = Answer("", tool_calls=(tool_call("wait", {}, id="1"),), prompt_tokens=10, completion_tokens=300)
        server.enqueue(calls, calls, Answer("ok", prompt_tokens=320, completion_tokens=400))

        def ask(number: int, chat: Chat = chat, wait: Any = wait) -> str:
            try:
                return chat.ask(f"{number}", once=True, tools=(wait,), max_tokens=400).text
            except OverBudget as error:
                return error.reason

        with ThreadPoolExecutor(2) as pool:
            asked = sorted(pool.map(ask, range(2)))
        chat.close()
        assert asked[0] in ("budget.exceeded", "budget.reserved") and asked[1] == "ok"


# Errors


@pytest.mark.parametrize("fault", [Fault(400, "1210"), Raw((sse(chunk("one ")), 0.01, CUT))], ids=["refused", "cut"])
@pytest.mark.parametrize("way", ["await", "async for"])
def test_an_error_that_was_raised_in_a_coroutine_is_not_raised_again(
    chat: Chat, server: PracticeServer, fault: Any, way: str
) -> None:
    async def read(reply: Reply) -> None:
        if way == "await":
            await reply
        else:
            async for _ in reply:
                pass

    async def main() -> None:
        for _ in range(10):
            server.enqueue(fault, Answer("fine"))
            with pytest.raises((ServiceError, ReplyBroken)):
                await read(chat.ask("one"))
            assert (await chat.ask("two")).text == "fine"

    asyncio.run(main())


@pytest.mark.parametrize("way", ["fresh", "turned on"])
def test_a_journal_that_cannot_be_read_leaves_no_reply_under_way(
    server: PracticeServer, tmp_path: Path, way: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.mkdir()
    chat = chat_at(server, journal=path, warn=lambda note: None, replay="auto" if way == "fresh" else "off")
    server.enqueue(slow("one"), Answer("two"))
    reply = chat.ask("one", fresh=way == "fresh")
    chat.replay = "auto"
    assert reply.text == "one"
    assert chat.ask("two", fresh=True).text == "two"
    assert [turn.reply for turn in chat.thread().turns] == ["one", "two"]
    chat.close()


class _Painter:
    """A painter that fails at one thing."""

    def __init__(self, fails_to: str) -> None:
        self._fails_to = fails_to
        self.done: list[str] = []

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what == self._fails_to:
            raise ZeroDivisionError(what)

    def begin(self, progress: Progress) -> None:
        self._do("begin")

    def patience(self, progress: Progress) -> tuple[float, float]:
        self._do("patience")
        return 0.1, 0.0

    def paint(self, progress: Progress) -> None:
        self._do("paint")

    def settle(self, progress: Progress) -> None:
        self._do("settle")

    def break_off(self, progress: Progress, *, interrupted: bool) -> None:
        self._do("break_off")


@pytest.mark.parametrize("fails_to", ["begin", "patience", "paint", "settle"])
def test_whatever_a_painter_fails_to_do_the_reply_is_committed(
    chat: Chat, server: PracticeServer, fails_to: str
) -> None:
    server.enqueue(slow("whole"))
    painter = _Painter(fails_to)
    with pytest.raises(ZeroDivisionError, match=fails_to):
        watch(chat.ask("hello"), painter)
    assert painter.done[-1] == "break_off", "what says that the reply is under way would stay"
    assert [turn.reply for turn in chat.thread().turns] == ["whole"]


def test_a_painter_that_fails_at_the_end_does_not_hide_what_ended_the_reply(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1210"))
    with pytest.raises(ServiceError):
        watch(chat.ask("hello"), _Painter("break_off"))


# Interrupts


@pytest.fixture
def pressed_soon() -> Iterator[None]:
    """The stop button, pressed in a moment."""
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    yield
    timer.join()


@pytest.mark.skipif(os.name == "nt", reason="a signal cannot be sent to this process alone on Windows")
@pytest.mark.parametrize("what", ["ask", "undo"])
def test_to_stop_waiting_for_a_turn_does_not_stop_the_turn(
    chat: Chat, server: PracticeServer, what: str, pressed_soon: None
) -> None:
    server.enqueue(Raw((sse(chunk("a ")), 0.6, sse(chunk("b", finish_reason="stop")) + DONE)))
    first = chat.ask("one")
    with pytest.raises(KeyboardInterrupt):
        if what == "ask":
            chat.ask("two")
        else:
            chat.history.undo()
    assert (first.text, first.state) == ("a b", "complete")


def test_an_interrupt_while_a_turn_is_claimed_leaves_the_thread_free(
    chat: Chat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = chat._scheduler._claim

    def interrupted(*place: Any) -> None:
        claim(*place)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(chat._scheduler, "_claim", interrupted)
        with pytest.raises(KeyboardInterrupt):
            chat.ask("one")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: chat.ask("two").text).result(10)


# Coroutines


def test_an_async_tool_cannot_await_the_reply_that_calls_it(chat: Chat, server: PracticeServer) -> None:
    replies: list[Reply] = []

    async def own() -> str:
        """Await."""
        return (await replies[0]).text

    async def main() -> None:
        replies.append(chat.ask("use it", tools=(own,)))
        await asyncio.wait_for(replies[0], 20)

    server.enqueue(Answer(tool_calls=(tool_call("own", {}, id="1"),)), Answer("done"))
    asyncio.run(main())
    [call] = replies[0].progress.all_calls
    assert call.failed and "A tool cannot use the chat that is calling it." in call.text
    assert replies[0].text == "done"


def test_a_reply_whose_tool_runs_on_the_loop_cannot_be_waited_for_there(chat: Chat, server: PracticeServer) -> None:
    runs = threading.Event()

    async def wait() -> str:
        """Wait."""
        runs.set()
        await asyncio.sleep(0.2)
        return "waited"

    async def main() -> None:
        reply = chat.ask("use it", tools=(wait,))
        others = [asyncio.ensure_future(asyncio.wait_for(reply, 20)) for _ in range(2)]
        while not runs.is_set():
            await asyncio.sleep(0.01)
        with pytest.raises(InvalidRequest, match="on this event loop"):
            _ = reply.text
        with pytest.raises(InvalidRequest, match="on this event loop"):
            chat.ask("next")
        await asyncio.gather(*others)
        assert reply.text == "done"

    server.enqueue(Answer(tool_calls=(tool_call("wait", {}, id="1"),)), Answer("done"))
    asyncio.run(main())


def test_no_line_is_written_on_the_loop(
    server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, fsync = list[int](), os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(threading.get_ident()), fsync(file))[1])
    chat = chat_at(server, journal=tmp_path / "a.jsonl")

    async def main() -> None:
        await asyncio.gather(*(chat.ask(f"{number}", once=True) for number in range(16)))
        async for _ in chat.ask("one more"):
            pass

    asyncio.run(main())
    assert synced and threading.get_ident() not in synced
    assert len(chat.ledger.entries) == 17
    chat.close()


def test_a_loop_that_is_closed_while_a_tool_runs_on_it_leaves_no_reply_under_way(
    chat: Chat, server: PracticeServer
) -> None:
    runs = threading.Event()

    async def wait() -> str:
        """Wait."""
        runs.set()
        await asyncio.sleep(60)
        return "never"

    async def main() -> None:
        task = asyncio.ensure_future(asyncio.wait_for(reply, 60))
        while not runs.is_set():
            await asyncio.sleep(0.01)
        task.done()

    server.enqueue(Answer("a", tool_calls=(tool_call("wait", {}, id="1"),)), Answer("next"))
    reply = chat.ask("use it", tools=(wait,))
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is what is tried here
    loop.close()
    until(lambda: reply.ended is not None, 20)
    assert reply.state == "interrupted"
    assert chat.ask("next").text == "next"


# What nobody reads


def test_to_close_a_chat_ends_what_waits_for_a_tool_that_nobody_runs(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(100_000, "tokens")
    server.enqueue(Answer("a", tool_calls=(tool_call("add", {"a": 1, "b": 2}, id="1"),)))
    reply = chat.ask("use it", once=True, tools=(add,))
    until(lambda: reply.runs_tools)
    chat.close()
    assert reply.state == "interrupted" and not chat._scheduler.under_way


@needs_signals
def test_a_reply_that_stalls_is_stopped_from_a_loop_that_only_awaits_it(chat: Chat, server: PracticeServer) -> None:
    """A signal's handler runs between two turns of the loop, so a loop that waits has to turn."""
    server.enqueue(Raw((sse(chunk("half ")), STALL)))

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        signal.signal(signal.SIGALRM, lambda *_: task.cancel())
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(asyncio.CancelledError):
            await chat.ask("one")

    before, began = signal.getsignal(signal.SIGALRM), time.monotonic()
    try:
        asyncio.run(main())
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 20
    assert [turn.reply for turn in chat.thread().turns] == ["half "]


# Tools, read by several threads


def test_several_threads_that_read_run_each_tool_once_and_in_order(chat: Chat, server: PracticeServer) -> None:
    def number(n: int) -> str:
        return f"result {n}"

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(15):
            calls = tuple(tool_call("number", {"n": n}, id=f"c{n}") for n in range(3))
            server.enqueue(Answer("hm", tool_calls=calls), Answer("the answer"))
            reply = chat.ask("one", tools=[number], once=True)
            with ThreadPoolExecutor(3) as pool:
                texts = list(pool.map(lambda _, reply=reply: reply.text, range(3)))
            assert texts == ["the answer"] * 3
            assert [call.text for one in reply.rounds for call in one.calls] == ["result 0", "result 1", "result 2"]
    finally:
        sys.setswitchinterval(before)


def test_a_reply_that_is_stopped_before_its_tools_run_is_not_complete(chat: Chat, server: PracticeServer) -> None:
    def number(n: int) -> str:
        return f"result {n}"

    calls = [tool_call("number", {"n": 1}, id="c")]
    server.enqueue(
        Raw((sse(chunk("Let me see.")), sse(chunk(tool_calls=calls, finish_reason="tool_calls")), DONE, STALL))
    )
    reply = chat.ask("one", tools=[number])
    until(lambda: (reply.take_soon(), reply.progress.round_is_done)[1])
    reply.interrupt()
    assert (reply.state, reply.finish_reason) == ("interrupted", "interrupted")
    assert [turn.interrupted for turn in chat.thread().turns] == [True]


def test_a_warning_that_ends_the_thread_does_not_keep_those_in_the_queue(
    server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda happened: ended.append(happened.exc_type))

    def warn(text: str) -> None:
        raise SystemExit(text)

    (tmp_path / "j.jsonl").mkdir()  # so that the journal cannot be written
    journal = tmp_path / "j.jsonl"
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=journal, limit=1, warn=warn)
    server.enqueue(*[Answer(f"answer {number}") for number in range(3)])
    replies = [chat.ask(str(number), once=True) for number in range(3)]
    until(lambda: all(reply.ended is not None for reply in replies))
    assert len(server.requests) == 3
    assert set(ended) <= {SystemExit}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this platform")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # that is what is tried
def test_a_child_that_a_thread_forks_while_an_interrupt_is_held_back_can_be_interrupted() -> None:
    held, forked = threading.Event(), threading.Event()
    ended: list[int] = []

    def fork() -> None:
        held.wait()
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                try:
                    signal.raise_signal(signal.SIGINT)
                    time.sleep(0.1)
                except KeyboardInterrupt:
                    os._exit(7)
            os._exit(1)
        ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        forked.set()

    def wait() -> None:
        held.set()
        forked.wait(10)

    forking = threading.Thread(target=fork)
    forking.start()
    undisturbed(wait)
    forking.join()
    assert ended == [7]


def test_raising_the_limit_lets_all_go_that_it_allows(chat: Chat, server: PracticeServer) -> None:
    chat.limit = 1
    server.enqueue(*[slow(seconds=0.5)] * 6)
    replies = [chat.ask(str(number), once=True) for number in range(6)]
    chat.limit = 4
    until(lambda: len(server.requests) == 4)
    chat.limit = 1
    for reply in replies:
        assert reply.text == "done"


def test_a_reply_that_was_stopped_tells_who_asks_to_be_told_at_once(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("half")), STALL)))
    reply = chat.ask("hello")
    until(lambda: reply.progress.has_text or not reply.take_soon())
    reply.interrupt()
    told = threading.Event()
    reply._source.notify(told.set)
    assert told.is_set()
