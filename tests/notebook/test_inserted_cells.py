"""A notebook with a cell put in between replays, in a front end that names no cells, from the file and the journal."""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from in_process import Page

from zhipu_magic.history.turn import Turn
from zhipu_magic.notebook.page.below import asked_below
from zhipu_magic.practice import Answer, PracticeServer

CELLS = {"A": "%%glm\nfirst", "C": "%%glm\nput in between", "B": "%%time\n%%glm\nsecond"}


class Kernels:
    """One notebook, whose kernel is started again."""

    def __init__(self, folder: Path, server: PracticeServer, patch: pytest.MonkeyPatch) -> None:
        self.notebook = folder / "page.ipynb"
        self.server = server
        self._patch = patch
        self._page: Page | None = None
        patch.setenv("JPY_SESSION_NAME", str(self.notebook))

    def save(self, cells: dict[str, str]) -> None:
        saved = [{"cell_type": "code", "id": name, "source": text.splitlines(True)} for name, text in cells.items()]
        self.notebook.write_text(json.dumps({"cells": saved, "nbformat": 4}), "utf-8")

    def start(self, replay: str) -> Page:
        self.end()
        self._patch.setenv("ZHIPU_MAGIC_REPLAY", replay)
        self._patch.setenv("ZHIPUAI_API_KEY", self.server.api_key)
        self._patch.setenv("ZHIPUAI_BASE_URL", self.server.base_url)
        self._page = Page()
        assert self._page.run("%load_ext zhipu_magic").success
        return self._page

    @property
    def page(self) -> Page:
        assert self._page is not None
        return self._page

    def end(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            page.run("%unload_ext zhipu_magic")
            atexit.unregister(page.shell.atexit_operations)
            page.shell.atexit_operations()


@pytest.fixture
def kernels(tmp_path: Path, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernels]:
    started = Kernels(tmp_path, server, monkeypatch)
    yield started
    started.end()


def settled(cell: Any) -> list[str]:
    """What stays of the cell: the reply, and the panel with its figures and sums."""
    data = [output["data"] for output in cell.outputs]
    return [[one[kind] for one in data if kind in one][-1] for kind in ("text/markdown", "text/html")]


def record(kernels: Kernels, order: str) -> dict[str, list[str]]:
    """Run the cells in this order; gives what they show."""
    page, shown = kernels.start("off"), {}
    for cell in order:
        kernels.server.enqueue(Answer(f"reply to {cell}"))
        shown[cell] = settled(page.run(CELLS[cell], cell))
    kernels.save(CELLS)
    return shown


def test_its_replies_are_those_of_the_page(kernels: Kernels) -> None:
    shown = record(kernels, "ABC")
    page = kernels.start("only")
    assert {cell: settled(page.run(text, None)) for cell, text in CELLS.items()} == shown
    assert all(shown.values())


@pytest.mark.parametrize("gone", ["A", "B"])
def test_one_without_a_cell_that_was_there_does_not_replay(kernels: Kernels, gone: str) -> None:
    record(kernels, "ABC")
    cells = {cell: text for cell, text in CELLS.items() if cell != gone}
    kernels.save(cells)
    page = kernels.start("only")
    assert not all(page.run(text, None).success for text in cells.values())


@pytest.mark.parametrize("gone", ["A", "B"])
def test_one_whose_page_has_told_that_a_cell_is_gone_replays(kernels: Kernels, gone: str) -> None:
    shown = record(kernels, "ABC")
    cells = {cell: text for cell, text in CELLS.items() if cell != gone}
    said = {"type": "order", "cells": list(cells), "gone": [gone]}
    kernels.page.session.extension._hear(said)  # and no cell runs after it
    kernels.save(cells)
    page = kernels.start("only")
    for cell, text in cells.items():
        assert settled(page.run(text, None)) == shown[cell]


def turn(prompt: str, cell: str | None = None) -> Turn:
    return Turn(prompt, "yes", "glm-4", cell=cell)


def test_what_is_below_is_told_from_what_is_above_or_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "page.ipynb"
    texts = ["%%glm\none", "%%glm\ntwo", "%glm ask three", "%%glm -t other\nmore\ntwo", "print('five')"]
    cells: list[Any] = [{"cell_type": "code", "id": f"c-{number}", "source": text} for number, text in enumerate(texts)]
    path.write_text(json.dumps({"cells": [*cells, {"cell_type": "markdown", "source": "%%glm\nfour"}, 5]}), "utf-8")
    assert asked_below(path, texts[0], turn("two"))
    assert asked_below(path, texts[0], turn("three"))
    assert asked_below(path, texts[0], turn("two", "c-1"))
    assert not asked_below(path, texts[1], turn("one"))
    assert not asked_below(path, texts[1], turn("two", "c-1"))
    assert not asked_below(path, texts[2], turn("two"))
    assert not asked_below(path, texts[0], turn("edited", "c-1"))
    assert not asked_below(path, texts[0], turn("four"))
    assert not asked_below(path, "another cell", turn("two"))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"cells": 5}', '{"cells": [[], {"cell_type": "code", "source": {}}]}']
)
def test_a_file_that_is_no_notebook_says_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.ipynb"
    path.write_text(text, "utf-8")
    assert not asked_below(path, "", turn("two"))
    assert not asked_below(tmp_path / "missing.ipynb", "", turn("two"))
