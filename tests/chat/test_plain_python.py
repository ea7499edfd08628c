"""Plain Python: `from zhipu_magic import Chat` is the same engine, without IPython and without a page."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from other_server import OtherServer, Says
from platforms import needs_signals
from zhipuai.types.chat.chat_completion import Completion

import zhipu_magic
from zhipu_magic import Chat, GLMError, Reply
from zhipu_magic.chat.options import Options
from zhipu_magic.practice import STALL, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.text import errors
from zhipu_magic.text.errors import InvalidRequest, ServiceError, SettingsError

SECRET = "0123456789abcdef.verysecretpart"


def python(program: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def service(server: PracticeServer) -> dict[str, str]:
    return {"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": server.api_key}


@pytest.fixture
def secret_server() -> Iterator[PracticeServer]:
    """A server whose key is long enough to be looked for."""
    with PracticeServer(pace=0, api_key=SECRET) as running:
        yield running


# What importing costs


HEAVY = ("IPython", "ipywidgets", "traitlets", "zhipuai", "httpx", "pydantic", "tenacity", "tornado", "keyring")
LOADED = f"import json, sys; loaded = lambda: [name for name in {HEAVY} if name in sys.modules]"


def test_making_a_chat_imports_neither_the_notebook_nor_the_sdk() -> None:
    program = f"{LOADED}; from zhipu_magic import Chat; chat = Chat(model='glm-4'); print(repr(chat), loaded())"
    assert python(program) == "<Chat with glm-4, 0 turns> []\n"


def test_asking_imports_the_sdk_and_still_no_notebook(server: PracticeServer) -> None:
    program = f"{LOADED}; from zhipu_magic import Chat; print(json.dumps([Chat().ask('你好').text, loaded()]))"
    reply, names = json.loads(python(program, **service(server)))
    assert reply == "你好！有什么我可以帮助你的吗？"
    assert {"zhipuai", "httpx"} <= set(names)
    assert not {"IPython", "ipywidgets", "traitlets"} & set(names)


def test_a_program_that_leaves_a_reply_unread_ends_at_once(server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("half")), STALL)))
    program = "from zhipu_magic import Chat; print(next(iter(Chat().ask('hi'))))"
    assert python(program, **service(server)) == "half\n"
    assert server.requests[0].closed.wait(5)


def test_a_first_cell_finds_imported_what_asks(server: PracticeServer, tmp_path: Path) -> None:
    program = """if True:
        import sys, threading
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "zhipu_magic")
        for thread in threading.enumerate():
            if "warm-up" in thread.name:
                thread.join(30)
        before = set(sys.modules)
        shell.run_cell_magic("glm", "", "hello")
        engine = tuple(f"zhipu_magic.{wing}" for wing in ("chat", "history", "service"))
        print(sorted(name for name in set(sys.modules) - before if name.startswith(engine)))
    """
    printed = python(program, **service(server), IPYTHONDIR=str(tmp_path))
    assert printed.splitlines()[-1] == "[]"


def test_the_public_names() -> None:
    assert zhipu_magic.__all__ == [
        "Chat",
        "ConnectionFailed",
        "DataFrame",
        "GLMError",
        "Interrupted",
        "InvalidAnswer",
        "InvalidRequest",
        "JournalError",
        "McpServer",
        "NotRecorded",
        "OverBudget",
        "Reply",
        "ReplyBroken",
        "Search",
        "ServiceError",
        "SettingsError",
        "__version__",
        "confirm",
        "load_ipython_extension",
        "render",
        "unload_ipython_extension",
    ]
    assert all(getattr(zhipu_magic, name) is not None for name in zhipu_magic.__all__)
    assert set(zhipu_magic.__all__) <= set(dir(zhipu_magic))
    with pytest.raises(AttributeError, match="has no attribute 'chat_with'"):
        _ = zhipu_magic.chat_with


@pytest.mark.parametrize("name", ["", " idea", "idea ", "my idea", "idea\n", "-idea", "i" * 201])
def test_a_threads_name_is_one_word(chat: Chat, name: str) -> None:
    for use in (chat.history.switch, chat.history.fork, lambda name: chat.ask("hi", thread=name)):
        with pytest.raises(InvalidRequest, match="is not a valid name for a thread"):
            use(name)
    assert [thread.name for thread in chat.history.threads] == ["main"]


def test_earlier_names_mean_the_same(chat: Chat) -> None:
    reply: Any = chat.ask("hello").read()
    for name, same in (("has_words", "has_text"), ("counted", "usage"), ("left_out", "left_out"), ("retry", "retry")):
        assert getattr(reply, name) == getattr(reply.progress, same)
    with pytest.raises(AttributeError):
        _ = reply.no_such_thing
    turn = chat.thread().turns[0]
    assert turn.exchange == turn.tool_messages
    assert chat.kept is chat.state and chat.history.kept is chat.history.state


def test_every_kind_of_failure_is_among_them() -> None:
    kinds = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, GLMError)}
    assert len(kinds) > 10
    assert {name: getattr(zhipu_magic, name) for name in kinds} == kinds


# Asking and reading


def test_the_words_come_one_by_one_and_make_up_the_text(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("abc def ghi", reasoning="think", pieces=("abc ", "def ", "ghi")))
    reply = chat.ask("go on")
    assert isinstance(reply, Reply)
    assert list(reply) == ["abc ", "def ", "ghi"]
    assert (reply.text, reply.reasoning, reply.state) == ("abc def ghi", "think", "complete")


def test_the_words_are_given_before_the_reply_has_ended(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("first ")), STALL)))
    reply = chat.ask("go on")
    assert next(iter(reply)) == "first "
    assert reply.state == "streaming"
    reply.interrupt()


def test_a_reply_is_read_without_iterating(chat: Chat) -> None:
    reply = chat.ask("你好")
    assert reply.text == "你好！有什么我可以帮助你的吗？"
    assert reply.reasoning == ""
    usage = reply.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (7, 10, 17)
    assert reply.completion.choices[0].message.content == reply.text


def test_reading_before_iterating_loses_nothing(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("abcdef", pieces=("abc", "def")))
    reply = chat.ask("go on")
    assert reply.text == "abcdef"
    assert "".join(reply) == "abcdef"


def test_an_unstreamed_reply_reads_the_same(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[Answer("whole", reasoning="why", id="7", created=9, prompt_tokens=1, completion_tokens=2)] * 2)
    streamed, plain = (chat.ask("hi", once=True, stream=stream) for stream in (True, False))
    assert "".join(plain) == "".join(streamed) == "whole"
    assert str(plain.completion) == str(streamed.completion)
    # What is asked outside the conversation waits for nothing: either may be there first.
    assert sorted(request.body["stream"] for request in server.requests) == [False, True]


def test_asking_again_before_reading_keeps_the_order(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("one"), Answer("two"), Answer("three"))
    replies = [chat.ask(f"question {number}") for number in (1, 2, 3)]
    assert [reply.text for reply in reversed(replies)] == ["three", "two", "one"]
    assert [message["content"] for message in server.requests[-1].body["messages"]] == [
        "question 1",
        "one",
        "question 2",
        "two",
        "question 3",
    ]
    assert [turn.reply for turn in chat.thread().turns] == ["one", "two", "three"]


def test_a_failure_that_nobody_read_is_told_by_the_next_ask(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Fault(401, "1000"), Answer("two"))
    chat.ask("question 1")
    with pytest.raises(ServiceError):
        chat.ask("question 2")
    assert chat.ask("question 2").text == "two"
    assert [message["content"] for message in server.requests[-1].body["messages"]] == ["question 2"]


def test_once_sees_nothing_and_leaves_nothing(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("one"), Answer("aside"), Answer("two"))
    _ = chat.ask("question 1").text
    assert chat.ask("by the way", once=True).text == "aside"
    assert chat.ask("question 2").text == "two"
    asked = [[message["content"] for message in request.body["messages"]] for request in server.requests]
    assert asked == [["question 1"], ["by the way"], ["question 1", "one", "question 2"]]
    assert [entry.note for entry in chat.ledger.entries] == ["", "once", ""]


def test_without_options_nothing_more_is_sent(chat: Chat, server: PracticeServer) -> None:
    assert chat.ask("hi").text
    body = server.requests[-1].body
    assert {name for name, value in body.items() if value is not None} == {"model", "messages", "stream"}


def test_options_are_given_by_name(chat: Chat, server: PracticeServer) -> None:
    options = {"top_p": 0.5, "max_tokens": 40, "seed": 3, "stop": "END"}
    sent = {**options, "stop": ["END"]}  # the specification has a list of one
    assert chat.ask("hi", model="glm-4-plus", think=False, params={"user_id": "reader-7"}, **options).text
    body = server.requests[-1].body
    assert {name: body[name] for name in options} == sent
    assert (body["model"], body["thinking"], body["user_id"]) == ("glm-4-plus", {"type": "disabled"}, "reader-7")


def test_options_are_given_as_one_value_too(chat: Chat, server: PracticeServer) -> None:
    assert chat.ask("hi", Options(seed=3, stop="END"), seed=4).text
    assert (server.requests[-1].body["seed"], server.requests[-1].body["stop"]) == (4, ["END"])


@pytest.mark.parametrize("value", [0, 1, 0.0, 1.0])
def test_the_ends_of_the_scale_are_sent_as_they_are(chat: Chat, server: PracticeServer, value: float) -> None:
    assert chat.ask("hi", temperature=value, top_p=value).text
    body = server.requests[-1].body
    assert (repr(body["temperature"]), repr(body["top_p"])) == (repr(value), repr(value))
    assert "do_sample" not in body


def test_an_unknown_option_names_the_nearest(chat: Chat, server: PracticeServer) -> None:
    with pytest.raises(InvalidRequest, match=r"There is no option temprature\. Did you mean temperature\?"):
        chat.ask("hi", temprature=1)
    assert server.requests == []


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": float("nan")},
        {"params": {"messages": []}},
        {"params": {"stream": False}},
        {"params": {"user": object()}},
    ],
)
def test_what_cannot_be_sent_is_refused_before_it_is_sent(
    chat: Chat, server: PracticeServer, options: dict[str, object]
) -> None:
    with pytest.raises(InvalidRequest):
        chat.ask("hi", **options)
    assert server.requests == []


@pytest.mark.parametrize("prompt", ["", " \n\t"])
def test_an_empty_prompt_is_refused(chat: Chat, server: PracticeServer, prompt: str) -> None:
    with pytest.raises(InvalidRequest, match="the prompt is empty"):
        chat.ask(prompt)
    assert server.requests == []


def test_the_system_text_stands_before_all_turns(server: PracticeServer) -> None:
    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, system="Be brief.")
    _ = chat.ask("one").text
    assert server.requests[-1].body["messages"][0] == {"role": "system", "content": "Be brief."}
    _ = chat.ask("two", system="Be long.").text
    assert chat.ask("three").text
    assert [message["role"] for message in server.requests[-1].body["messages"]].count("system") == 1
    assert server.requests[-1].body["messages"][0]["content"] == chat.system == "Be long."
    chat.system = ""
    assert chat.ask("four").text
    assert server.requests[-1].body["messages"][0]["role"] == "user"
    chat.close()


def test_undo_and_reset(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("one"), Answer("two"), Answer("three"))
    for prompt in ("question 1", "question 2"):
        assert chat.ask(prompt).text
    assert chat.history.undo() == ["turn 2"]
    assert chat.thread().messages == [
        {"role": "user", "content": "question 1"},
        {"role": "assistant", "content": "one"},
    ]
    assert chat.history.reset() == 1
    assert chat.history.reset() == 0
    assert chat.ask("question 3").text == "three"
    assert [message["content"] for message in server.requests[-1].body["messages"]] == ["question 3"]


# What a reply looks like


def test_a_reply_prints_as_its_text_and_shows_its_state(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("你好")), STALL)), Answer("你好"))
    growing = chat.ask("hi", model="glm-4-plus")
    next(iter(growing))
    assert repr(growing) == "<Reply streaming, glm-4-plus, 2 characters>"
    growing.interrupt()
    assert repr(growing) == "<Reply interrupted, glm-4-plus, 2 characters>"
    whole = chat.ask("hi")
    assert str(whole) == f"{whole}" == "你好"
    assert repr(whole) == "<Reply complete, glm-4, 2 characters>"


def test_the_completion_is_the_sdks_own_with_all_that_the_service_said(chat: Chat, server: PracticeServer) -> None:
    found = [{"title": "A page", "link": "https://example.org", "refer": "ref_1"}]
    moderated = [{"role": "assistant", "level": 3}]
    server.enqueue(
        Answer(
            "words",
            reasoning="why",
            tool_calls=(tool_call("look", {"x": 1}, id="call_1"),),
            prompt_tokens=31,
            completion_tokens=217,
            cached_tokens=12,
            reasoning_tokens=9,
            id="8239375684858666781",
            created=1703487403,
            extra={"web_search": found, "content_filter": moderated},
        )
    )
    completion = chat.ask("hi", params={"request_id": "mine-1"}).completion
    assert type(completion) is Completion
    assert (completion.id, completion.request_id) == ("8239375684858666781", "mine-1")
    assert (completion.created, completion.model) == (1703487403, "glm-4")
    choice = completion.choices[0]
    assert (choice.index, choice.finish_reason) == (0, "tool_calls")
    assert (choice.message.role, choice.message.content) == ("assistant", "words")
    assert choice.message.reasoning_content == "why"
    call = choice.message.tool_calls[0]
    assert (call.id, call.type, call.function.name, call.function.arguments) == (
        "call_1",
        "function",
        "look",
        '{"x":1}',
    )
    usage = completion.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (31, 217, 248)
    assert completion.web_search == found
    assert completion.content_filter == moderated
    told = completion.model_dump()["usage"]
    assert told["prompt_tokens_details"]["cached_tokens"] == 12
    assert told["completion_tokens_details"]["reasoning_tokens"] == 9


# Interrupts and failures


@needs_signals
def test_an_interrupt_comes_through_and_what_had_arrived_is_kept(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("half a ")), sse(chunk("reply")), STALL)), Answer("next"))
    reply, words = chat.ask("hi"), []
    stop = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        for delta in reply:
            words.append(delta)
            if "reply" in delta:
                stop.start()
    assert "".join(words) == "half a reply"
    assert server.requests[0].closed.wait(1)
    assert (reply.state, reply.text, reply.finish_reason) == ("interrupted", "half a reply", "interrupted")
    assert [(turn.reply, turn.interrupted) for turn in chat.thread().turns] == [("half a reply", True)]
    assert chat.ask("go on").text == "next"
    assert [message["content"] for message in server.requests[-1].body["messages"]] == ["hi", "half a reply", "go on"]


@needs_signals
def test_an_interrupt_before_any_word_leaves_no_turn(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Raw((STALL,)), Answer("next"))
    reply = chat.ask("hi")
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        _ = reply.text
    assert server.requests[0].closed.wait(1)
    assert reply.state == "failed"
    assert chat.ask("again").text == "next"
    assert [message["content"] for message in server.requests[-1].body["messages"]] == ["again"]


def test_a_loop_left_early_can_be_taken_up_where_it_was_left(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("abcdef", pieces=("abc", "def")))
    reply = chat.ask("hi")
    assert reply.text == "abcdef"
    for delta in reply:
        assert delta == "abc"
        break
    assert list(reply) == ["def"]


def test_a_failed_reply_fails_each_time_it_is_read(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1211"))
    reply = chat.ask("hi")
    for read in (lambda: list(reply), lambda: reply.text, lambda: reply.completion, lambda: str(reply)):
        with pytest.raises(ServiceError) as failure:
            read()
        assert (failure.value.status, failure.value.code) == (400, "1211")
    assert repr(reply) == "<Reply failed, glm-4, 0 characters>"


# The key


def test_the_key_is_nowhere_to_be_seen(secret_server: PracticeServer) -> None:
    chat = Chat(base_url=secret_server.base_url, api_key=SECRET)
    secret_server.enqueue(
        Answer("fine"), Fault(401, "1000", f"{SECRET} is wrong"), Fault(400, "1210", f"Bearer {SECRET.split('.')[1]}")
    )
    reply = chat.ask("one")
    assert reply.text == "fine"
    seen = [
        repr(chat),
        repr(vars(chat)),
        repr(reply),
        repr(vars(reply)),
        str(reply.completion),
        repr(chat.service.endpoint()),
    ]
    for _ in range(2):
        with pytest.raises(GLMError) as failure:
            _ = chat.ask("two").text
        error = failure.value
        seen += [str(error), repr(error), repr(error.args), repr(vars(error))]
    assert chat.service.key_source == "given in the code"
    assert secret_server.requests[0].headers["Authorization"]
    assert not [text for text in seen if "verysecretpart" in text]
    chat.close()


def test_the_key_is_not_in_a_traceback_with_its_locals(secret_server: PracticeServer) -> None:
    secret_server.enqueue(Fault(401, "1000"))
    program = (
        "import traceback; from zhipu_magic import Chat, GLMError\n"
        "try: Chat().ask('hi').text\n"
        "except GLMError as error: print(''.join(traceback.TracebackException.from_exception(\n"
        "    error, capture_locals=True).format()))"
    )
    told = python(program, ZHIPUAI_BASE_URL=secret_server.base_url, ZHIPUAI_API_KEY=SECRET)
    assert "ServiceError" in told
    assert "verysecretpart" not in told


def test_a_key_that_cannot_be_sent_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as failure:
        Chat(api_key="my secret key").ask("hi")
    assert "secret" not in str(failure.value).replace("id.secret", "")


# The environment


def test_the_environment_names_the_model_the_service_and_the_key(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**service(server), "ZHIPU_MAGIC_MODEL": "glm-4-plus"}.items():
        monkeypatch.setenv(name, value)
    chat = Chat()
    assert chat.ask("你好").text
    assert (chat.model, chat.service.base_url, chat.service.key_source) == (
        "glm-4-plus",
        server.base_url,
        "the environment variable ZHIPUAI_API_KEY",
    )
    assert server.requests[-1].body["model"] == "glm-4-plus"
    chat.close()


def test_arguments_go_before_the_environment(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("ZHIPUAI_API_KEY", "another.key")
    monkeypatch.setenv("ZHIPU_MAGIC_MODEL", "glm-4-plus")
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key)
    assert chat.ask("你好").text
    assert server.requests[-1].body["model"] == "glm-4"
    chat.close()


def test_without_settings_it_is_a_free_model_of_the_mainland_service() -> None:
    chat = Chat()
    assert (chat.model, chat.service.base_url) == ("glm-4.7-flash", "https://open.bigmodel.cn/api/paas/v4")
    assert chat.service.key_source is None
    with pytest.raises(
        SettingsError, match=r"There is no API key yet(.|\n)*open\.bigmodel\.cn(.|\n)*Chat\(api_key=…\)"
    ):
        chat.ask("hi")


@pytest.mark.parametrize("url", ["http://example.org/v4", "http://10.0.0.7:8000/v1", "http://127.0.0.1.example.org/"])
def test_a_key_is_not_sent_unencrypted_beyond_this_machine(url: str) -> None:
    with pytest.raises(SettingsError, match="without encryption"):
        Chat(base_url=url, api_key="a.key").ask("hi")


@contextmanager
def proxy(server: PracticeServer | None, context: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[str]]]:
    """A proxy on this machine, behind which there is only this server: its address, and the request lines it got.

    Tunnels are refused, unless `context` says how to be the far end of one.
    """
    seen: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with near:
                head = _head_of_request(near)
                seen.append(head.split(b"\r\n", 1)[0].decode())
                if not head.startswith(b"CONNECT"):
                    _relay(near, head)
                elif context is None:
                    near.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                else:
                    near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    # A client that does not trust the certificate leaves.
                    with suppress(ssl.SSLError), context.wrap_socket(near, server_side=True) as far_end:
                        _relay(far_end, _head_of_request(far_end))

    def _relay(near: socket.socket, head: bytes) -> None:
        assert server is not None
        address = urlsplit(server.base_url)
        head, _, body = head.partition(b"\r\n\r\n")
        length = int(re.findall(rb"(?i)content-length: (\d+)", head)[0])
        while len(body) < length:
            body += near.recv(65536)
        with socket.create_connection((address.hostname, address.port)) as far:
            head = re.sub(rb"^POST http://[^/]+", b"POST ", head).replace(b"keep-alive", b"close")
            # As proxies before a server do, that knows itself by another name.
            own = b"\r\nHost: " + address.netloc.encode() + b"\r\nX-Forwarded-Host: "
            head = re.sub(rb"(?i)\r\nhost: ", own, head)
            far.sendall(head + b"\r\n\r\n" + body)
            while data := far.recv(65536):
                near.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _head_of_request(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(65536)
    return head


def test_a_server_on_this_machine_is_asked_past_the_environments_proxy(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(server) as (address, seen):
        monkeypatch.setenv("HTTP_PROXY", address)
        monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
        chat = Chat(base_url=server.base_url, api_key=server.api_key)
        assert chat.ask("你好").text == "你好！有什么我可以帮助你的吗？"
        chat.close()
    assert seen == []


def test_a_service_with_tls_is_reached_through_the_proxy(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    certificate = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("glm.test").configure_cert(context)
    with proxy(server, context) as (address, seen):
        monkeypatch.setenv("HTTPS_PROXY", address)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        chat = Chat(base_url="https://glm.test/api/paas/v4", api_key=server.api_key)
        assert "".join(chat.ask("你好")) == "你好！有什么我可以帮助你的吗？"
        chat.close()
    assert seen == ["CONNECT glm.test:443 HTTP/1.1"]
    assert server.requests[0].headers["X-Forwarded-Host"] == "glm.test"


def test_a_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(None) as (address, seen):
        monkeypatch.setenv("HTTPS_PROXY", address)
        chat = Chat(base_url="https://glm.test/api/paas/v4", api_key="a.key")
        with pytest.raises(GLMError, match="The proxy refused the connection"):
            _ = chat.ask("hi").text
        chat.close()
    assert seen == ["CONNECT glm.test:443 HTTP/1.1"]


@pytest.mark.skipif(importlib.util.find_spec("socksio") is not None, reason="SOCKS proxies are supported here")
def test_a_socks_proxy_without_support_is_told_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    chat = Chat(base_url="https://glm.test/api/paas/v4", api_key="a.key")
    with pytest.raises(SettingsError, match=r"SOCKS(.|\n)*httpx\[socks\]"):
        _ = chat.ask("hi").text


def test_a_certificate_that_nobody_vouches_for_is_told_clearly(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("glm.test").configure_cert(context)
    with proxy(server, context) as (address, _seen), pytest.raises(GLMError) as refused:
        monkeypatch.setenv("HTTPS_PROXY", address)
        with closing(Chat(base_url="https://glm.test/api/paas/v4", api_key="a.key")) as chat:
            _ = chat.ask("hi").text
    assert refused.value.reason == "connection.certificate"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems accept connections that nobody takes")
def test_a_server_that_takes_no_connections_is_told_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhipu_magic.service.http_client.CONNECT_SECONDS", 0.2)
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/v4"
        chat = stack.enter_context(closing(Chat(base_url=address, api_key="a.key")))
        chat.service.max_retries = 0
        with pytest.raises(GLMError) as refused:
            _ = chat.ask("hi").text
    assert refused.value.reason == "connection.no_answer"


def test_no_cookie_comes_back_to_the_server_that_has_set_it(other_server: OtherServer) -> None:
    answer = {"choices": [{"index": 0, "message": {"content": "one"}, "finish_reason": "stop"}]}
    other_server.enqueue(Says.json(answer, **{"Set-Cookie": "route=7; Path=/"}))
    chat = Chat(base_url=other_server.base_url, api_key="a.key", model="local")
    assert [chat.ask(text, stream=False).text for text in ("a", "b")] == ["one", "ok"]
    chat.close()
    assert other_server.cookies == [None, None]


def test_a_connection_that_was_idle_for_long_is_closed(
    server: PracticeServer, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reply in [chat.ask("a", once=True), chat.ask("b", once=True)]:
        assert reply.text
    idle = list(chat.service._idle)
    monkeypatch.setattr("zhipu_magic.service.connection.KEEP_ALIVE", -1)
    assert chat.ask("c", once=True).text
    assert [one.client for one in chat.service._idle] == [idle[-1].client]
