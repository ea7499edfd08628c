"""The reader's interrupt, at any moment: what had arrived stays, the connection goes, and the next cell works."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from in_process import Cell, Page
from story import Story

from zhipu_magic import Chat, Reply
from zhipu_magic.practice import DONE, STALL, Answer, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.errors import Interrupted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

HALF = sse(chunk("half a "))
CLOSED_WITHIN = 0.2


class Reader(threading.Thread):
    """Presses the stop button, once, when something is so."""

    def __init__(self, when: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self._when = when
        self._over = threading.Event()
        self.pressed_at: float | None = None

    def run(self) -> None:
        while not self._when():
            if self._over.wait(0.005):
                return
        self.pressed_at = time.monotonic()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def leave(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def reader_stops(when: Callable[[], bool]) -> Iterator[Reader]:
    """Have the reader press stop as soon as `when` is true; it must have become so."""
    reader = Reader(when)
    reader.start()
    try:
        yield reader
    except KeyboardInterrupt:
        pytest.fail("The interrupt came through.")
    finally:
        reader.leave()
    assert reader.pressed_at is not None


def on_the_page(story: Story, words: str) -> Callable[[], bool]:
    """Whether the words stand on the page by now."""

    def shown() -> bool:
        return any(words in str(message["data"].get("text/markdown")) for message in list(story.page.publisher.outputs))

    return shown


def asked(story: Story) -> Callable[[], bool]:
    """Whether the second cell's request has reached the service."""
    return lambda: story.requests > 0


def ended_as_one_line(cell: Cell) -> str:
    assert isinstance(cell.error, Interrupted)
    (line,) = cell.error._render_traceback_()
    assert line.startswith("Interrupted")
    assert line == str(cell.error)
    return line


def all_exchanges_over() -> bool:
    return not any(thread.name == "zhipu_magic exchange" for thread in threading.enumerate())


def wait_for(what: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# Before the first word: nothing stays


@contextmanager
def full_house() -> Iterator[socket.socket]:
    """A listener that takes no connection: to connect to it hangs, as to a host behind a firewall."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(8):
            guest = socket.socket()
            guest.setblocking(False)
            guest.connect_ex(listener.getsockname())
            waiting.append(guest)
        yield listener
        for guest in waiting:
            guest.close()


def connecting_to(port: int) -> int:
    """How many of this machine's connections to the port wait to be taken (state SYN_SENT)."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "02" for row in rows)


@pytest.mark.skipif(sys.platform != "linux", reason="a full backlog hangs, and /proc shows it, on Linux")
def test_while_connecting(story: Story) -> None:
    with full_house() as listener:
        port = listener.getsockname()[1]
        story.page.run(f'%config GLMMagics.base_url = "http://127.0.0.1:{port}/v4"')
        before = connecting_to(port)
        assert before > 0
        with reader_stops(lambda: connecting_to(port) > before) as reader:
            cell = story.second()
        assert time.monotonic() - (reader.pressed_at or 0) < 2
        assert "not begun" in ended_as_one_line(cell)
        story.page.run('%config GLMMagics.base_url = ""')
        story.left_no_trace(cell)


@pytest.mark.skipif(sys.platform != "linux", reason="a full backlog hangs, and /proc shows it, on Linux")
def test_a_connection_that_comes_about_after_the_interrupt_carries_nothing(chat: Chat) -> None:
    with full_house() as listener:
        port = listener.getsockname()[1]
        chat.service.configure(base_url=f"http://127.0.0.1:{port}/v4")
        before = connecting_to(port)
        with pytest.raises(KeyboardInterrupt), reader_stops_script(lambda: connecting_to(port) > before):
            _ = chat.ask("first").text
        received = []
        listener.settimeout(0.1)
        while not all_exchanges_over():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(0.1)
                with suppress(TimeoutError):  # of one of the guests
                    received.append(connection.recv(100))
        assert not any(received)
    assert chat.thread().turns == ()


@contextmanager
def reader_stops_script(when: Callable[[], bool]) -> Iterator[Reader]:
    """The same in a script, to which the interrupt comes through."""
    reader = Reader(when)
    reader.start()
    try:
        yield reader
    finally:
        reader.leave()


@pytest.mark.parametrize("line", ["%%glm -b response", "%%glm -b response --no-stream"])
def test_while_the_service_has_not_answered_at_all(story: Story, line: str) -> None:
    came, gone_at = threading.Event(), []

    def take_and_say_nothing() -> None:
        connection, _ = listener.accept()
        with connection:
            while connection.recv(65536):
                came.set()
            gone_at.append(time.monotonic())

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        silent = threading.Thread(target=take_and_say_nothing)
        silent.start()
        story.page.run(f'%config GLMMagics.base_url = "http://127.0.0.1:{listener.getsockname()[1]}/v4"')
        with reader_stops(came.is_set) as reader:
            cell = story.second(line=line)
        silent.join(timeout=10)
    assert gone_at[0] - (reader.pressed_at or 0) < CLOSED_WITHIN
    assert "not begun" in ended_as_one_line(cell)
    story.page.run('%config GLMMagics.base_url = ""')
    story.left_no_trace(cell)


def test_at_the_very_moment_that_it_is_sent(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        if thread.name == "zhipu_magic exchange":
            wait_for(asked(story))
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", interrupted)
        cell = story.second(Raw((STALL,)))
    assert "not begun" in ended_as_one_line(cell)
    assert story.server.requests[-1].closed.wait(5)
    story.left_no_trace(cell)


def test_at_the_very_moment_that_it_is_sent_and_answered(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    start, chat = threading.Thread.start, story.page.magics.chat

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        if thread.name == "zhipu_magic exchange":
            wait_for(lambda: len(chat.thread().turns) == 2)
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", interrupted)
        cell = story.second(Answer("two"))
    assert "already complete" in ended_as_one_line(cell)
    assert cell.plain() == "two"
    assert story.page.names["response"].choices[0].message.content == "two"


def test_before_it_began_the_reply_before_is_not_taken_for_it(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.server.enqueue(Answer("two"))
    ask, asked_before = type(story.page.magics.chat).ask, list[str]()

    def interrupted(chat: Chat, prompt: str, *options: Any, **more: Any) -> Reply:
        asked_before.append(prompt)
        if prompt == "third":
            raise KeyboardInterrupt
        return ask(chat, prompt, *options, **more)

    monkeypatch.setattr(Chat, "ask", interrupted)
    cell = story.page.run("%glm ask second\n%glm ask third")
    assert asked_before == ["second", "third"]
    assert ended_as_one_line(cell) == "Interrupted before it began."
    assert cell.plain().count("two") == 1


@pytest.mark.parametrize("nth", [1, 2], ids=["the waiting mark", "the panel"])
def test_at_the_very_moment_that_an_output_is_put_up(story: Story, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    publisher = type(story.page.publisher)
    publish, published = publisher.publish, 0

    def interrupted(self: Any, *data: Any, **more: Any) -> None:
        nonlocal published
        publish(self, *data, **more)
        published += 1
        if published == nth:
            wait_for(asked(story))
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(publisher, "publish", interrupted)
        cell = story.second(Raw((STALL,)))
    ended_as_one_line(cell)
    assert published == nth and not cell.outputs
    story.left_no_trace(cell)


@pytest.mark.parametrize("said", [Raw((STALL,)), Raw((sse(chunk()), b": ping\n\n", STALL))], ids=["headers", "a role"])
@pytest.mark.parametrize("line", ["%%glm -b response", "%%glm -b response -q"])
def test_before_the_first_word(story: Story, said: Raw, line: str) -> None:
    with reader_stops(asked(story)) as reader:
        cell = story.second(said, line=line)
    received = story.server.requests[-1]
    assert received.closed.wait(5)
    assert (received.closed_at or 0) - (reader.pressed_at or 0) < CLOSED_WITHIN
    assert "not begun" in ended_as_one_line(cell)
    story.left_no_trace(cell)


def test_while_waiting_to_try_again(story: Story, live: list[str]) -> None:
    busy = Fault(429, "1302", headers={"Retry-After": "30"})

    def tells_both() -> bool:
        waits = on_the_page(story, "… waiting to try again: ")()
        return waits and any("busy, trying again in 30 s (1 of 3)" in told for told in list(live))

    with reader_stops(tells_both) as reader:
        cell = story.second(busy)
    assert time.monotonic() - (reader.pressed_at or 0) < 5
    assert "not begun" in ended_as_one_line(cell)
    wait_for(all_exchanges_over)
    assert story.requests == 1
    story.left_no_trace(cell)


def test_before_the_first_word_of_the_very_first_cell(page: Page, server: PracticeServer) -> None:
    server.enqueue(Raw((STALL,)))
    with reader_stops(lambda: bool(server.requests)):
        cell = page.run("%%glm -b response\nfirst")
    ended_as_one_line(cell)
    assert cell.outputs == []
    assert "response" not in page.names
    assert "_glm" not in page.names
    assert page.run("%%glm\nfirst").success
    assert server.requests[-1].body["messages"] == [{"role": "user", "content": "first"}]


# After some words: they stay


def test_mid_stream(story: Story) -> None:
    with reader_stops(on_the_page(story, "half a reply")) as reader:
        cell = story.second(Raw((HALF, sse(chunk("reply")), STALL)))
    received = story.server.requests[-1]
    assert received.closed.wait(5)
    assert (received.closed_at or 0) - (reader.pressed_at or 0) < CLOSED_WITHIN
    assert "What had arrived is kept" in ended_as_one_line(cell)
    story.kept(cell, "half a reply")


def test_while_words_keep_coming(story: Story) -> None:
    endless = tuple(step for number in range(5_000) for step in (sse(chunk(f"{number} ")), 0.002))
    with reader_stops(on_the_page(story, "50 ")) as reader:
        cell = story.second(Raw(endless))
    received = story.server.requests[-1]
    assert received.closed.wait(5)
    assert (received.closed_at or 0) - (reader.pressed_at or 0) < CLOSED_WITHIN
    ended_as_one_line(cell)
    words = cell.plain()
    count = len(words.split())
    assert words == "".join(f"{number} " for number in range(count))
    assert 50 <= count < 5_000
    story.kept(cell, words)


def test_while_it_reasons(story: Story) -> None:
    with reader_stops(lambda: any("Let me see" in str(out["data"]) for out in list(story.page.publisher.outputs))):
        cell = story.second(Raw((sse(chunk(reasoning="Let me see")), STALL)))
    assert "not begun" in ended_as_one_line(cell)
    text, panel = cell.outputs
    assert "Let me see" in text["data"]["text/markdown"]
    assert "not in the conversation" not in panel["data"]["text/plain"]  # the error says it
    assert story.page.names["response"] is story.bound
    assert story.page.names["_glm"] is story.bound
    story.goes_on()


def test_a_turn_outside_the_conversation(story: Story) -> None:
    with reader_stops(on_the_page(story, "half a")):
        cell = story.second(Raw((HALF, STALL)), line="%%glm --once -b response")
    assert "kept in the conversation" not in ended_as_one_line(cell)
    assert cell.plain() == "half a "
    assert story.page.names["response"].choices[0].message.content == "half a "
    story.goes_on()


@pytest.mark.parametrize("panel", ["settle", "live", "off"])
def test_with_each_panel_the_error_alone_says_that_it_was_interrupted(story: Story, panel: str) -> None:
    story.page.run(f'%config GLMMagics.panel = "{panel}"')
    with reader_stops(on_the_page(story, "half a")):
        cell = story.second(Raw((HALF, STALL)))
    line = "Interrupted. What had arrived is kept, marked as interrupted."
    advice = "%glm continue goes on from"
    assert ended_as_one_line(cell) == (f"{line} {advice} there." if panel == "off" else line)
    assert panel == "off" or cell.plain(1).startswith(f"{advice} here.\n")  # there it can be replaced later
    assert len(cell.outputs) == (1 if panel == "off" else 2)
    for output in cell.outputs:
        assert "Interrupted." not in str(output)
    if panel != "off":
        assert ("application/vnd.jupyter.widget-view+json" in cell.outputs[1]["data"]) == (panel == "live")


def test_notices_stay_in_the_panel_of_what_was_interrupted(story: Story) -> None:
    story.page.session.notify("What happened before.")
    with reader_stops(on_the_page(story, "half a")):
        cell = story.second(Raw((HALF, STALL)))
    assert "What happened before." in cell.plain(1).splitlines()


# At the end: the last refresh


def settled(message: dict[str, Any], place: str) -> bool:
    """Whether this is the last frame of the reply, or of the panel."""
    if place == "reply":
        return "finish_reason" in (message["metadata"] or {}).get("zhipu_magic", {})
    return set(message["data"]) == {"text/html", "text/plain"}


def stopping(page: Page, monkeypatch: pytest.MonkeyPatch, place: str, moment: str, times: int = 1) -> list[str]:
    """Have the interrupt come just before or just after a last frame is shown; tells when it has come."""
    publish = page.publisher.publish
    came: list[str] = []

    def interrupted(data: Any, metadata: Any = None, *rest: Any, **more: Any) -> None:
        due = len(came) < times and settled({"data": data, "metadata": metadata}, place)
        if due and moment == "before":
            came.append(place)
            signal.raise_signal(signal.SIGINT)
        publish(data, metadata, *rest, **more)
        if due and moment == "after":
            came.append(place)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(page.publisher, "publish", interrupted)
    return came


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("place", ["reply", "panel"])
def test_during_the_last_refresh_of_a_whole_reply(
    story: Story, monkeypatch: pytest.MonkeyPatch, place: str, moment: str
) -> None:
    with monkeypatch.context() as patched:
        came = stopping(story.page, patched, place, moment)
        cell = story.second(Answer("two"))
    assert came
    line = ended_as_one_line(cell)
    text, panel = cell.outputs
    assert text["data"] == {"text/markdown": "two", "text/plain": "two"}
    assert set(panel["data"]) == {"text/html", "text/plain"}
    turn = story.page.magics.chat.thread().turns[-1]
    assert (turn.prompt, turn.reply, turn.interrupted) == ("second", "two", False)
    choice = story.page.names["response"].choices[0]
    assert (choice.message.content, choice.finish_reason) == ("two", "stop")
    assert text["metadata"]["zhipu_magic"]["finish_reason"] == "stop"
    assert "marked as interrupted" not in line
    assert len(story.page.magics.chat.ledger.entries) == 2
    story.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": "two"}]
    story.goes_on()


@pytest.mark.parametrize("place", ["reply", "panel"])
def test_a_second_interrupt_while_the_first_is_dealt_with(
    story: Story, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    with monkeypatch.context() as patched:
        came = stopping(story.page, patched, place, "before")
        with reader_stops(on_the_page(story, "half a ")):
            cell = story.second(Raw((HALF, STALL)))
    assert came
    ended_as_one_line(cell)
    assert story.server.requests[-1].closed.wait(5)
    story.kept(cell, "half a ")


def test_a_second_interrupt_while_the_waiting_mark_is_taken_away(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    clear = story.page.publisher.clear_output
    pressed: list[str] = []

    def interrupted(wait: bool = False) -> None:
        if not pressed:
            pressed.append("again")
            signal.raise_signal(signal.SIGINT)
        clear(wait)

    with monkeypatch.context() as patched:
        patched.setattr(story.page.publisher, "clear_output", interrupted)
        with reader_stops(asked(story)):
            cell = story.second(Raw((STALL,)))
    assert pressed
    ended_as_one_line(cell)
    story.left_no_trace(cell)


# The notebook around it


def test_the_printed_message_is_one_line(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    with reader_stops(on_the_page(story, "half a")):
        cell = story.second(Raw((HALF, STALL)))
    printed = capsys.readouterr()
    assert (printed.out + printed.err).strip().splitlines() == [str(cell.error)]


def test_run_all_stops_there(story: Story) -> None:
    with reader_stops(on_the_page(story, "half a")):
        cell = story.second(Raw((HALF, STALL)))
    assert not cell.success


def test_ten_interrupts_in_a_row_leave_nothing_behind(story: Story) -> None:
    for _ in range(10):
        count = len(story.server.requests)
        with reader_stops(lambda count=count: len(story.server.requests) > count):
            assert story.second(Raw((STALL,))).outputs == []
    wait_for(all_exchanges_over)
    assert all(request.closed.wait(5) for request in story.server.requests[1:])
    story.goes_on()


# A script


def test_a_script_that_iterates_keeps_what_had_arrived(server: PracticeServer, chat: Chat) -> None:
    server.enqueue(Raw((HALF, sse(chunk("reply")), STALL)))
    reply = chat.ask("first")
    words: list[str] = []
    with pytest.raises(KeyboardInterrupt), reader_stops_script(lambda: "".join(words) == "half a reply") as reader:
        for text in reply:
            words.append(text)
    received = server.requests[-1]
    assert received.closed.wait(5)
    assert (received.closed_at or 0) - (reader.pressed_at or 0) < CLOSED_WITHIN
    assert (reply.state, reply.words, reply.finish_reason) == ("interrupted", "half a reply", "interrupted")
    assert [(turn.reply, turn.interrupted) for turn in chat.thread().turns] == [("half a reply", True)]
    server.enqueue(Answer("two"))
    assert chat.ask("second").text == "two"
    assert server.requests[-1].body["messages"] == [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "half a reply"},
        {"role": "user", "content": "second"},
    ]


def test_a_script_that_waits_for_the_whole_reply(server: PracticeServer, chat: Chat) -> None:
    server.enqueue(Raw((STALL,)))
    with pytest.raises(KeyboardInterrupt), reader_stops_script(lambda: bool(server.requests)):
        _ = chat.ask("first").completion
    assert server.requests[-1].closed.wait(5)
    assert chat.thread().turns == ()


def test_interrupting_a_whole_reply_changes_nothing(server: PracticeServer, chat: Chat) -> None:
    server.enqueue(Raw((HALF, sse(chunk("reply", finish_reason="stop")), DONE)))
    reply = chat.ask("first")
    assert reply.text == "half a reply"
    reply.interrupt()
    assert (reply.state, reply.finish_reason) == ("complete", "stop")
    assert len(chat.thread().turns) == 1
    assert chat.ask("second").text


def test_a_reply_that_nobody_wants_any_more_can_be_let_go(server: PracticeServer, chat: Chat) -> None:
    server.enqueue(Raw((HALF, STALL)))
    reply = chat.ask("first")
    assert next(iter(reply)) == "half a "
    reply.interrupt()
    assert server.requests[-1].closed.wait(5)
    assert [(turn.reply, turn.interrupted) for turn in chat.thread().turns] == [("half a ", True)]


def test_words_that_had_arrived_but_nobody_had_looked_at_are_kept(server: PracticeServer, chat: Chat) -> None:
    server.enqueue(Raw((HALF, 0.05, sse(chunk("reply")), STALL)))
    reply = chat.ask("first")
    assert next(iter(reply)) == "half a "
    time.sleep(0.5)  # nothing tells that words have come but the look at them
    reply.interrupt()
    assert reply.words == "half a reply"
    assert [(turn.reply, turn.interrupted) for turn in chat.thread().turns] == [("half a reply", True)]
