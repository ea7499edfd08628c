"""Every row of the table of `reading`, as the renderers of JupyterLab, VS Code and nbconvert show it.

Colab and GitHub are approximated by the same renderers without mathematics. `tests/browser` walks the same rows in real
front ends.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from reading import ROWS, Row, differences

from zhipu_magic.text.sanitize.pages import page_of

_NODE = Path(__file__).parents[1] / "node"


def as_commonmark(markdown: str) -> str:
    """CommonMark with tables, as GitHub has it."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)


@pytest.fixture(scope="session")
def in_node() -> Callable[[list[str]], dict[str, list[str]]]:
    """What the renderers that run in browsers make of texts, by their names."""
    if shutil.which("node") is None or not (_NODE / "node_modules").is_dir():
        reason = "needs node and its packages (npm ci --prefix tests/node)"
        if os.environ.get("CI"):
            pytest.fail(f"The renderers of the front ends cannot be tested: it {reason}.", pytrace=False)
        pytest.skip(reason)

    def render(texts: list[str]) -> dict[str, list[str]]:
        made = subprocess.run(
            ["node", "render.js"], cwd=_NODE, input=json.dumps(texts), capture_output=True, text=True, timeout=60
        )
        assert made.returncode == 0, made.stderr
        pages: dict[str, list[str]] = json.loads(made.stdout)
        return pages

    return render


def pages() -> list[str]:
    return [page_of([row.source]).rich for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.source)
def test_each_row_is_read_right_in_nbconvert_and_on_github(row: Row) -> None:
    page = page_of([row.source]).rich
    assert differences(row, markdown2html_mistune(page), addresses="schemed") == []
    assert differences(row, as_commonmark(page), addresses="none", mathematics=False) == []


@pytest.mark.parametrize(("renderer", "addresses"), [("jupyterlab", "all"), ("vscode", "schemed"), ("marked", "all")])
def test_each_row_is_read_right_by_the_renderers_of_front_ends(
    in_node: Callable[[list[str]], dict[str, list[str]]], renderer: str, addresses: str
) -> None:
    shown = in_node(pages())[renderer]
    wrong = {
        row.source: found
        for row, page in zip(ROWS, shown, strict=True)
        if (found := differences(row, page, addresses=addresses, mathematics=renderer != "marked"))
    }
    assert wrong == {}
