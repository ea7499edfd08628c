"""Streams that are odd but right are read right: as other servers, proxies and networks make them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import Page
from story import JSON, Story, plain

from zhipu_magic import Chat
from zhipu_magic.practice import CUT, DONE, STALL, Answer, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.service.stream import DONE as THE_END
from zhipu_magic.service.wire import Assembly
from zhipu_magic.text.errors import GLMError

USAGE = {"prompt_tokens": 7, "completion_tokens": 10, "total_tokens": 17}
END = sse(chunk(finish_reason="stop", usage=USAGE))


def data(event: Any) -> bytes:
    """The `data:` line of an event, without what ends it."""
    return sse(event).removesuffix(b"\n\n")


def escaped(event: Any) -> bytes:
    """An event whose JSON is all ASCII."""
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def bare(content: str, **choice: Any) -> dict[str, Any]:
    """A chunk with no member that could be left out."""
    return {"choices": [{"delta": {"content": content}, **choice}]}


def cut(stream: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(stream[start : start + size] for start in range(0, len(stream), size))


def with_line_ends(end: bytes) -> bytes:
    return b"".join(data(event) + end * 2 for event in (chunk("你好"), chunk("，世界"))) + (
        data(chunk(finish_reason="stop", usage=USAGE)) + end * 2 + b"data: [DONE]" + end * 2
    )


HELLO = [sse(chunk("你好")), sse(chunk("，世界"))]

STREAMS: dict[str, tuple[Any, ...]] = {
    "as the service sends it": (*HELLO, END, DONE),
    "all in one packet": (b"".join([*HELLO, END, DONE]),),
    "one byte a packet": cut(b"".join([*HELLO, END, DONE]), 1),
    "characters split across packets": cut(b"".join([*HELLO, END, DONE]), 7),
    "a byte-order mark": (b"\xef\xbb\xbf" + HELLO[0], *HELLO[1:], END, DONE),
    "CRLF": (with_line_ends(b"\r\n"),),
    "CRLF, one byte a packet": cut(with_line_ends(b"\r\n"), 1),
    "bare CR": (with_line_ends(b"\r"),),
    "bare CR, one byte a packet": cut(with_line_ends(b"\r"), 1),
    "pings": (b"event: ping\n\n", HELLO[0], b"event: ping\ndata:\n\n", HELLO[1], b"event: ping\n\n", END, DONE),
    "comments": (b": OPENROUTER PROCESSING\n\n", HELLO[0], b":\n", HELLO[1], b": x\n\n", END, DONE, b": bye\n\n"),
    "ids and retry fields": (b"id: 1\nretry: 3000\n" + HELLO[0], b"id: 2\n" + HELLO[1], b"id: 3\n\n", END, DONE),
    "named events": (b"event: message\n" + HELLO[0], b"event: message\n" + HELLO[1], END, DONE),
    "no space after the colon": tuple(piece.replace(b"data: ", b"data:") for piece in (*HELLO, END, DONE)),
    "JSON over several data lines": (b"data: {\ndata: " + HELLO[0][7:], HELLO[1], END, DONE),
    "blank lines": (b"\n\n\n", HELLO[0], b"\n\n", HELLO[1], b"\n", END, DONE, b"\n\n"),
    "no blank line after [DONE]": (*HELLO, END, b"data: [DONE]"),
    "no [DONE] but a finish reason": (*HELLO, END),
    "[DONE] but no finish reason": (*HELLO, sse(chunk("", usage=USAGE)), DONE),
    "finish reason with the last words": (HELLO[0], sse(chunk("，世界", finish_reason="stop", usage=USAGE)), DONE),
    "an empty finish reason on every chunk": (
        sse(bare("你好", finish_reason="")),
        sse(bare("，世界", finish_reason="")),
        END,
        DONE,
    ),
    "finish_reason: null on every chunk": (
        sse(bare("你好", finish_reason=None)),
        sse(bare("，世界", finish_reason=None)),
        END,
        DONE,
    ),
    "nothing that could be left out": (
        sse(bare("你好")),
        sse(bare("，世界", finish_reason="stop")),
        sse({"usage": USAGE}),
    ),
    "index: -1": (sse(bare("你好", index=-1)), sse(bare("，世界", index=-1)), END, DONE),
    "index: null": (sse(bare("你好", index=None)), sse(bare("，世界", index=None)), END, DONE),
    "choices: [] first": (sse({"choices": [], "prompt_filter_results": []}), *HELLO, END, DONE),
    "choices: null": (sse(chunk(choices=None)), *HELLO, END, DONE),
    "usage on a chunk without choices": (
        *HELLO,
        sse(chunk(finish_reason="stop")),
        sse({"choices": [], "usage": USAGE}),
        DONE,
    ),
    "usage twice": (*HELLO, END, sse({"choices": [], "usage": USAGE}), DONE),
    "usage on every chunk": (
        sse(chunk("你好", usage={"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8})),
        sse(chunk("，世界", usage={"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12})),
        END,
        DONE,
    ),
    "usage: null on every chunk": (*[sse({**chunk(text), "usage": None}) for text in ("你好", "，世界")], END, DONE),
    "role on the first delta only": (sse(chunk()), sse(bare("你好")), sse(bare("，世界")), END, DONE),
    "null members everywhere": (
        sse({**chunk("你好"), "request_id": None, "web_search": None}),
        sse(
            {
                "choices": [
                    {
                        "index": 0,
                        "logprobs": None,
                        "delta": {"role": None, "content": "，世界", "tool_calls": None, "reasoning_content": None},
                    }
                ]
            }
        ),
        END,
        DONE,
    ),
    "empty deltas": (sse({"choices": [{"delta": {}}]}), *HELLO, sse({"choices": [{"delta": None}]}), END, DONE),
    "content in parts": (
        sse({"choices": [{"delta": {"content": [{"type": "text", "text": "你好"}]}}]}),
        HELLO[1],
        END,
        DONE,
    ),
    "characters escaped": (*map(escaped, (chunk("你好"), chunk("，世界"))), END, DONE),
    "a second choice": (*HELLO, sse({"choices": [{"index": 1, "delta": {"content": "Hello"}}]}), END, DONE),
    "a long pause": (HELLO[0], 0.4, HELLO[1], END, DONE),
    "[DONE], then cut": (*HELLO, END, DONE, CUT),
}


@pytest.fixture
def story(page: Page, server: PracticeServer) -> Story:
    return Story(page, server)


@pytest.mark.parametrize("steps", STREAMS.values(), ids=STREAMS)
def test_an_odd_stream_is_read_and_committed(story: Story, steps: tuple[Any, ...]) -> None:
    page = story.page
    cell = story.second(Raw(steps))
    assert cell.success
    assert cell.outputs[0]["data"] == {"text/markdown": "你好，世界", "text/plain": "你好，世界"}
    bound = page.names["response"]
    assert bound.choices[0].message.content == "你好，世界"
    assert bound.choices[0].message.role == "assistant"
    usage = bound.usage if isinstance(bound.usage, dict) else bound.usage.model_dump()
    assert {name: usage[name] for name in USAGE} == USAGE
    _, second = page.magics.chat.ledger.entries
    assert (second.usage.prompt_tokens, second.usage.completion_tokens) == (7, 10)
    assert not page.magics.chat.thread().turns[-1].interrupted
    story.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": "你好，世界"}]
    story.goes_on()


def test_done_ends_the_reply_though_the_connection_stays_open(story: Story) -> None:
    story.page.run("%config GLMMagics.timeout = 2")
    cell = story.second(Raw((*HELLO, END, DONE, STALL)))
    assert cell.success
    assert cell.plain() == "你好，世界"
    story.page.run("%config GLMMagics.timeout = 60")
    story.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": "你好，世界"}]
    story.goes_on()


@pytest.mark.parametrize("ending", [(END, DONE), (sse(chunk(finish_reason="stop")), DONE), (DONE,)])
def test_a_reply_that_nobody_counted_is_complete(story: Story, ending: tuple[bytes, ...]) -> None:
    uncounted = END not in ending
    cell = story.second(Raw((*HELLO, *ending)))
    assert cell.success
    bound = story.page.names["response"]
    assert bound.choices[0].message.content == "你好，世界"
    assert (bound.usage is None) == uncounted
    assert str(bound)
    ledger = story.page.magics.chat.ledger
    assert (ledger.entries[-1].usage is None, ledger.spent.uncounted) == (uncounted, int(uncounted))
    assert "1 not counted" in story.page.run("%glm usage").plain() or not uncounted
    story.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": "你好，世界"}]
    story.goes_on()


@pytest.mark.parametrize("streamed", [True, False])
def test_a_reply_without_ids_is_complete(story: Story, streamed: bool) -> None:
    body = {"choices": [{"message": {"content": "two"}, "finish_reason": "stop"}]}
    script = Raw((sse(bare("two", finish_reason="stop")), DONE)) if streamed else plain(body)
    cell = story.second(script)
    assert cell.success
    bound = story.page.names["response"]
    assert (bound.id, bound.request_id, bound.choices[0].finish_reason) == (None, None, "stop")
    assert bound.choices[0].message.content == "two"
    assert cell.outputs[0]["metadata"]["zhipu_magic"]["request_id"] is None


@pytest.mark.parametrize("headers", [JSON, {}], ids=["JSON", "untold"])
@pytest.mark.parametrize("line", ["%%glm -b response", "%%glm -b response --no-stream"])
def test_a_plain_reply_to_any_request_is_read(story: Story, headers: dict[str, str], line: str) -> None:
    body = {
        "id": "7",
        "request_id": "8",
        "created": 1703487403,
        "model": "glm-4",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "你好，世界"}}],
        "usage": USAGE,
    }
    encoded = json.dumps(body, ensure_ascii=False, indent=2).encode()
    cell = story.second(Raw(cut(encoded, 50), headers=headers), line=line)
    assert cell.success
    bound = story.page.names["response"]
    assert (bound.id, bound.request_id, bound.choices[0].message.content) == ("7", "8", "你好，世界")
    assert bound.usage.total_tokens == 17
    story.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": "你好，世界"}]
    story.goes_on()


def test_a_stream_that_nobody_asked_for_is_read(story: Story) -> None:
    cell = story.second(Raw((*HELLO, END, DONE)), line="%%glm -b response --no-stream")
    assert cell.success
    assert cell.plain() == "你好，世界"


@pytest.mark.parametrize(
    "text",
    [
        "line\u2028separator\u2029paragraph\u0085next\x0bvertical\x0cform\x1cfile\x1drecord\x1eunit",
        "\n\nbegins with empty lines and ends with them  \n\n",
        "CRLF\r\nand CR\rand tab\t",
        "data: [DONE]\n\ndata: {}\n\n: comment",
        "null\x00byte and \x7f and \ufeff and \ufffd",
        "👩‍👩‍👧‍👦 ￿ 𝔘𝔫𝔦 الكلمة ไทย",
        "</details><script>alert(1)</script>$$x$$ ```",
        " ",
    ],
)
def test_any_text_comes_through_as_it_is(story: Story, text: str) -> None:
    cell = story.second(Answer(text, pieces=tuple(text)))
    assert cell.success
    assert cell.plain() == text
    assert story.page.names["response"].choices[0].message.content == text
    story.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": text}]
    story.goes_on()


@pytest.mark.parametrize(
    "pieces",
    [("a\ud83d", "\ude00b"), ("\ud83d\ude00",), ("a\ud83d", "b"), ("\ude00",), ("\udc80\ud83d",)],
    ids=["split", "whole", "first half", "second half", "wrong halves"],
)
def test_half_characters_do_not_spoil_the_conversation(story: Story, pieces: tuple[str, ...]) -> None:
    cell = story.second(Raw((*(escaped(bare(piece)) for piece in pieces), END, DONE)))
    assert cell.success
    whole = "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    words = cell.plain()
    assert words == cell.markdown()
    assert words.replace("\ufffd", "") == whole.replace("\ufffd", "")
    story.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": words}]
    story.goes_on()


def test_half_a_character_in_a_prompt_is_told(story: Story) -> None:
    with pytest.raises(GLMError) as told:
        _ = story.page.magics.chat.ask("a\ud83d").text
    assert "unexpected" not in str(told.value)
    assert story.requests == 0
    story.goes_on()


@pytest.mark.parametrize(
    "members", [("reasoning_content",), ("reasoning",), ("reasoning", "reasoning_content")], ids="+".join
)
def test_reasoning_under_either_name_or_both(story: Story, members: tuple[str, ...]) -> None:
    def thought(text: str) -> bytes:
        delta = {"role": "assistant", "content": "", **dict.fromkeys(members, text)}
        return sse({"choices": [{"index": 0, "delta": delta}]})

    cell = story.second(Raw((thought("Let "), thought("me see"), *HELLO, END, DONE)))
    assert cell.success
    message = story.page.names["response"].choices[0].message
    assert (message.reasoning_content, message.content) == ("Let me see", "你好，世界")
    assert cell.markdown().count("Let me see") == 1
    assert cell.markdown().endswith("你好，世界")
    assert cell.plain() == "你好，世界"
    story.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": "你好，世界"}]
    story.goes_on()


# Calls of tools


def call(name: str | None, arguments: str | None, id: str | None, index: int | None = 0) -> dict[str, Any]:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    whole = {"id": id, "index": index, "type": "function" if name else None, "function": function}
    return {key: value for key, value in whole.items() if value is not None}


CALLS: dict[str, tuple[list[list[dict[str, Any]]], list[tuple[str, str, str]]]] = {
    "whole": ([[tool_call("add", '{"x":1}', id="a")]], [("a", "add", '{"x":1}')]),
    "index -1": ([[tool_call("add", '{"x":1}', id="a", index=-1)]], [("a", "add", '{"x":1}')]),
    "in pieces": (
        [[call("add", "", "a")], [call(None, '{"x"', None)], [call(None, ":1}", None)]],
        [("a", "add", '{"x":1}')],
    ),
    "in pieces, all named": (
        [[call("add", '{"x"', "a")], [call(None, ":1}", "a")]],
        [("a", "add", '{"x":1}')],
    ),
    "in pieces, index -1": (
        [[call("add", "", "a", -1)], [call(None, '{"x":1}', None, -1)]],
        [("a", "add", '{"x":1}')],
    ),
    "arguments: null": (
        [[{**call("add", None, "a"), "function": {"name": "add", "arguments": None}}]],
        [("a", "add", "")],
    ),
    "several at once": (
        [[tool_call("add", "{}", id="a"), tool_call("sub", "[]", id="b", index=1)]],
        [("a", "add", "{}"), ("b", "sub", "[]")],
    ),
    "several, all of index 0": (
        [[tool_call("add", "{}", id="a")], [tool_call("add", "{}", id="b")]],
        [("a", "add", "{}"), ("b", "add", "{}")],
    ),
    "several, all of index -1": (
        [[tool_call("add", "{}", id="a", index=-1)], [tool_call("sub", "{}", id="b", index=-1)]],
        [("a", "add", "{}"), ("b", "sub", "{}")],
    ),
    "several in pieces": (
        [
            [call("add", "", "a", 0)],
            [call(None, "{", None, 0)],
            [call(None, "}", None, 0)],
            [call("sub", "", "b", 1)],
            [call(None, "[", None, 1)],
            [call(None, "]", None, 1)],
        ],
        [("a", "add", "{}"), ("b", "sub", "[]")],
    ),
    "several in pieces, by turns": (
        [
            [call("add", "", "a", 0)],
            [call("sub", "", "b", 1)],
            [call(None, "{", None, 0), call(None, "[", None, 1)],
            [call(None, "}", None, 0)],
            [call(None, "]", None, 1)],
        ],
        [("a", "add", "{}"), ("b", "sub", "[]")],
    ),
    "without ids": (
        [[call("add", "{", None, 0)], [call(None, "}", None, 0)], [call("sub", "{}", None, 1)]],
        [("", "add", "{}"), ("", "sub", "{}")],
    ),
}


@pytest.mark.parametrize(("pieces", "calls"), CALLS.values(), ids=CALLS)
def test_calls_of_tools(
    server: PracticeServer, chat: Chat, pieces: list[list[dict[str, Any]]], calls: list[tuple[str, str, str]]
) -> None:
    steps = [sse(chunk(tool_calls=piece)) for piece in pieces]
    server.enqueue(Raw((*steps, sse(chunk(finish_reason="tool_calls", usage=USAGE)), DONE)))
    reply = chat.ask("add")
    choice = reply.completion.choices[0]
    assert choice.finish_reason == "tool_calls"
    read = [(made.id, made.function.name, made.function.arguments) for made in choice.message.tool_calls]
    assert read == calls
    assert all(made.type == "function" for made in choice.message.tool_calls)
    assert reply.progress.wants_tools
    assert reply.words == ""
    assert chat.thread().turns == ()


def test_a_cell_that_is_answered_with_a_call_binds_it_and_goes_on(story: Story) -> None:
    cell = story.second(Answer(tool_calls=(tool_call("add", {"x": 1}, id="a"),)))
    assert cell.success
    assert story.page.names["response"].choices[0].message.tool_calls[0].function.arguments == '{"x":1}'
    story.goes_on()


# Much


def test_a_reply_of_five_megabytes(story: Story) -> None:
    text = "你好，世界 hello\n" * 227_273
    assert len(text.encode()) >= 5_000_000
    cell = story.second(Answer(text, pieces=tuple(text[start : start + 5_000] for start in range(0, len(text), 5_000))))
    assert cell.success
    assert cell.plain() == cell.markdown() == text
    assert story.page.names["response"].choices[0].message.content == text


def test_a_plain_reply_of_five_megabytes(server: PracticeServer, chat: Chat) -> None:
    text = "x" * 5_000_000
    server.enqueue(Answer(text))
    assert chat.ask("first", stream=False).text == text


def test_a_reply_of_one_line_of_a_megabyte_in_one_event(server: PracticeServer, chat: Chat) -> None:
    text = "世" * 400_000
    server.enqueue(Answer(text, pieces=(text,)))
    assert chat.ask("first").text == text


def test_a_reply_of_twenty_thousand_chunks(story: Story) -> None:
    pieces = tuple(f"{number} " for number in range(20_000))
    stream = b"".join([*(sse(chunk(piece)) for piece in pieces), END, DONE])
    cell = story.second(Raw(cut(stream, 40_000)))
    assert cell.success
    assert cell.plain() == "".join(pieces)
    assert story.page.names["response"].choices[0].message.content == "".join(pieces)


def test_a_slow_drip(story: Story) -> None:
    stream = b"".join(sse(chunk(character)) for character in "点燃未来，智谱AI绘制无限") + END + DONE
    cell = story.second(Raw(cut(stream, 1)))
    assert cell.success
    assert cell.plain() == "点燃未来，智谱AI绘制无限"


# Whatever the network and the model make of it


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[PracticeServer, Chat]]:
    with PracticeServer(pace=0) as server:
        chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, max_retries=0)
        yield server, chat
        chat.close()


STREAM = b"".join(
    [
        b": begin\r\n\r\n",
        sse(chunk(reasoning="想一想…")),
        sse(chunk("\n你好，👩‍🔬\u2028")).replace(b"\n\n", b"\r\n\r\n"),
        b"event: ping\n\n",
        sse(chunk("世界")).replace(b"\n\n", b"\r\r"),
        sse(chunk(tool_calls=[tool_call("天气", {"城市": "北京"}, id="a")])),
        END,
        DONE,
    ]
)


@settings(deadline=None, max_examples=80)
@given(places=st.sets(st.integers(1, len(STREAM) - 1), max_size=60))
def test_however_a_stream_is_cut_into_packets_it_reads_the_same(
    running: tuple[PracticeServer, Chat], places: set[int]
) -> None:
    server, chat = running
    edges = [0, *sorted(places), len(STREAM)]
    server.enqueue(Raw((STREAM,)), Raw(tuple(STREAM[start:end] for start, end in pairwise(edges))))
    whole, pieces = chat.ask("cut", once=True).completion, chat.ask("cut", once=True).completion
    assert str(whole) == str(pieces)
    message = pieces.choices[0].message
    assert (message.content, message.reasoning_content) == ("\n你好，👩‍🔬\u2028世界", "想一想…")
    assert message.tool_calls[0].function.arguments == '{"城市":"北京"}'


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@settings(deadline=None, max_examples=80)
@given(text=TEXTS, places=st.sets(st.integers(1, 299), max_size=10), stream=st.booleans())
def test_any_text_survives(running: tuple[PracticeServer, Chat], text: str, places: set[int], stream: bool) -> None:
    server, chat = running
    edges = [0, *sorted(place for place in places if place < len(text)), len(text)]
    server.enqueue(Answer(text, pieces=tuple(text[start:end] for start, end in pairwise(edges))))
    reply = chat.ask(text if text.strip() else "?", once=True, stream=stream)
    assert "".join(reply) == text
    assert reply.completion.choices[0].message.content == text
    assert server.requests[-1].body["messages"][-1]["content"] == (text if text.strip() else "?")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def maybe(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly right; else any JSON."""
    return st.one_of(right, right, right, ANYTHING)


def members(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return maybe(st.fixed_dictionaries({}, optional={name: maybe(value) for name, value in known.items()}))


WORDS = st.text(max_size=5)
TOOL_CALLS = st.lists(
    members(
        id=WORDS, index=st.integers(-1, 2), type=st.just("function"), function=members(name=WORDS, arguments=WORDS)
    ),
    max_size=2,
)
DELTA = members(role=WORDS, content=WORDS, reasoning_content=WORDS, reasoning=WORDS, tool_calls=TOOL_CALLS)
TOKENS = st.integers(-5, 10**6)
CHUNKS = st.fixed_dictionaries(
    {},
    optional={
        "id": maybe(WORDS),
        "request_id": maybe(WORDS),
        "created": maybe(st.integers()),
        "model": maybe(WORDS),
        "object": maybe(WORDS),
        "choices": maybe(
            st.lists(members(index=st.integers(-1, 1), delta=DELTA, message=DELTA, finish_reason=WORDS), max_size=2)
        ),
        "usage": members(
            prompt_tokens=TOKENS,
            completion_tokens=TOKENS,
            total_tokens=TOKENS,
            prompt_tokens_details=members(cached_tokens=TOKENS),
            completion_tokens_details=members(reasoning_tokens=TOKENS),
        ),
        "web_search": ANYTHING,
    },
)


@settings(deadline=None, max_examples=150)
@given(chunks=st.lists(CHUNKS, max_size=4))
def test_an_assembly_takes_whatever_is_json(chunks: list[dict[str, Any]]) -> None:
    assembly = Assembly()
    words = "".join(assembly.feed(event) for event in [*chunks, THE_END])
    assert assembly.text == words
    assert isinstance(assembly.reasoning, str)
    assert isinstance(assembly.finish_reason, str | None)
    assert assembly.whole
    body = assembly.body()
    message = body["choices"][0]["message"]
    assert message["content"] == words
    for made in message.get("tool_calls", []):
        assert all(isinstance(text, str) for text in (made["id"], *made["function"].values()))
    json.dumps(body)


@settings(deadline=None, max_examples=60)
@given(chunks=st.lists(CHUNKS, max_size=3), stream=st.booleans())
def test_a_service_that_talks_nonsense_gives_a_reply_or_a_clear_error(
    running: tuple[PracticeServer, Chat], chunks: list[dict[str, Any]], stream: bool
) -> None:
    server, chat = running
    server.enqueue(Raw((*map(sse, chunks), DONE)) if stream else plain(chunks[0] if chunks else {}))
    reply = chat.ask("nonsense", stream=stream)
    try:
        assert str(reply.completion)
        assert repr(reply) and reply.request_id != ""
    except GLMError as error:
        assert "unexpected" not in str(error)
    assert reply.ended is not None
    chat.history.reset()
    server.enqueue(Answer("sense"))
    assert chat.ask("sense", once=True).text == "sense"


@pytest.mark.parametrize("said", ['"busy today"', "busy today", '["busy today"]'])
def test_an_event_named_error_is_one_whatever_it_says(server: PracticeServer, chat: Chat, said: str) -> None:
    server.enqueue(Raw((f"event: error\ndata: {said}\n\n".encode(),)))
    with pytest.raises(GLMError, match="busy today"):
        _ = chat.ask("hi").text


@pytest.mark.parametrize("headers", [{"Content-Type": "application/json"}, {"Content-Type": "text/event-stream"}])
def test_an_answer_of_nothing_but_blanks_is_not_read_for_ever(
    server: PracticeServer, chat: Chat, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhipu_magic.service.decode.MOST_BYTES", 1_000)
    server.enqueue(Raw((b" " * 5_000,), headers=headers))
    with pytest.raises(GLMError, match="the service sent more than"):
        _ = chat.ask("hi").text
