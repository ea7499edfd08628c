"""What stands above a question goes along with it, as the page has it, in a real front end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("server", [0], indirect=True)]

FIGURE = """\
import matplotlib.pyplot as plt
plt.figure(figsize=(3, 1.5))
plt.plot([3, 5, 4])
plt.show()"""
CELLS = (
    ("code", "%load_ext zhipu_magic\nimport pandas as pd", ()),
    ("code", "for n in (50, 100):\n    print(f'\\rloaded {n} %', end='')", ()),
    ("markdown", "## Nights by month", ()),
    ("code", "pd.DataFrame({'month': ['Jan', 'Feb'], 'nights': [3, 5]})", ()),
    ("code", "token = 'ghp_' + 'a1' * 18\nprint(token)", ()),
    ("code", "print('for nobody')", ("glm-hide",)),
    ("code", FIGURE, ()),
    ("code", "%%glm -m glm-4.6v --above\nWhat stands out?", ()),
    ("code", "print('below')", ()),
)


def write(folder: Path) -> Path:
    cells = [
        (nbformat.v4.new_markdown_cell if kind == "markdown" else nbformat.v4.new_code_cell)(
            source, metadata={"tags": [*tags]} if tags else {}
        )
        for kind, source, tags in CELLS
    ]
    spec = {"name": "python3", "display_name": "python3", "language": "python"}
    path = folder / "above.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
    return path


def test_a_print_a_table_and_a_figure_go_along_in_the_order_of_the_page(
    lab: FrontEnd, server: PracticeServer, opened: Callable[..., OpenNotebook], shoot: Callable[..., Path]
) -> None:
    notebook = opened(lab, write(lab.notebooks), height=1500)
    notebook.wait_for_kernel()
    # Out of order: the table's cell is run last of all.
    notebook.finish(0, 1, 7, 5, 4, 3, 2)
    server.enqueue(Answer("February has **more** nights."))
    notebook.finish(6)
    [*_, image, text] = server.requests[-1].body["messages"][-1]["content"]
    assert image["type"] == "image_url"
    words = text["text"]
    order = ("loaded 100 %", "## Nights by month", "| nights |", "plt.plot", "[image 1: above]", "What stands out?")
    places = [words.index(one) for one in order]
    assert places == sorted(places)
    assert not any(one in words for one in ("loaded 50", "for nobody", "ghp_a1", "below"))
    notebook.wait_until_ended(6)
    panel = notebook.page.locator(".zhipu-magic-panel")
    assert "above: " in panel.inner_text() and "1 cell hidden" in panel.inner_text()
    shoot(notebook.page, "above-jupyterlab")
