"""The server of llama.cpp: it counts what it has cached, and says exactly how much its context holds."""

from __future__ import annotations

import pytest
from real_servers import RealServer

from zhipu_magic import Chat, GLMError, ServiceError

pytestmark = [pytest.mark.timeout(400), pytest.mark.parametrize("real", ["llama_server"], indirect=True)]

BRIEFLY = 8


def test_what_it_had_cached_is_counted(chat: Chat) -> None:
    assert chat.ask("The first word is red.", max_tokens=BRIEFLY).text
    usage = chat.ask("The second word is green.", max_tokens=BRIEFLY).usage
    assert usage is not None
    assert 0 < usage.cached_tokens < usage.prompt_tokens


def test_an_object_of_its_grammar_is_the_answer_to_a_typed_question(chat: Chat) -> None:
    assert isinstance(chat.ask("hi", as_type=dict, max_tokens=400).value, dict)


@pytest.mark.parametrize("think", [True, False])
def test_it_takes_thinking_on_and_off(chat: Chat, think: bool) -> None:
    assert chat.ask("hi", think=think, max_tokens=BRIEFLY).text


def test_a_prompt_alone_beyond_the_context_is_told_with_its_length(chat: Chat, real: RealServer) -> None:
    assert real.context is not None
    with pytest.raises(GLMError, match=r"context(.|\n)*2,?048"):
        _ = chat.ask("a" * real.context, max_tokens=BRIEFLY).text
    assert chat.thread().size == 0
    assert chat.ask("hi", max_tokens=BRIEFLY).text


def test_it_refuses_once_and_then_its_context_is_known(chat: Chat, real: RealServer) -> None:
    assert real.context is not None
    before = real.log.read_text().count("exceeds the available context size")
    page = "one page of a long book " * (real.context // 5 // 24)
    for number in range(8):
        assert chat.ask(f"{page} {number}", max_tokens=BRIEFLY).text
    assert real.log.read_text().count("exceeds the available context size") - before == 1
    filled = chat.context_filled()
    assert filled is not None
    assert filled[1] == real.context


def test_an_image_that_its_model_cannot_see_is_told_in_its_words(real: RealServer) -> None:
    chat = Chat(model=real.model, base_url=real.base_url, api_key=real.key, max_retries=0)
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f8cf500f000386018"
        "05a347d6b0000000049454e44ae426082"
    )
    with pytest.raises(ServiceError, match="image input is not supported") as refused:
        _ = chat.ask("What is this?", images=[pixel], max_tokens=BRIEFLY).text
    assert refused.value.status == 500
    chat.close()
