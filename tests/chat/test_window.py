"""The request always fits: the oldest whole turns are left out, the system text and the newest turn are kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Page

from zhipu_magic import Chat
from zhipu_magic.chat.options import Options
from zhipu_magic.chat.request import Request
from zhipu_magic.chat.token_counts import system_tokens
from zhipu_magic.chat.window import fit, fit_smaller
from zhipu_magic.history.conversation import Thread
from zhipu_magic.history.turn import Anchor, Turn
from zhipu_magic.practice import Answer, Fault, PracticeServer
from zhipu_magic.service.models import CATALOGUE, Model
from zhipu_magic.text.errors import InvalidRequest, ServiceError

TOO_LONG = Fault(400, "1261")
NO_ROOM = Answer("", finish_reason="model_context_window_exceeded")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model with room for 150 tokens and an answer."""
    model = Model("glm-4", context=200, longest_answer=50)
    monkeypatch.setitem(CATALOGUE, "glm-4", model)
    return model


def converse(chat: Chat, server: PracticeServer, turns: int, tokens: int = 50) -> None:
    """Turns of so many tokens each, by the service's count."""
    half = tokens // 2
    for number in range(1, turns + 1):
        before = system_tokens(chat.system) + (number - 1) * tokens
        server.enqueue(Answer(f"re {number}", prompt_tokens=before + half, completion_tokens=tokens - half))
        assert chat.ask(f"turn {number}").text


def sent(server: PracticeServer, place: int = -1) -> list[str]:
    return [message["content"] for message in server.requests[place].body["messages"]]


def asked(server: PracticeServer, place: int = -1) -> list[str]:
    """The prompts of a request."""
    return [m["content"] for m in server.requests[place].body["messages"] if m["role"] == "user"]


# What is left out


def test_as_long_as_it_fits_all_is_sent(chat: Chat, server: PracticeServer) -> None:
    converse(chat, server, 5)
    assert asked(server) == ["turn 1", "turn 2", "turn 3", "turn 4", "turn 5"]
    assert chat.ask("next").progress.left_out == 0


def test_the_oldest_whole_turns_are_left_out(chat: Chat, server: PracticeServer, small: Model) -> None:
    chat.system = "Be brief."
    converse(chat, server, 3)
    reply = chat.ask("turn 4")
    assert reply.text
    assert sent(server) == ["Be brief.", "turn 2", "re 2", "turn 3", "re 3", "turn 4"]
    assert reply.progress.left_out == 1
    assert chat.thread().size == 4


def test_the_panel_says_how_many(page: Page, server: PracticeServer, small: Model) -> None:
    page.magics.chat.model = "glm-4"
    converse(page.magics.chat, server, 3)
    server.enqueue(Answer("four"), Answer("five"))
    left_out = "left out: the model's context has no room for more."
    cell = page.run("%%glm\nturn 4")
    assert cell.plain(1).splitlines()[0] == f"1 earlier turn was {left_out}"
    assert "1 earlier turn was left out" in cell.html(1)
    cell = page.run("%%glm\n" + "a long prompt " * 10)
    assert cell.plain(1).splitlines()[0] == f"{5 - len(asked(server))} earlier turns were {left_out}"
    assert len(asked(server)) < 4


def test_a_turn_that_is_set_aside_takes_no_room_and_is_not_counted(
    chat: Chat, server: PracticeServer, small: Model
) -> None:
    server.enqueue(Answer("yes", prompt_tokens=10, completion_tokens=90))
    assert chat.ask("in a cell", anchor=Anchor("A", 1)).text
    chat.history.set_aside(["A"])
    converse(chat, server, 2)
    reply = chat.ask("next")
    assert reply.text
    assert asked(server) == ["turn 1", "turn 2", "next"]
    assert reply.progress.left_out == 0


def test_room_is_kept_for_the_answer_that_is_asked_for(chat: Chat, server: PracticeServer, small: Model) -> None:
    converse(chat, server, 3)
    reply = chat.ask("next", max_tokens=120)
    assert reply.text
    assert (asked(server), reply.progress.left_out) == (["turn 3", "next"], 2)


def test_a_model_that_nobody_knows_is_sent_all(chat: Chat, server: PracticeServer) -> None:
    chat.model = "glm-none"
    converse(chat, server, 3, tokens=10**7)
    assert asked(server) == ["turn 1", "turn 2", "turn 3"]


def test_a_rerun_and_a_retry_are_fitted_too(chat: Chat, server: PracticeServer, small: Model) -> None:
    converse(chat, server, 3)
    assert chat.ask("turn 4", anchor=Anchor("A", 1)).progress.left_out == 1
    assert chat.ask_again().text
    assert asked(server) == ["turn 2", "turn 3", "turn 4"]
    assert chat.ask("turn 4 anew", anchor=Anchor("A", 2)).text
    assert asked(server) == ["turn 2", "turn 3", "turn 4 anew"]
    assert chat.thread().size == 4


@given(
    tokens=st.lists(st.integers(0, 60), max_size=12),
    aside=st.sets(st.integers(0, 11)),
    system=st.sampled_from(["", "Be brief."]),
    limit=st.integers(0, 300),
)
def test_whatever_fits_is_sent_and_nothing_else(tokens: list[int], aside: set[int], system: str, limit: int) -> None:
    thread = Thread(own_system=system)
    for number, count in enumerate(tokens):
        thread = thread.commit(
            Turn(f"q{number}", f"a{number}", "glm-4", id=str(number), cell=str(number), tokens=count)
        )
    thread = thread.set_aside({str(number) for number in aside})
    request = fit(Request("next", Options(), Anchor(), thread, "glm-4", system), limit)

    prompts = [message["content"] for message in request.messages if message["role"] == "user"]
    count = len(prompts) - 1
    newest_first = thread.turns[::-1]
    assert prompts == [turn.prompt for turn in thread.turns[thread.size - count :]] + ["next"]
    assert (request.messages[0]["role"] == "system") == bool(system)
    assert request.left_out == thread.size - count
    assert count == 0 or request.tokens <= limit
    if request.left_out:
        prompt = request.tokens - request.tokens_before
        slack = prompt // 10 + 1
        assert request.tokens + newest_first[count].tokens + slack > limit


# How long things are


def test_past_turns_are_weighed_by_the_services_own_counts(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("one", prompt_tokens=100, completion_tokens=50), Answer("two", prompt_tokens=170))
    assert chat.ask("first").text
    reply = chat.ask("second", max_tokens=1)
    assert reply.text
    assert reply.request.tokens_before == 150
    assert [turn.tokens for turn in chat.thread().turns] == [150, 20 + 1]


def test_reasoning_is_not_sent_again_and_takes_no_room(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("one", reasoning="Hm. " * 50, prompt_tokens=10, completion_tokens=70, reasoning_tokens=60))
    assert chat.ask("first").text
    assert chat.thread().turns[0].tokens == 20


def test_the_estimate_of_a_new_prompt_is_calibrated_on_what_the_service_counted(
    chat: Chat, server: PracticeServer
) -> None:
    prompt, reply = "What about the first of them?", "That one is much larger than you think it is."
    server.enqueue(Answer(reply, prompt_tokens=33, completion_tokens=47))
    plain = chat.ask(prompt)
    assert plain.text
    calibrated = chat.ask(prompt).request
    ratio = (calibrated.tokens - calibrated.tokens_before) / plain.request.tokens
    assert ratio == pytest.approx(3, rel=0.05)


def test_what_the_service_did_not_count_is_estimated(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("word " * 100, extra={"usage": None}))
    assert chat.ask("first", stream=False).usage is None
    assert 100 <= chat.thread().turns[0].tokens <= 200


# The service still refuses


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("refusal", [TOO_LONG, NO_ROOM])
def test_it_is_asked_once_more_with_fewer_turns(chat: Chat, server: PracticeServer, refusal: Any, stream: bool) -> None:
    converse(chat, server, 4)
    server.enqueue(refusal, Answer("at last"))
    reply = chat.ask("next", stream=stream)
    assert reply.text == "at last"
    assert asked(server, -2) == ["turn 1", "turn 2", "turn 3", "turn 4", "next"]
    assert asked(server) in (["turn 4", "next"], ["turn 3", "turn 4", "next"])
    assert len(server.requests) == 6
    assert reply.progress.left_out == 5 - len(asked(server))
    assert chat.thread().turns[-1].reply == "at last"


@pytest.mark.parametrize("refusal", [TOO_LONG, NO_ROOM])
def test_and_only_once(chat: Chat, server: PracticeServer, refusal: Any) -> None:
    converse(chat, server, 4)
    server.enqueue(refusal, refusal, Answer("never"))
    with pytest.raises(ServiceError) as error:
        assert chat.ask("next").text
    assert "too long for the model" in error.value.message
    assert len(server.requests) == 6
    assert chat.thread().size == 4


def test_with_no_turn_to_leave_out_it_is_not_asked_again(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(TOO_LONG)
    with pytest.raises(ServiceError, match="too long for the model"):
        assert chat.ask("first").text
    assert len(server.requests) == 1
    converse(chat, server, 1)
    server.enqueue(TOO_LONG)
    with pytest.raises(ServiceError, match="too long for the model"):
        assert chat.ask("alone", once=True).text
    assert len(server.requests) == 3


def test_an_answer_that_had_begun_is_kept_and_not_asked_for_again(page: Page, server: PracticeServer) -> None:
    converse(page.magics.chat, server, 2)
    server.enqueue(Answer("half of it", finish_reason="model_context_window_exceeded"))
    cell = page.run("%%glm\nnext")
    assert cell.success
    assert cell.plain(0) == "half of it"
    assert "Cut off: the conversation fills the model's context." in cell.plain(1)
    assert len(server.requests) == 3
    assert page.magics.chat.thread().size == 3


def test_the_panel_tells_what_the_second_try_left_out(page: Page, server: PracticeServer) -> None:
    converse(page.magics.chat, server, 4)
    server.enqueue(TOO_LONG, Answer("at last"))
    cell = page.run("%%glm\nnext")
    count = 5 - len(asked(server))
    assert f"{count} earlier turns were left out" in cell.plain(1)


def test_a_smaller_window_has_fewer_turns_or_is_none() -> None:
    thread = Thread()
    for number in range(6):
        thread = thread.commit(Turn(f"q{number}", "a", "glm-4", id=str(number), tokens=10))
    request: Request | None = fit(Request("next", Options(), Anchor(), thread, "glm-4"))
    left_out = []
    while request is not None:
        left_out.append(request.left_out)
        request = fit_smaller(request)
    assert left_out == sorted(set(left_out))
    assert left_out[-1] == 6


# A prompt that cannot fit


def test_a_prompt_that_cannot_fit_is_refused_before_it_is_sent(
    chat: Chat, server: PracticeServer, small: Model
) -> None:
    with pytest.raises(InvalidRequest) as error:
        chat.ask("word " * 400)
    assert "about 504 tokens long; the context of glm-4 holds 200." in error.value.message
    assert "Nothing was sent." in error.value.outcomes
    assert server.requests == []
    assert chat.ask("short").text


def test_nor_with_the_answer_that_is_asked_for(page: Page, server: PracticeServer, small: Model) -> None:
    cell = page.run("%%glm -m glm-4 --max-tokens 199\nshort")
    assert isinstance(cell.error, InvalidRequest)
    assert "of which 199 are reserved for the answer" in cell.error.message
    assert server.requests == []


def test_a_prompt_that_fits_alone_goes_alone(chat: Chat, server: PracticeServer, small: Model) -> None:
    converse(chat, server, 3, tokens=20)
    reply = chat.ask("word " * 50)
    assert reply.text
    assert asked(server) == ["word " * 50]
    assert reply.progress.left_out == 3
