"""The proxy of litellm: what the service behind it says comes in the proxy's words, without the service's codes."""

from __future__ import annotations

import json

import pytest
from real_servers import RealServer

from zhipu_magic import Chat, ReplyBroken, ServiceError
from zhipu_magic.practice import CUT, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call

pytestmark = [pytest.mark.timeout(400), pytest.mark.parametrize("real", ["litellm"], indirect=True)]

NO_ROOM = "This model's maximum context length is 512 tokens. However, you requested 600 tokens"


@pytest.fixture
def upstream(real: RealServer) -> PracticeServer:
    """The service behind the proxy."""
    assert real.upstream is not None
    return real.upstream


def refusal(status: int, message: str) -> Raw:
    """A refusal as servers of OpenAI's protocol word it."""
    body = json.dumps({"error": {"message": message, "type": "BadRequestError", "code": status}}).encode()
    return Raw((body,), status=status, headers={"Content-Type": "application/json"})


def test_nothing_of_the_service_alone_reaches_a_service_behind_the_proxy(chat: Chat, upstream: PracticeServer) -> None:
    upstream.enqueue(Answer("fine"))
    assert chat.ask("hi").text == "fine"
    assert upstream.requests[-1].body.keys() == {"model", "messages", "stream", "stream_options"}


@pytest.mark.parametrize("think", [True, False])
def test_thinking_is_turned_on_and_off_without_a_refusal(chat: Chat, upstream: PracticeServer, think: bool) -> None:
    upstream.enqueue(Answer("fine"))
    assert chat.ask("hi", think=think).text == "fine"


@pytest.mark.parametrize("stream", [True, False])
def test_reasoning_and_the_count_of_tokens_come_through(chat: Chat, upstream: PracticeServer, stream: bool) -> None:
    upstream.enqueue(Answer("Yes.", reasoning="Let me see.", prompt_tokens=7, completion_tokens=5))
    reply = chat.ask("hi", stream=stream)
    assert (reply.reasoning, reply.text, reply.finish_reason) == ("Let me see.", "Yes.", "stop")
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (7, 5)


def test_reasoning_inside_the_words_of_a_stream_is_none_of_the_answer(chat: Chat, upstream: PracticeServer) -> None:
    upstream.enqueue(Answer("<think>perhaps</think>Yes."))
    reply = chat.ask("hi")
    assert (reply.reasoning, reply.text) == ("perhaps", "Yes.")


@pytest.mark.parametrize("stream", [True, False])
def test_two_calls_at_one_index_are_two_calls(chat: Chat, upstream: PracticeServer, stream: bool) -> None:
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"rain in {city}"

    calls = [tool_call("weather", {"city": city}, id=f"call_{city}") for city in ("Paris", "Rome")]
    upstream.enqueue(Answer(tool_calls=tuple(calls)), Answer("It rains in both."))
    assert chat.ask("the weather?", tools=[weather], stream=stream).text == "It rains in both."
    results = [message["content"] for message in upstream.requests[-1].body["messages"] if message["role"] == "tool"]
    assert results == ["rain in Paris", "rain in Rome"]


@pytest.mark.parametrize(
    "refused", [Fault(400, "1261"), refusal(400, NO_ROOM)], ids=["in the service's words", "in the words of others"]
)
def test_a_context_that_is_full_behind_the_proxy_costs_earlier_turns(
    chat: Chat, upstream: PracticeServer, refused: Fault | Raw
) -> None:
    page = "one page of a long book " * 8
    for number in range(4):
        upstream.enqueue(Answer(f"{page} read"))
        assert chat.ask(f"{page} {number}").text
    upstream.enqueue(refused, Answer("fine"))
    reply = chat.ask("Which pages were these?")
    assert reply.text == "fine"
    assert 0 < reply.progress.left_out < 4
    assert chat.thread().size == 5


@pytest.mark.parametrize(
    "end", [CUT, b'data: {"error": {"code": "1234", "message": "the network"}}\n\n'], ids=["cut", "an error inside"]
)
def test_a_reply_that_breaks_off_behind_the_proxy_is_kept_and_called_broken(
    chat: Chat, upstream: PracticeServer, end: object
) -> None:
    upstream.enqueue(Raw((sse(chunk("half a reply")), 0.2, end)))  # type: ignore[arg-type]
    reply = chat.ask("hi")
    with pytest.raises((ReplyBroken, ServiceError), match=r"the network|Connection error"):
        reply.read()
    assert reply.words == "half a reply"
    assert [(turn.reply, turn.interrupted) for turn in chat.thread().turns] == [("half a reply", True)]


def test_a_reply_that_was_held_back_is_kept_and_called_broken(chat: Chat, upstream: PracticeServer) -> None:
    upstream.enqueue(Answer("half a reply", finish_reason="sensitive"), Answer("fine"))
    reply = chat.ask("hi")
    with pytest.raises(ReplyBroken, match="content_filter"):
        reply.read()
    assert reply.words == "half a reply"
    assert [(turn.reply, turn.interrupted) for turn in chat.thread().turns] == [("half a reply", True)]
    assert chat.ask("go on").text == "fine"


def test_too_many_in_flight_are_asked_again(chat: Chat, upstream: PracticeServer) -> None:
    before = len(upstream.requests)
    upstream.enqueue(Fault(429, "1302"), Answer("fine"))
    assert chat.ask("hi").text == "fine"
    assert len(upstream.requests) - before == 2


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (Fault(429, "1113"), "您的账户已欠费"),
        (refusal(429, "You exceeded your current quota, please check your plan and billing details."), "quota"),
        (Fault(401, "1000"), "身份验证失败"),
        (Fault(400, "1301"), "不安全或敏感内容"),
    ],
    ids=["no balance", "no quota", "a wrong key", "unsafe"],
)
def test_what_stays_refused_is_told_at_once_in_the_services_words(
    chat: Chat, upstream: PracticeServer, refused: Fault | Raw, words: str
) -> None:
    before = len(upstream.requests)
    upstream.enqueue(refused)
    with pytest.raises(ServiceError, match=words):
        _ = chat.ask("hi").text
    assert len(upstream.requests) - before == 1


def test_a_model_that_the_proxy_does_not_know_is_named(chat: Chat) -> None:
    with pytest.raises(ServiceError, match="model=no-such-model") as refused:
        _ = chat.ask("hi", model="no-such-model").text
    assert refused.value.status == 400
