"""A stale reply is found by its request also where that held pictures, or not all of the turns before it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as PIL
from test_explained_replays import Pages, held, pages, stale

from zhipu_magic import Chat
from zhipu_magic.history.turn import Anchor
from zhipu_magic.practice import Answer, Fault, PracticeServer
from zhipu_magic.service.models import CATALOGUE, Model
from zhipu_magic.text.errors import NotRecorded

__all__ = ["pages"]

EYES = "glm-5.3-flash"
TOO_LONG = Fault(400, "1261")


def picture(colour: str) -> PIL.Image:
    return PIL.new("RGB", (8, 6), colour)


# Pictures


def test_pictures_in_the_prompt_and_in_the_turns_before_it(pages: Pages) -> None:
    pages.options = {cell: {"model": EYES} for cell in "ABCX"}
    pages.options["A"]["images"] = [picture("red")]
    pages.options["B"]["images"] = [picture("green"), picture("blue")]
    pages.run("ABC", "ABC")
    pages.run("X", "AXBC")
    chat = pages.replay("AXBC")
    assert stale(chat) == ["B", "C"]
    assert [len(turn.images) for turn in chat.thread().turns] == [1, 0, 2, 0]


def test_another_picture_is_another_request(pages: Pages) -> None:
    pages.options = {"B": {"images": [picture("green")], "model": EYES}}
    pages.run("AB", "AB")
    pages.run("X", "AXB")
    pages.options["B"]["images"] = [picture("red")]
    with pytest.raises(NotRecorded):
        pages.replay("AXB")


def test_a_model_that_cannot_see_was_told_of_none(pages: Pages) -> None:
    pages.options = {"A": {"images": [picture("red")], "model": EYES}}
    pages.run("ABC", "ABC")
    pages.run("X", "AXBC")
    assert stale(pages.replay("AXBC")) == ["B", "C"]


def test_a_picture_put_in_above_a_model_that_cannot_see(pages: Pages) -> None:
    pages.options = {"X": {"images": [picture("red")], "model": EYES}}
    pages.run("AB", "AB")
    pages.run("X", "AXB")
    pages.run("C", "AXBC")
    chat = pages.replay("AXBC")
    assert stale(chat) == ["B"]


def test_pictures_without_an_order(pages: Pages) -> None:
    pages.options = {
        cell: {"images": [picture(colour)], "model": EYES} for cell, colour in zip("AB", ("red", "blue"), strict=True)
    }
    pages.run("ABC")
    assert held(pages.replay("ACB", known=True)) == ["A", "C", "B"]


# Windows


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model with room for 150 tokens and an answer."""
    model = Model("glm-4", context=200, longest_answer=50)
    monkeypatch.setitem(CATALOGUE, "glm-4", model)
    return model


class Windows(Pages):
    """A notebook whose turns take 50 tokens each, by the service's count."""

    def run(self, cells: str, order: str = "") -> None:
        for cell in cells:
            self.runs += 1
            if order:
                self.chat.history.arrange(list(order), [cell])
            request = self.chat.request(self.prompt(cell), anchor=Anchor(cell, self.runs))
            before = 50 * (request.before.size - request.left_out)
            self.server.enqueue(Answer(f"re {self.runs} {cell}", prompt_tokens=before + 25, completion_tokens=25))
            reply = self.chat.ask(self.prompt(cell), anchor=Anchor(cell, self.runs), **self.options.get(cell, {}))
            self.texts[cell] = reply.text


@pytest.fixture
def windows(tmp_path: Path, server: PracticeServer, small: Model) -> Iterator[Windows]:
    pages = Windows(tmp_path / "page.jsonl", server)
    pages.begin()
    yield pages
    pages.close()


def left_out(pages: Pages) -> dict[str, int]:
    """How many turns the request of each cell left out, by the journal."""
    lines = [json.loads(line) for line in pages.path.read_text("utf-8").splitlines()]
    return {line["cell"]: line.get("left_out", 0) for line in lines if line["event"] == "turn"}


def shown(chat: Chat, pages: Pages, page: str) -> dict[str, int]:
    """What a replay says of it."""
    return {cell: chat.ask(pages.prompt(cell), **pages.options.get(cell, {})).progress.left_out for cell in page}


def test_turns_that_were_left_out_are_those_of_then(windows: Windows) -> None:
    windows.run("ABCDE", "ABCDE")
    windows.run("X", "AXBCDE")
    recorded = left_out(windows)
    assert recorded["E"] > 0
    assert stale(windows.replay("AXBCDE")) == ["B", "C", "D", "E"]
    chat = windows.begin(replay="only")
    assert shown(chat, windows, "AXBCDE") == recorded


def test_a_cell_put_in_above_what_is_left_out_since(windows: Windows) -> None:
    windows.run("ABCDE", "ABCDE")
    windows.run("XY", "XYABCDE")
    windows.run("D", "XYABCDE")
    windows.run("F", "XYABCDEF")
    assert left_out(windows)["F"] > left_out(windows)["E"]
    windows.replay("XYABCDEF")


def test_they_are_without_an_order(windows: Windows) -> None:
    windows.run("ABCDE")
    assert left_out(windows)["E"] > 0
    windows.replay("AEBCD", known=True)


def test_a_request_that_the_service_found_too_long(pages: Pages, server: PracticeServer) -> None:
    pages.run("ABC", "ABC")
    server.enqueue(TOO_LONG)
    pages.run("D", "ABCD")
    pages.run("X", "AXBCD")
    assert left_out(pages)["D"] > 0
    assert stale(pages.replay("AXBCD")) == ["B", "C", "D"]


def test_one_that_did_not_fit_and_was_too_long_even_so(windows: Windows, server: PracticeServer) -> None:
    windows.run("ABCDE", "ABCDE")
    server.enqueue(TOO_LONG)
    windows.run("F", "ABCDEF")
    windows.run("X", "AXBCDEF")
    assert left_out(windows)["F"] > left_out(windows)["E"] > 0
    windows.replay("AXBCDEF")


def test_pictures_that_were_left_out(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOGUE, EYES, Model(EYES, context=200, longest_answer=50, vision=True))
    windows.options = {cell: {"model": EYES} for cell in "ABCDEX"}
    windows.options["A"]["images"] = windows.options["D"]["images"] = [picture("red")]
    windows.run("ABCDE", "ABCDE")
    windows.run("X", "AXBCDE")
    assert left_out(windows)["E"] > 0
    assert stale(windows.replay("AXBCDE")) == ["B", "C", "D", "E"]


# The same request after other turns


def test_a_cell_run_again_with_the_same_answer_leaves_the_others_stale(pages: Pages, server: PracticeServer) -> None:
    pages.prompt = lambda cell: cell  # type: ignore[method-assign]  # of this one
    for run, cell in enumerate("ABCA"):
        server.enqueue(Answer(f"of {cell}"))
        pages.texts[cell] = pages.chat.ask(cell, anchor=Anchor(cell, run)).text
    assert stale(pages.chat) == ["B", "C"]
    assert stale(pages.replay("ABC")) == ["B", "C"]


def test_a_page_that_was_run_from_top_to_bottom_is_not_stale(windows: Windows) -> None:
    windows.run("ABCDE", "ABCDE")
    assert stale(windows.replay("ABCDE")) == []
