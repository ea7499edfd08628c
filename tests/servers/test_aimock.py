"""aimock: a mock server that answers by a file, aimock.json."""

from __future__ import annotations

import pytest
from real_servers import RealServer

from zhipu_magic import Chat, GLMError, ReplyBroken, ServiceError

pytestmark = [pytest.mark.timeout(400), pytest.mark.parametrize("real", ["aimock"], indirect=True)]


def test_reasoning_before_the_chunk_with_the_role_is_reasoning(chat: Chat) -> None:
    for stream in (True, False):
        reply = chat.ask("think first", stream=stream, model="glm-4.7-flash")  # gpt-4o does not think
        assert (reply.reasoning, reply.text) == ("Let me see.", "Seen.")


def test_two_calls_with_reasoning_run_both(chat: Chat) -> None:
    cities = []

    def weather(city: str) -> str:
        """The weather in a city."""
        cities.append(city)
        return f"rain in {city}"

    reply = chat.ask("What is the weather?", tools=[weather])
    assert reply.text == "It rains in both."
    assert cities == ["Paris", "Rome"]


def test_the_oldest_turns_are_left_out_where_the_context_is_full(chat: Chat) -> None:
    for number in range(4):
        assert chat.ask(f"page {number}").text == "Read."
    reply = chat.ask("page 4")  # with four earlier replies it is refused
    assert reply.text == "Read."
    assert reply.progress.left_out > 0


def test_a_stream_that_ends_early_is_broken(chat: Chat) -> None:
    reply = chat.ask("break off")
    with pytest.raises(ReplyBroken):
        reply.read()
    assert reply.words
    assert "half a reply, and no more of it".startswith(reply.words)


def test_too_many_requests_pass_and_an_empty_quota_stays(chat: Chat) -> None:
    assert chat.ask("too many", once=True).text == "Now there is room."
    with pytest.raises(GLMError, match="exceeded your current quota") as refused:
        _ = chat.ask("no money", once=True).text
    assert not refused.value.retryable


def test_a_request_that_has_no_answer_is_told_in_its_words(real: RealServer) -> None:
    chat = Chat(model=real.model, base_url=real.base_url, api_key=real.key, max_retries=0)
    with pytest.raises(ServiceError, match="no fixture matched") as refused:
        _ = chat.ask("nothing of the kind").text
    assert refused.value.status == 503
    chat.close()
