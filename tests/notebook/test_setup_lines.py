"""Lines that set up this extension say nothing to a model: putting them in, or changing them, changes no request."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from in_process import Notebook
from nbclient import NotebookClient
from nbformat import NotebookNode
from test_notebook_tools import surroundings
from test_shown_outputs import failure, numbered, sent  # noqa: F401  # a fixture

from zhipu_magic.notebook.outputs.setup_lines import only_sets_up, without_setup
from zhipu_magic.practice import PracticeServer

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
ONLY = '%config GLMMagics.replay = "off"'


@pytest.mark.parametrize(
    "source",
    [
        "%load_ext zhipu_magic",
        "%reload_ext zhipu_magic\n\n" + ONLY,
        "  %load_ext  zhipu_magic  ",
        "# to begin with\n%load_ext zhipu_magic\n",
        "load_ext zhipu_magic",
        "%config GLMMagics",
        "%config GLMMagics.above = \\\n  3",
        "%unload_ext zhipu_magic",
    ],
)
def test_what_only_sets_up(source: str) -> None:
    assert only_sets_up(source)


@pytest.mark.parametrize(
    ("source", "rest"),
    [
        (f"%load_ext zhipu_magic\n{ONLY}\nimport math", "import math"),
        (f"import math\n{ONLY}\nmath.pi\n", "import math\nmath.pi\n"),
        (f"%%time\n{ONLY}\nx = 1", "%%time\nx = 1"),
    ],
)
def test_only_these_lines_are_left_out(source: str, rest: str) -> None:
    assert without_setup(source) == rest
    assert not only_sets_up(source)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "# a comment",
        "%load_ext zhipu_magic_other",
        "%load_ext autoreload",
        "%config InlineBackend.figure_format = 'svg'",
        "%config GLMMagicsOther.x = 1",
        f'text = """\n{ONLY}\n"""',
        f"%%writefile page.ipy\n{ONLY}",
        f"%%glm\n{ONLY}",
        "x = 1  # %load_ext zhipu_magic",
    ],
)
def test_all_else_stays(source: str) -> None:
    assert without_setup(source) == source and not only_sets_up(source)


def pages(notebook: Notebook, setup: str) -> list[Any]:
    """What is asked on a page that is set up so."""
    notebook.run("sets up", setup)
    notebook.run("both", f"{setup}\nsay('both')")
    asked = [sent(notebook, "{{ above }} {{ cell[-1] }}", "%%glm --once", "first")]
    asked.append(sent(notebook, "What?", "%%glm --once --above 2", "second"))
    return asked


def test_another_setting_changes_nothing_that_is_asked(numbered: Notebook) -> None:  # noqa: F811  # the fixture
    before = pages(numbered, "%config GLMMagics.replay = 'auto'")
    assert pages(numbered, f"{ONLY}\n%config GLMMagics.value_tokens = 4000") == before
    assert "say('both')" in before[0] and "GLMMagics" not in "".join(before)
    assert "Code cell" in before[1] and "asked apart" in before[1]  # two cells, and none is the one that only sets up


def test_such_a_cell_alone_is_refused_by_its_number(numbered: Notebook) -> None:  # noqa: F811  # the fixture
    assert "Cell 1 only sets up zhipu_magic" in failure(numbered, "{{ cell[1] }}")


def test_a_secret_in_such_a_line_is_taken_out_of_what_others_show(numbered: Notebook) -> None:  # noqa: F811  # the fixture
    numbered.run("sets up", "%config GLMMagics.replay = 'off' # password = 'sunny-beach-7'")
    numbered.run("both", "%config GLMMagics.replay = 'off' # password = 'sunny-beach-8'\nsay('sunny-beach-8')")
    numbered.run("shows", "say('sunny-beach-7 sunny-beach-8')")
    text = sent(numbered, "What?", "%%glm --once --above")
    assert "sunny-beach" not in text and "Output:" in text


@pytest.mark.parametrize("ran", ["a cell of its own", "the cell that loads"])
def test_the_notebook_replays_where_a_reader_asks_for_nothing_but_the_journal(
    tmp_path: Path, server: PracticeServer, monkeypatch: pytest.MonkeyPatch, ran: str
) -> None:
    """As its first cell says, with no key and no network."""
    for name in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name.lower()))
    shutil.copytree(NOTEBOOKS / ".glm", tmp_path / ".glm")
    made = nbformat.read(NOTEBOOKS / "above.ipynb", 4)
    recorded = replies(made)
    only = '%config GLMMagics.replay = "only"'
    if ran == "a cell of its own":
        made.cells.insert(2, nbformat.v4.new_code_cell(only))
    else:
        made.cells[1].source += f"\n{only}"
    nbformat.write(made, tmp_path / "above.ipynb")
    where = {"JPY_SESSION_NAME": str(tmp_path / "above.ipynb"), "ZHIPUAI_API_KEY": ""}
    client = NotebookClient(made, timeout=60, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env={**surroundings(tmp_path, server), **where})
    assert replies(made) == recorded and len(recorded) == 5
    assert not server.requests


def replies(made: NotebookNode) -> list[str]:
    """What the cells that ask show as text, without what panels and notices say."""
    asking = [cell for cell in made.cells if cell.cell_type == "code" and cell.source.startswith(("%%glm", "%glm"))]
    return [cell.outputs[0].data["text/plain"] for cell in asking]
