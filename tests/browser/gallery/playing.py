"""Plays a scene in a real JupyterLab, and gives what its user sees: as text, as a picture, as frames."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from front_end import FrontEnd, OpenNotebook
from PIL import Image
from scene import Scene, Telling

from zhipu_magic.practice import PracticeServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

LOAD = "%load_ext zhipu_magic"
#: Seconds between frames, and those that the first and the last are shown for.
FRAME, BEGINNING, END = 0.2, 0.6, 1.5
#: CSS pixels: the window, in which whatever a scene shows has room.
HEIGHT = 1500
MARGIN = 6
WINDOW = {"width": 1180, "height": 620}
#: Pixels of a picture for one of CSS.
SHARPNESS = 2

#: What a cell ends with.
_ENDS = ".jp-InputArea, .jp-OutputArea-child, .jp-Stdin"

#: What differs from run to run in what is shown: how long things took, and the id of a request.
_LASTED = r"[\d.,]+ ?(?:tok/s|token/s|token/秒|s\b|秒)"
_TIMES = re.compile(rf"(?<=request id )\w+|(?<=请求 ID )\w+|\d+:\d\d\b|{_LASTED}|\d{{4}}-\d\d-\d\d|\d\d-\d\d")


@dataclass
class Played:
    """What the user of a scene sees.

    `shown` has the outputs of each cell that is in the picture, as text without times; of a whole window, its parts.
    """

    shown: list[list[str]] = field(default_factory=list)
    picture: Image.Image | None = None
    frames: list[tuple[Image.Image, float]] = field(default_factory=list)
    """Each with how long it is shown, in seconds."""


@dataclass(frozen=True)
class Theatre:
    """Where scenes are played: a JupyterLab in this language, and whether frames are taken of those that move."""

    lab: FrontEnd
    language: str
    browser: Browser
    films: bool


def play(scene: Scene, theatre: Theatre, server: PracticeServer) -> Played:
    """Run the cells of a scene, in a page of its own, and look."""
    lab, language = theatre.lab, theatre.language
    telling = scene.telling(language)
    script = lab.notebooks / f"{scene.name}.json"
    script.write_text(json.dumps(telling.replies), "utf-8")
    if telling.replies:
        server.read_script(script)
    server.limit, server.load.latency = scene.limit, scene.latency
    size = WINDOW if scene.whole else {"width": scene.width, "height": HEIGHT}
    page = theatre.browser.new_page(viewport=size, device_scale_factor=SHARPNESS)
    before = _loading(scene, telling)
    notebook = OpenNotebook(lab, page, lab.write(scene.name, *before, *telling.cells))
    stage = _Stage(scene, theatre, notebook)
    try:
        # only what the README has installed
        with (
            lab.setting("@jupyterlab/statusbar-extension/plugin", {"visible": False}),
            lab.without_extension("@voila-dashboards/jupyterlab-preview"),
        ):
            notebook.load()
        notebook.wait_for_kernel()
        notebook.finish(*range(len(before)))
        _ACTS.get(scene.name, _run)(stage)
        return stage.played
    finally:
        page.close()


def _loading(scene: Scene, telling: Telling) -> tuple[str, ...]:
    """The cells above those of a scene."""
    return () if telling.cells[0] == LOAD else (LOAD + scene.setup,)


class _Stage:
    """A scene that is being played; its cells are counted from 0, without the one that loads the extension."""

    def __init__(self, scene: Scene, theatre: Theatre, notebook: OpenNotebook) -> None:
        self.scene = scene
        self.telling = scene.telling(theatre.language)
        self.notebook = notebook
        self.page: Page = notebook.page
        self.before = len(_loading(scene, self.telling))
        self.cells = range(len(self.telling.cells))
        self.played = Played()
        self._films = theatre.films

    def finish(self, *cells: int) -> None:
        self.notebook.finish(*(self.before + cell for cell in cells))

    def cell(self, cell: int) -> Locator:
        return self.notebook.cell(self.before + cell)

    def settle(self) -> None:
        """Until the last paint is there, and nothing is marked by the mouse."""
        self.page.mouse.move(self.scene.width - 2, HEIGHT - 2)
        self.page.wait_for_timeout(400)

    def look(self) -> None:
        """Keep what is there now as the picture, and as its text."""
        shown = self.cells[self.scene.first :]
        self.played.shown = [
            [without_times(text) for text in self.notebook.outputs(self.before + cell).all_inner_texts()]
            for cell in shown
        ]
        self.played.picture = self._shot()

    def film(self, *until: int, timeout: float = 20.0) -> None:
        """Keep a frame five times a second until these cells have ended."""
        deadline = time.monotonic() + timeout
        while self._films and not all(self._has_ended(cell) for cell in until) and time.monotonic() < deadline:
            self.frame()
        for cell in until:
            self.notebook.wait_until_ended(self.before + cell)
        self.page.mouse.move(self.scene.width - 2, HEIGHT - 2)
        self.frame(END)

    def frame(self, seconds: float = FRAME) -> None:
        if not self._films:
            return
        began = time.monotonic()
        self.played.frames.append((self._shot(), seconds))
        self.page.wait_for_timeout(max(0.0, FRAME - (time.monotonic() - began)) * 1000)

    def _has_ended(self, cell: int) -> bool:
        return bool(re.fullmatch(r"\[\d+\]:", self.cell(cell).locator(".jp-InputPrompt").inner_text()))

    def _shot(self) -> Image.Image:
        """The window, or of its cells those that are shown."""
        png = self.page.screenshot(clip=None if self.scene.whole else self._clip(), caret="hide")
        return Image.open(io.BytesIO(png)).convert("RGB")

    def _clip(self) -> Any:
        first = self.cell(self.cells[self.scene.first]).bounding_box()
        last = self.cell(self.cells[-1])
        ends = [box for part in last.locator(_ENDS).all() if (box := part.bounding_box())]
        whole = last.bounding_box()
        assert first is not None and whole is not None
        bottom, lowest = max(end["y"] + end["height"] for end in ends), whole["y"] + whole["height"]
        bottom = lowest if self._is_active(last) else min(bottom + MARGIN, lowest - 1)
        assert bottom < HEIGHT, "there is no room for this scene"
        x, width = first["x"] - MARGIN, first["width"] + 2 * MARGIN
        return {"x": x, "y": first["y"], "width": width, "height": bottom - first["y"]}

    def _is_active(self, cell: Locator) -> bool:
        return "jp-mod-active" in (cell.get_attribute("class") or "")


def without_times(text: str) -> str:
    """The text as it is in every run."""
    return _TIMES.sub("…", text).strip()


# What is done in each scene: its cells run one after the other, or


def _run(stage: _Stage) -> None:
    stage.finish(*stage.cells)
    stage.settle()
    stage.look()


def _film(stage: _Stage) -> None:
    *earlier, last = stage.cells
    stage.finish(*earlier)
    stage.settle()
    stage.frame(BEGINNING)
    stage.notebook.run(stage.before + last)
    stage.film(last)
    stage.settle()
    stage.look()


def _asked(stage: _Stage) -> None:
    """The picture has the question before a function runs."""
    *earlier, last = stage.cells
    stage.finish(*earlier)
    stage.notebook.run(stage.before + last)
    question = stage.cell(last).locator(".jp-Stdin-input")
    question.wait_for()
    question.fill("y")
    stage.settle()
    stage.look()
    _agree(stage, question)


def _agreed(stage: _Stage) -> None:
    *earlier, last = stage.cells
    stage.finish(*earlier)
    stage.notebook.run(stage.before + last)
    question = stage.cell(last).locator(".jp-Stdin-input")
    question.wait_for()
    _agree(stage, question)
    stage.settle()
    stage.look()


def _agree(stage: _Stage, question: Locator) -> None:
    question.fill("y")
    question.press("Enter")
    stage.notebook.wait_until_ended(stage.before + stage.cells[-1])


def _run_again(stage: _Stage) -> None:
    """The first cell is asked again with other words; that below is stale, until it runs again."""
    stage.finish(*stage.cells)
    stage.settle()
    stage.frame(BEGINNING)
    source = stage.telling.cells[0]
    stage.notebook.edit(stage.before, source.replace("by the sea", "in the mountains").replace("海边", "山里"))
    stage.frame(BEGINNING)
    stage.notebook.run(stage.before)
    stage.film(0)
    stage.settle()
    stage.look()
    stage.notebook.run(stage.before + 1)
    stage.film(1)


def _beside_the_page(stage: _Stage) -> None:
    stage.finish(*stage.cells)
    stage.page.evaluate("jupyterapp.commands.execute('zhipu-magic:show-side')")
    stage.page.locator("#zhipu-magic-side").get_by_role("listitem").nth(2).wait_for()
    stage.cell(2).locator(".cm-content").click()
    stage.page.keyboard.press("Escape")  # no caret, which blinks
    stage.notebook.outputs(stage.before + 2).first.hover()
    stage.cell(2).locator(".zhipu-magic-bar").wait_for()
    stage.page.wait_for_timeout(400)
    stage.look()


_ACTS: dict[str, Callable[[_Stage], None]] = {
    "jupyterlab": _beside_the_page,
    "python": _agreed,
    "rerun": _run_again,
    "rows": _film,
    "streamed": _film,
    "tools": _asked,
}
