"""What cells say of turns by their numbers, on a page that was not run from top to bottom, is the same in a replay."""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from in_process import Cell, Page

from zhipu_magic.notebook.page.looked_at import OTHER_TURNS, UNSURE
from zhipu_magic.notebook.page.ran import ran_as
from zhipu_magic.practice import Answer, PracticeServer

COMMANDS = {
    **{"H": "%glm history", "I": "%glm history --full", "J": "%glm history 2-", "S": "%glm show 2", "U": "%glm usage"},
    **{"F": "%glm fork idea --at 2", "T": "%glm threads", "Z": "%glm undo", "R": "%glm redo", "M": "%glm thread main"},
}


class Recorded:
    """One notebook: `run` runs its cells in any order, `replay` in the order of the page."""

    def __init__(self, folder: Path, server: PracticeServer, patch: pytest.MonkeyPatch) -> None:
        self.notebook = folder / "page.ipynb"
        self.server = server
        self.shown: dict[str, list[Any]] = {}
        self._numbers: dict[str, int | None] = {}
        self._patch = patch
        self._page: Page | None = None
        patch.setenv("JPY_SESSION_NAME", str(self.notebook))
        patch.setenv("ZHIPUAI_API_KEY", server.api_key)
        patch.setenv("ZHIPUAI_BASE_URL", server.base_url)

    def code(self, cell: str) -> str:
        return COMMANDS.get(cell, f"%%glm\nthe question of {cell}")

    def start(self, replay: str = "off") -> Page:
        self.end()
        self._patch.setenv("ZHIPU_MAGIC_REPLAY", replay)
        self._page = Page(numbers=True)
        assert self._page.run("%load_ext zhipu_magic").success
        return self._page

    def end(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            page.run("%unload_ext zhipu_magic")
            atexit.unregister(page.shell.atexit_operations)
            page.shell.atexit_operations()

    def run(self, *orders: str, told: bool) -> None:
        """Run cells: each of these is a page, a space, and what runs on it. Saves the last page."""
        page, runs = self.start(), 0
        for order in orders:
            cells, ran = order.split(" ")
            for cell in ran:
                runs += 1
                if cell not in COMMANDS:
                    self.server.enqueue(Answer(f"reply {runs} to {cell}"))
                self._numbers[cell] = page.shell.execution_count
                said = {"version": 1, "cells": list(cells)} if told else None
                done = page.run(self.code(cell), cell, told=said)
                assert done.success, done.error
                self.shown[cell] = settled(done)
        self.save(orders[-1].split(" ")[0])

    def save(self, cells: str) -> None:
        saved = [
            {
                **{"cell_type": "code", "id": name, "source": self.code(name).splitlines(True)},
                "execution_count": self._numbers[name],
            }
            for name in cells
        ]
        self.notebook.write_text(json.dumps({"cells": saved, "nbformat": 4}), "utf-8")

    def forget_numbers(self, cells: str) -> None:
        self._numbers = dict.fromkeys(self._numbers)
        self.save(cells)

    def replay(self, cells: str, *, named: bool = False) -> dict[str, list[Any]]:
        page, shown = self.start("only"), {}
        for cell in cells:
            done = page.run(self.code(cell), cell if named else None)
            assert done.success, (cell, done.error)
            shown[cell] = settled(done)
        return shown


def settled(cell: Cell) -> list[Any]:
    """What stays of a cell in the file; of the dashboard, whose widget differs, its text."""
    return [
        data.get("text/markdown") or data.get("text/html") or data.get("text/plain")
        for data in (output["data"] for output in cell.outputs)
    ][-2:]


@pytest.fixture
def recorded(tmp_path: Path, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    page = Recorded(tmp_path, server, monkeypatch)
    yield page
    page.end()


INSERTED = ("AB AB", "ACBHISTUJ CHISTUJ")
RAN_BEFORE = ("ABHSJ ABHSJ", "ACBHSJ C")
IN_BETWEEN = ("ABH ABH", "ACHBS CHS")
MOVED = ("ABCH ABC", "CABH HB", "CBAHSTJ BHSTJ")
TWICE = ("ABCHSJ ABCA", "ABCHSJ HSJ")
TWICE_AFTER = ("ABHC ABH", "ABHC ACH")
LOOKED_LAST = ("AHBC ABC", "AHBC H")
ALL = [INSERTED, RAN_BEFORE, IN_BETWEEN, MOVED, TWICE, TWICE_AFTER, LOOKED_LAST]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("orders", ALL)
def test_a_replay_says_what_the_page_said(recorded: Recorded, orders: tuple[str, ...], told: bool, named: bool) -> None:
    recorded.run(*orders, told=told)
    page = orders[-1].split(" ")[0]
    assert recorded.replay(page, named=named) == {cell: recorded.shown[cell] for cell in page}


@pytest.mark.parametrize("told", [True, False])
def test_commands_that_change_turns_name_them_as_they_did(recorded: Recorded, told: bool) -> None:
    recorded.run("ABZR ABZR", "ACBZR C", "ACBZRFTM FTM", told=told)
    shown = recorded.replay("ACBZRFTM")
    if told:
        assert {cell: shown[cell] for cell in "FTM"} == {cell: recorded.shown[cell] for cell in "FTM"}
    else:  # the thread is A, B, C; here it can only be A, C, B
        assert OTHER_TURNS in "".join(shown["F"])


def test_where_the_file_does_not_tell_when_a_cell_ran_it_is_as_after_the_reply_above(recorded: Recorded) -> None:
    recorded.run("AB AB", "ACHBI CHI", told=True)
    recorded.forget_numbers("ACHBI")
    assert recorded.replay("ACHBI")["H"] == recorded.shown["H"]  # nothing has changed after C


def test_a_guess_is_told(recorded: Recorded) -> None:
    recorded.run("AB AB", "ACBD CD", "ACHBD H", told=True)
    recorded.forget_numbers("ACHBD")
    assert UNSURE in "".join(recorded.replay("ACHBD")["H"])


def test_a_file_that_was_saved_in_a_replay_is_not_believed(recorded: Recorded) -> None:
    recorded.run("AB AB", "ACBHD CDH", told=True)
    recorded._numbers = {cell: number for number, cell in enumerate("ACBHD", 2)}
    recorded.save("ACBHD")
    assert UNSURE in "".join(recorded.replay("ACBHD")["H"])


def test_the_number_of_a_cell_is_found_by_its_source_or_its_id(tmp_path: Path) -> None:
    path = tmp_path / "page.ipynb"
    cells = [
        {"cell_type": "code", "id": name, "source": source, "execution_count": number}
        for name, source, number in (("a-a", "one", 5), ("b-b", "two", 2), ("c-c", "two", 7), ("d-d", "x", "9"))
    ]
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    first, second = ran_as(path, "one", None), ran_as(path, "two", "c-c")
    assert first is not None
    assert (first.number, first.is_in_order) == (5, False)
    assert second is not None
    assert (second.number, second.is_in_order) == (7, True)
    assert ran_as(path, "two", None) is None
    assert ran_as(path, "x", None) is None
    assert ran_as(path, "none", None) is None
    assert ran_as(tmp_path / "missing", "one", None) is None
