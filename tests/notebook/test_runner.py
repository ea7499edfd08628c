"""`python -m zhipu_magic record` and `replay`: notebooks run live, and checked against what was recorded."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from test_notebook_tools import notebook

from zhipu_magic import __main__ as program
from zhipu_magic.practice import Answer, Fault, PracticeServer

EXAMPLES = Path(__file__).parents[2] / "notebooks"
Told = Callable[..., tuple[int, str]]


@pytest.fixture
def folder(tmp_path: Path, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the notebooks are, with nothing of the machine's own Jupyter; the practice server is the service."""
    for name in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / "jupyter" / name.lower()))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    return folder


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    """Runs the program, for a replay without key and address; gives the exit status and what is printed."""

    def run(name: str, *paths: Path | str) -> tuple[int, str]:
        with monkeypatch.context() as patch:
            if name == "replay":
                patch.delenv("ZHIPUAI_API_KEY")
                patch.delenv("ZHIPUAI_BASE_URL")
            capsys.readouterr()
            status = program.main([name, *map(str, paths)])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return status, printed.out

    return run


def written(folder: Path, made: NotebookNode, name: str = "page.ipynb") -> Path:
    nbformat.write(made, folder / name)
    return folder / name


def edited(path: Path, change: Callable[[list[Any]], None]) -> None:
    """Change the cells of a notebook."""
    page = nbformat.read(path, as_version=4)
    change(page.cells)
    nbformat.write(page, path)


def outputs(path: Path) -> list[Any]:
    return [cell.get("outputs") for cell in nbformat.read(path, as_version=4).cells]


# Record


def test_record_writes_the_journal_and_the_outputs_and_replay_finds_them(
    folder: Path, told: Told, server: PracticeServer
) -> None:
    path = written(folder, notebook("%%glm -b response\n你好", "%%glm --once\nHow are you?", "response.usage"))
    journal = folder / ".glm" / "page.jsonl"
    status, printed = told("record", path)
    assert status == 0
    assert printed == f"page.ipynb: recorded in .glm/page.jsonl ({journal.stat().st_size:,} bytes).\n"
    assert [json.loads(line)["event"] for line in journal.read_bytes().splitlines()] == ["session", "turn", "once"]
    assert outputs(path)[1][0].data["text/plain"] == "你好！有什么我可以帮助你的吗？"
    assert outputs(path)[3][0].output_type == "execute_result"
    files = {file: file.read_bytes() for file in (path, journal)}

    assert told("replay", path) == (0, "page.ipynb: 4 cells, all as recorded.\n")
    assert len(server.requests) == 2
    assert {file: file.read_bytes() for file in files} == files
    assert sorted(file.name for file in folder.rglob("*") if file.is_file()) == ["page.ipynb", "page.jsonl"]
    assert all(server.api_key not in content.decode() for content in files.values())
    assert server.api_key not in printed


def test_an_earlier_journal_is_kept(folder: Path, told: Told, server: PracticeServer) -> None:
    path = written(folder, notebook("%%glm\nhello"))
    journal = folder / ".glm" / "page.jsonl"
    for number, reply in enumerate(("one", "two", "three")):
        server.enqueue(Answer(reply))
        status, printed = told("record", path)
        assert status == 0
        assert ("The earlier journal" in printed) is (number > 0)
        assert (f"The earlier journal is now page.{number}.jsonl." in printed) is (number > 0)
    for name, reply in {"page.1.jsonl": "one", "page.2.jsonl": "two", "page.jsonl": "three"}.items():
        assert f'"content": "{reply}"' in journal.with_name(name).read_text(encoding="utf-8")
    assert told("replay", path)[0] == 0


def test_rows_go_with_their_journal(folder: Path, told: Told, server: PracticeServer) -> None:
    path = written(folder, notebook("%%glm\nhello"))
    journal = folder / ".glm" / "page.jsonl"
    assert told("record", path)[0] == 0
    journal.with_name("page.rows.jsonl").write_bytes(b'{"rows":1}\n')
    server.enqueue(Fault(400, "1301", "no"))
    assert told("record", path)[0] == 1
    assert sorted(file.name for file in journal.parent.iterdir()) == ["page.jsonl", "page.rows.jsonl"]
    assert told("record", path)[0] == 0
    assert sorted(file.name for file in journal.parent.iterdir()) == ["page.1.jsonl", "page.1.rows.jsonl", "page.jsonl"]


def test_where_a_cell_fails_all_stays_as_it_was(folder: Path, told: Told, server: PracticeServer) -> None:
    path = written(folder, notebook("%%glm\nhello", "%%glm\nand now?"))
    assert told("record", path)[0] == 0
    before, recorded = path.read_bytes(), (folder / ".glm" / "page.jsonl").read_bytes()
    server.enqueue(Answer("other"), Fault(400, "1301"))
    status, printed = told("record", path)
    assert status == 1
    assert printed.startswith("page.ipynb: not recorded and not changed: ")
    assert "ell 3 (%%glm and now?) failed: The service found unsafe content" in printed
    assert path.read_bytes() == before
    assert (folder / ".glm" / "page.jsonl").read_bytes() == recorded
    assert told("replay", path)[0] == 0


@pytest.mark.parametrize(
    ("code", "message"),
    [("assert False", "AssertionError"), ("{}['x']", "KeyError: 'x'"), ("import os; os._exit(3)", "kernel died")],
)
def test_a_cell_of_the_users_own_that_fails_is_told_too(folder: Path, told: Told, code: str, message: str) -> None:
    status, printed = told("record", written(folder, notebook(code)))
    assert status == 1
    assert message in printed
    assert len(printed.splitlines()) < 5


def test_where_nothing_can_be_run_an_earlier_journal_stays_in_its_place(folder: Path, told: Told) -> None:
    path = folder / "page.ipynb"
    path.write_text("not a notebook", encoding="utf-8")
    journal = folder / ".glm" / "page.jsonl"
    journal.parent.mkdir()
    journal.write_text("{}\n", encoding="utf-8")
    for command in ("record", "replay"):
        status, printed = told(command, path)
        assert status == 1
        assert "page.ipynb" in printed
        assert "not a notebook" in printed.lower()
    assert [file.name for file in journal.parent.iterdir()] == ["page.jsonl"]


# Replay


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a recorded notebook, for tests that change a copy."""
    home = tmp_path_factory.mktemp("recorded")
    (home / "notebooks").mkdir()
    path = written(home / "notebooks", notebook("%%glm\n你好", "print('a')\nprint('b')", "print('c')", "%%glm\n再见"))
    places = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    with PracticeServer(pace=0) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in {**places, "IPYTHONDIR": str(home / "ipython")}.items():
            patch.setenv(name, value)
        patch.setenv("ZHIPUAI_BASE_URL", server.base_url)
        patch.setenv("ZHIPUAI_API_KEY", server.api_key)
        assert program.main(["record", str(path)]) == 0
    return path.parent


@pytest.fixture
def recorded(recording: Path, folder: Path) -> Path:
    """A copy of the recorded notebook, with its journal."""
    shutil.copytree(recording, folder, dirs_exist_ok=True)
    return folder / "page.ipynb"


def test_replay_shows_what_differs(recorded: Path, told: Told) -> None:
    def change(cells: list[Any]) -> None:
        cells[1].outputs[0].data["text/plain"] = cells[1].outputs[0].data["text/markdown"] = "你好！"
        panel = cells[1].outputs[1].data
        for kind in panel:
            panel[kind] = panel[kind].replace("17 ", "18 ").replace("10 ", "11 ")
        cells[2].outputs[0].text = "a\nB\n"
        cells[3].outputs = []

    edited(recorded, change)
    status, printed = told("replay", recorded)
    assert status == 1
    assert "    -你好！\n    +你好！有什么我可以帮助你的吗？\n" in printed
    assert "page.ipynb, cell 2 (%%glm 你好): output 2 differs" in printed
    assert "style=" not in printed, "a user compares words, not HTML"
    assert "page.ipynb, cell 3 (print('a')): output 1 differs, as stdout:\n" in printed
    assert "    -B\n    +b\n" in printed
    assert "page.ipynb, cell 4 (print('c')): 0 outputs saved, 1 now." in printed
    assert "all as recorded" not in printed


def strip(cells: list[Any]) -> None:
    """What nbstripout leaves of them."""
    for number, cell in enumerate(cells):
        cell.update(outputs=[], execution_count=None, id=str(number))


def test_a_notebook_without_its_outputs_can_be_replayed_all_the_same(
    recorded: Path, told: Told, server: PracticeServer
) -> None:
    edited(recorded, strip)
    status, printed = told("replay", recorded)
    assert status == 1
    assert "0 outputs saved, 2 now." in printed
    assert told("replay", "--outputs-optional", recorded) == (
        0,
        "page.ipynb: 5 cells ran; 4 were saved without outputs and not compared, the others are as recorded.\n",
    )
    assert server.requests == []


def test_what_outputs_there_are_is_still_compared(recorded: Path, told: Told) -> None:
    assert told("replay", "--outputs-optional", recorded) == (0, "page.ipynb: 5 cells, all as recorded.\n")

    def change(cells: list[Any]) -> None:
        cells[1].outputs = []
        cells[3].outputs[0].text = "b\n"

    edited(recorded, change)
    status, printed = told("replay", "--outputs-optional", recorded)
    assert status == 1
    assert "cell 4 (print('c')): output 1 differs" in printed


def test_a_stripped_notebook_whose_prompt_has_changed_fails(recorded: Path, told: Told) -> None:
    def change(cells: list[Any]) -> None:
        strip(cells)
        cells[1].source = "%%glm\nother words"

    edited(recorded, change)
    status, printed = told("replay", "--outputs-optional", recorded)
    assert status == 1
    assert "not in the journal" in printed


def test_long_differences_are_cut(folder: Path, told: Told) -> None:
    path = written(
        folder,
        notebook(
            "print(*range(100), sep='\\n')",
            "from IPython.display import display\ndisplay({'image/png': 'A' * 9_000}, raw=True)",
        ),
    )
    assert told("record", path)[0] == 0

    def change(cells: list[Any]) -> None:
        cells[1].outputs[0].text = "".join(f"{number}!\n" for number in range(100))
        cells[2].outputs[0].data["image/png"] = "B" * 9_000

    edited(path, change)
    status, printed = told("replay", path)
    assert status == 1
    assert re.search(r"… and \d+ more lines", printed)
    assert "as image/png" in printed
    assert len(printed) < 2_000


def test_replay_of_a_changed_prompt_shows_the_nearest_one(recorded: Path, told: Told, server: PracticeServer) -> None:
    def change(cells: list[Any]) -> None:
        cells[4].source = "%%glm\n再会"

    edited(recorded, change)
    status, printed = told("replay", recorded)
    assert status == 1
    assert printed.startswith(
        "page.ipynb, cell 5 (%%glm 再会) failed: This request is not in the journal page.jsonl.\n"
    )
    assert "message 3 differs. Recorded (user): '再见'; now: '再会'" in printed
    assert len(printed.splitlines()) == 3
    assert server.requests == []


def test_replay_without_a_journal(folder: Path, told: Told) -> None:
    status, printed = told("replay", written(folder, notebook("%%glm\n你好")))
    assert status == 1
    assert "page.jsonl" in printed
    assert "python -m zhipu_magic record NOTEBOOK" in printed
    assert not (folder / ".glm").exists()


def test_what_may_fail_may_fail_and_what_is_ignored_is_ignored(folder: Path, told: Told) -> None:
    made = notebook(
        "%glm budget 10 tokens",
        "%%glm\n你好",
        "%glm budget off",
        "%%glm\nhello",
        "import time; time.time_ns()",
        "# NBVAL_IGNORE_OUTPUT\ntime.time_ns()",
    )
    made.cells[2].metadata.tags = ["raises-exception"]
    made.cells[5].metadata.tags = ["nbval-ignore-output"]
    path = written(folder, made)
    assert told("record", path)[0] == 0
    assert outputs(path)[2][0].ename == "OverBudget"
    assert told("replay", path)[0] == 0

    def change(cells: list[Any]) -> None:
        cells[2].outputs[0].evalue = "something else"
        del cells[5].metadata["tags"]

    edited(path, change)
    status, printed = told("replay", path)
    assert status == 1
    assert "cell 3 (%%glm 你好): output 1 differs, as error:" in printed
    assert "cell 6 (import time; time.time_ns()): output 1 differs, as text/plain:" in printed
    assert "cell 7" not in printed


def test_several_notebooks_are_all_run_and_the_worst_is_the_status(folder: Path, told: Told) -> None:
    good = [written(folder, notebook(f"%%glm\n{name}"), f"{name}.ipynb") for name in ("one", "two")]
    bad = written(folder, notebook("1 / 0"), "bad.ipynb")
    status, printed = told("record", good[0], bad, good[1])
    assert status == 1
    assert [line.partition(":")[0] for line in printed.splitlines()] == ["one.ipynb", "bad.ipynb", "two.ipynb"]
    assert told("replay", *good) == (0, "".join(f"{path.name}: 2 cells, all as recorded.\n" for path in good))
    assert sorted(file.name for file in (folder / ".glm").iterdir()) == ["one.jsonl", "two.jsonl"]


@pytest.mark.parametrize("command", ["record", "replay"])
def test_where_a_notebook_is_missing_none_is_run(folder: Path, told: Told, command: str) -> None:
    there = written(folder, notebook("%%glm\n你好"))
    before = there.read_bytes()
    status, printed = told(command, there, folder / "gone.ipynb", folder)
    assert status == 2
    assert printed.count("\n") == 1
    assert "gone.ipynb" in printed
    assert there.read_bytes() == before


def test_without_jupyter_that_is_said_and_nothing_is_touched(
    folder: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(folder, notebook("%%glm\n你好"))
    journal = folder / ".glm" / "page.jsonl"
    journal.parent.mkdir()
    journal.touch()
    monkeypatch.setitem(sys.modules, "nbformat", None)
    for command in ("record", "replay"):
        status, printed = told(command, path)
        assert status == 1
        assert "pip install jupyterlab notebook" in printed
    assert [file.name for file in journal.parent.iterdir()] == ["page.jsonl"]


def test_the_path_may_be_relative(folder: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    written(folder, notebook("%%glm\n你好"))
    monkeypatch.chdir(folder)
    assert told("record", Path("page.ipynb"))[0] == 0
    assert (folder / ".glm" / "page.jsonl").exists()
    assert told("replay", Path("page.ipynb"))[0] == 0


# The project's own notebooks, as a user's CI would check them


def strict_nbval(path: Path, *others: Path) -> subprocess.CompletedProcess[str]:
    """Run nbval on notebooks, replaying the first one's journal."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ZHIPU")}
    environment |= {"ZHIPU_MAGIC_REPLAY": "only", "JPY_SESSION_NAME": str(path)}
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "--color=no", "-p", "no:cacheprovider"]
    command += ["--nbval", "--nbval-current-env", path.name, *(other.name for other in others)]
    return subprocess.run(command, cwd=path.parent, env=environment, capture_output=True, text=True, timeout=100)


def test_a_recorded_notebook_passes_strict_nbval_and_a_changed_one_does_not(
    folder: Path, told: Told, server: PracticeServer
) -> None:
    path, changed = folder / "quickstart.ipynb", folder / "changed.ipynb"
    shutil.copy(EXAMPLES / path.name, path)
    edited(path, ask_at_once)
    assert told("record", path)[0] == 0
    shutil.copy(path, changed)

    def change(cells: list[Any]) -> None:
        shown = next(cell for cell in cells if cell.cell_type == "code" and "%%glm" in cell.source)
        shown.outputs[0].data["text/plain"] += "!"

    edited(changed, change)
    done = strict_nbval(path, changed)
    failed = re.findall(r"^FAILED (\w+)\.ipynb::Cell \d+", done.stdout, re.MULTILINE)
    assert (done.returncode, failed) == (1, ["changed"]), done.stdout
    asked = len(server.requests)
    assert told("replay", path)[0] == 0
    assert len(server.requests) == asked > 2


def ask_at_once(cells: list[Any]) -> None:
    """Leave out what a page practises with: it writes as slowly as a model does."""
    practising = next(cell for cell in cells if cell.source == "%glm practice")
    practising.source = "pass"


def test_a_long_notebook_is_recorded_and_passes_strict_nbval(folder: Path, told: Told, server: PracticeServer) -> None:
    path = folder / "conversation.ipynb"
    shutil.copy(EXAMPLES / path.name, path)

    edited(path, ask_at_once)
    assert told("record", path)[0] == 0
    asked = len(server.requests)
    assert asked > 5
    done = strict_nbval(path)
    assert done.returncode == 0, done.stdout
    assert len(server.requests) == asked


def test_notebooks_as_they_are_published_are_as_recorded(folder: Path, told: Told) -> None:
    """`make test` has nbval compare all of them."""
    shutil.copytree(EXAMPLES, folder / "published", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    paths = [folder / "published" / f"{name}.ipynb" for name in ("tables", "zh/tools")]
    status, printed = told("replay", *paths)
    assert status == 0, printed
    assert printed.count("all as recorded") == len(paths)


def test_the_exit_status_is_the_programs(folder: Path) -> None:
    path = folder / "gone.ipynb"
    done = subprocess.run([sys.executable, "-m", "zhipu_magic", "replay", str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == f"There is no notebook {path}.\n"
