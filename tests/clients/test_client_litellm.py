"""LiteLLM, which speaks to OpenAI's protocol and to z.ai by its own name."""

from __future__ import annotations

from typing import Any

import pytest

litellm = pytest.importorskip("litellm", reason="make test-clients runs this")

from zhipu_magic.practice import Fault, PracticeServer  # noqa: E402  # after the skip

ASKED: Any = [{"role": "user", "content": "Why?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(params=["openai/", "zai/"])
def ask(request: pytest.FixtureRequest, server: PracticeServer) -> Any:
    def ask(model: str = "glm-4.6v", messages: Any = ASKED, **members: Any) -> Any:
        address = {"api_key": server.api_key, "base_url": server.base_url, "num_retries": 0, "max_retries": 0}
        return litellm.completion(request.param + model, messages=messages, **address, **members)

    return ask


def test_plain(ask: Any) -> None:
    reply = ask()
    assert "no model is behind it" in reply.choices[0].message.content
    assert "no model here" in reply.choices[0].message.reasoning_content
    assert reply.usage.total_tokens > 0


def test_streamed(ask: Any) -> None:
    whole = litellm.stream_chunk_builder(list(ask(stream=True)))
    assert "no model is behind it" in whole.choices[0].message.content
    assert "no model here" in whole.choices[0].message.reasoning_content
    assert whole.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_tools(ask: Any, stream: bool) -> None:
    reply = ask(tools=[WEATHER], stream=stream)
    message = (litellm.stream_chunk_builder(list(reply)) if stream else reply).choices[0].message
    [call] = message.tool_calls
    assert call.function.arguments == '{"city":"北京"}'
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    assert "sunny" in ask(messages=[*ASKED, message.model_dump(), result]).choices[0].message.content


def test_images(ask: Any, data_url: str) -> None:
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": data_url}}]
    assert "PNG 3 × 2" in ask(messages=[{"role": "user", "content": content}]).choices[0].message.content


def test_errors(ask: Any, server: PracticeServer) -> None:
    for code, error in {"1001": litellm.AuthenticationError, "1214": litellm.BadRequestError}.items():
        server.enqueue(Fault.of(code))
        with pytest.raises(error):
            ask()
    server.limit = 0
    with pytest.raises(litellm.RateLimitError):
        ask()
