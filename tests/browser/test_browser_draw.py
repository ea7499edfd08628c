"""A drawing as its reader sees it: a line that tells the time, then the picture in its place, and the panel below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import PracticeServer

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

#: What stands in a cell, in its order: the size of a picture, or the words of a panel.
SHOWN = """cell => [...cell.querySelectorAll('.jp-OutputArea-output')].map(output => {
    const image = output.querySelector('img')
    return image ? `${image.naturalWidth}x${image.naturalHeight}` : output.innerText.trim()
})"""


def test_a_picture_takes_the_place_of_the_line_that_waits_for_it(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    server.load.latency = lambda: 1.5
    cells = (
        "%load_ext zhipu_magic",
        "%%glm --draw 1440x720 -m cogview-4 -o picture\n海边的灯塔，水彩画",
        "%%glm -m glm-4.6v-flash\n这张图里有什么？{{ picture }}",
    )
    notebook = opened(front_end, front_end.write("draw", *cells))
    notebook.page.set_viewport_size({"width": 1100, "height": 900})
    notebook.wait_for_kernel()
    notebook.finish(0)
    notebook.run(1)
    notebook.page.wait_for_timeout(1_000)
    (waiting,) = notebook.cell(1).evaluate(SHOWN)
    assert waiting.endswith("drawing")
    shoot(notebook.page, f"{front_end.name}-drawing")
    notebook.wait_until_ended(1)
    notebook.page.wait_for_timeout(300)
    size, panel = notebook.cell(1).evaluate(SHOWN)
    assert size == "1440x720"
    assert "cogview-4 · " in panel and "price not known" in panel
    shoot(notebook.page, f"{front_end.name}-drawn")
    server.load.latency = 0.0
    notebook.finish(2)
    assert [part["type"] for part in server.requests[-1].body["messages"][-1]["content"]] == ["image_url", "text"]
