"""`transformers serve`: it refuses what it does not know, and its streams have no end mark."""

from __future__ import annotations

import pytest
from real_servers import RealServer

from zhipu_magic import Chat, ServiceError

pytestmark = [pytest.mark.timeout(400), pytest.mark.parametrize("real", ["transformers"], indirect=True)]

BRIEFLY = 8


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0},
        {"top_p": 0.5},
        {"seed": 1},
        {"stop": "e"},
        {"think": True},
        {"think": False},
        {"system": "Be brief."},
    ],
    ids=str,
)
def test_it_takes_the_options_of_a_cell(chat: Chat, options: dict[str, object]) -> None:
    reply = chat.ask("hi", max_tokens=BRIEFLY, **options)
    assert reply.finish_reason is None
    reply.read()
    assert reply.finish_reason in ("length", "stop")


def test_a_member_that_it_does_not_know_is_named_in_its_words(chat: Chat) -> None:
    with pytest.raises(ServiceError, match=r"Unexpected fields in the request: \{'no_such_member'\}") as refused:
        _ = chat.ask("hi", params={"no_such_member": 1}).text
    assert refused.value.status == 422
    assert not refused.value.retryable


def test_the_models_own_name_is_that_of_the_server(chat: Chat) -> None:
    reply = chat.ask("hi", max_tokens=BRIEFLY, stream=False)
    assert reply.completion.model == "tiny/llama@main"
    assert reply.model == "tiny/llama"


def test_a_prompt_alone_beyond_the_context_is_refused_in_its_words(chat: Chat, real: RealServer) -> None:
    assert real.context is not None
    with pytest.raises(ServiceError, match="index out of range in self"):
        _ = chat.ask("a" * real.context, model=real.narrow, max_tokens=BRIEFLY).text
    assert chat.thread().size == 0
    assert chat.ask("hi", model=real.narrow, max_tokens=BRIEFLY).text  # the server goes on


def test_a_model_that_it_cannot_find_is_an_error_of_its_own(real: RealServer) -> None:
    chat = Chat(model="no/such-model", base_url=real.base_url, api_key=real.key, max_retries=0)
    with pytest.raises(ServiceError, match="Internal Server Error") as refused:
        _ = chat.ask("hi").text
    assert refused.value.status == 500
    chat.close()
