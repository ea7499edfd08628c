"""The server of llama-cpp-python: it never counts a stream, and a stream that it cannot make is an empty one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from real_servers import RealServer

from zhipu_magic import Chat, GLMError, ReplyBroken, ServiceError

pytestmark = [pytest.mark.timeout(400), pytest.mark.parametrize("real", ["llama_cpp"], indirect=True)]

BRIEFLY = 8


@pytest.mark.parametrize("stream", [True, False])
def test_a_function_is_called_with_what_a_grammar_makes_of_its_schema(chat: Chat, stream: bool) -> None:
    cities = []

    def weather(city: Literal["Paris", "Rome"], days: int) -> str:
        """The weather in a city."""
        cities.append(city)
        return f"rain in {city} for {days} days"

    chat.tool_rounds = 2
    forced = {"tool_choice": {"type": "function", "function": {"name": "weather"}}}
    options = {"model": "tiny-that-calls", "tools": [weather], "params": forced, "stream": stream, "max_tokens": 200}
    with pytest.raises(ReplyBroken) as stopped:  # it calls in each round, because it must
        _ = chat.ask("What is the weather?", **options).text
    assert stopped.value.reason == "tool.rounds"
    assert len(cities) == 2
    assert set(cities) <= {"Paris", "Rome"}


def test_an_object_of_its_grammar_is_the_answer_to_a_typed_question(chat: Chat) -> None:
    reply = chat.ask("hi", as_type=dict, max_tokens=200)
    assert isinstance(reply.value, dict)


@pytest.fixture
def asked_once(real: RealServer) -> Iterator[Chat]:
    """A chat that tries nothing twice. The server closes its connection after a stream that it could not make."""
    chat = Chat(model=real.model, base_url=real.base_url, api_key=real.key, max_retries=0)
    yield chat
    chat.close()


def test_a_stream_without_a_single_event_is_asked_for_again_unstreamed(asked_once: Chat) -> None:
    """With tools, this format of a chat streams nothing at all; the reason stands in the server's log alone."""

    def weather(city: str) -> str:
        """The weather in a city."""
        return f"rain in {city}"

    asked_once.tool_rounds = 2
    try:
        assert asked_once.ask("hi", model="tiny-that-calls", tools=[weather], max_tokens=40).text
    except GLMError as error:  # its model calls at random, and may go on with it
        assert error.reason == "tool.rounds"


def test_a_request_that_is_not_valid_is_told_in_its_words(asked_once: Chat) -> None:
    with pytest.raises(ServiceError, match="validation error") as refused:
        _ = asked_once.ask("hi", params={"presence_penalty": "much"}).text
    assert refused.value.status == 500  # as it calls all that it cannot take


def test_a_prompt_alone_beyond_the_context_is_told_as_that(asked_once: Chat, real: RealServer) -> None:
    assert real.context is not None
    with pytest.raises(GLMError, match=r"context"):
        _ = asked_once.ask("a" * real.context, max_tokens=BRIEFLY).text
    assert asked_once.thread().size == 0
    assert asked_once.ask("hi", max_tokens=BRIEFLY).text
