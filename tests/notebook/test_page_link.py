"""The comm between a real kernel and the front end's extension: what goes over the wire."""

from __future__ import annotations

import json
import time
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from kernels import PATIENCE, Kernel, Message, Run, no_kernel_is_left, one_kernel

from zhipu_magic.practice import DONE, Answer, PracticeServer, Raw, chunk, sse

__all__ = ["no_kernel_is_left", "one_kernel"]

TARGET = "zhipu_magic"


class Page:
    """A page with the extension: what it says to a kernel, and what it is told."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.cells: list[str] = []
        self._start = len(kernel.transcript)

    def run(self, code: str, cell: str, told: object = None) -> Run:
        """Run this in the cell of this name, and wait until it is idle."""
        client = self.kernel.client
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        told = {"version": 1, "cells": self.cells} if told is None else told
        metadata = {"cellId": cell, "deletedCells": [], TARGET: told}
        message = client.session.msg("execute_request", {**content, "allow_stdin": False}, metadata=metadata)
        client.shell_channel.send(message)
        run = self.kernel.finish(message["header"]["msg_id"])
        assert run.reply["status"] == "ok", run.reply
        return run

    def say(self, data: object) -> None:
        """Send this over the comm."""
        client = self.kernel.client
        content = {"comm_id": self.opened[-1]["content"]["comm_id"], "data": data}
        client.shell_channel.send(client.session.msg("comm_msg", content))

    @property
    def messages(self) -> list[Message]:
        return self.kernel.transcript[self._start :]

    @property
    def opened(self) -> list[Message]:
        return [
            message
            for message in self.messages
            if message["msg_type"] == "comm_open" and message["content"]["target_name"] == TARGET
        ]

    @property
    def told(self) -> list[dict[str, Any]]:
        """What the page has been told, the latest last."""
        ids = [message["content"]["comm_id"] for message in self.opened]
        return [
            message["content"]["data"]
            for message in self.messages
            if message["msg_type"] in ("comm_open", "comm_msg") and message["content"]["comm_id"] in ids
        ]

    @property
    def states(self) -> list[dict[str, Any]]:
        """What the page knows after each of these messages, as lab/src/page-cells.js takes them."""
        states: list[dict[str, Any]] = []
        for data in self.told:
            if data.get("type") == "state":
                states.append(data)
            elif data.get("type") == "changes":
                before = states[-1]
                assert data["number"] == before["number"] + 1
                parts = data.get("turns", [[0, len(before["turns"])]])
                lists = [[part] if isinstance(part, dict) else before["turns"][slice(*part)] for part in parts]
                states.append({**before, **data, "type": "state", "turns": list(chain(*lists))})
            elif data.get("type") == "going":
                states.append({**states[-1], "tables": data["tables"], "jobs": data["jobs"]})
        return states

    def told_of(self, *, jobs: list[str]) -> None:
        """Wait until the page knows that the jobs are those of these cells."""
        deadline = time.monotonic() + PATIENCE
        while self.states[-1]["jobs"] != jobs:
            assert time.monotonic() < deadline, (self.states[-1]["jobs"], jobs)
            self.kernel.take(0.1)

    def state(self, *turns: str) -> dict[str, Any]:
        """Wait for a state with these turns: the cells, and a * at those that are stale. Returns it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            states = self.states
            found = [f"{turn['cell']}{'*' * turn['stale']}" for turn in states[-1]["turns"]] if states else None
            if found == list(turns):
                return states[-1]
            assert time.monotonic() < deadline, (found, turns)
            self.kernel.take(0.1)


@pytest.fixture
def page(one_kernel: Kernel, server: PracticeServer) -> Page:
    one_kernel.set(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key)
    assert one_kernel.run("%unload_ext zhipu_magic\n%load_ext zhipu_magic\n%glm journal off").reply["status"] == "ok"
    return Page(one_kernel)


def test_the_page_is_told_how_the_conversation_stands(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("one"), Answer("two"), Answer("cut", finish_reason="length"))
    page.cells = ["a", "b"]
    page.run("%%glm\nabout a", "a")
    state = page.state("a")
    assert (state["version"], state["thread"], state["tables"]) == (1, "main", [])
    assert state["threads"] == [{"name": "main", "turns": 1}]
    [turn] = state["turns"]
    assert turn | {"tokens": 0} == {
        **{"cell": "a", "thread": "main", "number": 1, "prompt": "about a", "model": "glm-4.7-flash", "tokens": 0},
        **{"stale": False, "cut": False},
    }
    assert turn["tokens"] > 0
    assert (state["usage"]["requests"], state["usage"]["cost"]) == (1, 0)
    assert state["usage"]["budget"] is None
    page.run("%%glm\nabout b", "b")
    page.run("%%glm\nabout a, again", "a")
    state = page.state("a", "b*")
    assert state["turns"][0]["cut"]
    assert len(page.opened) == 1


def test_a_page_whose_conversation_can_be_resumed_is_told_how(
    one_kernel: Kernel, server: PracticeServer, tmp_path: Path
) -> None:
    one_kernel.set(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key)
    journal = f"%config GLMMagics.journal = {str(tmp_path / 'earlier.jsonl')!r}"
    page = Page(one_kernel)
    page.cells = ["a", "b"]
    page.run(f"%unload_ext zhipu_magic\n%load_ext zhipu_magic\n{journal}", "load")
    page.run("%%glm\nabout a", "a")
    assert page.state("a")["earlier"] == ""
    again = Page(one_kernel)
    again.cells = ["a", "b"]
    again.run(f"%unload_ext zhipu_magic\n{journal}\n%load_ext zhipu_magic", "load")
    assert again.state()["earlier"] == "%glm resume"
    again.run("%glm resume", "resume")
    assert again.state("a")["earlier"] == ""
    one_kernel.run("%config GLMMagics.journal = 'auto'")


def test_only_what_has_changed_is_told(page: Page) -> None:
    page.cells = ["a", "b", "c"]
    for count, cell in enumerate(page.cells, 1):
        page.run(f"%%glm\nabout {cell}", cell)
        page.state(*page.cells[:count])
    last = page.told[-1]
    assert (last["type"], last["turns"][0]) == ("changes", [0, 2])
    assert last.keys() == {"type", "number", "threads", "turns", "usage"}
    page.run("%config GLMMagics.temperature = 0.5", "d")
    page.run("%glm undo", "e")
    page.state("a", "b")
    assert page.told[-1]["turns"] == [[0, 2]]
    page.say({"type": "hello"})
    deadline = time.monotonic() + PATIENCE
    while page.told[-1].get("type") != "state":
        assert time.monotonic() < deadline
        page.kernel.take(0.1)
    assert page.states[-1] == {**page.states[-2], "number": 1, "version": 1}


def test_the_page_that_moves_a_cell_is_told_at_once_what_is_stale(page: Page) -> None:
    page.cells = ["a", "b"]
    page.run("%%glm\nabout a", "a")
    page.run("%%glm\nabout b", "b")
    page.state("a", "b")
    page.say({"type": "order", "cells": ["b", "a"]})
    page.state("b*", "a*")


def test_the_page_that_has_lost_a_cell_is_told_at_once_what_is_stale(page: Page) -> None:
    page.cells = ["a", "b", "c"]
    for cell in page.cells:
        page.run(f"%%glm\nabout {cell}", cell)
    page.state("a", "b", "c")
    page.say({"type": "order", "page": "one", "cells": ["b", "c"], "gone": ["a"]})
    page.state("b*", "c*")
    page.say({"type": "hello", "page": "two", "there": []})
    page.say({"type": "hello", "page": "one", "there": ["c"]})
    page.state("c*")


def test_a_page_that_was_loaded_again_asks_for_the_state(page: Page) -> None:
    page.cells = ["a"]
    page.run("%%glm\nabout a", "a")
    page.state("a")
    before = len(page.told)
    page.say({"type": "hello"})
    deadline = time.monotonic() + PATIENCE
    while len(page.told) == before:
        assert time.monotonic() < deadline
        page.kernel.take(0.1)
    assert page.told[-1] == page.states[-2]


@pytest.mark.parametrize("said", [None, [], "hello", {"type": 5}, {"type": "order", "cells": {"a": 1}}, {"x": [[]]}])
def test_what_is_no_message_is_passed_over_in_silence(page: Page, said: object) -> None:
    page.cells = ["a"]
    page.run("%%glm\nabout a", "a")
    page.state("a")
    before = len(page.kernel.transcript)
    page.say(said)
    page.run("1", "b")
    kinds = [message["msg_type"] for message in page.kernel.transcript[before:]]
    assert "stream" not in kinds
    assert "error" not in kinds


def test_without_the_extension_no_comm_is_opened_and_with_another_version_neither(page: Page) -> None:
    page.kernel.run("%%glm\nhi")
    page.run("%%glm\nhi", "a", told={"version": 9, "cells": ["a"]})
    assert page.opened == []
    assert page.run("import sys; print('comm' in sys.modules)", "b", told=[]).outputs


def test_a_cell_that_changes_nothing_tells_nothing(page: Page) -> None:
    page.cells = ["a"]
    page.run("%%glm\nabout a", "a")
    page.state("a")
    before = len(page.told)
    for _ in range(3):
        page.run("1", "b")
    page.kernel.take(0.5)
    assert len(page.told) == before


def test_many_changes_are_told_few_times_and_the_last_of_them_always(page: Page, server: PracticeServer) -> None:
    code = "chat = get_ipython().magics_manager.registry['GLMMagics'].chat\n" + "\n".join(
        f"%glm thread t{number}" for number in range(30)
    )
    page.cells = ["a"]
    page.run("%%glm\nabout a", "a")
    page.state("a")
    before, since = len(page.told), time.monotonic()
    page.run(code, "b")
    while page.states[-1]["thread"] != "t29":
        assert time.monotonic() < since + PATIENCE
        page.kernel.take(0.1)
    assert len(page.told) - before <= 2 + 5 * (time.monotonic() - since)


def test_neither_the_key_nor_a_long_prompt_is_told(page: Page, server: PracticeServer) -> None:
    page.cells = ["a"]
    page.run(f"%%glm\n{server.api_key} is my key\n" + "and so on " * 100, "a")
    state = page.state("a")
    assert server.api_key not in json.dumps(page.told)
    assert len(state["turns"][0]["prompt"]) <= 80


def test_the_page_is_told_of_tables_while_their_rows_are_asked(page: Page, server: PracticeServer) -> None:
    slow = Raw((sse(chunk("x")), 0.6, sse(chunk(finish_reason="stop")), DONE))
    server.enqueue(*[slow] * 4)
    page.cells = ["a", "t"]
    page.run("rows = [{'x': number} for number in range(4)]", "r")
    page.run("%%glm --each rows --in-flight 2 -o out\nWhat is {{ x }}?", "t")
    tables = [data["tables"] for data in page.told if data.get("tables")]
    assert tables
    table = tables[0][0]
    assert {name: table[name] for name in ("cell", "name", "total")} == {"cell": "t", "name": "rows", "total": 4}
    assert set(table) == {"cell", "name", "done", "total", "failed", "in_flight", "limit"}
    deadline = time.monotonic() + PATIENCE
    while page.states[-1]["tables"]:
        assert time.monotonic() < deadline
        page.kernel.take(0.1)


def test_the_page_stops_the_job_of_one_cell_and_no_other(page: Page, server: PracticeServer) -> None:
    slow = Raw((*(step for number in range(60) for step in (sse(chunk(f"{number} ")), 0.2)), DONE))
    server.enqueue(slow, slow)
    page.cells = ["a", "b"]
    page.run("%%glm --bg --once\nabout a", "a")
    page.run("%%glm --bg --once\nabout b", "b")
    page.told_of(jobs=["a", "b"])
    for said in ({"cell": "c"}, {"cell": ["a"]}, {"cell": "a" * 201}, {}):
        page.say({"type": "stop", **said})
    page.say({"type": "stop", "cell": "a"})
    page.told_of(jobs=["b"])
    page.run("%glm stop", "c")
    page.told_of(jobs=[])


def test_a_budget_is_told_in_numbers(page: Page, server: PracticeServer) -> None:
    page.cells = ["a"]
    page.run("%glm budget 5 yuan", "b")
    page.run("%%glm\nabout a", "a")
    assert page.state("a")["usage"]["budget"] == {"left": 5.0, "limit": 5.0, "unit": "yuan"}


def test_a_reload_closes_the_link_and_opens_another(page: Page) -> None:
    page.cells = ["a"]
    page.run("%%glm\nabout a", "a")
    page.state("a")
    page.run("%unload_ext zhipu_magic\n%load_ext zhipu_magic", "l")
    closed = [message["content"]["comm_id"] for message in page.messages if message["msg_type"] == "comm_close"]
    assert page.opened[0]["content"]["comm_id"] in closed
    page.run("1", "b")
    assert len(page.opened) == 2


def test_a_forked_child_tells_nothing(page: Page) -> None:
    page.cells = ["a"]
    page.run("%%glm\nabout a", "a")
    page.state("a")
    before = len(page.messages)
    page.run(
        "import multiprocessing, gc\n"
        "def child():\n"
        "    magics = get_ipython().magics_manager.registry['GLMMagics']\n"
        "    magics.chat.system = 'x'; magics.session.reflect_chat(); magics.session.close(); gc.collect()\n"
        "one = multiprocessing.get_context('fork').Process(target=child); one.start(); one.join()\n"
        "assert one.exitcode == 0, one.exitcode",
        "f",
    )
    kinds = {message["msg_type"] for message in page.messages[before:]}
    assert kinds.isdisjoint({"comm_msg", "comm_close", "stream"})
    page.say({"type": "order", "cells": ["a"]})
    page.state("a")
