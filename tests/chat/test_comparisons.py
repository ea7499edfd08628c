"""Several models asked the same: what each answers, what one that fails costs the others, and which becomes a turn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhipu_magic import Chat, Reply
from zhipu_magic.history.budget import Budget
from zhipu_magic.history.turn import Anchor
from zhipu_magic.practice import DONE, STALL, Answer, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.errors import InvalidRequest, NotRecorded, OverBudget, ServiceError

BOTH = ("glm-5.3", "glm-4.7-flash")


def texts(chat: Chat) -> list[tuple[str, str]]:
    return [(turn.prompt, turn.reply) for turn in chat.thread().turns]


def compared(chat: Chat, server: PracticeServer, prompt: str = "Why?", *answers: str) -> dict[str, str]:
    """Each model's answer; they are asked one after the other, so that each gets the one that is meant for it."""
    chat.limit = 1
    server.enqueue(*map(Answer, answers or BOTH))
    return {model: reply.text for model, reply in chat.compare(prompt, BOTH).items()}


def test_each_model_is_asked_the_same_after_the_turns_of_the_thread(chat: Chat, server: PracticeServer) -> None:
    chat.ask("First").read()
    before = len(server.requests)
    assert compared(chat, server) == {"glm-5.3": "glm-5.3", "glm-4.7-flash": "glm-4.7-flash"}
    asked = [received.body for received in server.requests[before:]]
    assert [body["model"] for body in asked] == [*BOTH]
    assert asked[0]["messages"] == asked[1]["messages"] and len(asked[0]["messages"]) == 3


def test_none_is_a_turn_before_it_is_kept_and_each_is_paid_for(chat: Chat, server: PracticeServer) -> None:
    compared(chat, server)
    assert texts(chat) == [] and chat.account.requests == 2
    assert chat.keep("glm-5")[:2] == ("glm-5.3", "main")
    assert texts(chat) == [("Why?", "glm-5.3")] and chat.account.requests == 2
    chat.ask("And?").read()
    assert [message["content"] for message in server.requests[-1].body["messages"]][:2] == ["Why?", "glm-5.3"]


def test_another_that_is_kept_takes_its_place_and_undo_brings_the_first_back(
    chat: Chat, server: PracticeServer
) -> None:
    compared(chat, server)
    chat.keep("glm-5.3")
    chat.ask("And?").read()
    chat.keep("glm-4.7-flash")
    assert texts(chat)[0][1] == "glm-4.7-flash" and len(texts(chat)) == 2
    assert chat.thread().links[1].stale
    assert [str(change) for change in chat.history.undo()] == ["another reply kept"]
    assert texts(chat)[0] == ("Why?", "glm-5.3")
    chat.history.undo(2)
    assert texts(chat) == []


def test_one_that_fails_costs_the_others_nothing(chat: Chat, server: PracticeServer) -> None:
    chat.limit = 1
    server.enqueue(Fault.of("1211"), Answer("fine"))
    replies = chat.compare("Why?", BOTH)
    with pytest.raises(ServiceError):
        replies["glm-5.3"].read()
    assert replies["glm-4.7-flash"].text == "fine"
    assert chat.compared == ["glm-4.7-flash"]
    with pytest.raises(InvalidRequest, match=r"glm-5\.3 has no reply in the newest comparison"):
        chat.keep("glm-5.3")


def test_a_model_that_cannot_see_says_so_and_the_other_is_asked(chat: Chat, server: PracticeServer) -> None:
    from PIL import Image

    replies = chat.compare("What is this?", ("glm-4.7-flash", "glm-4.6v-flash"), images=[Image.new("RGB", (8, 8))])
    assert replies["glm-4.6v-flash"].text
    with pytest.raises(InvalidRequest, match="cannot see"):
        replies["glm-4.7-flash"].read()
    assert len(server.requests) == 1


def test_a_budget_holds_for_all_of_them_together(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget.read("1500 tokens")
    replies = chat.compare("Why?", BOTH, max_tokens=1_000)
    errors = []
    for reply in replies.values():
        try:
            reply.read()
        except OverBudget as error:
            errors.append(error)
    assert len(errors) <= 1 and sum(r.body.get("max_tokens", 0) for r in server.requests) <= 1_500


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (["glm-4"], "takes 2 to 6 models, not 1"),
        ("glm-4", "takes 2 to 6 models, not 1"),
        (["glm-4", "glm-4"], "named twice"),
        ([f"glm-{number}" for number in range(7)], "not 7"),
        (["glm-4", ""], "is not the name of a model"),
        (["glm-4", 5], "is not the name of a model"),
    ],
)
def test_what_cannot_be_compared_is_said_before_anything_is_sent(
    chat: Chat, server: PracticeServer, models: list[str], said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        chat.compare("Why?", models)
    assert server.requests == []


def test_a_model_beside_the_models_is_an_error(chat: Chat, server: PracticeServer) -> None:
    with pytest.raises(InvalidRequest, match="names another"):
        chat.compare("Why?", BOTH, model="glm-4")


def test_a_budget_is_divided_among_the_models(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget.read("100k tokens")
    replies = chat.compare("Why?", BOTH)
    assert all(reply.text for reply in replies.values())
    limits = [received.body["max_tokens"] for received in server.requests]
    assert all(40_000 < limit < 51_000 for limit in limits)


def test_a_replay_refuses_nothing_that_its_budget_had_room_for(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    settings: dict[str, Any] = {"base_url": server.base_url, "api_key": server.api_key, "journal": path}
    server.enqueue(*[Answer("words", completion_tokens=600)] * 2)
    chat = Chat("glm-4", **settings)
    chat.budget = Budget.read("1300 tokens")
    assert {reply.text for reply in chat.compare("Why?", BOTH).values()} == {"words"}
    chat.close()
    lines = path.read_text("utf-8").splitlines(keepends=True)
    lines[2:] = sorted(lines[2:], key=lambda line: json.loads(line)["model"])  # as if the second had ended first
    path.write_text("".join(lines), "utf-8")
    again = Chat("glm-4", **settings, replay="only")
    again.budget = Budget.read("1300 tokens")
    assert {reply.text for reply in again.compare("Why?", BOTH).values()} == {"words"}
    again.close()


def test_what_cannot_be_named_is_said(chat: Chat, server: PracticeServer) -> None:
    with pytest.raises(InvalidRequest, match="not NoneType"):
        chat.keep(None)  # type: ignore[arg-type]  # what a user may do all the same
    with pytest.raises(InvalidRequest, match="not the name of a model"):
        chat.compare("Why?", None)  # type: ignore[arg-type]  # what a user may do all the same


def test_comparisons_that_are_under_way_at_once_are_kept_apart(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[Raw((sse(chunk(f"{words} ")), 0.3, sse(chunk("", finish_reason="stop")), DONE)) for words in "aa"])
    first = chat.compare("First?", BOTH)
    while not all(reply.progress.has_text for reply in first.values()):
        for reply in first.values():
            reply.advance(0.05)
    server.enqueue(Answer("b"), Answer("b"))
    for reply in (*chat.compare("Second?", BOTH).values(), *first.values()):
        reply.read()
    assert chat.compared == sorted(BOTH)
    chat.keep("glm-5")
    assert texts(chat) == [("Second?", "b")]


def test_what_is_kept_at_once_is_waited_for(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[Raw((0.2, sse(chunk("late")), sse(chunk("", finish_reason="stop")), DONE))] * 2)
    chat.compare("Why?", BOTH)
    chat.keep("glm-5.3")
    assert texts(chat) == [("Why?", "late")]


def test_where_none_of_the_newest_answers_no_earlier_one_is_kept(chat: Chat, server: PracticeServer) -> None:
    compared(chat, server)
    server.enqueue(Fault.of("1211"), Fault.of("1211"))
    for reply in chat.compare("Another?", BOTH).values():
        with pytest.raises(ServiceError):
            reply.read()
    with pytest.raises(InvalidRequest, match="no reply to keep"):
        chat.keep("glm-5")


def test_one_that_was_asked_again_is_replaced_by_another_that_is_kept(chat: Chat, server: PracticeServer) -> None:
    compared(chat, server)
    chat.keep("glm-5")
    server.enqueue(Answer("again"))
    chat.ask_again().read()
    chat.keep("glm-4.7")
    assert texts(chat) == [("Why?", "glm-4.7-flash")]


def test_what_was_kept_before_a_resume_stands_behind_what_is_resumed(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    settings = {"base_url": server.base_url, "api_key": server.api_key, "journal": path}
    earlier = Chat("glm-4", **settings)  # type: ignore[arg-type]  # of several types
    earlier.ask("Old").read()
    earlier.close()
    chat = Chat("glm-4", **settings)  # type: ignore[arg-type]  # of several types
    compared(chat, server)
    chat.keep("glm-5")
    chat.history.resume()
    assert [prompt for prompt, _ in texts(chat)] == ["Old", "Why?"]
    chat.close()


def test_an_interrupt_between_two_requests_stops_the_first(
    chat: Chat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.enqueue(Raw((sse(chunk("half ")), STALL)))
    send, sent = chat._dispatch.send, []

    def once(*given: Any) -> Reply:
        if sent:
            raise KeyboardInterrupt
        sent.append(send(*given))
        return sent[0]

    monkeypatch.setattr(chat._dispatch, "send", once)
    with pytest.raises(KeyboardInterrupt):
        chat.compare("Why?", BOTH)
    assert sent[0].state in ("interrupted", "failed")


def test_nothing_to_keep_and_unclear_names_say_so(chat: Chat, server: PracticeServer) -> None:
    with pytest.raises(InvalidRequest, match="no reply to keep"):
        chat.keep("glm-4")
    compared(chat, server)
    with pytest.raises(InvalidRequest, match="beginning of several names"):
        chat.keep("glm-")
    with pytest.raises(InvalidRequest, match="has no reply in the newest comparison"):
        chat.keep("")
    assert texts(chat) == []


def test_the_newest_comparison_counts_and_one_outside_the_conversation_is_none(
    chat: Chat, server: PracticeServer
) -> None:
    compared(chat, server)
    compared(chat, server, "How?", "five", "four")
    chat.compare("Once?", BOTH, once=True)["glm-5.3"].read()
    chat.keep("glm-4.7")
    assert texts(chat) == [("How?", "four")]


def test_a_comparison_is_asked_again_in_place(chat: Chat, server: PracticeServer) -> None:
    for run, words in enumerate(("old", "new"), 1):
        server.enqueue(*[Answer(words)] * 2)
        for reply in chat.compare("Why?", BOTH, anchor=Anchor("a", run)).values():
            reply.read()
        chat.keep("glm-5.3")
        assert texts(chat) == [("Why?", words)]


def journalled(path: Path, server: PracticeServer) -> tuple[list[tuple[str, str]], list[str]]:
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    chat.ask("First").read()
    compared(chat, server)
    chat.keep("glm-4.7")
    chat.ask("And?").read()
    left = texts(chat), chat.compared
    chat.close()
    return left


def test_the_journal_has_them_and_what_was_kept_and_nothing_reads_otherwise(
    server: PracticeServer, tmp_path: Path
) -> None:
    path = tmp_path / "j.jsonl"
    left = journalled(path, server)
    kinds = [json.loads(line)["event"] for line in path.read_text("utf-8").splitlines()]
    assert kinds == ["session", "turn", "compared", "compared", "keep", "turn"]
    loaded = Chat.load(path, base_url=server.base_url, api_key=server.api_key)
    assert (texts(loaded), loaded.compared) == left
    loaded.keep("glm-5.3")
    assert texts(loaded)[1] == ("Why?", "glm-5.3")
    loaded.close()


def test_a_replay_gives_the_same_and_asks_nobody(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    left = journalled(path, server)
    asked = len(server.requests)
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path, replay="only")
    chat.ask("First").read()
    replies = chat.compare("Why?", BOTH)
    assert {model: reply.text for model, reply in replies.items()} == {model: model for model in BOTH}
    assert all(reply.replayed for reply in replies.values())
    chat.keep("glm-4.7")
    chat.ask("And?").read()
    assert (texts(chat), chat.compared) == left and len(server.requests) == asked
    with pytest.raises(NotRecorded):
        chat.compare("Why not?", BOTH)["glm-5.3"].read()
    chat.close()


def test_an_interrupt_stops_them_all_and_what_came_can_be_kept(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[Raw((sse(chunk("half ")), STALL))] * 2)
    replies = chat.compare("Why?", BOTH)
    for reply in replies.values():
        while not reply.progress.has_text:
            reply.advance(0.1)
    assert len(chat.interrupt()) == 2
    assert chat.compared == sorted(BOTH)
    chat.keep("glm-5.3")
    assert texts(chat) == [("Why?", "half ")]


@settings(max_examples=30)
@given(steps=st.lists(st.sampled_from(["ask", "compare", "keep 0", "keep 1", "undo", "redo"]), max_size=8))
def test_whatever_is_kept_and_undone_the_journal_leaves_the_same(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("kept") / "j.jsonl"
    with PracticeServer(pace=0, api_key="Q7practice.Z9any") as server:
        chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
        for step in steps:
            if step == "ask":
                chat.ask("More").read()
            elif step == "compare":
                for reply in chat.compare("Why?", BOTH).values():
                    reply.read()
            elif step in ("undo", "redo"):
                getattr(chat.history, step)()
            elif chat.compared:
                chat.keep(BOTH[int(step[-1])])
        turns = chat.thread().turns
        assert sum(turn.prompt == "Why?" for turn in turns) <= steps.count("compare")
        chat.close()
        if turns:
            loaded = Chat.load(path, base_url=server.base_url, api_key=server.api_key)
            assert [turn.id for turn in loaded.thread().turns] == [turn.id for turn in turns]
            assert loaded.account == chat.account
            loaded.close()
