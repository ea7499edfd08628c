"""OpenAI's own client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

openai = pytest.importorskip("openai", reason="make test-clients runs this")
from pydantic import BaseModel  # noqa: E402  # after the skip

from zhipu_magic.practice import Answer, Fault, PracticeServer  # noqa: E402  # after the skip

ASKED: Any = [{"role": "user", "content": "Why?"}]


class GetWeather(BaseModel):
    city: str


@pytest.fixture
def client(server: PracticeServer) -> Iterator[Any]:
    with openai.OpenAI(api_key=server.api_key, base_url=server.base_url, max_retries=0) as client:
        yield client


def test_plain(client: Any) -> None:
    reply = client.chat.completions.create(model="glm-4.7-flash", messages=ASKED)
    assert reply.object == "chat.completion"
    assert "no model is behind it" in reply.choices[0].message.content
    assert "no model here" in reply.choices[0].message.reasoning_content
    assert reply.usage.completion_tokens_details.reasoning_tokens > 0


def test_streamed(client: Any) -> None:
    chunks = list(client.chat.completions.create(model="glm-4", messages=ASKED, stream=True))
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert "no model is behind it" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert chunks[-1].usage.total_tokens > 0


def test_streamed_and_put_together(client: Any) -> None:
    with client.chat.completions.stream(
        model="glm-4.7-flash", messages=ASKED, stream_options={"include_usage": True}
    ) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        whole = stream.get_final_completion()
    assert "".join(deltas) == whole.choices[0].message.content
    assert whole.choices[0].finish_reason == "stop" and whole.usage.prompt_tokens > 0


def test_tools(client: Any) -> None:
    tools = [openai.pydantic_function_tool(GetWeather)]
    asked: Any = {"model": "glm-4.7-flash", "messages": ASKED, "tools": tools}
    with client.chat.completions.stream(**asked) as stream:
        [call] = stream.get_final_completion().choices[0].message.tool_calls
    assert call.function.parsed_arguments == GetWeather(city="北京")
    message = client.chat.completions.create(**asked).choices[0].message
    [call] = message.tool_calls
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    after = client.chat.completions.create(**{**asked, "messages": [*ASKED, message, result]})
    assert "sunny" in after.choices[0].message.content


def test_images(client: Any, data_url: str) -> None:
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": data_url}}]
    reply = client.chat.completions.create(model="glm-4.6v", messages=[{"role": "user", "content": content}])
    assert "PNG 3 × 2" in reply.choices[0].message.content


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("1002", "AuthenticationError"),
        ("1210", "BadRequestError"),
        ("1220", "PermissionDeniedError"),
        ("1308", "RateLimitError"),
        ("1234", "InternalServerError"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(client: Any, server: PracticeServer, code: str, error: str, stream: bool) -> None:
    server.enqueue(Fault.of(code))
    with pytest.raises(getattr(openai, error)) as raised:
        client.chat.completions.create(model="glm-4", messages=ASKED, stream=stream)
    assert raised.value.code == code


def test_a_busy_service_is_asked_again(server: PracticeServer) -> None:
    server.enqueue(Fault.of("1302"), Answer("There you are."))
    with openai.OpenAI(api_key=server.api_key, base_url=server.base_url) as client:
        reply = client.chat.completions.create(model="glm-4", messages=ASKED)
    assert reply.choices[0].message.content == "There you are."


def test_models(client: Any) -> None:
    assert "glm-4.7-flash" in [model.id for model in client.models.list()]
    assert client.models.retrieve("glm-4").id == "glm-4"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4")


def test_many_at_once(server: PracticeServer) -> None:
    async def ask() -> list[str]:
        async with openai.AsyncOpenAI(api_key=server.api_key, base_url=server.base_url) as client:
            replies = await asyncio.gather(
                *(client.chat.completions.create(model="glm-4", messages=ASKED) for _ in range(8))
            )
            return [reply.choices[0].message.content for reply in replies]

    assert len(set(asyncio.run(ask()))) == 1


def test_a_batch(client: Any) -> None:
    body = {"model": "glm-4", "messages": ASKED}
    line = {"custom_id": "request-1", "method": "POST", "url": "/v4/chat/completions", "body": body}
    file = client.files.create(file=("requests.jsonl", json.dumps(line).encode()), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v4/chat/completions", completion_window="24h", metadata={"for": "class 7"}
    )
    while batch.status != "completed":
        batch = client.batches.retrieve(batch.id)
    assert (batch.request_counts.total, batch.request_counts.completed) == (1, 1)
    reply = json.loads(client.files.content(batch.output_file_id).text)
    assert "no model is behind it" in reply["response"]["body"]["choices"][0]["message"]["content"]
    assert [each.id for each in client.batches.list()] == [batch.id]
