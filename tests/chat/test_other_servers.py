"""Servers of OpenAI's protocol that are not ZhiPu AI's, over real sockets: each as somebody has met it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Page
from other_server import EVENTS, OtherServer, Says, event, words

from zhipu_magic import Chat
from zhipu_magic.practice import Answer, PracticeServer, tool_call
from zhipu_magic.service.decode import chunks_of
from zhipu_magic.service.wire import Assembly
from zhipu_magic.text.errors import GLMError, InvalidAnswer, ReplyBroken, ServiceError


@pytest.fixture
def other(other_server: OtherServer) -> OtherServer:
    return other_server


@pytest.fixture
def asking(other: OtherServer) -> Iterator[Chat]:
    chat = Chat(model="local", base_url=other.base_url, api_key="none", max_retries=1)
    yield chat
    chat.close()


@pytest.fixture
def other_page(bare_page: Page, other: OtherServer, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", other.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", "none")
    monkeypatch.setenv("ZHIPU_MAGIC_MODEL", "local")
    assert bare_page.run("%load_ext zhipu_magic").success
    return bare_page


@dataclass
class Invoice:
    vendor: str
    total: float


DRAFT, FINAL = '{"vendor":"X","total":1}', '{"vendor":"ACME","total":12.5}'


# Thinking in the content


@pytest.mark.parametrize("opening", ["<think>", ""])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_value_in_the_thinking_is_not_the_answer(asking: Chat, other: OtherServer, opening: str, size: int) -> None:
    content = f"{opening}perhaps {DRAFT}</think>{FINAL}"
    other.enqueue(words(*(content[start : start + size] for start in range(0, len(content), size))))
    reply = asking.ask("read it", as_type=Invoice)
    assert reply.value == Invoice("ACME", 12.5)
    assert (reply.text, reply.reasoning) == (FINAL, f"perhaps {DRAFT}")
    _ = asking.ask("and now?").text
    assert json.dumps(other.requests[-1]).count("perhaps") == 0


def test_code_in_the_thinking_is_not_inserted(other_page: Page, other: OtherServer) -> None:
    other.enqueue(words("<think>```python\nwrong()\n```</think>```python\nright()\n```"))
    cell = other_page.run("%%glm -i\ncode")
    assert cell.success
    assert "right()" in str(cell.messages) + str(other_page.shell.payload_manager.read_payload())
    assert "wrong()" not in str(other_page.shell.payload_manager.read_payload())


def test_from_the_second_reply_on_unopened_thinking_streams_as_such(asking: Chat, other: OtherServer) -> None:
    other.enqueue(*[words("let me ", "see</think>", "Yes.")] * 2)
    assert asking.ask("first").text == "Yes."
    assert list(asking.ask("second")) == ["Yes."]
    assert asking.ask("third", think=False).text == "ok"
    other.enqueue(words("No tag this ", "time."), words("Nor ", "now."))
    assert list(asking.ask("fourth")) == ["No tag this time."]
    assert list(asking.ask("fifth")) == ["Nor ", "now."]


def test_what_a_server_has_shown_is_known_of_that_server_alone(asking: Chat, other: OtherServer) -> None:
    asked, elsewhere = other.base_url, other.base_url.replace("/v1", "/v2")
    other.enqueue(words("let me ", "see</think>", "Yes."))
    reply = asking.ask("first")
    asking.service.configure(base_url=elsewhere)
    assert reply.text == "Yes."
    shown, not_shown = (asking.service.shown_at(address).model("local") for address in (asked, elsewhere))
    assert shown is not None and shown.thinks_unopened
    assert not_shown is None


def test_the_services_own_host_is_not_expected_to_leave_reasoning_in_the_words(
    chat: Chat, server: PracticeServer
) -> None:
    server.enqueue(Answer("so\n</think>\nYes."), Answer("Plain words."))
    assert chat.ask("first").text == "Yes."
    assert chat.ask("second").text == "Plain words."
    assert not chat.service.model("glm-4").thinks_unopened


def test_reasoning_that_was_stopped_in_its_middle_is_not_kept_as_the_answer(asking: Chat, other: OtherServer) -> None:
    other.enqueue(words("let me ", "see</think>", "Yes."), event({"delta": {"content": "let me look"}}))
    assert asking.ask("first").text == "Yes."
    with pytest.raises(ReplyBroken):
        _ = asking.ask("second").text
    _ = asking.ask("third").text
    assert [message["content"] for message in other.requests[-1]["messages"]] == ["first", "Yes.", "third"]


def test_a_reply_about_the_marks_goes_on_whole(asking: Chat, other: OtherServer) -> None:
    cut = words("Write:\n```html\n<think>a").replace(b'"stop"', b'"length"')
    other.enqueue(cut, words("b</think>\n```\nDone."))
    _ = asking.ask("how?").text
    assert asking.go_on().text == "b</think>\n```\nDone."


# Several values


def test_of_several_values_the_last_counts_where_the_words_say_so(asking: Chat, other: OtherServer) -> None:
    other.enqueue(words(f"A draft: {DRAFT}\nThe final version: {FINAL}"))
    assert asking.ask("read it", as_type=Invoice).value == Invoice("ACME", 12.5)
    assert len(other.requests) == 1


def test_otherwise_the_model_is_asked_once_more_and_none_is_taken_quietly(asking: Chat, other: OtherServer) -> None:
    other.enqueue(words(f"{DRAFT}\n{FINAL}"), words(FINAL))
    assert asking.ask("read it", as_type=Invoice).value == Invoice("ACME", 12.5)
    assert "2 matching values" in other.requests[-1]["messages"][-1]["content"]
    other.enqueue(words(f"{DRAFT}\n{FINAL}"), words(f"{DRAFT}\n{FINAL}"))
    with pytest.raises(InvalidAnswer):
        _ = asking.ask("read it", as_type=Invoice).value


@pytest.mark.parametrize("reason", ["length", "network_error", "sensitive"])
def test_a_number_that_may_be_cut_off_is_none(asking: Chat, other: OtherServer, reason: str) -> None:
    other.enqueue(event({"delta": {"content": "41"}}) + event({"delta": {}, "finish_reason": reason}))
    with pytest.raises(InvalidAnswer, match="cut off"):
        _ = asking.ask("how many?", as_type=int).value
    other.enqueue(event({"delta": {"content": FINAL}}) + event({"delta": {}, "finish_reason": reason}))
    assert asking.ask("read it", as_type=Invoice).value == Invoice("ACME", 12.5)


# Half a reply


@pytest.mark.parametrize(
    "reason", ["error", "abort", "content_filter", "refusal", "ERROR", "content-filter", "canceled"]
)
def test_a_reply_that_was_broken_off_is_kept_and_marked(asking: Chat, other: OtherServer, reason: str) -> None:
    half = event({"delta": {"content": "half a reply"}})
    refused = event({"delta": {"refusal": "I had "}}) + event({"delta": {"refusal": "to stop."}})
    other.enqueue(half + refused + event({"delta": {}, "finish_reason": reason}) + b"data: [DONE]\n\n")
    with pytest.raises(ReplyBroken, match=reason) as error:
        _ = asking.ask("hi").text
    assert "I had to stop." in str(error.value)
    assert [(turn.reply, turn.interrupted) for turn in asking.thread().turns] == [("half a reply", True)]


def test_a_reply_that_was_broken_off_stays_so_whatever_follows(asking: Chat, other: OtherServer) -> None:
    other.enqueue(event({"delta": {"content": "half"}, "finish_reason": "error"}) + words())
    with pytest.raises(ReplyBroken, match="error"):
        _ = asking.ask("hi").text


IN_A_STREAM = {
    "an error": b'data: {"error": {"message": "out of memory"}}\n\n',
    "an error as text": b'data: {"error": "out of memory"}\n\n',
    "an error of a choice": event({"delta": {}, "finish_reason": "error", "error": {"message": "out of memory"}}),
    "an object that is an error": b'data: {"object": "error", "message": "out of memory", "code": 50}\n\n',
    "an event that is an error": b'event: error\ndata: {"message": "out of memory"}\n\n',
    "an event that is an error, as text": b"event: error\ndata: out of memory\n\n",
    "an error that is no JSON": b'data: {"error": "out of memory: "x" is "y""}\n\n',
    "an error beside no choice": b'data: {"choices": [], "code": 50, "msg": "out of memory", "success": false}\n\n',
    "an error at the end that is no JSON": b'data: { "error": "out of memory: "x""}',
    "an error beside words": event({"delta": {"content": "!"}}, error={"message": "out of memory"}),
}


@pytest.mark.parametrize("error", IN_A_STREAM.values(), ids=IN_A_STREAM)
def test_an_error_in_a_stream_ends_it_and_is_told(asking: Chat, other: OtherServer, error: bytes) -> None:
    other.enqueue(event({"delta": {"content": "half"}}) + error)
    with pytest.raises(GLMError, match="out of memory"):
        _ = asking.ask("hi").text
    assert [turn.reply.rstrip("!") for turn in asking.thread().turns if turn.interrupted] == ["half"]
    assert len(other.requests) == 1


def test_a_context_that_is_full_after_the_first_word_is_no_reason_to_ask_again(
    asking: Chat, other: OtherServer
) -> None:
    _ = asking.ask("first").text
    other.enqueue(event({"delta": {"content": "half"}}) + b'data: {"error": "maximum context length is 512"}\n\n')
    with pytest.raises(ServiceError, match="too long"):
        _ = asking.ask("second").text
    assert len(other.requests) == 2


def test_an_event_that_is_no_part_of_the_reply_is_passed_over(asking: Chat, other: OtherServer) -> None:
    other.enqueue(event({"delta": {"content": "Hel"}}) + b"event: ping\ndata: ping\n\n" + words("lo"))
    assert asking.ask("hi").text == "Hello"


def test_an_error_before_the_first_token_is_tried_again(asking: Chat, other: OtherServer) -> None:
    other.enqueue(b'data: {"error": {"code": 429, "message": "busy"}}\n\n')
    assert asking.ask("hi").text == "ok"
    assert len(other.requests) == 2


def test_a_last_chunk_with_the_whole_message_doubles_nothing(asking: Chat, other: OtherServer) -> None:
    function = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": "Hello", "reasoning_content": "hm"}
    pieces = [{"reasoning_content": "hm"}, {"content": "Hel"}, {"content": "lo"}, {"tool_calls": [function]}]
    other.enqueue(
        b"".join(event({"delta": piece}) for piece in pieces)
        + event({"delta": {}, "message": {**message, "tool_calls": [function]}, "finish_reason": "stop"})
    )
    completion = asking.ask("hi").completion
    said = completion.choices[0].message
    assert (said.content, said.reasoning_content, len(said.tool_calls)) == ("Hello", "hm", 1)


@pytest.mark.parametrize("in_pieces", ["", '{"ci', '{"city": "Bonn"}'])
def test_a_call_whose_arguments_only_the_last_message_has_does_not_run_with_its_defaults(
    asking: Chat, other: OtherServer, in_pieces: str
) -> None:
    function = {"index": 0, "id": "a", "function": {"name": "lookup", "arguments": in_pieces}}
    whole = {"id": "a", "function": {"name": "lookup", "arguments": '{"city": "Bonn"}'}}
    other.enqueue(
        event({"delta": {"tool_calls": [function]}})
        + event({"message": {"content": "", "tool_calls": [whole]}, "finish_reason": "tool_calls"}),
        words("done"),
    )
    assert asking.ask("weather?", tools=[lookup]).text == "done"
    assert [one["content"] for one in other.requests[-1]["messages"] if one["role"] == "tool"] == ["sunny in Bonn"]


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        ({"message": {"content": "<think>hm</think>Hello"}}, "Hello"),
        ({"message": {"content": "\nHello"}}, "Hello"),
        ({"message": {"content": "Hello!"}, "delta": {"content": "!"}}, "Hello!"),
    ],
)
def test_a_last_message_that_was_put_in_another_way_adds_nothing(
    asking: Chat, other: OtherServer, choice: dict[str, Any], text: str
) -> None:
    first = event({"delta": {"reasoning_content": "hm"}}) + event({"delta": {"content": "Hello"}})
    other.enqueue(first + event({**choice, "finish_reason": "stop"}))
    assert asking.ask("hi").text == text


def test_a_stream_whose_last_message_has_more_is_read_to_its_end(asking: Chat, other: OtherServer) -> None:
    other.enqueue(
        event({"delta": {"content": "Hel"}}) + event({"message": {"content": "Hello"}, "finish_reason": "stop"})
    )
    assert asking.ask("hi").text == "Hello"


def test_a_last_message_that_says_something_else_is_not_joined_to_the_words(asking: Chat, other: OtherServer) -> None:
    other.enqueue(
        event({"delta": {"content": "Hi"}}) + event({"message": {"content": "Hello there"}, "finish_reason": "stop"})
    )
    assert asking.ask("hi").text == "Hi"


# What is sent


def test_nothing_is_sent_that_a_strict_server_refuses(asking: Chat, other: OtherServer) -> None:
    _ = asking.ask("hi", stop="END").text
    assert other.requests[-1] == {
        "model": "local",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stop": ["END"],
        "stream_options": {"include_usage": True},
    }
    other.enqueue(Says.json({"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}))
    _ = asking.ask("hi", stream=False, once=True).text
    assert other.requests[-1].keys() == {"model", "messages", "stream"}


def test_a_server_that_cannot_count_is_asked_without_and_remembered(asking: Chat, other: OtherServer) -> None:
    other.enqueue(Says.json({"detail": "Unexpected fields in the request: {'stream_options'}"}, 422))
    assert asking.ask("hi").text == "ok"
    assert asking.ask("and again").text == "ok"
    assert ["stream_options" in request for request in other.requests] == [True, False, False]
    other.enqueue(Says.json({"detail": "Unexpected fields in the request: {'stream_options'}"}, 422))
    with pytest.raises(ServiceError, match="stream_options"):
        _ = asking.ask("hi", params={"stream_options": {"include_usage": True}}).text


def test_thinking_is_turned_off_in_the_servers_own_way(asking: Chat, other: OtherServer) -> None:
    _ = asking.ask("hi", think=False).text
    assert other.requests[-1]["chat_template_kwargs"] == {"enable_thinking": False}
    assert "thinking" not in other.requests[-1]
    _ = asking.ask("hi", params={"thinking": {"type": "disabled"}}).text
    assert other.requests[-1]["thinking"] == {"type": "disabled"}


def test_the_seeds_request_to_the_service_is_as_it_was(chat: Chat, server: PracticeServer) -> None:
    _ = chat.ask("作为一名营销专家").text
    assert json.dumps(server.requests[-1].body, ensure_ascii=False) == json.dumps(
        {
            "model": "glm-4",
            "messages": [{"role": "user", "content": "作为一名营销专家"}],
            "stream": True,
            "response_format": None,
            "thinking": None,
        },
        ensure_ascii=False,
    )


def lookup(city: str = "Ulm") -> str:
    return f"sunny in {city}"


def calling(arguments: Any, **message: Any) -> bytes:
    function = {"index": 0, "id": "c1", "type": "function", "function": {"name": "lookup", "arguments": arguments}}
    return (
        event({"delta": {**message, "tool_calls": [function]}})
        + event({"delta": {}, "finish_reason": "tool_calls"})
        + b"data: [DONE]\n\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sent_back", "result"),
    [
        ('{"city": "Bonn"}', '{"city": "Bonn"}', "sunny in Bonn"),
        ({"city": "Bonn"}, '{"city": "Bonn"}', "sunny in Bonn"),
        ("", "{}", "sunny in Ulm"),
        ('{"city": "Bo', "{}", "are not JSON"),
        ('["Bonn"]', "{}", "an object is wanted"),
        ("null", "{}", "an object is wanted"),
        (["Bonn"], "{}", "an object is wanted"),
        (7, "{}", "an object is wanted"),
    ],
)
def test_arguments_go_back_as_an_object(
    asking: Chat, other: OtherServer, arguments: Any, sent_back: str, result: str
) -> None:
    other.enqueue(calling(arguments, content=None, reasoning_content="I must look."), words("done"))
    assert asking.ask("weather?", tools=[lookup]).text == "done"
    asked, answered = other.requests[-1]["messages"][-2:]
    assert asked["tool_calls"][0]["function"]["arguments"] == sent_back
    assert asked["content"] == ""
    assert asked["reasoning_content"] == "I must look."
    assert result in answered["content"]


def test_parameters_are_another_name_of_arguments(asking: Chat, other: OtherServer) -> None:
    said = calling({"city": "Bonn"}).replace(b'"arguments":', b'"parameters":')
    other.enqueue(said, words("done"))
    assert asking.ask("weather?", tools=[lookup]).text == "done"
    assert other.requests[-1]["messages"][-1]["content"] == "sunny in Bonn"


@pytest.mark.parametrize("reason", ["length", "LENGTH", "network_error", "model_context_window_exceeded"])
def test_a_call_that_was_cut_off_before_its_arguments_does_not_run(
    asking: Chat, other: OtherServer, reason: str
) -> None:
    ended = f'"finish_reason": "{reason}"'.encode()
    other.enqueue(calling("").replace(b'"finish_reason": "tool_calls"', ended), words("done"))
    assert asking.ask("weather?", tools=[lookup]).text == "done"
    assert "did not run" in other.requests[-1]["messages"][-1]["content"]


def test_reasoning_goes_back_in_its_own_turn_and_later_only_where_it_is_kept(server: PracticeServer) -> None:
    chat = Chat(model="glm-4.7", base_url=server.base_url, api_key=server.api_key, tools=[lookup])
    server.enqueue(
        Answer("", reasoning=" I must\nlook. ", tool_calls=(tool_call("lookup", {"city": "Bonn"}, id="c1"),)),
        Answer("Sunny.", reasoning="So it is.\n"),
    )
    assert chat.ask("weather?").text == "Sunny."
    assert server.requests[-1].body["messages"][1]["reasoning_content"] == " I must\nlook. "
    server.enqueue(Answer("a"), Answer("b"))
    _ = chat.ask("and now?").text
    assert "reasoning_content" not in json.dumps(server.requests[-1].body)
    _ = chat.ask("and now?", params={"thinking": {"type": "enabled", "clear_thinking": False}}).text
    kept = [message.get("reasoning_content") for message in server.requests[-1].body["messages"]]
    assert kept[:4] == [None, " I must\nlook. ", None, "So it is.\n"]
    chat.close()


# The request always fits


def overflow(limit: int, refusal: Says) -> Callable[[OtherServer], None]:
    """A server whose context holds so many characters of messages."""

    def set_up(server: OtherServer) -> None:
        class Queue:
            def __bool__(self) -> bool:
                return True

            def popleft(self) -> Says:
                size = sum(len(str(message["content"])) for message in server.requests[-1]["messages"])
                return refusal if size > limit else Says(words("fine. " * 20))

        server.says = Queue()  # type: ignore[assignment]  # it has what is used of one

    return set_up


FULL = {
    "vLLM": Says.json(
        {"object": "error", "message": "This model's maximum context length is 200 tokens. However, …", "code": 400},
        400,
    ),
    "llama.cpp": Says.json(
        {"error": {"code": 400, "message": "too big", "type": "exceed_context_size_error", "n_ctx": 200}}, 400
    ),
    "litellm": Says.json({"error": {"message": "litellm.ContextWindowExceededError: x", "code": "400"}}, 400),
    "litellm before GLM": Says.json({"error": {"message": "OpenAIException - Prompt 超长", "code": "400"}}, 400),
    "OpenAI": Says.json({"error": {"message": "…", "code": "context_length_exceeded"}}, 400),
    "Ollama": Says(event({"delta": {"content": ""}, "finish_reason": "length"}) + b"data: [DONE]\n\n"),
    "transformers": Says(
        event({"delta": {"role": "assistant"}}) + b'data: {"error": "index out of range in self"}\n\n'
    ),
}


@pytest.mark.parametrize(
    "listed", [[{"id": "local", "max_model_len": 200}], [{"id": "local", "meta": {"n_ctx": 200}}], []]
)
@pytest.mark.parametrize("refusal", FULL.values(), ids=FULL)
def test_a_long_conversation_goes_on_where_the_context_is_small(
    asking: Chat, other: OtherServer, refusal: Says, listed: list[dict[str, Any]]
) -> None:
    other.models = listed
    overflow(600, refusal)(other)
    for number in range(8):
        assert asking.ask(f"question {number}: " + "word " * 20).text.startswith("fine.")
    assert asking.thread().size == 8
    with pytest.raises(GLMError, match=r"too long|the context of local holds 200"):
        _ = asking.ask("word " * 400).text


def test_what_the_server_tells_of_its_context_is_kept_to_from_then_on(asking: Chat, other: OtherServer) -> None:
    other.models = [{"id": "local", "max_model_len": 200}]
    overflow(600, FULL["OpenAI"])(other)
    asked = []
    for number in range(12):
        _ = asking.ask(f"question {number}: " + "word " * 20).text
        asked.append(len(other.requests))
    refused = [later - earlier - 1 for earlier, later in zip([0, *asked], asked, strict=False)]
    assert sum(refused[8:]) == 0
    assert asking.service.model("local").context == 200
    assert asking.context_filled() is not None


@pytest.mark.parametrize("absurd", [1, 63, 10**12])
def test_a_context_that_cannot_be_is_not_believed(asking: Chat, other: OtherServer, absurd: int) -> None:
    other.models = [{"id": "local", "max_model_len": absurd}]
    assert asking.service.models() == ["local"]
    known = asking.service.model("local")
    assert known is None or known.context is None
    assert asking.ask("hi").text == "ok"


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_an_answer_that_reached_its_own_limit_does_not_shorten_the_conversation(
    asking: Chat, other: OtherServer, limit: str
) -> None:
    _ = asking.ask("first").text
    other.enqueue(FULL["Ollama"])
    with pytest.raises(ServiceError, match="no text"):
        _ = asking.ask("second", params={limit: 5}).text
    assert len(other.requests) == 2


def test_a_stream_that_cannot_begin_is_asked_for_in_one_piece(asking: Chat, other: OtherServer) -> None:
    other.enqueue(Says(b""), Says.json({"choices": [{"message": {"content": "so"}, "finish_reason": "stop"}]}))
    assert asking.ask("hi").text == "so"
    assert [request["stream"] for request in other.requests] == [True, False]
    assert "stream_options" not in other.requests[-1]


# The first bytes decide


SAID = words("你好", "，世界", usage={"prompt_tokens": "7", "completion_tokens": 10.0, "total_tokens": 17})
PLAIN = json.dumps(
    {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "你好，世界"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 10, "total_tokens": 17},
    },
    indent=1,
).encode()
LABELS = [
    {},
    EVENTS,
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/json"},
    {"Content-Type": "Text/Event-Stream; Charset=UTF-8"},
]
BODIES = {
    "a stream": SAID,
    "a body": PLAIN,
    "a body after a byte-order mark and blank lines": b"\xef\xbb\xbf\r\n\n" + PLAIN,
    "a stream after two byte-order marks": b"\xef\xbb\xbf\xef\xbb\xbf" + SAID,
    "a stream after a comment": b": hello\n\n" + SAID,
    "a stream after an id": b"id: 1\nretry: 5\n" + SAID,
    "[DONE] with a space": SAID.replace(b"[DONE]", b"[DONE] "),
    "no last blank line": SAID.replace(b"data: [DONE]\n\n", b"")[:-1],
    "no last line end": SAID.replace(b"data: [DONE]\n\n", b"")[:-2],
}


@pytest.mark.parametrize("headers", LABELS, ids=lambda headers: next(iter(headers.values()), "none"))
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("stream", [True, False])
def test_the_first_bytes_say_whether_it_is_a_stream(
    asking: Chat, other: OtherServer, body: bytes, headers: dict[str, str], stream: bool
) -> None:
    other.enqueue(Says([body[:1], body[1:9], body[9:]], headers=headers))
    reply = asking.ask("hi", stream=stream)
    assert reply.text == "你好，世界"
    assert reply.usage is not None and reply.usage.total_tokens == 17


def test_half_an_event_where_the_connection_ends_is_no_part_of_the_reply(asking: Chat, other: OtherServer) -> None:
    other.enqueue(words("half").split(b"data: {", 2)[0] + event({"delta": {"content": "half"}}) + b'data: {"choices"')
    with pytest.raises(ReplyBroken, match="connection ended before the reply did"):
        _ = asking.ask("hi").text


class Cut(httpx.SyncByteStream):
    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)


def body_of(pieces: list[bytes]) -> dict[str, Any]:
    assembly = Assembly()
    for chunk in chunks_of(httpx.Response(200, stream=Cut(pieces))):
        assembly.feed(chunk)
    assembly.end()
    return assembly.body()


RECORDED = {
    **BODIES,
    "thinking": words("<think>so\n", "far</think>\n\n", "答案"),
    "unopened thinking": words("so\n", "far</think>\n\n", "答案 <|begin_of_box|>4<|end_of_box|>"),
    "CRLF": SAID.replace(b"\n", b"\r\n"),
    "a call in pieces": calling('{"city": "Bo') + calling('nn", "é": "😀"}'),
    "escaped halves": b"".join(
        b'data: {"choices":[{"delta":{"content":"' + half + b'"}}]}\n\n' for half in (rb"\ud83d", rb"\ude00")
    )
    + words("!"),
}


@pytest.mark.parametrize("recorded", RECORDED.values(), ids=RECORDED)
def test_a_stream_cut_at_any_byte_gives_the_same_reply(recorded: bytes) -> None:
    whole = body_of([recorded])
    for place in range(len(recorded) + 1):
        assert body_of([recorded[:place], recorded[place:]]) == whole


@given(st.sampled_from(sorted(RECORDED)), st.lists(st.integers(0, 2000), max_size=30))
def test_and_so_does_one_cut_at_many(name: str, cuts: list[int]) -> None:
    recorded = RECORDED[name]
    places = sorted(min(cut, len(recorded)) for cut in cuts)
    pieces = [recorded[start:end] for start, end in zip([0, *places], [*places, len(recorded)], strict=True)]
    assert body_of(pieces) == body_of([recorded])


# Money and counts


@pytest.mark.parametrize(
    "usage",
    [None, {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, {}, {"prompt_tokens": None}, "none"],
)
def test_counts_of_nothing_are_unknown_and_not_free(other_page: Page, other: OtherServer, usage: Any) -> None:
    other.enqueue(words("hi", usage=usage))
    cell = other_page.run("%%glm\nhi")
    assert cell.success
    assert "free" not in cell.plain(1)
    assert "0 + 0" not in cell.plain(1)


@pytest.mark.parametrize("name", ["glm-4.7-flash", "GLM-4.7-Flash", "zai-org/GLM-4.7-Flash"])
def test_a_model_is_known_by_any_spelling_and_costs_nothing_elsewhere(
    asking: Chat, other: OtherServer, name: str
) -> None:
    known = asking.service.model(name)
    assert known is not None and known.name == "glm-4.7-flash"
    usage = {"prompt_tokens": 7, "completion_tokens": 10, "total_tokens": 17}
    other.enqueue(words("hi", usage=usage))
    _ = asking.ask("hi", model=name).text
    assert asking.ledger.latest is not None
    assert (asking.ledger.latest.cost, asking.ledger.latest.usage.total_tokens) == (None, 17)  # type: ignore[union-attr]  # asserted


def test_the_coding_plan_bills_no_tokens(bare_page: Page, other: OtherServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", other.base_url.replace("/v1", "/api/coding/paas/v4"))
    monkeypatch.setenv("ZHIPUAI_API_KEY", "none")
    assert bare_page.run("%load_ext zhipu_magic").success
    other.enqueue(words("hi", usage={"prompt_tokens": 7, "completion_tokens": 10, "total_tokens": 17}))
    cell = bare_page.run("%%glm -m glm-5.2\nhi")
    assert cell.success
    assert "7 + 10 tokens" in cell.plain(1)
    assert "¥" not in cell.html(1)
    assert "covered by the coding plan" in cell.html(1)


def test_a_search_is_billed_separately_so_its_turn_has_no_cost_and_a_budget_reckons_the_most(chat: Chat) -> None:
    _ = chat.ask("news?", model="glm-4.7-flash", search=True).text
    entry = chat.ledger.latest
    assert entry is not None and entry.cost is None
    assert entry.estimated_cost == pytest.approx(0.05)


# Time


def slow(first: float, *pieces: bytes) -> Iterator[bytes]:
    import time

    for piece in pieces:
        time.sleep(first)
        yield piece


def test_an_unstreamed_reply_has_longer_than_a_stream(asking: Chat, other: OtherServer) -> None:
    asking.service.configure(timeout=0.5)
    other.enqueue(Says(slow(1.2, PLAIN), headers={"Content-Type": "application/json"}))
    assert asking.ask("hi", stream=False).text == "你好，世界"
    other.enqueue(Says(slow(1.2, SAID)))
    with pytest.raises(GLMError, match=r"nothing for 0\.5 seconds"):
        _ = asking.ask("hi").text


def test_one_that_thinks_has_longer_to_begin_and_no_longer_to_go_on(asking: Chat, other: OtherServer) -> None:
    asking.service.configure(timeout=0.5)
    other.enqueue(Says(slow(1.2, words("你好"))))
    assert asking.ask("hi", model="glm-5.3").text == "你好"
    other.enqueue(Says(slow(1.2, event({"delta": {"reasoning_content": "hm"}}), words("no"))))
    with pytest.raises(GLMError, match=r"nothing for 0\.5 seconds"):
        _ = asking.ask("hi", think=True).text
