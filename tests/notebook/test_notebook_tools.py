"""The tools that run and convert notebooks without a front end: nbclient, nbval, nbconvert."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter, MarkdownExporter
from nbformat import NotebookNode

from zhipu_magic.practice import Answer, Fault, PracticeServer

WIDGET = "application/vnd.jupyter.widget-view+json"
DIALOGUE = [
    (
        "作为一名营销专家，请为我的产品创作一个吸引人的口号",
        "当然，要创作一个吸引人的口号，请告诉我一些关于您产品的信息",
    ),
    ("智谱AI开放平台", "点燃未来，智谱AI绘制无限，让创新触手可及！"),
    ("创作一个更精准且吸引人的口号", "以AI绘蓝图 — 智谱AI，让创新的每一刻成为可能。"),
]
TIMES = r"first token \d+\.\d\d s|\d+\.\d s|\d+ tok/s"


def surroundings(home: Path, server: PracticeServer) -> dict[str, str]:
    """An environment with nothing of the machine's own Jupyter, and the practice server for the service."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_", "IPYTHON"))}
    places = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    service = {"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": server.api_key}
    return {**kept, **places, "IPYTHONDIR": str(home / "ipython"), **service}


def notebook(*cells: str) -> NotebookNode:
    """A notebook that loads the extension and goes on with these cells."""
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in ("%load_ext zhipu_magic", *cells)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number}"
    return made


def dialogue(options: str = "") -> list[str]:
    """The documented dialogue as cells."""
    return [f"%%glm -m glm-4 -b response {options}\n{prompt}" for prompt, _ in DIALOGUE]


def execute(made: NotebookNode, home: Path, server: PracticeServer) -> NotebookNode:
    """Run a notebook as nbclient and `jupyter execute` do."""
    NotebookClient(made, timeout=60, resources={"metadata": {"path": str(home)}}).execute(
        env=surroundings(home, server)
    )
    nbformat.validate(made)
    return made


def without_times(outputs: list[list[dict[str, Any]]]) -> Any:
    return json.loads(re.sub(TIMES, "…", json.dumps(outputs, ensure_ascii=False)))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for all that Jupyter writes; nbclient's own process writes there too."""
    for name in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name.lower()))
    return tmp_path


def test_nbclient_leaves_two_outputs_a_cell(home: Path, server: PracticeServer) -> None:
    made = execute(notebook(*dialogue(), "response.choices[0].message.content"), home, server)
    for cell, (_, reply) in zip(made.cells[1:4], DIALOGUE, strict=True):
        text, panel = cell.outputs
        assert text.output_type == panel.output_type == "display_data"
        assert text.data == {"text/markdown": reply, "text/plain": reply}
        assert set(panel.data) == {"text/html", "text/plain"}
        assert set(text.metadata.zhipu_magic) == {"model", "request_id", "finish_reason", "usage"}
    assert made.cells[3].outputs[0].metadata.zhipu_magic == {
        "model": "glm-4",
        "request_id": "8239375684858666781",
        "finish_reason": "stop",
        "usage": {"prompt_tokens": 31, "completion_tokens": 217, "total_tokens": 248},
    }
    assert DIALOGUE[2][1] in made.cells[4].outputs[0].data["text/plain"]
    assert WIDGET not in json.dumps([cell.outputs for cell in made.cells])


def test_streamed_and_unstreamed_runs_leave_the_same_page(home: Path, server: PracticeServer) -> None:
    replies = [
        Answer(reply, reasoning=f"think {number}", id=f"id-{number}", created=1703487403, prompt_tokens=number)
        for number, (_, reply) in enumerate(DIALOGUE, 1)
    ]
    pages = []
    for setting, options in (("", ""), ("", "--no-stream"), ("%config GLMMagics.stream = False", "")):
        server.enqueue(*replies)
        made = execute(notebook(setting, *dialogue(options)), home, server)
        pages.append([cell.outputs for cell in made.cells])
    assert [request.body["stream"] for request in server.requests] == [True] * 3 + [False] * 6
    assert [len(outputs) for outputs in pages[0]] == [0, 0, 2, 2, 2]
    assert without_times(pages[0]) == without_times(pages[1]) == without_times(pages[2])
    assert pages[0] != without_times(pages[0]), "the panel tells times"


def test_a_failed_cell_stops_nbclient_with_its_message(home: Path, server: PracticeServer) -> None:
    server.enqueue(Answer("fine"), Fault(400, "1211"), Answer("never"))
    made = notebook("%%glm\none", "%%glm\ntwo", "%%glm\nthree")
    with pytest.raises(CellExecutionError, match="The service has no such model"):
        execute(made, home, server)
    assert [output.output_type for output in made.cells[2].outputs] == ["error"]
    assert made.cells[3].outputs == []
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%%glm --bnid x\none", "%%glm has no option --bnid. Did you mean --bind?"),
        ("%glm histroy", "%glm has no command histroy. Did you mean %glm history?"),
        ("%glm undo all", "'all' is not a positive number"),
    ],
)
def test_a_mistyped_line_is_named_where_tools_look_for_it(
    home: Path, server: PracticeServer, cell: str, told: str
) -> None:
    made = notebook(cell)
    with pytest.raises(CellExecutionError) as caught:
        execute(made, home, server)
    assert (caught.value.ename, told in caught.value.evalue, told in str(caught.value)) == ("UsageError", True, True)
    [output] = made.cells[1].outputs  # papermill's log has this one's traceback and nothing else
    assert (output.output_type, output.ename) == ("error", "UsageError")
    [line] = output.traceback
    assert line.startswith(f"UsageError: {told}")
    assert server.requests == []


def test_nbval_passes_on_an_executed_notebook_but_for_what_was_changed(home: Path, server: PracticeServer) -> None:
    made = execute(notebook("%config GLMMagics.stream = False", *dialogue(), "response.usage"), home, server)
    made.cells[3].outputs[0].data["text/plain"] += "!"
    nbformat.write(made, home / "changed.ipynb")
    (home / "times.cfg").write_text(f"[times]\nregex: {TIMES}\nreplace: TIME\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    command += ["--nbval-sanitize-with", "times.cfg", "-rfEp", "--color=no", "changed.ipynb"]
    done = subprocess.run(
        command, cwd=home, env=surroundings(home, server), capture_output=True, text=True, timeout=100
    )
    outcomes = re.findall(r"^(PASSED|FAILED|ERROR) changed\.ipynb::Cell (\d+)", done.stdout, re.MULTILINE)
    assert len(outcomes) == 6, done.stdout
    assert [outcome for outcome in outcomes if outcome[0] != "PASSED"] == [("FAILED", "3")], done.stdout


def test_nbconvert_shows_the_words_and_the_panel(home: Path, server: PracticeServer) -> None:
    server.enqueue(Answer("A **bold** reply", reasoning="because </details><b>x</b>"))
    made = execute(notebook("%%glm -m glm-4\n一个问题", "%glm usage"), home, server)
    page, _ = HTMLExporter().from_notebook_node(made)
    assert "A <strong>bold</strong> reply" in page
    assert 'class="zhipu-magic-panel"' in page
    assert "<summary>Reasoning</summary>" in page and "</details><b>x</b>" not in page
    assert "一个问题" in page
    text, _ = MarkdownExporter().from_notebook_node(made)
    assert "A **bold** reply" in text
