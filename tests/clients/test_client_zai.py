"""The SDK that the service's own one is superseded by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

zai = pytest.importorskip("zai", reason="make test-clients runs this")

from zhipu_magic.practice import Fault, PracticeServer  # noqa: E402  # after the skip

ASKED: Any = [{"role": "user", "content": "Why?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(params=["ZhipuAiClient", "ZaiClient"])
def client(request: pytest.FixtureRequest, server: PracticeServer) -> Iterator[Any]:
    kind = getattr(zai, request.param)
    with kind(api_key=server.api_key, base_url=server.base_url, max_retries=0) as client:
        yield client


def test_plain(client: Any) -> None:
    reply = client.chat.completions.create(model="glm-4.7-flash", messages=ASKED)
    assert "no model is behind it" in reply.choices[0].message.content
    assert "no model here" in reply.choices[0].message.reasoning_content


def test_streamed(client: Any) -> None:
    chunks = list(client.chat.completions.create(model="glm-5.3", messages=ASKED, stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert "no model here" in "".join(delta.reasoning_content or "" for delta in deltas)
    assert "no model is behind it" in "".join(delta.content or "" for delta in deltas)
    assert chunks[-1].choices[0].finish_reason == "stop" and chunks[-1].usage.total_tokens > 0


def test_thinking_turned_off(client: Any) -> None:
    reply = client.chat.completions.create(model="glm-4.6", messages=ASKED, thinking={"type": "disabled"})
    assert not reply.choices[0].message.reasoning_content


def test_tools(client: Any) -> None:
    asked: Any = {"model": "glm-4.7", "messages": ASKED, "tools": [WEATHER]}
    message = client.chat.completions.create(**asked).choices[0].message
    [call] = message.tool_calls
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city":"北京"}')
    streamed = client.chat.completions.create(**asked, stream=True, tool_stream=True)
    pieces = [piece for chunk in streamed for piece in chunk.choices[0].delta.tool_calls or []]
    assert "".join(piece.function.arguments for piece in pieces) == '{"city":"北京"}'
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    after = client.chat.completions.create(**{**asked, "messages": [*ASKED, message.model_dump(), result]})
    assert "sunny" in after.choices[0].message.content


def test_images(client: Any, data_url: str) -> None:
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": data_url}}]
    reply = client.chat.completions.create(model="glm-4.5v", messages=[{"role": "user", "content": content}])
    assert "PNG 3 × 2" in reply.choices[0].message.content


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("1003", "APIAuthenticationError"),
        ("1211", "APIRequestFailedError"),
        ("1113", "APIReachLimitError"),
        ("500", "APIInternalError"),
    ],
)
def test_errors(client: Any, server: PracticeServer, code: str, error: str) -> None:
    server.enqueue(Fault.of(code))
    with pytest.raises(getattr(zai.core, error), match=code):
        client.chat.completions.create(model="glm-4", messages=ASKED)


def test_its_signed_token_is_accepted(server: PracticeServer) -> None:
    kind = zai.ZhipuAiClient
    with kind(api_key=server.api_key, base_url=server.base_url, disable_token_cache=False) as client:
        client.chat.completions.create(model="glm-4", messages=ASKED)
    assert server.requests[0].headers["Authorization"].count(".") == 2


def test_a_batch(client: Any) -> None:
    body = {"model": "glm-4", "messages": ASKED}
    line = {"custom_id": "request-1", "method": "POST", "url": "/v4/chat/completions", "body": body}
    file = client.files.create(file=("requests.jsonl", json.dumps(line).encode()), purpose="batch")
    batch = client.batches.create(input_file_id=file.id, endpoint="/v4/chat/completions")
    while batch.status != "completed":
        batch = client.batches.retrieve(batch.id)
    reply = json.loads(client.files.content(batch.output_file_id).content)
    assert "no model is behind it" in reply["response"]["body"]["choices"][0]["message"]["content"]
