"""Python that a model runs, in JupyterLab: the user reads it, agrees, and has the figure in the same cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer, tool_call

pytestmark = pytest.mark.browser

CODE = """\
import pandas as pd
import matplotlib.pyplot as plt

sales = pd.DataFrame({"month": ["Jan", "Feb", "Mar"], "revenue": [20, 35, 30]})
print(len(sales), "months")
fig, ax = plt.subplots(figsize=(4, 1.8))
ax.bar(sales["month"], sales["revenue"])
plt.show()
sales"""


def test_a_figure_comes_into_the_cell_once_the_user_has_agreed(
    lab: FrontEnd, server: PracticeServer, opened: Callable[..., OpenNotebook], shoot: Callable[..., Path]
) -> None:
    from playwright.sync_api import expect

    notebook = opened(lab, lab.write("python", "%load_ext zhipu_magic", "%%glm --tool python\nPlot the sales."))
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(
        Answer("I plot them.", tool_calls=[tool_call("python", {"code": CODE}, id="c")]),
        Answer("**February** was the best month."),
    )
    notebook.run(1)
    question = notebook.cell(1).locator(".jp-Stdin-input")
    expect(question).to_be_visible()
    expect(notebook.cell(1)).to_contain_text("Run these 9 lines of Python? [y/N]")
    shoot(notebook.page, "python-question")
    question.fill("y")
    question.press("Enter")
    notebook.wait_until_ended(1)
    expect(notebook.outputs(1)).to_have_count(5)
    expect(notebook.cell(1)).not_to_contain_text("[y/N]")
    expect(notebook.outputs(1).nth(1).locator("img")).to_be_visible()
    expect(notebook.outputs(1).nth(2).locator("table")).to_contain_text("Feb")
    expect(notebook.outputs(1).nth(3)).to_contain_text("February was the best month.")
    expect(notebook.panel(1)).to_be_visible()
    notebook.page.set_viewport_size({"width": 1100, "height": 1300})
    shoot(notebook.page, "python-settled")
