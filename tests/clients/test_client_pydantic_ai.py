"""pydantic-ai, which checks every reply against OpenAI's types."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pydantic_ai = pytest.importorskip("pydantic_ai", reason="make test-clients runs this")
from pydantic import BaseModel  # noqa: E402  # after the skip
from pydantic_ai import Agent, BinaryContent  # noqa: E402  # after the skip
from pydantic_ai.exceptions import ModelHTTPError  # noqa: E402  # after the skip
from pydantic_ai.messages import ThinkingPart  # noqa: E402  # after the skip
from pydantic_ai.models.openai import OpenAIChatModel  # noqa: E402  # after the skip
from pydantic_ai.models.zai import ZaiModel  # noqa: E402  # after the skip
from pydantic_ai.providers.openai import OpenAIProvider  # noqa: E402  # after the skip
from pydantic_ai.providers.zai import ZaiProvider  # noqa: E402  # after the skip

from zhipu_magic.practice import Fault, PracticeServer  # noqa: E402  # after the skip


class Ship(BaseModel):
    name: str
    guns: int


@pytest.fixture(params=[(OpenAIChatModel, OpenAIProvider), (ZaiModel, ZaiProvider)], ids=["OpenAI", "Z.AI"])
def model(request: pytest.FixtureRequest, server: PracticeServer) -> Any:
    kind, provider = request.param
    return kind("glm-4.6v", provider=provider(base_url=server.base_url, api_key=server.api_key))


def test_plain(model: Any) -> None:
    result = Agent(model).run_sync("Why?")
    assert "no model is behind it" in result.output
    assert result.usage.output_tokens > 0
    assert any(isinstance(part, ThinkingPart) for message in result.all_messages() for part in message.parts)


def test_a_conversation(model: Any) -> None:
    agent = Agent(model, instructions="Be brief.")
    first = agent.run_sync("Why?")
    assert "turn 2" in agent.run_sync("And why that?", message_history=first.all_messages()).output


def test_streamed(model: Any) -> None:
    async def ask() -> str:
        async with Agent(model).run_stream("Why?") as result:
            return "".join([text async for text in result.stream_text(delta=True)])

    assert "no model is behind it" in asyncio.run(ask())


def test_tools(model: Any) -> None:
    agent = Agent(model)

    @agent.tool_plain
    def get_weather(city: str) -> str:
        return f"sunny in {city}"

    assert "sunny in 北京" in agent.run_sync("Will it rain?").output


def test_an_answer_of_a_type(model: Any) -> None:
    assert Agent(model, output_type=Ship).run_sync("Which ship?").output == Ship(name="Which ship?", guns=1)


def test_images(model: Any, picture: bytes) -> None:
    result = Agent(model).run_sync(["What is this?", BinaryContent(picture, media_type="image/png")])
    assert "PNG 3 × 2" in result.output


def test_errors(model: Any, server: PracticeServer) -> None:
    server.enqueue(*[Fault.of("1113")] * 3)  # the client below it asks three times
    with pytest.raises(ModelHTTPError) as raised:
        Agent(model).run_sync("Why?")
    assert raised.value.status_code == 429
    assert raised.value.body == {"code": "1113", "message": "您的账户已欠费，请充值后重试"}
