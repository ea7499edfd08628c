"""LangChain's client of OpenAI's protocol."""

from __future__ import annotations

from typing import Any

import pytest

langchain_openai = pytest.importorskip("langchain_openai", reason="make test-clients runs this")
import openai  # noqa: E402  # after the skip
from langchain_core.messages import HumanMessage, ToolMessage  # noqa: E402  # after the skip
from langchain_core.tools import tool  # noqa: E402  # after the skip
from pydantic import BaseModel  # noqa: E402  # after the skip

from zhipu_magic.practice import Fault, PracticeServer  # noqa: E402  # after the skip


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


class Ship(BaseModel):
    """A ship."""

    name: str
    guns: int


@pytest.fixture
def chat(server: PracticeServer) -> Any:
    return langchain_openai.ChatOpenAI(
        model="glm-4.6v", api_key=server.api_key, base_url=server.base_url, max_retries=0, temperature=0.5
    )


def test_plain(chat: Any) -> None:
    reply = chat.invoke("Why?")
    assert "no model is behind it" in reply.content
    assert reply.usage_metadata["output_token_details"]["reasoning"] > 0


def test_streamed(chat: Any) -> None:
    whole = None
    for chunk in chat.stream("Why?"):
        whole = chunk if whole is None else whole + chunk
    assert "no model is behind it" in whole.content
    assert whole.response_metadata["finish_reason"] == "stop"
    assert whole.usage_metadata["total_tokens"] > 0


def test_tools(chat: Any) -> None:
    asking = chat.bind_tools([get_weather])
    prompt = HumanMessage("Will it rain?")
    calling = asking.invoke([prompt])
    [call] = calling.tool_calls
    assert call["args"] == {"city": "北京"}
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    assert "sunny in 北京" in asking.invoke([prompt, calling, result]).content


def test_an_answer_of_a_type_by_a_call(chat: Any) -> None:
    ship = chat.with_structured_output(Ship, method="function_calling").invoke("Which ship?")
    assert ship == Ship(name="Which ship?", guns=1)


def test_images(chat: Any, data_url: str) -> None:
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": data_url}}]
    assert "PNG 3 × 2" in chat.invoke([HumanMessage(content=content)]).content


def test_errors(chat: Any, server: PracticeServer) -> None:
    for code, error in {"1302": openai.RateLimitError, "1261": openai.BadRequestError}.items():
        server.enqueue(Fault.of(code))
        with pytest.raises(error) as raised:
            chat.invoke("Why?")
        assert raised.value.code == code
