"""A conversation to which something happens in its second cell, and what must be true afterwards."""

from __future__ import annotations

import json
from typing import Any

from in_process import Cell, Page

from zhipu_magic.practice import Answer, PracticeServer, Raw
from zhipu_magic.text.errors import Interrupted

JSON = {"Content-Type": "application/json; charset=UTF-8"}


def plain(body: Any, status: int = 200) -> Raw:
    return Raw((json.dumps(body).encode(),), status, JSON)


class Story:
    """A conversation whose first turn stands; then something happens in its second cell."""

    def __init__(self, page: Page, server: PracticeServer) -> None:
        self.page = page
        self.server = server
        server.enqueue(Answer("one"))
        assert page.run("%%glm -b response\nfirst").success
        self.turns = [{"role": "user", "content": "first"}, {"role": "assistant", "content": "one"}]
        self.bound = page.names["response"]
        self.ledger = page.magics.chat.ledger
        self.asked = len(server.requests)

    def second(self, *scripts: Any, line: str = "%%glm -b response") -> Cell:
        self.server.enqueue(*scripts)
        return self.page.run(f"{line}\nsecond")

    @property
    def requests(self) -> int:
        """How many requests the second cell has sent."""
        return len(self.server.requests) - self.asked

    def left_no_trace(self, cell: Cell) -> None:
        """The second cell failed before any text."""
        assert not cell.success
        assert cell.outputs == []
        assert self.page.names["response"] is self.bound
        assert self.page.names["_glm"] is self.bound
        assert self.page.magics.chat.ledger == self.ledger
        self.goes_on()

    def kept(self, cell: Cell, words: str) -> None:
        """The second cell ended after some text, which is kept and marked."""
        assert not cell.success
        text, panel = cell.outputs
        assert text["data"] == {"text/markdown": words, "text/plain": words}
        assert set(panel["data"]) == {"text/html", "text/plain"}
        shown = (str(cell.error), panel["data"]["text/html"])
        assert sum(text.count("%glm continue goes on from") for text in shown) == 1
        assert [("Interrupted." in text) for text in shown] == [isinstance(cell.error, Interrupted), False]
        turn = self.page.magics.chat.thread().turns[-1]
        assert (turn.prompt, turn.reply, turn.interrupted) == ("second", words, True)
        bound = self.page.names["response"]
        assert bound is self.page.names["_glm"]
        assert (bound.choices[0].message.content, bound.choices[0].finish_reason) == (words, "interrupted")
        self.turns += [{"role": "user", "content": "second"}, {"role": "assistant", "content": words}]
        self.goes_on()

    def goes_on(self) -> None:
        """The next cell works, and its request holds exactly the turns that stand."""
        self.server.enqueue(Answer("three"))
        cell = self.page.run("%%glm -b response\nthird")
        assert cell.success
        assert cell.plain() == "three"
        assert self.server.requests[-1].body["messages"] == [*self.turns, {"role": "user", "content": "third"}]
        assert self.page.names["response"].choices[0].message.content == "three"
