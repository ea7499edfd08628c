"""What each fault leaves: the message, the page, the notebook's names, and a conversation that goes on."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from in_process import Page
from story import JSON, Story, plain

from zhipu_magic import Chat
from zhipu_magic.practice import CUT, DONE, RESET, STALL, Answer, Drop, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.practice.faults import documented_message
from zhipu_magic.text.errors import ConnectionFailed, GLMError, ReplyBroken, ServiceError

HTML = {"Content-Type": "text/html"}
AT_ONCE = {"Retry-After": "0"}
HALF = sse(chunk("half a "))


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a service at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/v4"


# Refused: one message, nothing committed


@pytest.mark.parametrize(
    ("status", "code", "what", "to_do"),
    [
        (401, "1000", "API key", "%glm login"),
        (401, "1002", "API key", "%glm login"),
        (401, "1003", "expired", "%glm login"),
        (401, "401", "API key", "%glm login"),
        (400, "1210", "does not accept the request", "options"),
        (400, "1211", "no such model", "%glm models"),
        (400, "1301", "unsafe content", "Rephrase it"),
        (403, "403", "refuses access", "%glm"),
        (403, "1311", "plan does not include", "%glm models"),
        (404, "404", "no chat service at this address", "base_url"),
        (400, "1112", "refuses this account", "https://open.bigmodel.cn"),
        (400, "1231", "request id", "Leave request_id out"),
        (418, "9999", "refused", "words"),
    ],
)
def test_a_refusal_says_what_and_what_to_do_and_the_services_own_words(
    story: Story, status: int, code: str, what: str, to_do: str
) -> None:
    cell = story.second(Fault(status, code, headers={"X-LOG-ID": "log-7"}))
    assert isinstance(cell.error, ServiceError)
    happened, hint, detail = str(cell.error).splitlines()
    assert what in happened
    assert to_do in hint
    for part in (f"HTTP {status}", code, "log-7", documented_message(code)):
        assert part in detail
    assert (cell.error.status, cell.error.code, cell.error.request_id) == (status, code, "log-7")
    assert story.requests == 1
    story.left_no_trace(cell)


def test_an_unstreamed_request_is_refused_in_the_same_words(story: Story) -> None:
    refused = Fault(400, "1211", headers={"X-LOG-ID": "log-7"})
    streamed, unstreamed = story.second(refused), story.second(refused, line="%%glm -b response --no-stream")
    assert str(streamed.error) == str(unstreamed.error)
    story.left_no_trace(unstreamed)


@pytest.mark.parametrize("status", [200, 401, 404])
def test_html_instead_of_json(story: Story, status: int) -> None:
    page = b"<!DOCTYPE html><html><head><title>Welcome to the hotel</title></head><body>Log in</body></html>"
    cell = story.second(Raw((page,), status, HTML))
    assert isinstance(cell.error, ServiceError)
    assert "base_url" in str(cell.error) or status == 401
    assert str(status) in str(cell.error)
    assert "hotel" in str(cell.error) or status != 200
    assert story.requests == 1
    story.left_no_trace(cell)


def test_a_redirect_is_told_and_not_followed(story: Story) -> None:
    with PracticeServer(pace=0) as elsewhere:
        address = f"{elsewhere.base_url}/chat/completions"
        cell = story.second(Raw((), 302, {"Location": address}))
        assert elsewhere.requests == []
    assert isinstance(cell.error, ServiceError)
    for part in ("redirect", "base_url", "302", address):
        assert part in str(cell.error)
    assert story.requests == 1
    story.left_no_trace(cell)


def test_a_wrong_address_is_told(page: Page, server: PracticeServer) -> None:
    page.run(f'%config GLMMagics.base_url = "{server.base_url}/nowhere"')
    cell = page.run("%%glm\nfirst")
    assert isinstance(cell.error, ServiceError)
    assert "no chat service at this address" in str(cell.error)
    assert cell.outputs == []


def test_a_wrong_key_is_told(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as wrong:
        wrong.setenv("ZHIPUAI_API_KEY", "wrong.onebyfar")
        cell = story.second()
    assert isinstance(cell.error, ServiceError)
    assert "1002" in str(cell.error)
    story.left_no_trace(cell)


def test_a_failed_cell_leaves_the_system_text_as_it_was(story: Story) -> None:
    cell = story.second(Fault(400, "1301"), line="%%glm -b response -s 'Speak in riddles.'")
    assert story.page.magics.system == ""
    story.left_no_trace(cell)


def test_a_failure_is_printed_as_its_message_alone(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    cell = story.second(Fault(400, "1211"))
    printed = capsys.readouterr()
    assert str(cell.error) in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err
    assert "frame" not in printed.out + printed.err


def test_a_failure_leaves_a_name_that_was_never_bound_unbound(page: Page, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1211"))
    page.run("%%glm -b response\nfirst")
    assert "response" not in page.names
    assert "_glm" not in page.names


# Busy: asked again before the first token, by the code


BUSY = [(429, "1302"), (429, "1303"), (429, "1305"), (429, "1312"), (500, "500"), (500, "1234"), (503, "503")]


@pytest.mark.parametrize(("status", "code"), BUSY)
def test_a_busy_service_is_asked_again(story: Story, status: int, code: str) -> None:
    busy = Fault(status, code, headers=AT_ONCE)
    cell = story.second(busy, busy, Answer("two"))
    assert cell.success
    assert cell.plain() == "two"
    assert len(cell.outputs) == 2
    assert "busy" not in cell.html(1)
    assert story.requests == 3
    first, second, third = story.server.requests[-3:]
    assert first.body == second.body == third.body
    story.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": "two"}]
    story.goes_on()


@pytest.mark.parametrize(("status", "code"), [(429, "1302"), (429, "1305"), (500, "1234"), (503, "503")])
def test_a_service_that_stays_busy_is_told(story: Story, status: int, code: str) -> None:
    cell = story.second(*[Fault(status, code, headers={**AT_ONCE, "X-LOG-ID": "log-7"})] * 4)
    assert isinstance(cell.error, ServiceError)
    for part in (f"HTTP {status}", code, documented_message(code), "log-7", "run the cell again"):
        assert part.lower() in str(cell.error).lower()
    assert story.requests == 4
    story.left_no_trace(cell)


@pytest.mark.parametrize("code", ["1113", "1304", "1308", "1309", "1310", "1313"])
def test_a_429_that_waiting_does_not_heal_is_told_at_once(story: Story, code: str) -> None:
    cell = story.second(Fault(429, code, headers=AT_ONCE))
    assert isinstance(cell.error, ServiceError)
    happened, hint, detail = str(cell.error).splitlines()
    assert happened and hint
    assert code in detail
    assert documented_message(code) in detail
    assert story.requests == 1
    story.left_no_trace(cell)


@pytest.mark.parametrize("lost", [Drop(reset=True), Raw((sse(chunk()), CUT))])
def test_a_connection_lost_before_the_reply_is_made_again(story: Story, lost: Drop | Raw) -> None:
    cell = story.second(lost, Answer("two"))
    assert cell.success
    assert cell.plain() == "two"
    assert story.requests == 2
    story.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": "two"}]
    story.goes_on()


def test_a_service_where_nobody_listens_is_told(story: Story, nobody: str, live: list[str]) -> None:
    story.page.run("%config GLMMagics.max_retries = 1")
    story.page.run(f'%config GLMMagics.base_url = "{nobody}"')
    cell = story.second()
    assert isinstance(cell.error, ConnectionFailed)
    assert "cannot be reached" in str(cell.error)
    assert "base_url" in str(cell.error)
    assert any("no connection, trying again in" in told and "(1 of 1)" in told for told in live)
    story.page.run('%config GLMMagics.base_url = ""')
    story.left_no_trace(cell)


def test_a_service_that_comes_up_while_it_is_tried_again_answers(server: PracticeServer, chat: Chat) -> None:
    server.stop()
    reply = chat.ask("first")
    while reply.progress.retry is None:
        reply.advance(timeout=1)
    assert (reply.progress.retry.number, reply.progress.retry.most) == (1, 3)
    server.enqueue(Answer("one"))
    server.start()
    assert reply.text == "one"
    assert [turn.reply for turn in chat.thread().turns] == ["one"]


def test_the_panel_tells_that_it_waits_and_how_long(story: Story, live: list[str]) -> None:
    cell = story.second(Fault(429, "1305", headers={"Retry-After": "1"}), Answer("two"))
    assert cell.success
    assert any("busy, trying again in 1 s (1 of 3)" in told for told in live)
    first, again = story.server.requests[-2:]
    assert again.received_at - first.received_at > 0.99


@pytest.mark.parametrize("seconds", ["17", "17.5"])
def test_the_wait_that_the_service_asks_for_is_kept_to(server: PracticeServer, chat: Chat, seconds: str) -> None:
    server.enqueue(Fault(429, "1302", headers={"Retry-After": seconds}))
    reply = chat.ask("first")
    while reply.progress.retry is None:
        reply.advance(timeout=1)
    assert reply.progress.retry.wait == float(seconds)
    reply.interrupt()


def test_the_wait_may_be_given_as_a_date(server: PracticeServer, chat: Chat) -> None:
    date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=50), usegmt=True)
    server.enqueue(Fault(503, "503", headers={"Retry-After": date}))
    reply = chat.ask("first")
    while reply.progress.retry is None:
        reply.advance(timeout=1)
    assert 25 < reply.progress.retry.wait <= 50
    reply.interrupt()


def test_without_a_word_from_the_service_each_wait_is_longer(server: PracticeServer, chat: Chat) -> None:
    server.enqueue(Fault(429, "1302"), Fault(429, "1302"))
    reply = chat.ask("first")
    waits: dict[int, float] = {}
    while len(waits) < 2:
        reply.advance(timeout=1)
        if reply.progress.retry is not None:
            waits[reply.progress.retry.number] = reply.progress.retry.wait
    reply.interrupt()
    assert 1 <= waits[1] <= 2 <= waits[2] <= 3


def test_a_wait_takes_nothing_from_the_users_random_numbers(server: PracticeServer, chat: Chat) -> None:
    server.enqueue(Fault(429, "1302"))
    random.seed(7)
    reply = chat.ask("first")
    while reply.progress.retry is None:
        reply.advance(timeout=1)
    reply.interrupt()
    assert random.random() == random.Random(7).random()


@pytest.mark.parametrize("wait", ["3600", "1e300", "inf", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_service_that_asks_for_too_long_a_wait_is_told_at_once(server: PracticeServer, chat: Chat, wait: str) -> None:
    server.enqueue(Fault(429, "1305", headers={"Retry-After": wait}), Answer("one"))
    reply = chat.ask("first")
    with pytest.raises(ServiceError, match="1305"):
        while reply.advance(timeout=1):
            if reply.progress.retry is not None:
                reply.interrupt()
    assert reply.progress.retry is None
    assert len(server.requests) == 1


@pytest.mark.parametrize("wait", ["-5", "nan"])
def test_a_wait_that_makes_no_sense_does_no_harm(server: PracticeServer, wait: str) -> None:
    chat = Chat(base_url=server.base_url, api_key=server.api_key, max_retries=1)
    server.enqueue(Fault(429, "1305", headers={"Retry-After": wait}), Answer("one"))
    assert chat.ask("first").text == "one"
    chat.close()


def test_no_retries_means_none(server: PracticeServer) -> None:
    chat = Chat(base_url=server.base_url, api_key=server.api_key, max_retries=0)
    server.enqueue(Fault(429, "1302", headers=AT_ONCE))
    with pytest.raises(ServiceError, match="1302"):
        _ = chat.ask("first").text
    chat.close()
    assert len(server.requests) == 1


def test_a_busy_service_may_say_so_inside_the_stream_before_the_first_token(story: Story) -> None:
    story.page.run("%config GLMMagics.max_retries = 1")
    busy = Raw((sse(chunk()), sse({"error": {"code": "1305", "message": "该 API 已触发流量限制"}})))
    cell = story.second(busy, Answer("two"))
    assert cell.success
    assert cell.plain() == "two"
    assert story.requests == 2


# Broken after some text: it is kept, and the cell fails


BREAKS = {
    "an error": ((sse({"error": {"code": "1305", "message": "该 API 已触发流量限制"}}), DONE), "1305"),
    "an error that ends it": ((sse({"error": {"code": "1301", "message": "不安全"}}), CUT), "unsafe content"),
    "an error as text": ((sse({"error": "out of memory"}), DONE), "out of memory"),
    "a cut": ((CUT,), "broke off"),
    "a reset": ((0.05, RESET), "broke off"),
    "no end": ((), "broke off"),
    "malformed JSON": ((b'data: {"choices": [{"delta": {"con\n\n',), "not valid JSON"),
    "JSON that is no object": ((b"data: 7\n\n",), "broke off"),
    "a list": ((b"data: []\n\n",), "broke off"),
}


@pytest.mark.parametrize(("steps", "told"), BREAKS.values(), ids=BREAKS)
def test_what_had_arrived_before_a_break_is_kept(story: Story, steps: tuple[Any, ...], told: str) -> None:
    cell = story.second(Raw((HALF, sse(chunk("reply")), *steps)))
    assert isinstance(cell.error, (ReplyBroken, ServiceError))
    assert told in str(cell.error)
    assert "What had arrived is kept" in str(cell.error)
    assert story.requests == 1
    story.kept(cell, "half a reply")


def test_what_had_arrived_before_a_stall_is_kept(story: Story) -> None:
    story.page.run("%config GLMMagics.timeout = 1")
    cell = story.second(Raw((HALF, sse(chunk("reply")), STALL)))
    assert isinstance(cell.error, ReplyBroken)
    assert "sent nothing for 1 second" in str(cell.error)
    assert "GLMMagics.timeout" in str(cell.error)
    assert story.requests == 1
    story.page.run("%config GLMMagics.timeout = 60")
    story.kept(cell, "half a reply")


def test_the_request_id_is_told_with_an_error_inside_a_stream(story: Story) -> None:
    headers = {"Content-Type": "text/event-stream", "X-LOG-ID": "log-7"}
    cell = story.second(Raw((HALF, sse({"error": {"code": "1234", "message": "网络错误"}})), headers=headers))
    for part in ("1234", "网络错误", "log-7"):
        assert part in str(cell.error)


def test_a_break_is_told_once_by_the_error_under_the_text(story: Story) -> None:
    cell = story.second(Raw((HALF, CUT)), line="%%glm -q -b response")
    (text,) = cell.outputs
    assert text["data"]["text/plain"] == "half a "
    told = "What had arrived is kept, marked as interrupted. %glm continue goes on from there."
    assert told in str(cell.error)


def test_of_a_turn_outside_the_conversation_nothing_goes_on(story: Story) -> None:
    cell = story.second(Raw((HALF, CUT)), line="%%glm --once")
    assert "marked as interrupted." in str(cell.error) and "continue" not in str(cell.error)


@pytest.mark.parametrize("begun", [True, False])
def test_a_break_in_a_plain_reply_leaves_no_trace(story: Story, begun: bool) -> None:
    story.page.run("%config GLMMagics.max_retries = 0")
    body = b'{"choices": [{"index": 0, "message": {"content": "half a ' if begun else b""
    cell = story.second(Raw((body, CUT) if body else (CUT,), headers=JSON), line="%%glm -b response --no-stream")
    assert isinstance(cell.error, GLMError)
    story.left_no_trace(cell)


def test_reasoning_before_a_break_is_shown_but_makes_no_turn(story: Story) -> None:
    cell = story.second(Raw((sse(chunk(reasoning="Let me see")), CUT)))
    assert not cell.success
    text, panel = cell.outputs
    assert "Let me see" in text["data"]["text/markdown"]
    assert text["data"]["text/plain"] == ""
    assert "not in the conversation" not in panel["data"]["text/plain"]  # the error says it
    assert "not begun" in str(cell.error)
    assert story.page.names["response"] is story.bound
    assert story.requests == 1
    story.goes_on()


@pytest.mark.parametrize("said", [Raw((STALL,)), Raw((sse(chunk()), b": ping\n\n", STALL))])
def test_silence_before_the_first_token_is_told(story: Story, said: Raw) -> None:
    story.page.run("%config GLMMagics.timeout = 1")
    cell = story.second(said)
    assert isinstance(cell.error, ConnectionFailed)
    assert "sent nothing for 1 second" in str(cell.error)
    assert story.requests == 1
    story.page.run("%config GLMMagics.timeout = 60")
    story.left_no_trace(cell)


def test_chats_reply_holds_what_had_arrived(server: PracticeServer, chat: Chat) -> None:
    server.enqueue(Raw((HALF, CUT)))
    reply = chat.ask("first")
    words = []
    with pytest.raises(ReplyBroken):
        for text in reply:
            words.append(text)
    assert words == ["half a "]
    assert (reply.state, reply.words, reply.finish_reason) == ("interrupted", "half a ", "interrupted")
    assert isinstance(reply.error, ReplyBroken)
    with pytest.raises(ReplyBroken):
        _ = reply.text
    assert [(turn.reply, turn.interrupted) for turn in chat.thread().turns] == [("half a ", True)]


# A 200 that is no reply


NO_REPLIES = {
    "an error": (plain({"error": {"code": "1211", "message": "模型不存在"}}), ("no such model", "1211", "模型不存在")),
    "an error without a code": (plain({"error": {"message": "overheated"}}), ("overheated",)),
    "an error as text": (plain({"error": "overheated"}), ("overheated",)),
    "choices: null": (plain({"id": "1", "choices": None}), ("not as a chat service",)),
    "no choices": (plain({"id": "1", "choices": []}), ("not as a chat service",)),
    "an empty object": (plain({}), ("not as a chat service",)),
    "null": (plain(None), ("not as a chat service",)),
    "a list": (plain([1]), ("not as a chat service",)),
    "nothing": (Raw((), headers=JSON), ("nothing",)),
    "no content type": (Raw((), headers={}), ("nothing",)),
    "an empty message": (plain({"choices": [{"index": 0, "message": {"content": ""}}]}), ("no text",)),
    "a stream of nothing": (Raw(()), ("no text",)),
    "a stream of [DONE]": (Raw((DONE,)), ("no text",)),
    "a stream of comments": (Raw((b": ping\n\n", b"event: ping\n\n", DONE)), ("no text",)),
    "a stream of a role": (Raw((sse(chunk()), sse(chunk("", finish_reason="stop")), DONE)), ("no text", "stop")),
    "a stream of choices: null": (Raw((sse(chunk(choices=None)), DONE)), ("no text",)),
    "a sensitive stream": (Raw((sse(chunk(finish_reason="sensitive")), DONE)), ("no text", "sensitive")),
    "a stream of an error": (Raw((sse({"error": {"code": "1113", "message": "欠费"}}),)), ("1113", "欠费")),
}


@pytest.mark.parametrize(("script", "told"), NO_REPLIES.values(), ids=NO_REPLIES)
def test_a_200_that_is_no_reply(story: Story, script: Raw, told: tuple[str, ...]) -> None:
    cell = story.second(script)
    assert isinstance(cell.error, ServiceError)
    for part in told:
        assert part in str(cell.error)
    assert story.requests == 1
    story.left_no_trace(cell)


@pytest.mark.parametrize("name", ["an error", "choices: null", "null", "nothing", "an empty message"])
def test_a_200_that_is_no_reply_to_an_unstreamed_request(story: Story, name: str) -> None:
    script, told = NO_REPLIES[name]
    cell = story.second(script, line="%%glm -b response --no-stream")
    assert isinstance(cell.error, ServiceError)
    for part in told:
        assert part in str(cell.error)
    story.left_no_trace(cell)


# The key


KEY = "0a1b2c3d4e5f60718293.SecretHalfOfTheKey"
SECRET = "SecretHalfOfTheKey"
ECHO = f"invalid header Authorization: Bearer {KEY}, you sent {KEY}"
ECHOES = {
    "a refusal": Fault(401, "1002", ECHO),
    "a code nobody knows": Fault(400, "77", ECHO),
    "the code itself": Fault(400, KEY, "bad"),
    "the request id": Fault(400, "1210", headers={"X-LOG-ID": KEY}),
    "the secret alone": Fault(401, "1002", f"secret {SECRET} does not match"),
    "an error in a 200": plain({"error": {"code": "1002", "message": ECHO}}),
    "an error at the top": plain({"detail": [{"msg": ECHO}]}, 422),
    "an error in a stream": Raw((HALF, sse({"error": {"code": "1002", "message": ECHO}}))),
    "a page": Raw((f"<html>{ECHO}</html>".encode(),), headers=HTML),
    "a page with an error": Raw((f"<html>{ECHO}</html>".encode(),), 403, HTML),
    "a redirect": Raw((), 302, {"Location": f"https://example.org/?key={KEY}"}),
    "malformed JSON": Raw((HALF, f"data: {{{KEY}\n\n".encode())),
    "a long refusal, cut short": Fault(401, "1002", "x" * 470 + KEY),
    "a long page, cut short": Raw((b"<html>" + b"x" * 85 + KEY.encode(),), headers=HTML),
    "a busy service": Fault(503, "503", ECHO, headers=AT_ONCE),
}


@pytest.fixture
def key_page(bare_page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Page, PracticeServer]]:
    """A page with a key that looks like a real one."""
    with PracticeServer(pace=0, api_key=KEY) as server:
        monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
        monkeypatch.setenv("ZHIPUAI_API_KEY", KEY)
        bare_page.run("%load_ext zhipu_magic")
        yield bare_page, server
        bare_page.run("%unload_ext zhipu_magic")


def leaks(text: str) -> bool:
    """Whether a telling piece of the secret is in the text."""
    return any(SECRET[start : start + 6] in text for start in range(len(SECRET) - 5))


@pytest.mark.parametrize("script", ECHOES.values(), ids=ECHOES)
def test_the_key_is_in_no_message(
    key_page: tuple[Page, PracticeServer], script: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    page, server = key_page
    page.run("%xmode Verbose")
    server.enqueue(*[script] * 4)
    cell = page.run("%%glm -b response\nfirst")
    assert isinstance(cell.error, GLMError)
    page.run("%tb")
    printed = capsys.readouterr()
    assert cell.error.message in printed.out + printed.err
    assert not leaks(printed.out + printed.err)
    assert not leaks(json.dumps(cell.messages))
    for mode in ("Plain", "Context", "Minimal"):
        page.run(f"%xmode {mode}")
        page.run("%tb")
    page.run("%glm")
    printed = capsys.readouterr()
    assert not leaks(printed.out + printed.err)


@pytest.mark.parametrize("script", ECHOES.values(), ids=ECHOES)
def test_the_key_is_in_no_traceback_of_a_script(script: Any) -> None:
    with PracticeServer(pace=0, api_key=KEY) as server:
        server.enqueue(*[script] * 4)
        chat = Chat(base_url=server.base_url, api_key=KEY)
        with pytest.raises(GLMError) as caught:
            _ = chat.ask("first").completion
        chat.close()
    error = caught.value
    told = traceback.TracebackException(type(error), error, error.__traceback__, capture_locals=True)
    assert not leaks("".join(told.format()).replace(repr(script), ""))
    assert not leaks(repr(error) + repr(error.args) + repr(chat))


def test_the_key_is_not_shown_where_something_breaks_that_should_not(
    key_page: tuple[Page, PracticeServer], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, server = key_page
    page.run("%xmode Verbose")

    def refuse(data: Any, *rest: Any, **more: Any) -> None:
        raise RuntimeError("The front end is gone.")

    with monkeypatch.context() as broken:
        broken.setattr(page.publisher, "publish", refuse)
        cell = page.run("%%glm -b response\nfirst")
    assert isinstance(cell.error, RuntimeError)
    printed = capsys.readouterr()
    assert "RuntimeError" in printed.out + printed.err
    assert not leaks(printed.out + printed.err)
    server.enqueue(Answer("two"))
    assert page.run("%%glm\nsecond").success


# Nothing is left behind


def test_faults_leave_no_thread_behind(story: Story) -> None:
    story.second(Fault(400, "1211"))
    story.second(Raw((HALF, CUT)))
    story.second(Fault(429, "1302", headers=AT_ONCE), Answer("two"))
    deadline = time.monotonic() + 5
    while any(thread.name == "zhipu_magic exchange" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


# Faults of this machine's own


def test_certificates_that_cannot_be_read_are_told_and_the_next_cell_works(
    page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificates = tmp_path / "certificates.pem"
    certificates.write_text("none")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    page.run("%config GLMMagics.base_url = 'https://glm.test/v4'")
    assert "SSL_CERT_FILE" in str(page.run("%%glm\nfirst").error)
    page.run(f"%config GLMMagics.base_url = '{server.base_url}'")
    assert page.run("%%glm\nsecond").success


def test_without_a_thread_to_be_had_the_cell_fails_and_the_next_one_works(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread)
        assert not page.run("%%glm\nfirst").success
    assert page.run("%%glm\nsecond").success
    assert len(page.magics.chat.thread().turns) == 1


def test_a_server_that_holds_the_connection_open_holds_no_thread(page: Page, server: PracticeServer) -> None:
    for number in range(3):
        server.enqueue(Raw((sse(chunk("ok")), sse(chunk(finish_reason="stop")), DONE, STALL)))
        assert page.run(f"%%glm\n{number}").success
    deadline = time.monotonic() + 5
    while any("exchange" in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("idle", [False, True], ids=["kept", "closed by the server meanwhile"])
def test_the_connection_is_used_again_if_it_can_be(idle: bool) -> None:
    """A server of its own, which counts its connections and may close one between two requests."""
    body = b'{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"ok"}}]}'
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    connections = []

    def serve() -> None:
        while len(connections) < 1 + idle:
            connection, _ = listener.accept()
            connections.append(connection)
            while packet := connection.recv(65536):
                if packet.endswith(b"}"):  # the last of a request
                    connection.sendall(reply)
                    if idle:
                        connection.close()
                        closed.set()
                        break

    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = threading.Event()
        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        chat = Chat(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1", api_key="a.key", stream=False)
        assert chat.ask("first").text == "ok"
        assert not idle or closed.wait(5)
        began = time.monotonic()
        assert chat.ask("second").text == "ok"
        assert time.monotonic() - began < 0.9  # no pause, as before a second try
        chat.close()
        serving.join(5)
    for connection in connections:
        connection.close()
    assert len(connections) == 1 + idle
