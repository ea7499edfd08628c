"""The page is the conversation: what a user does to its cells, the model is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, Fault, PracticeServer

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("server", [0], indirect=True)]

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
TURNS = ("%%glm\nfirst", "%%glm\nsecond", "%%glm\nthird")
ASIDE = "1 turn was set aside"
REPLAY = '%config GLMMagics.replay = "{}"'


class User:
    """A user at a page, and what the service is told by what they do there."""

    def __init__(self, notebook: OpenNotebook, server: PracticeServer) -> None:
        self.notebook = notebook
        self.server = server
        notebook.wait_for_kernel()

    def ask(self, words: str, reply: str, *, index: int | None = None) -> list[str]:
        """Run the cell with these words; gives the messages of its request."""
        asked = len(self.server.requests)
        self.server.enqueue(Answer(reply))
        self.run(words, index=index)
        assert len(self.server.requests) == asked + 1
        return [message["content"] for message in self.server.requests[-1].body["messages"]]

    def ask_all(self) -> None:
        for words, reply in (("first", "one"), ("second", "two"), ("third", "three")):
            self.ask(words, reply)

    def run(self, words: str, *, index: int | None = None) -> str:
        """Run the cell with these words; gives what then stands under it."""
        place = self.notebook.find(words) if index is None else index
        self.notebook.finish(place)
        return self.under(place)

    def under(self, index: int) -> str:
        return "\n".join(self.notebook.outputs(index).all_inner_texts())

    def press(self, words: str, *keys: str, cells: int) -> None:
        """Choose the cell with these words and press keys, after which the page has so many cells."""
        from playwright.sync_api import expect

        self.notebook.press(self.notebook.find(words), *keys)
        expect(self.notebook.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(cells)


@pytest.fixture
def user(lab: FrontEnd, server: PracticeServer, opened: Open, request: pytest.FixtureRequest) -> Iterator[User]:
    """A user in JupyterLab who has asked three turns, and has a history below them; the page does not tell its order.

    What is different where it does: `extension/test_browser_order.py`.
    """
    name = request.function.__name__.removeprefix("test_")
    with lab.setting("zhipu-magic/plugin", {"page": False}):
        user = User(opened(lab, lab.write(name, LOAD, *TURNS, "%glm history", "pass"), height=1100), server)
        user.run(LOAD)
        user.ask_all()
        yield user


def test_the_conversation_follows_the_page_and_goes_on_after_a_restart(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    path = front_end.write(
        "page", LOAD, *TURNS, "%glm history", "%glm usage", "%glm resume", "%%glm\nfourth", "%%glm\nfifth", "pass"
    )
    notebook = opened(front_end, path, height=1500)
    user = User(notebook, server)
    assert user.run(LOAD) == ""
    user.ask_all()
    assert "stale" not in user.run("%glm history")
    user.run("%glm usage")

    notebook.edit(notebook.find("first"), "%%glm\nfirst, in other words")
    assert user.ask("first", "ONE") == ["first, in other words"]
    assert user.run("%glm history").count("stale") == 2
    dashboard = notebook.page.locator(".zhipu-magic-dashboard")
    expect(dashboard).to_contain_text("second (stale)")
    expect(dashboard).to_contain_text("third (stale)")
    shoot(notebook.page, f"{front_end.name}-page-stale")

    user.press("second", "d", "d", cells=9)
    assert user.ask("third", "THREE") == ["first, in other words", "ONE", "third"]
    expect(notebook.panel(notebook.find("third"))).to_contain_text(ASIDE)
    history = user.run("%glm history")
    assert history.count("set aside") == 1
    assert "stale" not in history
    expect(dashboard).to_contain_text("second (set aside)")
    shoot(notebook.page, f"{front_end.name}-page-aside")

    notebook.restart()
    assert user.run(LOAD) == "The journal page.jsonl has an earlier conversation: %glm resume continues it.\n"
    assert "2 turns in main" in user.run("%glm resume")
    assert user.run("%glm history") == re.sub(r"(?=\[\d+\])", "was ", history)
    shoot(notebook.page, f"{front_end.name}-page-resumed")
    told = ["first, in other words", "ONE", "third", "THREE", "fourth"]
    assert user.ask("fourth", "four") == told
    assert user.ask("third", "Three!") == told[:3]
    assert user.ask("fifth", "five") == [*told[:3], "Three!", "fourth", "four", "fifth"]
    assert user.run("%glm history").count("stale") == 1
    shoot(notebook.page, f"{front_end.name}-page-gone-on")
    assert (path.parent / ".glm" / "page.jsonl").is_file()


def test_the_turn_of_a_deleted_cell_comes_back_with_its_cell(user: User, shoot: Shoot) -> None:
    user.press("second", "d", "d", cells=5)
    assert user.ask("third", "THREE") == ["first", "one", "third"]
    user.press("third", "z", cells=6)
    assert user.ask("third", "Three!") == ["first", "one", "third"]
    assert user.ask("second", "TWO") == ["first", "one", "second"]
    assert ASIDE not in user.under(user.notebook.find("second"))
    assert user.ask("third", "three") == ["first", "one", "second", "TWO", "third"]
    history = user.run("%glm history")
    shoot(user.notebook.page, "jupyterlab-page-back")
    assert "set aside" not in history
    assert "stale" not in history


def test_a_turn_set_aside_is_restored_by_hand(user: User, shoot: Shoot) -> None:
    user.press("second", "d", "d", cells=5)
    user.notebook.edit(user.notebook.find("pass"), "%glm restore")
    told = user.run("%glm restore")
    shoot(user.notebook.page, "jupyterlab-page-restored")
    assert told.strip().endswith("1 turn restored. The thread now has 3 turns.")
    assert user.ask("third", "THREE") == ["first", "one", "second", "two", "third"]


def test_a_cell_whose_deletion_is_undone_at_once_keeps_its_turn(user: User, shoot: Shoot) -> None:
    user.press("second", "d", "d", cells=5)
    user.press("third", "z", cells=6)
    assert user.ask("second", "TWO") == ["first", "one", "second"]
    shoot(user.notebook.page, "jupyterlab-page-undone")
    assert "set aside" not in user.under(user.notebook.find("second"))
    assert user.ask("third", "THREE") == ["first", "one", "second", "TWO", "third"]


def test_a_cell_that_is_cut_and_pasted_keeps_its_turn_when_it_fails(user: User, shoot: Shoot) -> None:
    user.press("second", "x", cells=5)
    user.press("third", "v", cells=6)
    assert user.notebook.find("second") > user.notebook.find("third")
    user.server.enqueue(Fault(400, "1210"))
    told = user.run("second")
    shoot(user.notebook.page, "jupyterlab-page-cut")
    assert "The earlier turn of this cell stays in the conversation." in told
    assert user.ask("third", "THREE") == ["first", "one", "second", "two", "third"]


def test_a_moved_cell_replaces_its_turn_and_a_copied_one_adds_its_own(user: User, shoot: Shoot) -> None:
    user.press("first", "Control+Shift+ArrowDown", cells=6)
    assert user.notebook.find("first") > user.notebook.find("second")
    assert user.ask("first", "ONE") == ["first"]
    user.press("first", "c", "v", cells=7)
    copy = user.notebook.find("first") + 1
    assert user.ask("first", "COPY", index=copy) == ["first", "ONE", "second", "two", "third", "three", "first"]
    assert user.ask("first", "Copy!", index=copy) == ["first", "ONE", "second", "two", "third", "three", "first"]
    history = user.run("%glm history")
    shoot(user.notebook.page, "jupyterlab-page-moved")
    assert history.count("stale") == 2
    assert "%glm history 4" in history


def test_a_cell_deleted_before_the_restart_is_set_aside_when_resumed(user: User, shoot: Shoot) -> None:
    user.press("second", "d", "d", cells=5)
    user.notebook.restart()
    user.run(LOAD)
    user.notebook.edit(user.notebook.find("pass"), "%glm resume")
    told = user.run("%glm resume")
    assert user.ask("third", "THREE") == ["first", "one", "third"]
    shoot(user.notebook.page, "jupyterlab-page-deleted-before-restart")
    assert ASIDE in told + user.under(user.notebook.find("third"))


@dataclass(frozen=True)
class Saved:
    """What a saved page shows, cell by cell, but for the numbers of the runs; how many outputs a replay marked."""

    outputs: list[list[Any]]
    replayed: int

    @classmethod
    def of(cls, notebook: OpenNotebook) -> Saved:
        cells = [[dict(output) for output in cell.outputs] for cell in notebook.save().cells]
        marks = 0
        for output in (output for cell in cells for output in cell):
            output.pop("execution_count", None)
            marks += bool(output.get("metadata", {}).get("zhipu_magic", {}).pop("replayed", False))
        return cls(cells, marks)


def test_a_page_run_again_from_its_journal_is_the_same(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    cells = (
        REPLAY.format("off"),
        '%%glm -s "Be brief."\nHow deep is the sea?',
        "%%glm -b response\n你好",
        "response.usage.total_tokens",
        "%glm history",
        "%glm usage",
    )
    notebook = opened(front_end, front_end.write("replay", LOAD, *cells, "pass"), height=1300)
    notebook.wait_for_kernel()
    server.enqueue(Answer("**Deep**: about $z$ metres.", reasoning="Let me think of the sea."))
    notebook.run_all(len(cells) + 2)
    live = Saved.of(notebook)
    assert live.replayed == 0
    assert [len(cell) for cell in live.outputs] == [0, 0, 2, 2, 1, 1, 1, 0]
    assert len(server.requests) == 2
    shoot(notebook.page, f"{front_end.name}-page-live")

    notebook.restart()
    notebook.edit(1, REPLAY.format("only"))
    notebook.run_all(len(cells) + 2)
    shoot(notebook.page, f"{front_end.name}-page-replayed")
    again = Saved.of(notebook)
    assert again.outputs[1:] == live.outputs[1:]
    assert again.replayed == 2
    assert len(server.requests) == 2


def test_a_replay_shows_what_the_page_showed_last(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    cells = (LOAD, REPLAY.format("off"), *TURNS, "%%glm\nfourth", "%glm history --full", "pass")
    notebook = opened(lab, lab.write("replay-last", *cells), height=1300)
    user = User(notebook, server)
    user.run(LOAD)
    user.run("replay")
    user.ask_all()
    notebook.edit(notebook.find("first"), "%%glm\nfirst, in other words")
    user.ask("first", "ONE")
    user.press("second", "d", "d", cells=7)
    user.ask("third", "THREE")
    user.ask("fourth", "four")
    user.ask("fourth", "FOUR")
    assert "stale" not in user.run("%glm history --full")
    live, asked = Saved.of(notebook), len(server.requests)

    notebook.restart()
    notebook.edit(1, REPLAY.format("only"))
    notebook.run_all(7)
    shoot(notebook.page, "jupyterlab-page-replayed-last")
    again = Saved.of(notebook)
    assert [cell[0] for cell in again.outputs[2:5]] == [cell[0] for cell in live.outputs[2:5]]
    assert again.replayed == 3
    assert len(server.requests) == asked
    assert "FOUR" in user.under(notebook.find("%glm history --full"))
