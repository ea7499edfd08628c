"""Turns in which the model calls tools: on the wire, on the page, in the journal, and in a replay."""

from __future__ import annotations

import html
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from in_process import Page

from zhipu_magic import Chat, GLMError, confirm
from zhipu_magic.practice import DONE, STALL, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.text.errors import InvalidRequest, OverBudget, ReplyBroken

WEATHER = '''def weather(city: str, days: int = 1) -> dict:
    """The weather.

    Args:
        city: where
    """
    calls.append((city, days))
    return {"city": city, "sky": "clear"}
'''


def calls_weather(city: str = "Paris", **more: Any) -> Answer:
    return Answer(tool_calls=(tool_call("weather", {"city": city}, id=f"call_{city}"),), **more)


@pytest.fixture
def calls() -> list[tuple[str, int]]:
    return []


@pytest.fixture
def weather(calls: list[tuple[str, int]]) -> Callable[..., Any]:
    def weather(city: str, days: int = 1) -> str:
        """The weather in a city."""
        calls.append((city, days))
        return f"clear in {city}"

    return weather


@pytest.fixture
def tool_page(page: Page) -> Page:
    page.names["calls"] = []
    assert page.run(WEATHER).success
    return page


# On the wire


def test_the_function_is_told_with_its_schema_and_its_result_goes_back(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any], calls: list[Any]
) -> None:
    server.enqueue(calls_weather(), Answer("It is clear."))
    reply = chat.ask("How is Paris?", tools=[weather])
    assert reply.text == "It is clear."
    assert calls == [("Paris", 1)]
    first, second = (received.body for received in server.requests)
    (tool,) = first["tools"]
    assert tool["type"] == "function"
    assert tool["function"]["name"] == "weather"
    assert tool["function"]["description"] == "The weather in a city."
    assert tool["function"]["parameters"]["required"] == ["city"]
    assert second["tools"] == first["tools"]
    asked, result = second["messages"][-2:]
    assert asked["role"] == "assistant"
    assert [call["id"] for call in asked["tool_calls"]] == ["call_Paris"]
    assert result == {"role": "tool", "tool_call_id": "call_Paris", "content": "clear in Paris"}


def test_without_tools_the_request_has_no_such_member(chat: Chat, server: PracticeServer) -> None:
    assert chat.ask("hi").text
    assert "tools" not in server.requests[0].body


def test_several_calls_in_one_reply_each_have_their_result_in_order(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any], calls: list[Any]
) -> None:
    both = tuple(tool_call("weather", {"city": city}, id=f"call_{city}") for city in ("Paris", "Rome"))
    server.enqueue(Answer("Let me look.", tool_calls=both), Answer("Both are clear."))
    assert chat.ask("Paris and Rome?", tools=[weather]).text == "Both are clear."
    assert [city for city, _ in calls] == ["Paris", "Rome"]
    *_, asked, one, two = server.requests[-1].body["messages"]
    assert asked["content"] == "Let me look."
    assert [one["tool_call_id"], two["tool_call_id"]] == ["call_Paris", "call_Rome"]


def test_calls_without_ids_are_told_apart_all_the_same(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any]
) -> None:
    both = tuple(tool_call("weather", {"city": city}, id="") for city in ("Paris", "Rome"))
    server.enqueue(Answer(tool_calls=both), Answer("Both are clear."))
    assert chat.ask("Paris and Rome?", tools=[weather]).text
    *_, asked, one, two = server.requests[-1].body["messages"]
    ids = [call["id"] for call in asked["tool_calls"]]
    assert len(set(ids)) == 2
    assert [one["tool_call_id"], two["tool_call_id"]] == ids


def test_errors_go_back_to_the_model_as_text(chat: Chat, server: PracticeServer) -> None:
    def divide(by: int) -> float:
        return 1 / by

    wrong = [{"by": 0}, {"by": "many"}, {"by": 1, "more": 2}]
    calls = tuple(tool_call("divide", arguments, id=f"call_{n}") for n, arguments in enumerate(wrong))
    unknown = tool_call("multiply", {}, id="call_3")
    server.enqueue(Answer(tool_calls=(*calls, unknown)), Answer("I give up."))
    assert chat.ask("1/0?", tools=[divide]).text == "I give up."
    zero, text, extra, other = (message["content"] for message in server.requests[-1].body["messages"][-4:])
    assert zero == "ZeroDivisionError: division by zero"
    assert "by" in text
    assert "more" in extra
    assert "multiply" in other and "divide" in other


def test_later_turns_hold_the_whole_exchange(chat: Chat, server: PracticeServer, weather: Callable[..., Any]) -> None:
    server.enqueue(calls_weather(), Answer("Clear."), Answer("You are welcome."))
    assert chat.ask("How is Paris?", tools=[weather]).text
    assert chat.ask("Thanks").text == "You are welcome."
    roles = [message["role"] for message in server.requests[-1].body["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]
    assert chat.thread().messages == [*server.requests[-1].body["messages"], *chat.thread().messages[-1:]]


def test_a_chat_has_tools_of_its_own_and_a_turn_more(server: PracticeServer, weather: Callable[..., Any]) -> None:
    def clock() -> str:
        return "noon"

    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, tools=[weather])
    server.enqueue(Answer("one"), Answer("two"))
    assert chat.ask("hi").text
    assert chat.ask("hi", tools=[clock]).text
    offered = [[tool["function"]["name"] for tool in received.body["tools"]] for received in server.requests]
    assert offered == [["weather"], ["weather", "clock"]]
    chat.close()


def test_a_streamed_and_an_unstreamed_turn_end_the_same(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any]
) -> None:
    for stream in (True, False):
        server.enqueue(calls_weather(), Answer("Clear.", id="1", created=1))
        assert chat.ask("How is Paris?", tools=[weather], stream=stream).text == "Clear."
    one, two = chat.thread().turns
    assert (one.reply, one.tool_messages) == (two.reply, two.tool_messages)


def test_the_words_of_all_rounds_come_as_they_arrive(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any]
) -> None:
    server.enqueue(
        Answer("Let me look. ", tool_calls=(tool_call("weather", {"city": "Paris"}, id="1"),)), Answer("It is clear.")
    )
    reply = chat.ask("How is Paris?", tools=[weather])
    assert "".join(reply) == "Let me look. It is clear."
    assert reply.text == "It is clear."


def test_ten_rounds_are_the_most_and_can_be_more(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any], calls: list[Any]
) -> None:
    chat.tool_rounds = 3
    server.enqueue(*[calls_weather()] * 4)
    reply = chat.ask("Paris?", tools=[weather])
    with pytest.raises(ReplyBroken, match="called tools 3 times"):
        _ = reply.text
    assert len(calls) == 3
    assert chat.thread().turns == ()
    server.enqueue(Answer("hello"))
    assert chat.ask("hi").text == "hello"


def test_usage_is_that_of_all_rounds(chat: Chat, server: PracticeServer, weather: Callable[..., Any]) -> None:
    server.enqueue(
        calls_weather(prompt_tokens=100, completion_tokens=10),
        Answer("Clear.", prompt_tokens=130, completion_tokens=5),
    )
    reply = chat.ask("Paris?", tools=[weather])
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (230, 15)
    (entry,) = chat.ledger.entries
    assert entry.usage == reply.usage
    (turn,) = chat.thread().turns
    assert turn.tokens < 135  # what it takes of a later context: the last round, not the sum


# What can go wrong


def test_an_interrupt_in_a_tool_leaves_a_consistent_thread(chat: Chat, server: PracticeServer) -> None:
    def stuck() -> str:
        raise KeyboardInterrupt

    server.enqueue(Answer("Let me see.", tool_calls=(tool_call("stuck", {}, id="1"),)))
    reply = chat.ask("go", tools=[stuck])
    with pytest.raises(KeyboardInterrupt):
        _ = reply.text
    assert reply.state == "interrupted"
    (turn,) = chat.thread().turns
    assert (turn.reply, turn.tool_messages, turn.interrupted) == ("Let me see.", (), True)
    server.enqueue(Answer("fine"))
    assert chat.ask("and now?").text == "fine"
    assert [message["role"] for message in server.requests[-1].body["messages"]] == ["user", "assistant", "user"]


def test_an_interrupt_in_a_tool_without_words_leaves_no_turn(chat: Chat, server: PracticeServer) -> None:
    def stuck() -> str:
        raise KeyboardInterrupt

    server.enqueue(Answer(tool_calls=(tool_call("stuck", {}, id="1"),)))
    with pytest.raises(KeyboardInterrupt):
        _ = chat.ask("go", tools=[stuck]).text
    assert chat.thread().turns == ()
    assert len(chat.ledger.entries) == 1
    server.enqueue(Answer("fine"))
    assert chat.ask("and now?").text == "fine"


def test_a_service_that_refuses_the_second_round_fails_the_turn(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any]
) -> None:
    server.enqueue(calls_weather(), Fault(400, "1210"))
    with pytest.raises(GLMError, match="1210"):
        _ = chat.ask("Paris?", tools=[weather]).text
    assert chat.thread().turns == ()
    server.enqueue(Answer("fine"))
    assert chat.ask("and now?").text == "fine"


def test_an_interrupt_while_the_last_round_streams_keeps_the_exchange(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any]
) -> None:
    server.enqueue(calls_weather(), Raw((sse(chunk("It is")), STALL)))
    reply = chat.ask("Paris?", tools=[weather])
    words = iter(reply)
    assert next(words) == "It is"
    reply.interrupt()
    (turn,) = chat.thread().turns
    assert (turn.reply, turn.interrupted) == ("It is", True)
    assert [message["role"] for message in turn.tool_messages] == ["assistant", "tool"]


def test_a_tool_cannot_use_the_chat_that_calls_it(chat: Chat, server: PracticeServer) -> None:
    def ask() -> str:
        return chat.ask("and you?").text

    server.enqueue(Answer(tool_calls=(tool_call("ask", {}, id="1"),)), Answer("All right."))
    assert chat.ask("go", tools=[ask]).text == "All right."
    assert "cannot use the chat that is calling it" in server.requests[-1].body["messages"][-1]["content"]
    assert len(server.requests) == 2


def test_the_budget_counts_the_rounds(chat: Chat, server: PracticeServer, weather: Callable[..., Any]) -> None:
    from zhipu_magic.history.budget import Budget

    chat.budget = Budget(1_000, "tokens")
    server.enqueue(calls_weather(prompt_tokens=400, completion_tokens=300), Answer("Clear."))
    with pytest.raises(OverBudget):
        _ = chat.ask("Paris?", tools=[weather], max_tokens=400).text
    assert len(server.requests) == 1


def test_what_cannot_be_a_tool_is_refused_before_anything_is_sent(chat: Chat, server: PracticeServer) -> None:
    with pytest.raises(InvalidRequest):
        chat.ask("hi", tools=["weather"])
    with pytest.raises(InvalidRequest, match="given twice"):
        chat.ask("hi", tools=[len_of], params={"tools": []})
    assert server.requests == []


def len_of(text: str) -> int:
    return len(text)


# The journal


def test_a_replay_runs_no_tool_again_and_shows_the_same(
    server: PracticeServer, tmp_path: Path, weather: Callable[..., Any], calls: list[Any]
) -> None:
    path = tmp_path / "talk.jsonl"
    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    server.enqueue(calls_weather(prompt_tokens=100), Answer("Clear.", prompt_tokens=130))
    live = chat.ask("Paris?", tools=[weather])
    assert live.text == "Clear."
    chat.close()
    again = Chat(model="glm-4", journal=path, replay="only")
    replayed = again.ask("Paris?", tools=[weather])
    assert replayed.text == "Clear."
    assert len(calls) == 1
    assert (replayed.rounds, replayed.usage) == (live.rounds, live.usage)
    assert again.thread().turns[0].tool_messages == chat.thread().turns[0].tool_messages


def test_the_journal_keeps_the_exchange_and_gives_it_back(
    server: PracticeServer, tmp_path: Path, weather: Callable[..., Any]
) -> None:
    path = tmp_path / "talk.jsonl"
    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    server.enqueue(calls_weather(), Answer("Clear."))
    assert chat.ask("Paris?", tools=[weather]).text
    (line,) = (json.loads(line) for line in path.read_text().splitlines() if '"turn"' in line)
    assert [call["text"] for call in line["rounds"][0]["calls"]] == ["clear in Paris"]
    loaded = Chat.load(path, base_url=server.base_url, api_key=server.api_key)
    assert loaded.thread().messages == chat.thread().messages
    server.enqueue(Answer("You are welcome."))
    assert loaded.ask("Thanks").text
    assert [message["role"] for message in server.requests[-1].body["messages"]] == [
        *("user", "assistant", "tool", "assistant"),
        "user",
    ]
    chat.close()
    loaded.close()


def test_a_retry_has_the_tools_of_its_turn(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any], calls: list[Any]
) -> None:
    server.enqueue(calls_weather(), Answer("Clear."), calls_weather("Rome"), Answer("Cloudy."))
    assert chat.ask("Paris?", tools=[weather]).text == "Clear."
    assert chat.ask_again().text == "Cloudy."
    assert [city for city, _ in calls] == ["Paris", "Rome"]
    assert [turn.reply for turn in chat.thread().turns] == ["Cloudy."]


def test_a_retry_in_another_session_says_which_tool_it_lacks(
    server: PracticeServer, tmp_path: Path, weather: Callable[..., Any]
) -> None:
    path = tmp_path / "talk.jsonl"
    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    server.enqueue(calls_weather(), Answer("Clear."))
    assert chat.ask("Paris?", tools=[weather]).text
    loaded = Chat.load(path, base_url=server.base_url, api_key=server.api_key)
    with pytest.raises(InvalidRequest, match="weather"):
        loaded.ask_again()
    loaded.tools = [weather]
    server.enqueue(Answer("Cloudy."))
    assert loaded.ask_again().text == "Cloudy."
    chat.close()
    loaded.close()


# On the page


def test_a_cell_shows_each_call_as_a_folded_line_and_leaves_two_outputs(
    tool_page: Page, server: PracticeServer
) -> None:
    server.enqueue(
        calls_weather(prompt_tokens=100, completion_tokens=10),
        Answer("It is clear.", prompt_tokens=130, completion_tokens=5),
    )
    cell = tool_page.run("%%glm --tool weather -b response\nHow is Paris?")
    assert cell.success
    assert tool_page.names["calls"] == [("Paris", 1)]
    assert len(cell.outputs) == 2
    markdown = html.unescape(cell.markdown())
    line = 'weather(city="Paris") · 0.0 s → {"city": "Paris", "sky": "clear"}'
    assert markdown.startswith(f'<div style="margin-bottom:1em"><details><summary>{line}</summary>')
    assert markdown.endswith("\n\nIt is clear.")
    assert cell.plain() == "It is clear."
    assert "230 + 15 tokens" in cell.plain(1)
    assert tool_page.names["response"].choices[0].message.content == "It is clear."


def test_the_reader_sees_the_call_before_it_runs(tool_page: Page, server: PracticeServer) -> None:
    tool_page.run("def looks() -> str:\n    seen.append(list(get_ipython().display_pub.outputs))\n    return 'ok'")
    tool_page.names["seen"] = seen = []
    server.enqueue(Answer(tool_calls=(tool_call("looks", {}, id="1"),)), Answer("Done."))
    assert tool_page.run("%%glm --tool looks\ngo").success
    (messages,) = seen
    assert any("looks() …" in message["data"].get("text/markdown", "") for message in messages[-2:])


def test_tools_can_be_added_for_every_turn_and_taken_away(tool_page: Page, server: PracticeServer) -> None:
    assert "weather" in tool_page.run("%glm tools add weather").plain()
    server.enqueue(Answer("hello"))
    assert tool_page.run("%%glm\nhi").success
    assert [tool["function"]["name"] for tool in server.requests[-1].body["tools"]] == ["weather"]
    assert "weather" in tool_page.run("%glm tools").plain()
    assert "no tools" in tool_page.run("%glm tools remove weather").plain()
    assert not tool_page.run("%glm tools remove weather").success
    assert not tool_page.run("%glm tools add wether").success
    server.enqueue(Answer("hello"))
    assert tool_page.run("%%glm\nhi").success
    assert "tools" not in server.requests[-1].body


def test_a_tool_that_nobody_has_defined_fails_the_cell_before_anything_is_sent(
    tool_page: Page, server: PracticeServer
) -> None:
    cell = tool_page.run("%%glm --tool wether\nhi")
    assert "Did you mean weather?" in str(cell.error)
    assert server.requests == []


@pytest.mark.parametrize(("answer", "ran"), [("y", True), ("n", False), ("", False)])
def test_confirm_asks_the_reader_first(
    tool_page: Page,
    server: PracticeServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    ran: bool,
) -> None:
    asked: list[str] = []

    def ask(prompt: str = "") -> str:
        asked.append(prompt)
        return answer

    monkeypatch.setattr("builtins.input", ask)
    server.enqueue(calls_weather(), Answer("Done."))
    assert tool_page.run("%%glm --tool confirm(weather)\nHow is Paris?").success
    assert capsys.readouterr().out == "weather(city='Paris')\n"
    assert asked == ["Run weather? [y/N] "]
    assert bool(tool_page.names["calls"]) is ran
    if not ran:
        assert "declined" in server.requests[-1].body["messages"][-1]["content"]


def test_a_call_that_the_user_declined_says_so_and_a_replay_as_well(
    tool_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    tool_page.run(f"%config GLMMagics.journal = {str(tmp_path / 'talk.jsonl')!r}")
    server.enqueue(calls_weather(), Answer("Done."))
    asked = tool_page.run("%%glm --tool confirm(weather)\nHow is Paris?", "a cell").markdown()
    line = 'weather(city="Paris") · declined → The user declined this call.'
    assert line in html.unescape(asked) and "failed" not in asked
    tool_page.run("%config GLMMagics.replay = 'only'")
    assert tool_page.run("%%glm --tool confirm(weather)\nHow is Paris?", "a cell").markdown() == asked
    assert "declined this call" in tool_page.run("%glm history --full").plain()


def test_the_time_of_a_tool_and_of_the_user_who_is_asked_is_not_the_models(server: PracticeServer) -> None:
    def slow() -> None:
        time.sleep(0.3)

    def ask(name: str, call: str) -> bool:
        time.sleep(0.3)
        return True

    server.enqueue(Answer(tool_calls=(tool_call("slow", {}, id="1"),)), Answer("Done.", completion_tokens=10))
    with closing(Chat(base_url=server.base_url, api_key=server.api_key, confirm=ask)) as chat:
        began = time.monotonic()
        reply = chat.ask("hi", tools=[confirm(slow)])
        assert reply.text == "Done."
        assert reply.timing.seconds <= time.monotonic() - began - 0.6


def test_confirm_is_there_for_python_too(chat: Chat, server: PracticeServer, weather: Callable[..., Any]) -> None:
    assert confirm(weather).asks_first


def test_history_and_show_tell_of_the_calls(tool_page: Page, server: PracticeServer) -> None:
    server.enqueue(calls_weather(), Answer("It is clear."))
    assert tool_page.run("%%glm --tool weather\nHow is Paris?").success
    history = tool_page.run("%glm history --full").plain()
    assert 'weather(city="Paris")' in history
    assert "sky" in history
    assert 'weather(city="Paris")' in html.unescape(tool_page.run("%glm show").markdown())


# The service's own search


SOURCES = [
    {"title": "One [1] <b>", "link": "https://example.org/one", "media": "Example", "publish_date": "2026-01-02"},
    {"title": "Two", "link": "javascript:alert(1)", "content": "x"},
]


def test_search_asks_the_service_and_shows_the_sources_as_numbered_links(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("Found it.", extra={"web_search": SOURCES}))
    cell = page.run('%%glm --search "GLM news" -b response\nWhat is new?')
    assert cell.success
    (tool,) = server.requests[-1].body["tools"]
    assert tool == {
        "type": "web_search",
        "web_search": {
            "search_engine": "search_std",
            "enable": True,
            "search_query": "GLM news",
            "search_result": True,
        },
    }
    lines = cell.markdown().splitlines()
    assert lines[0] == "Found it."
    assert lines[-2].startswith("1. [One &#91;1&#93; &lt;b&gt;](<https://example.org/one>) · Example · 2026-01-02")
    assert lines[-1] == "2. Two · javascript:alert(1)"  # as text, for it is no address of the web
    assert page.names["response"].web_search == SOURCES


def test_search_without_a_query_leaves_it_to_the_service(page: Page, server: PracticeServer) -> None:
    assert page.run("%%glm --search\nWhat is new?").success
    assert server.requests[-1].body["tools"][0]["web_search"] == {
        "search_engine": "search_std",
        "enable": True,
        "search_result": True,
    }


def test_an_open_fence_does_not_take_the_sources_in(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("1. one\n\n```python\nx = 1", extra={"web_search": SOURCES}))
    markdown = page.run("%%glm --search\nWhat is new?").markdown()
    assert "x = 1\n```\n\nSources:\n\n1. [One" in markdown


CITED = [
    {"title": "One", "link": "https://example.org/one?a=1&b=(2)", "refer": "ref_1"},
    {"title": "Two", "link": "javascript:alert(1)", "refer": "ref_2"},
    {"title": "Three", "link": "https://example.org/three", "refer": "ref_3"},
    {"title": "Three again", "link": "https://example.org/other", "refer": "ref_3"},
    {"title": "Odd", "link": "https://example.org/odd", "refer": "x](javascript:alert(1))"},
]
ONE = "[&#91;ref&#95;1&#93;](https://example.org/one?a=1&amp;b=%282%29)"
THREE = "[&#91;ref&#95;3&#93;](https://example.org/three)"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("News[ref_1][ref_3]。", f"News{ONE}{THREE}。"),
        ("- a [ref_1]\n- **b[ref_3]**", f"- a {ONE}\n- **b{THREE}**"),
        ("| a |\n|---|\n| b [ref_1] |", f"| a |\n|---|\n| b {ONE} |"),
        ("none: [ref_2] [ref_4] [1] [x] ref_1", "none: [ref_2] [ref_4] [1] [x] ref_1"),
        ("`[ref_1]` and ``a [ref_1]``", "`[ref_1]` and ``a [ref_1]``"),
        ("```\nx[ref_1]\n```\n\n    x[ref_1]", "```\nx[ref_1]\n```\n\n    x[ref_1]"),
        ("[ref_1](https://a.example) \\[ref_1] ![ref_1]", None),
        ("[ref_1]: https://a.example", "[ref_1]: https://a.example"),
        ("<b>[ref_1]</b>", None),
    ],
)
def test_a_reference_in_the_words_leads_to_its_source(
    page: Page, server: PracticeServer, tmp_path: Path, words: str, shown: str | None
) -> None:
    server.enqueue(Answer(words, extra={"web_search": CITED}))
    cell = page.run("%%glm --search -b response\nWhat is new?")
    assert page.names["response"].choices[0].message.content == words
    assert cell.plain() == words
    found = cell.markdown().split("\n\nSources:")[0]
    assert shown is None or found == shown.rstrip("\n")
    assert "(https://example.org/odd)" not in found and "ref_1](https://example" not in found
    assert page.run("%glm show").markdown().split("\n\nSources:")[0] == found
    assert page.run(f"%glm export {tmp_path / 'talk.md'}").success
    assert found.strip("\n") in (tmp_path / "talk.md").read_text()


def test_references_are_links_while_the_reply_still_grows(page: Page, server: PracticeServer) -> None:
    first = {**chunk("News [ref_1]"), "web_search": CITED}
    server.enqueue(Raw((sse(first), 0.2, sse(chunk(" and more")), sse(chunk("", finish_reason="stop")), DONE)))
    cell = page.run("%%glm --search\nWhat is new?")
    growing = [str(message["data"].get("text/markdown")) for message in cell.messages]
    assert cell.markdown().startswith(f"News {ONE} and more")
    assert any(text.startswith(f"News {ONE}") for text in growing[:-1])


def test_what_was_gone_on_from_has_the_sources_of_both_and_no_doubtful_links(
    page: Page, server: PracticeServer
) -> None:
    server.enqueue(
        Answer("One [ref_1]", finish_reason="length", extra={"web_search": CITED[:1]}),
        Answer(" and three [ref_1]", extra={"web_search": [{**CITED[2], "refer": "ref_1"}]}),
    )
    page.run("%%glm --search\nWhat is new?")
    assert page.run("%glm continue").success
    shown = page.run("%glm show").markdown()
    assert shown.startswith("One [ref_1] and three [ref_1]\n\nSources:")
    assert "example.org/one" in shown and "example.org/three" in shown


def test_a_transcript_tells_of_the_calls_and_the_sources(
    tool_page: Page, server: PracticeServer, tmp_path: Path
) -> None:
    server.enqueue(
        Answer("Let me look.", tool_calls=(tool_call("weather", {"city": "Paris"}, id="1"),)),
        Answer("It is clear.", extra={"web_search": SOURCES}),
    )
    assert tool_page.run("%%glm --tool weather\nHow is Paris?").success
    assert tool_page.run(f"%glm export {tmp_path / 'talk.md'}").success
    written = (tmp_path / "talk.md").read_text()
    assert 'Let me look.\n\n```text\nweather(city="Paris") → {"city": "Paris", "sky": "clear"}' in written
    assert "It is clear.\n\nSources:\n\n1. [One" in written
    assert tool_page.run("%glm show").markdown().count("Sources:") == 1


def test_a_tool_that_is_defined_anew_is_the_one_that_is_called(tool_page: Page, server: PracticeServer) -> None:
    assert tool_page.run("%glm tools add weather").success
    tool_page.run('def weather(place: str) -> str:\n    "Weather, again."\n    return f"rain in {place}"')
    server.enqueue(Answer(tool_calls=(tool_call("weather", {"place": "Paris"}, id="1"),)), Answer("Rain."))
    assert tool_page.run("%%glm\nHow is Paris?").success
    assert server.requests[-1].body["tools"][0]["function"]["description"] == "Weather, again."
    assert server.requests[-1].body["messages"][-1]["content"] == "rain in Paris"


MODULE = """
def forecast({parameter}) -> str:
    "{doc}"
    return "{value}"
"""


def test_a_tool_that_autoreload_changes_is_the_one_that_is_told_and_called(
    bare_page: Page, tool_page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = tmp_path / "forecasts.py"
    module.write_text(MODULE.format(parameter="city: str", doc="Says sun.", value="sun"))
    page = tool_page
    page.run("%load_ext autoreload\n%autoreload 2\nfrom forecasts import forecast\nsafe = forecast")
    page.run("from zhipu_magic import confirm\nguarded = confirm(forecast)\n%glm tools add forecast")
    assert "Says sun." in page.run("%glm tools").plain()
    module.write_text(MODULE.format(parameter="day: int, city: str = 'Paris'", doc="Says rain.", value="rain"))
    os.utime(module, (2e9, 2e9))
    assert "Says rain." in page.run("%glm tools").plain()
    server.enqueue(Answer(tool_calls=(tool_call("forecast", {"day": 2}, id="1"),)), Answer("Well."))
    assert page.run("%%glm --once\ngo").success
    assert server.requests[-1].body["messages"][-1]["content"] == "rain"
    page.run("%glm tools remove forecast")
    for line in ("--tool safe", "--tool guarded", "--tool forecast"):
        assert page.run(f"%%glm --once {line}\ngo").success
        told = server.requests[-1].body["tools"][0]["function"]
        assert told["description"] == "Says rain."
        assert told["parameters"]["properties"]["day"]["type"] == "integer"
        assert told["parameters"]["required"] == ["day"]
    monkeypatch.delitem(sys.modules, "forecasts")


def test_a_tool_that_can_be_none_any_more_fails_the_cell(tool_page: Page, server: PracticeServer) -> None:
    tool_page.run("def double(x: int) -> int:\n    return 2 * x\n%glm tools add double")
    tool_page.run("import threading\ndef double(x: threading.Lock):\n    return x")
    cell = tool_page.run("%%glm\ngo")
    assert isinstance(cell.error, InvalidRequest)
    assert "double" in str(cell.error)
    assert server.requests == []


def test_what_a_tool_raises_can_be_referred_to(tool_page: Page, server: PracticeServer) -> None:
    tool_page.run("def broken() -> str:\n    return {}['key']")
    server.enqueue(Answer(tool_calls=(tool_call("broken", {}, id="1"),)), Answer("It failed."), Answer("A key."))
    assert tool_page.run("%%glm --tool broken\ngo").success
    assert tool_page.run("%%glm\nWhy? {{ error }}").success
    assert "return {}['key']" in server.requests[-1].body["messages"][-1]["content"]


def test_an_interrupted_call_stays_on_the_page(tool_page: Page, server: PracticeServer) -> None:
    tool_page.run("def stuck() -> str:\n    raise KeyboardInterrupt")
    server.enqueue(Answer("Let me see.", tool_calls=(tool_call("stuck", {}, id="1"),)))
    cell = tool_page.run("%%glm --tool stuck\ngo")
    assert not cell.success
    assert "stuck() · interrupted" in cell.markdown()


def test_one_function_will_do(chat: Chat, server: PracticeServer, weather: Callable[..., Any]) -> None:
    assert chat.ask("hi", tools=weather).text
    assert server.requests[0].body["tools"][0]["function"]["name"] == "weather"


# What a tool may not bring about


def test_a_retry_asks_the_reader_as_the_turn_did(
    server: PracticeServer, weather: Callable[..., Any], calls: list[Any]
) -> None:
    asked: list[str] = []

    def refuse(name: str, call: str) -> bool:
        asked.append(call)
        return False

    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, confirm=refuse)
    server.enqueue(calls_weather(), Answer("No."), calls_weather(), Answer("No."))
    assert chat.ask("go", tools=[confirm(weather)]).text
    with pytest.warns(UserWarning, match="weather still asks you"):
        chat.request("else", tools=[weather])
    assert chat.ask_again().text
    assert calls == []
    assert asked == ["weather(city='Paris')"] * 2
    chat.close()


@pytest.mark.parametrize("answer", [None, 0, "", "no", "n", "yes", 1, [False], True])
def test_only_true_is_consent(
    server: PracticeServer, weather: Callable[..., Any], calls: list[Any], answer: Any
) -> None:
    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, confirm=lambda name, call: answer)
    server.enqueue(calls_weather(), Answer("Done."))
    assert chat.ask("go", tools=[confirm(weather)]).text
    assert (len(calls) == 1) is (answer is True)
    chat.close()


def test_a_coroutine_is_no_consent(server: PracticeServer, weather: Callable[..., Any], calls: list[Any]) -> None:
    async def agree(name: str, call: str) -> bool:
        return True

    with pytest.raises(InvalidRequest, match="confirm is an async function"):
        Chat(confirm=agree)  # type: ignore[arg-type]  # that is what is tried
    hidden: Any = lambda name, call: agree(name, call)  # noqa: E731  # a function that cannot be told to be async
    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, confirm=hidden)
    server.enqueue(calls_weather(), Answer("Done."))
    assert chat.ask("go", tools=[confirm(weather)]).text
    assert calls == []
    chat.close()


def test_a_tool_that_asks_needs_somebody_to_ask(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any]
) -> None:
    with pytest.raises(InvalidRequest, match=r"weather asks before each call(.|\n)*Chat\(confirm=f\)"):
        chat.ask("go", tools=[confirm(weather)])
    with pytest.raises(InvalidRequest):
        Chat(tools=[confirm(weather)])
    assert server.requests == []


def test_a_tool_that_was_taken_away_is_not_called_by_a_retry(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any], calls: list[Any]
) -> None:
    chat.tools = [weather]
    server.enqueue(calls_weather(), Answer("Clear."))
    assert chat.ask("go").text
    chat.tools = []
    with pytest.raises(InvalidRequest, match="weather"):
        chat.ask_again()
    assert len(calls) == 1


def test_a_turn_with_a_function_and_a_search_can_be_asked_again(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any]
) -> None:
    server.enqueue(Answer("one"), Answer("two"))
    assert chat.ask("go", tools=[weather], search="news").text == "one"
    assert chat.ask_again().text == "two"
    assert server.requests[0].body["tools"] == server.requests[1].body["tools"]


def test_a_turn_whose_function_is_not_known_any_more_and_was_never_called_is_asked_again_as_it_was(
    server: PracticeServer, weather: Callable[..., Any], tmp_path: Path
) -> None:
    settings = {"base_url": server.base_url, "api_key": server.api_key, "journal": tmp_path / "j.jsonl"}
    server.enqueue(Answer("one"), Answer("two"))
    with closing(Chat("glm-4", **settings)) as first:
        assert first.ask("go", tools=[weather]).text == "one"
    with closing(Chat("glm-4", **settings)) as second:
        second.history.resume()
        assert second.ask_again().text == "two"
    assert server.requests[0].body["tools"] == server.requests[1].body["tools"]


def test_rounds_that_were_counted_stay_counted_when_the_last_is_not(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any]
) -> None:
    server.enqueue(calls_weather(prompt_tokens=10_000, completion_tokens=500), Raw((sse(chunk("It")), STALL)))
    reply = chat.ask("go", tools=[weather])
    assert next(iter(reply)) == "It"
    reply.interrupt()
    assert chat.ledger.spent.budget_tokens > 20_000


def test_the_budget_counts_what_a_tool_gave_back(chat: Chat, server: PracticeServer) -> None:
    from zhipu_magic.history.budget import Budget

    def long() -> str:
        return "word " * 3_000

    chat.budget = Budget(2_000, "tokens")
    server.enqueue(Answer(tool_calls=(tool_call("long", {}, id="1"),), prompt_tokens=50, completion_tokens=5))
    with pytest.raises(OverBudget, match="Nothing more was sent"):
        _ = chat.ask("go", tools=[long], max_tokens=100).text
    assert len(server.requests) == 1


def test_results_stand_under_their_own_calls_though_a_server_repeats_ids(
    tool_page: Page, server: PracticeServer
) -> None:
    for city in ("Paris", "Rome"):
        server.enqueue(Answer(tool_calls=(tool_call("weather", {"city": city}, id=""),)))
    server.enqueue(Answer("Both are clear."))
    assert tool_page.run("%%glm --tool weather\nParis and Rome?").success
    history = tool_page.run("%glm history --full").plain()
    assert 'weather(city="Paris") → {"city": "Paris"' in history
    assert 'weather(city="Rome") → {"city": "Rome"' in history


def test_the_key_in_a_tools_default_is_not_told(monkeypatch: pytest.MonkeyPatch, bare_page: Page) -> None:
    secret = "0123456789abcdef0123456789abcdef.verysecretpart"
    with PracticeServer(pace=0, api_key=secret) as server:
        monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
        monkeypatch.setenv("ZHIPUAI_API_KEY", secret)
        assert bare_page.run("%load_ext zhipu_magic\nimport os").success
        bare_page.run("def read(key: str = os.environ['ZHIPUAI_API_KEY']) -> str:\n    return key[:40]")
        shown = [bare_page.run(f"%%glm --preview --tool read -s 'key {secret}'\nhi")]
        server.enqueue(Answer(tool_calls=(tool_call("read", {}, id="1"),)), Answer("Well."))
        shown += [bare_page.run("%%glm --tool read\nhi"), bare_page.run("%glm history --full")]
        assert all(cell.success for cell in shown)
        told = str([shown, [received.body for received in server.requests]])
        assert "<API key>" in told
        assert secret[:30] not in told and secret[-14:] not in told


# Another turn that waits for it


def test_the_next_turn_runs_the_tools_of_one_that_nobody_reads(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any], calls: list[Any]
) -> None:
    server.enqueue(calls_weather(), Answer("It is clear."), Answer("Good."))
    first = chat.ask("How is Paris?", tools=[weather])
    assert chat.ask("Good?").text == "Good."
    assert calls == [("Paris", 1)] and first.text == "It is clear."
    assert [turn.reply for turn in chat.thread().turns] == ["It is clear.", "Good."]


def test_the_next_turn_waits_for_a_tool_that_runs_in_another_thread(chat: Chat, server: PracticeServer) -> None:
    runs, may_end = threading.Event(), threading.Event()

    def slow() -> str:
        """Takes its time."""
        runs.set()
        may_end.wait(10)
        return "done"

    server.enqueue(Answer(tool_calls=(tool_call("slow", {}, id="1"),)), Answer("first"), Answer("second"))
    first = chat.ask("Go.", tools=[slow])
    reading = threading.Thread(target=first.read)
    reading.start()
    assert runs.wait(10)
    threading.Timer(0.3, may_end.set).start()
    assert chat.ask("And?").text == "second"
    reading.join()
    assert [turn.reply for turn in chat.thread().turns] == ["first", "second"]


def test_a_tool_that_is_interrupted_there_ends_its_own_turn(chat: Chat, server: PracticeServer) -> None:
    def stuck() -> str:
        """Never ends."""
        raise KeyboardInterrupt

    server.enqueue(Answer(tool_calls=(tool_call("stuck", {}, id="1"),)))
    first = chat.ask("Go.", tools=[stuck])
    with pytest.raises(KeyboardInterrupt):
        chat.ask("And?")
    assert first.state == "interrupted" or first.ended
    assert len(server.requests) == 1
    server.enqueue(Answer("on"))
    assert chat.ask("And now?").text == "on"


def test_a_tool_may_end_its_own_reply(chat: Chat, server: PracticeServer) -> None:
    def stop() -> str:
        """Ends it."""
        chat.interrupt()
        return "stopped"

    server.enqueue(Answer("One moment.", tool_calls=(tool_call("stop", {}, id="1"),)))
    reply = chat.ask("Go.", tools=[stop])
    reply.read()
    assert len(server.requests) == 1
    assert reply.finish_reason == "interrupted"
