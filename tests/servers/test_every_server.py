"""What has to hold with any server of OpenAI's protocol: it is asked as a notebook would ask it."""

from __future__ import annotations

from contextlib import nullcontext, suppress

import pytest
from real_servers import RealServer

from zhipu_magic import Chat, InvalidAnswer

pytestmark = pytest.mark.timeout(400)  # the first test of each starts it

#: Models without sense never come to an end.
BRIEFLY = 24


def test_three_turns_are_one_conversation(chat: Chat, real: RealServer) -> None:
    prompts = ["The first word is red.", "The second word is green.", "Which words were these?"]
    replies = [chat.ask(prompt, max_tokens=BRIEFLY) for prompt in prompts]
    texts = [reply.text for reply in replies]
    assert all(texts)
    said = [message["content"] for message in chat.thread().messages]
    assert said == [words for turn in zip(prompts, texts, strict=True) for words in turn]
    counts = [reply.usage.prompt_tokens for reply in replies if reply.usage is not None]
    assert len(counts) == (3 if real.counts else 0)
    assert counts == sorted(set(counts))  # each request holds the turns before


def test_a_reply_comes_in_pieces_and_is_the_same_unstreamed(chat: Chat) -> None:
    reply = chat.ask("The first word is red.", max_tokens=BRIEFLY)
    pieces = list(reply)
    assert len(pieces) > 1
    assert "".join(pieces) == reply.text
    assert reply.state == "complete"
    assert reply.finish_reason in ("stop", "length")
    whole = chat.ask("The second word is green.", stream=False, max_tokens=BRIEFLY)
    assert whole.text
    assert whole.usage is not None
    assert whole.completion.choices[0].message.content == whole.text


def test_a_reply_that_is_stopped_is_kept_and_lets_go_of_the_server(chat: Chat, real: RealServer) -> None:
    real.is_about_to_be_asked_for_much()
    reply = chat.ask("Count as far as you can.", model=real.endless, max_tokens=100_000)
    words = []
    for piece in reply:
        words.append(piece)
        if len(words) == 3:
            reply.interrupt()
    assert reply.state == "interrupted"
    assert reply.text.startswith("".join(words[:3]))
    assert [(turn.reply, turn.interrupted) for turn in chat.thread().turns] == [(reply.text, True)]
    assert real.has_let_go()
    assert chat.ask("The first word is red.", max_tokens=BRIEFLY).text
    assert chat.thread().size == 2


def test_a_function_is_called_and_its_result_used(chat: Chat, real: RealServer) -> None:
    cities = []

    def weather(city: str) -> str:
        """The weather in a city."""
        cities.append(city)
        return f"rain in {city}"

    reply = chat.ask("What is the weather in Paris?", tools=[weather], max_tokens=200)
    assert reply.text
    assert bool(cities) == real.calls
    assert all(isinstance(city, str) and city for city in cities)
    results = [message["content"] for message in chat.thread().messages if message["role"] == "tool"]
    assert results == [f"rain in {city}" for city in cities]


def test_a_typed_answer_is_of_its_type_or_refused(chat: Chat, real: RealServer) -> None:
    reply = chat.ask("How many legs has a cat?", as_type=int, max_tokens=60)
    with nullcontext() if real.fits else suppress(InvalidAnswer):  # random words are no number
        assert isinstance(reply.value, int)
    assert reply.text


def test_a_conversation_goes_on_beyond_the_context(chat: Chat, real: RealServer) -> None:
    if real.context is None:
        pytest.skip(f"{real.name} takes a prompt of any length")
    page = "one page of a long book " * (real.context * real.letters // 5 // 24)
    replies = []
    for number in range(8):
        replies.append(chat.ask(f"{page} {number}", model=real.narrow, max_tokens=BRIEFLY))
        assert replies[-1].text
    assert replies[-1].progress.left_out > 0
    assert chat.thread().size == 8


def test_its_models_are_listed(chat: Chat, real: RealServer) -> None:
    models = chat.service.models()
    assert real.model in models
    assert len(set(models)) == len(models)
