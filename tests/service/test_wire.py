"""Chunks become one body, and error bodies one clear error, after the protocol's tables."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.service.error_codes import service_error
from zhipu_magic.service.stream import DONE
from zhipu_magic.service.surrogates import SurrogateJoiner
from zhipu_magic.service.wire import Assembly, Usage

RETRIED = ["1302", "1303", "1305", "1312", "1234", "1230"]
NEVER = ["1113", "1304", "1308", "1309", "1310", "1313", "1000", "1002", "1003", "1210", "1211", "1261", "1301", "1311"]


@pytest.mark.parametrize("code", RETRIED)
def test_a_busy_service_is_asked_again(code: str) -> None:
    assert service_error(429, json.dumps({"error": {"code": code, "message": "忙"}})).retryable


@pytest.mark.parametrize("code", NEVER)
@pytest.mark.parametrize("status", [400, 429, 500])
def test_an_error_that_will_not_pass_is_told_at_once_whatever_its_status(code: str, status: int) -> None:
    assert not service_error(status, json.dumps({"error": {"code": code, "message": "不"}})).retryable


@pytest.mark.parametrize(("status", "retryable"), [(500, True), (502, True), (503, True), (429, True), (404, False)])
def test_without_a_code_the_status_decides(status: int, retryable: bool) -> None:
    assert service_error(status, b"").retryable is retryable


def test_an_error_tells_what_happened_what_to_do_and_the_services_own_words() -> None:
    body = json.dumps({"error": {"code": "1113", "message": "您的账户已欠费"}, "request_id": "7"})
    told = str(service_error(429, body, model="glm-4.5-flash")).splitlines()
    assert told == [
        "The account's balance is used up.",
        "Top it up at https://open.bigmodel.cn, or set chat.model to a free model in place of glm-4.5-flash: "
        "glm-4.7-flash, glm-4.6v-flash, glm-4.1v-thinking-flash, glm-4v-flash, glm-4-flash-250414. A key of the coding "
        'plan needs its address: base_url="coding".',
        "(HTTP 429 · code 1113 · request id 7: 您的账户已欠费)",
    ]


@pytest.mark.parametrize(
    "body",
    [
        '{"error": "model not found"}',
        '{"error": {"message": "model not found", "type": "invalid_request_error", "code": null}}',
        '{"detail": "model not found"}',
        '{"message": "model not found", "code": 1211}',
    ],
)
def test_the_error_bodies_of_other_servers_are_read_too(body: str) -> None:
    assert "model not found" in str(service_error(404, body))


def test_a_model_that_a_local_server_has_not_got_is_told_as_that() -> None:
    body = '{"error": {"message": "model qwen3 not found, try pulling it first"}}'
    assert service_error(404, body).message == "The service has no such model."


@given(st.binary(), st.integers(300, 599))
def test_any_error_body_gives_a_message(body: bytes, status: int) -> None:
    assert service_error(status, body).message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["error", "code", "message", "id", "request_id", "detail"]), JSON))
def test_any_json_gives_a_message(body: dict[str, Any]) -> None:
    assert service_error(400, json.dumps(body)).message


@given(JSON)
def test_usage_is_read_leniently(odd: Any) -> None:
    usage = Usage.read({"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": odd, "total_tokens": odd})
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (5, 2)
    assert usage.total_tokens >= 0
    _ = Usage.read({"prompt_tokens": odd, "completion_tokens": odd})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"prompt_tokens": "7", "completion_tokens": "3.0"}, (7, 3, 10)),
        ({"prompt_tokens": 7.0, "completion_tokens": 3, "total_tokens": 10}, (7, 3, 10)),
        ({"prompt_tokens": 7, "total_tokens": 10}, (7, 3, 10)),
        ({"completion_tokens": 3, "total_tokens": 10}, (7, 3, 10)),
        ({"prompt_tokens": 7, "completion_tokens": 0}, (7, 0, 7)),
        ({"prompt_tokens": 7}, None),
        ({"completion_tokens": 7}, None),
        ({"total_tokens": 7}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, None),
        ({"prompt_tokens": -1, "completion_tokens": 2}, None),
        ({"prompt_tokens": True, "completion_tokens": 2}, None),
        ({}, None),
    ],
)
def test_half_a_count_is_none(given: dict[str, Any], expected: tuple[int, int, int] | None) -> None:
    usage = Usage.read(given)
    assert (usage and usage[:3]) == expected


@pytest.mark.parametrize("odd", [None, -1, "+7", "7.5", 7.5, 10**30, [7], True])
def test_a_count_that_cannot_be_read_is_the_rest_of_the_sum_or_unknown(odd: Any) -> None:
    usage = Usage.read({"prompt_tokens": odd, "completion_tokens": 10, "total_tokens": 17})
    assert usage is not None and usage[:3] == (7, 10, 17)
    assert Usage.read({"prompt_tokens": odd, "completion_tokens": 10}) is None
    assert Usage.read({"prompt_tokens": 7, "completion_tokens": odd}) is None
    assert Usage.read({"total_tokens": 17}) is None


def test_a_streamed_and_a_plain_reply_end_as_the_same_body() -> None:
    top = {"id": "1", "created": 2, "model": "glm-4", "web_search": [{"title": "t"}]}
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    streamed, plain = Assembly(), Assembly()
    for delta in ({"role": "assistant", "reasoning_content": "Hm."}, {"content": "你"}, {"content": "好"}):
        streamed.feed({**top, "choices": [{"index": 0, "delta": delta}]})
    streamed.feed({**top, "choices": [{"index": 0, "finish_reason": "stop", "delta": {"content": ""}}], "usage": usage})
    streamed.feed(DONE)
    message = {"role": "assistant", "content": "你好", "reasoning_content": "Hm."}
    plain.feed({**top, "choices": [{"index": 0, "finish_reason": "stop", "message": message}], "usage": usage})
    assert (
        streamed.body()
        == plain.body()
        == {
            **top,
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": usage,
        }
    )
    assert streamed.whole


def test_who_looks_while_another_thread_feeds_loses_nothing() -> None:
    """A display looks at each refresh, and the thread that receives the reply takes in the rest."""
    pieces, before = [f"{number}," for number in range(5_000)], sys.getswitchinterval()
    assembly, fed, all_of_it = Assembly(), threading.Event(), "".join(f"{number}," for number in range(5_000))

    def look() -> None:
        while not fed.is_set():
            message = assembly.body()["choices"][0]["message"]
            assert all_of_it.startswith(message["content"])
            assert all_of_it.startswith(assembly.reasoning)

    def feed() -> None:
        for number, piece in enumerate(pieces):
            begun = {"id": "a", "function": {"name": "f", "arguments": piece}}
            call = {"index": 0, **(begun if number == 0 else {"function": {"arguments": piece}})}
            delta = {"content": piece, "reasoning_content": piece, "tool_calls": [call], f"extra{number % 90}": number}
            assembly.feed({f"top{number % 90}": 1, "choices": [{"index": 0, "delta": delta}]})

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(2) as pool:
            looking, feeding = pool.submit(look), pool.submit(feed)
            feeding.add_done_callback(lambda _: fed.set())
            feeding.result()
            looking.result()
    finally:
        sys.setswitchinterval(before)
    message = assembly.body()["choices"][0]["message"]
    assert (assembly.text, assembly.reasoning) == (all_of_it, all_of_it)
    assert message["tool_calls"][0]["function"]["arguments"] == all_of_it


@pytest.mark.parametrize(
    "thoughts",
    [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "text", "text": "."}, 7]},
        {"type": "thinking", "thinking": "Hm."},
        {"type": "reasoning", "text": "Hm."},
    ],
)
def test_thoughts_among_the_parts_of_the_content_are_reasoning(thoughts: dict[str, Any]) -> None:
    assembly = Assembly()
    assembly.feed({"choices": [{"index": 0, "delta": {"content": [thoughts, {"type": "text", "text": "Yes."}]}}]})
    assembly.feed(DONE)
    assert (assembly.reasoning, assembly.text) == ("Hm.", "Yes.")


HALVES = '"\\ud83d"', '"\\ude00"'


@pytest.mark.parametrize(
    "around",
    [
        '{"choices": [{"delta": {"content": %s}}]}',
        '{"choices": [{"delta": {"content": [7, {"text": %s}]}}]}',
        '{"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": %s}}, {"function": 7}]}}]}',
    ],
)
def test_a_character_that_two_chunks_share_is_joined(around: str) -> None:
    joiner = SurrogateJoiner()
    first, second = (json.dumps(joiner.read(around % half), ensure_ascii=False) for half in HALVES)
    assert "😀" not in first and "😀" in second
    assert "😀" not in json.dumps(SurrogateJoiner().read(f"[{HALVES[0]}]"), ensure_ascii=False)
