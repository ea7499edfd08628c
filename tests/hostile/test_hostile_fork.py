"""Processes forked from one that has a chat: each has its own session and connections, and no turn is lost.

Each case is a script of its own, for to fork in the middle of pytest would take its threads' locks along.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

SETTING = """
import gc, os, sys, threading, time, traceback, warnings
from multiprocessing import get_context
from pathlib import Path

from zhipu_magic import Chat
from zhipu_magic.text.errors import GLMError
from zhipu_magic.practice import STALL, Answer, PracticeServer, Raw, chunk, sse

warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads: that is what is tried
journal = Path(sys.argv[1])
server = PracticeServer(pace=0).start()


def new_chat(**more):
    return Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, journal=journal, warn=print, **more)


def in_child(act):
    '''Do it in a forked child; gives whether it ended well.'''
    child = os.fork()
    if child:
        return child
    try:
        act()
        status = 0
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    os._exit(status)


def end(child):
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def conversations():
    '''The prompts that a resume finds: of the last conversation, and of the one before.'''
    found = []
    for earlier in (False, True):
        chat = Chat(model="glm-4", journal=journal, warn=print)
        try:
            notes = chat.history.resume(earlier=earlier)
        except GLMError:
            continue
        assert notes == [] or notes[0].reason == "resume.earlier", notes
        found.append([turn.prompt for turn in chat.thread().turns])
    return sorted(found)
"""


def run(tmp_path: Path, code: str) -> str:
    """What a script prints; it must end well, and soon."""
    script = tmp_path / "script.py"
    script.write_text(SETTING + textwrap.dedent(code), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "a.jsonl")],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_question_of_a_pool_gets_its_own_answer(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        chat = new_chat()
        chat.ask("before").text  # so that there is a connection to share

        def ask(number):
            return chat.ask(f"question {number}", once=True).text

        with get_context("fork").Pool(4) as pool:
            answers = pool.map(ask, range(16), chunksize=1)
        for number, answer in enumerate(answers):
            assert f"question {number}" in answer.replace("”", " ").replace("\\n", " "), (number, answer)
        assert "after" in chat.ask("after").text
        assert conversations() == [["before", "after"]]
        """,
    )


def test_the_turns_of_parent_and_child_are_all_found_again(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        chat = new_chat(system="Be brief.")
        chat.ask("one").text

        def ask(who):
            for number in range(5):
                chat.ask(f"{who} {number}").text
            assert [turn.prompt for turn in chat.thread().turns] == ["one", *(f"{who} {n}" for n in range(5))]

        child = in_child(lambda: ask("child"))
        ask("parent")
        end(child)
        assert conversations() == [["one", *(f"{who} {n}" for n in range(5))] for who in ("child", "parent")]
        assert Chat.load(journal, warn=print).system == "Be brief."
        """,
    )


def test_a_child_stands_on_what_was_there_at_the_fork_whoever_writes_first(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        chat = new_chat()
        chat.ask("one").text
        go, ready = os.pipe()

        def ask():
            os.read(go, 1)
            chat.ask("child").text
            chat.ask("child again").text

        first, second = in_child(ask), in_child(ask)
        chat.ask("parent").text
        third = in_child(ask)
        chat.history.reset()
        chat.ask("parent again").text
        os.write(ready, b"123")
        for child in (first, second, third):
            end(child)
        found = []
        from zhipu_magic.history.journal import sessions
        for kept in sessions.reopen(journal, but="")[1].values():
            found.append([turn.prompt for turn in kept.conversation.here.turns])
        assert sorted(found) == sorted([
            ["one", "child", "child again"], ["one", "child", "child again"],
            ["one", "parent", "child", "child again"], ["parent again"],
        ]), found
        """,
    )


def test_a_childs_chat_without_a_journal_can_be_saved_whole(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key)
        chat.ask("one").text

        def act():
            chat.ask("child").text
            chat.save(journal)

        end(in_child(act))
        assert [turn.prompt for turn in Chat.load(journal).thread().turns] == ["one", "child"]
        """,
    )


@pytest.mark.parametrize("begun", [False, True])
def test_a_reply_that_is_under_way_is_the_parents(tmp_path: Path, begun: bool) -> None:
    told = run(
        tmp_path,
        f"""
        begun = {begun}
        chat = new_chat()
        steps = ((sse(chunk("half ")), 1.0) if begun else (1.0,)) + (sse(chunk("whole", finish_reason="stop")),)
        server.enqueue(Raw(steps))
        reply = chat.ask("first")
        while begun and not reply.progress.has_text:
            reply.advance(0.1)

        def act():
            began = time.monotonic()
            for read in (lambda: reply.text, lambda: list(reply), lambda: reply.completion):
                try:
                    read()
                except GLMError as error:
                    print(error)
                else:
                    raise AssertionError("it was read")
            assert time.monotonic() - began < 0.5
            assert "second" in chat.ask("second").text
            assert [turn.prompt for turn in chat.thread().turns] == ["second"]

        child = in_child(act)
        assert reply.text == ("half whole" if begun else "whole")
        end(child)
        assert conversations() == [["first"], ["second"]]
        """,
    )
    assert told.count("belongs to the parent process") == 3


def test_a_child_can_ask_though_another_thread_was_importing_when_it_was_forked(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        chat = new_chat()
        for _ in range(5):
            reply = chat.ask("first")  # its thread imports the SDK
            end(in_child(lambda: chat.ask("second").text))
            assert reply.text
        """,
    )


def test_locks_that_another_thread_held_hold_up_no_child(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        chat = new_chat()
        chat.ask("one").text
        reply = chat.ask("under way")
        exchange = reply._source
        scheduler, history = chat._scheduler, chat.history
        held = (chat.service._lock, exchange.cancelled._cond, exchange._line_lock, reply._changing)
        held += (scheduler._lock, scheduler.admitting, history.changing)

        def hold():
            for lock in held:
                lock.acquire()
            taken.set()
            forked.wait()
            for lock in held:
                lock.release()

        taken, forked = threading.Event(), threading.Event()
        threading.Thread(target=hold).start()
        taken.wait()

        def act():
            chat.interrupt()
            chat.close()
            assert "child" in chat.ask("child").text

        child = in_child(act)
        forked.set()
        end(child)
        assert reply.text
        """,
    )


def test_the_parents_connection_outlives_a_child_that_asks_and_goes(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        import socket, ssl
        import trustme

        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("glm.test").configure_cert(context)
        authority.cert_pem.write_to_path("authority.pem")
        os.environ["SSL_CERT_FILE"] = "authority.pem"
        known = socket.getaddrinfo
        socket.getaddrinfo = lambda host, *rest, **more: known("127.0.0.1", *rest, **more)
        listener = socket.create_server(("127.0.0.1", 0))
        body = b'{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"ok"}}]}'
        head = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
        seen = []

        def serve(connection):
            while packet := connection.recv(65536):
                if packet.endswith(b"}"):
                    connection.sendall(head + body)

        def accept():
            while True:
                connection, _ = listener.accept()
                connection = context.wrap_socket(connection, server_side=True)
                seen.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        chat = Chat(
            model="glm-4",
            base_url=f"https://glm.test:{listener.getsockname()[1]}/v1",
            api_key="a.key",
            stream=False,
            max_retries=0,
        )
        assert chat.ask("one").text == "ok"

        def act():
            assert chat.ask("child").text == "ok"
            chat.close()
            gc.collect()

        end(in_child(act))
        end(in_child(chat.close))
        assert chat.ask("two").text == "ok"
        assert len(seen) == 2
        """,
    )


def test_the_practice_server_of_the_parent_keeps_serving(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        chat = new_chat()

        def act():
            assert "child" in chat.ask("child").text
            server.stop()  # there is no thread here to wait for

        end(in_child(act))
        assert "parent" in chat.ask("parent").text
        """,
    )


def test_a_map_that_the_parent_asks_ends_in_the_child_and_is_asked_again_there(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        from zhipu_magic.text.errors import ConnectionFailed

        rows = [f"row {number}" for number in range(60)]
        chat = new_chat()
        mapped = chat.map("{{ text }}", rows, in_flight=2)
        next(iter(mapped))

        def look():
            try:
                mapped.wait()
            except ConnectionFailed as error:
                assert error.reason == "rows.of_parent"
            else:
                raise AssertionError("it waited for nobody")
            assert len(mapped.frame) == 60 and "60 rows" in repr(mapped)
            assert None not in chat.map("{{ text }}", rows, in_flight=2).values

        child = in_child(look)
        assert None not in mapped.values
        end(child)
        """,
    )
