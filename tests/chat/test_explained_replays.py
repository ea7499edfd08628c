"""A page that was not run from top to bottom replays: what is stale there keeps the reply that it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from zhipu_magic import Chat
from zhipu_magic.history.turn import Anchor, Turn
from zhipu_magic.practice import Answer, PracticeServer, tool_call
from zhipu_magic.text.errors import NotRecorded


class Pages:
    """A notebook: `begin` starts a kernel, in which `run` runs a cell; in `replay` they run from top to bottom."""

    def __init__(self, path: Path, server: PracticeServer) -> None:
        self.path = path
        self.server = server
        self.chats: list[Chat] = []
        self.texts: dict[str, str] = {}
        self.options: dict[str, dict[str, Any]] = {}
        self.runs = 0

    def begin(self, **more: Any) -> Chat:
        server = self.server
        self.chats.append(Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=self.path, **more))
        return self.chats[-1]

    @property
    def chat(self) -> Chat:
        return self.chats[-1]

    def run(self, cells: str, order: str = "") -> None:
        """Run these cells, one after the other, on a page in this order if it tells."""
        for cell in cells:
            self.runs += 1
            if order:
                self.chat.history.arrange(list(order), [cell])
            self.server.enqueue(Answer(f"reply {self.runs} to {cell}"))
            anchor = Anchor(cell, self.runs)
            self.texts[cell] = self.chat.ask(self.prompt(cell), anchor=anchor, **self.options.get(cell, {})).text

    def prompt(self, cell: str) -> str:
        return f"the question of {cell}"

    def replay(self, page: str, *, known: bool = False) -> Chat:
        """Replay all cells of this page, which is `known` or not. Returns the chat, after comparing what it shows."""
        self.close()
        chat = Chat("glm-4", journal=self.path, replay="only")
        self.chats.append(chat)
        rest = list(page)

        def below(turn: Turn) -> bool:
            return turn.prompt in map(self.prompt, rest)

        chat.asked_below = below if known else None
        while rest:
            cell = rest.pop(0)
            assert chat.ask(self.prompt(cell), **self.options.get(cell, {})).text == self.texts[cell]
        return chat

    def close(self) -> None:
        while self.chats:
            self.chats.pop().close()


@pytest.fixture
def pages(tmp_path: Path, server: PracticeServer) -> Iterator[Pages]:
    pages = Pages(tmp_path / "page.jsonl", server)
    pages.begin()
    yield pages
    pages.close()


def stale(chat: Chat) -> list[str]:
    return [link.turn.prompt[-1] for link in chat.thread().links if link.stale]


def held(chat: Chat) -> list[str]:
    return [turn.prompt[-1] for turn in chat.thread().turns]


def test_a_page_with_an_inserted_cell_replays(pages: Pages) -> None:
    pages.run("AB", "AB")
    pages.run("C", "ACB")
    assert (held(pages.chat), stale(pages.chat)) == (["A", "C", "B"], ["B"])
    chat = pages.replay("ACB")
    assert (held(chat), stale(chat)) == (["A", "C", "B"], ["B"])


def test_it_replays_where_the_front_end_told_no_order_if_the_page_is_known(pages: Pages) -> None:
    pages.run("ABC")
    assert held(pages.chat) == ["A", "B", "C"]
    chat = pages.replay("ACB", known=True)
    assert (held(chat), stale(chat)) == (["A", "C", "B"], ["C", "B"])


def test_it_does_not_where_neither_is_known(pages: Pages) -> None:
    pages.run("ABC")
    with pytest.raises(NotRecorded):
        pages.replay("ACB")


@pytest.mark.parametrize("known", [False, True])
def test_a_page_whose_cell_was_deleted_or_edited_afterwards_does_not(pages: Pages, known: bool) -> None:
    pages.run("ABC")
    with pytest.raises(NotRecorded):
        pages.replay("AC", known=known)
    with pytest.raises(NotRecorded):
        pages.replay("BC", known=known)
    with pytest.raises(NotRecorded):
        pages.replay("AXBC", known=known)


def test_nor_does_one_whose_earlier_cell_was_not_run(pages: Pages) -> None:
    pages.run("AB", "AB")
    pages.run("CD", "ACBD")
    with pytest.raises(NotRecorded):
        pages.replay("ABD")


def test_what_was_set_aside_with_its_cell_is_not_missing(pages: Pages) -> None:
    pages.run("ABC", "ABC")
    pages.chat.history.set_aside(["B"])
    chat = pages.replay("AC")
    assert stale(chat) == ["C"]


def test_what_came_back_with_its_cell_stands_above(pages: Pages) -> None:
    pages.run("AB")
    pages.chat.history.set_aside(["A"])
    pages.run("B")
    assert pages.chat.history.bring_back(["A"]) == {"main": 1}
    assert stale(pages.replay("AB")) == ["B"]


def test_a_cell_run_again_with_another_answer_leaves_the_others_stale(pages: Pages) -> None:
    pages.run("ABCA")
    chat = pages.replay("ABC")
    assert stale(chat) == ["B", "C"]


def test_moved_cells(pages: Pages) -> None:
    pages.run("ABCD", "ABCD")
    assert pages.chat.history.arrange("DBAC")
    assert stale(pages.replay("DBAC")) == stale_now(pages, "DBAC")


def stale_now(pages: Pages, page: str) -> list[str]:
    """What is stale on the page, by the journal."""
    chat = Chat.load(pages.path)
    assert held(chat) == list(page)
    found = stale(chat)
    chat.close()
    return found


def test_moved_cells_of_a_front_end_that_told_no_order(pages: Pages) -> None:
    pages.run("ABCD")
    assert held(pages.replay("DBAC", known=True)) == ["D", "B", "A", "C"]


def test_cells_are_moved_inserted_and_run_again_by_turns(pages: Pages) -> None:
    pages.run("ABC", "ABC")
    pages.run("D", "ADBC")
    pages.run("A", "ADCB")
    pages.run("EB", "EADCB")
    pages.run("F", "EADCFB")
    assert stale(pages.replay("EADCFB")) == stale_now(pages, "EADCFB")


def test_equal_prompts_are_told_apart(pages: Pages) -> None:
    pages.prompt = lambda cell: "go on" if cell in "BCD" else f"the question of {cell}"  # type: ignore[method-assign]  # of this one
    pages.run("ABCD", "ABCD")
    pages.run("X", "AXBCD")
    pages.run("C", "AXBCD")
    assert stale_of(pages.replay("AXBCD")) == [2, 4]


def test_equal_prompts_are_told_apart_without_an_order(pages: Pages) -> None:
    pages.prompt = lambda cell: "go on" if cell in "BCD" else f"the question of {cell}"  # type: ignore[method-assign]  # of this one
    pages.run("ABCDX")
    pages.replay("AXBCD", known=True)


def stale_of(chat: Chat) -> list[int]:
    return [number for number, link in enumerate(chat.thread().links) if link.stale]


def test_a_system_text_given_above_is_that_of_the_recorded_request(pages: Pages) -> None:
    pages.options = {"A": {"system": "Be brief."}, "X": {"system": "Be a poet."}}
    pages.run("ABC", "ABC")
    pages.run("X", "AXBC")
    chat = pages.replay("AXBC")
    assert chat.system == "Be a poet."
    assert stale(chat) == ["B", "C"]


def test_another_text_for_the_whole_thread_is_another_request(pages: Pages) -> None:
    pages.run("AB", "AB")
    pages.run("X", "AXB")
    pages.close()
    chat = pages.begin(system="Be a pirate.", replay="only")
    with pytest.raises(NotRecorded):
        for cell in "AXB":
            chat.ask(pages.prompt(cell))


@pytest.mark.parametrize("options", [{"system": "Be a pirate."}, {"temperature": 0.1}, {"model": "glm-4-air"}])
def test_what_differs_in_more_than_its_earlier_turns_is_not_it(pages: Pages, options: dict[str, Any]) -> None:
    pages.run("AB", "AB")
    pages.run("X", "AXB")
    pages.options = {"B": options}
    with pytest.raises(NotRecorded):
        pages.replay("AXB")


def test_typed_answers_and_tools(pages: Pages, server: PracticeServer) -> None:
    calls = []

    def weather(city: str) -> str:
        """The weather.

        Args:
            city: where
        """
        calls.append(city)
        return "rain"

    pages.options = {"A": {"tools": [weather]}, "B": {"tools": [weather]}, "C": {"as_type": int}}
    pages.run("A", "ABC")
    server.enqueue(Answer(tool_calls=[tool_call("weather", '{"city": "Paris"}', id="1")]))
    pages.run("B", "ABC")
    server.enqueue(Answer("42"))
    pages.texts["C"] = pages.chat.ask(pages.prompt("C"), anchor=Anchor("C", 9), as_type=int).text
    pages.run("X", "AXBC")
    chat = pages.replay("AXBC")
    assert calls == ["Paris"]
    assert stale(chat) == ["B", "C"]


def test_a_reply_that_is_gone_on_from_and_one_that_was_asked_again(pages: Pages, server: PracticeServer) -> None:
    pages.run("A", "A")
    server.enqueue(Answer("the first half", finish_reason="length"), Answer(" and the second"), Answer("once more"))
    assert pages.chat.ask("B", anchor=Anchor("B", 50)).text == "the first half"
    assert pages.chat.go_on(Anchor("J", 51)).text == " and the second"
    pages.run("X", "AXB")
    pages.close()
    chat = pages.begin(replay="only")
    for prompt, text in ((pages.prompt("A"), pages.texts["A"]), (pages.prompt("X"), pages.texts["X"])):
        assert chat.ask(prompt).text == text
    assert chat.ask("B").text == "the first half"
    assert chat.go_on().text == " and the second"
    assert chat.thread().turns[-1].reply == "the first half and the second"


def test_one_that_was_asked_again(pages: Pages, server: PracticeServer) -> None:
    pages.run("AB", "AB")
    server.enqueue(Answer("once more"))
    assert pages.chat.ask_again(Anchor("R", 50)).text == "once more"
    pages.run("X", "AXB")
    chat = pages.replay("AXB")
    assert chat.ask_again().text == "once more"


def test_it_goes_over_several_sessions(pages: Pages) -> None:
    pages.run("AB", "AB")
    pages.begin().history.resume()
    pages.run("X", "AXB")
    pages.begin().history.resume()
    pages.run("A", "AXB")
    assert stale(pages.replay("AXB")) == ["X", "B"]


def test_what_a_reset_has_taken_away_is_no_part_of_the_page(pages: Pages) -> None:
    pages.run("AB", "AB")
    pages.run("X", "AXB")
    pages.chat.history.reset()
    with pytest.raises(NotRecorded):
        pages.replay("AXB")


def test_other_modes_ask_the_service(pages: Pages, server: PracticeServer) -> None:
    pages.run("AB", "AB")
    pages.run("X", "AXB")
    chat = pages.begin(replay="auto")
    server.enqueue(Answer("new"))
    assert [chat.ask(pages.prompt(cell)).text for cell in "AXB"] == [pages.texts["A"], pages.texts["X"], "new"]


def test_a_conversation_without_the_thread_explains_nothing_of_it(server: PracticeServer, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"base_url": server.base_url, "api_key": server.api_key}
    path = tmp_path / "j.jsonl"
    for prompts, thread in ((("one", "two"), "drafts"), (("elsewhere",), "main")):
        with closing(Chat("glm-4", journal=path, **settings)) as chat:
            for prompt in prompts:
                assert chat.ask(prompt, thread=thread).text
    with closing(Chat("glm-4", journal=path, replay="only")) as chat, pytest.raises(NotRecorded):
        chat.ask("two", thread="drafts")


def test_what_differs_though_python_takes_it_for_the_same_is_told(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with closing(Chat("glm-4", journal=path, base_url=server.base_url, api_key=server.api_key)) as chat:
        assert chat.ask("one", params={"custom": True}).text
    with closing(Chat("glm-4", journal=path, replay="only")) as chat, pytest.raises(NotRecorded) as raised:
        chat.ask("one", params={"custom": 1})
    assert "custom differs. Recorded: true; now: 1" in str(raised.value)
