"""What each front end tells of the page: its very requests to a real kernel, and odd ones to what reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from in_process import texts
from kernels import Kernel, Run, started

from zhipu_magic.notebook import front_ends
from zhipu_magic.notebook.shell import request_metadata
from zhipu_magic.practice import Answer, PracticeServer

Metadata = dict[str, Any]
#: Makes the metadata of a cell's request to execute.
Tell = Callable[[str], Metadata]


def jupyterlab(cell: str, deleted: Sequence[str] = ()) -> Metadata:
    """JupyterLab 4 and Notebook 7."""
    return {"cellId": cell, "deletedCells": list(deleted), "recordTiming": False, "trusted": True}


def vscode(cell: str) -> Metadata:
    return {"cellId": f"vscode-notebook-cell:/home/x/nb.ipynb#{cell}sZmlsZQ%3D%3D"}


def colab(cell: str) -> Metadata:
    return {"colab": {"cell_id": cell, "session_id": "7f3a"}}


NAMING = [jupyterlab, vscode, colab]


class FrontEnd(Kernel):
    """Sends metadata with each request to execute."""

    def execute(self, code: str, metadata: Metadata, *, silent: bool = False) -> Run:
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        return self.finish(message["header"]["msg_id"])


@pytest.fixture(scope="module")
def one_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontEnd]:
    with started(tmp_path_factory.mktemp("kernel"), "import os", FrontEnd) as kernel:
        yield kernel


@pytest.fixture
def kernel(one_kernel: FrontEnd, server: PracticeServer, tmp_path: Path) -> Iterator[FrontEnd]:
    """A kernel for a notebook that nobody has named yet; the extension is loaded when the test says so."""
    data = str(tmp_path / "user data")
    one_kernel.set(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key, XDG_DATA_HOME=data)
    yield one_kernel
    one_kernel.run("%unload_ext zhipu_magic")
    one_kernel.run("os.environ.pop('JPY_SESSION_NAME', None)")
    one_kernel.run("globals().pop('__vsc_ipynb_file__', None)")


def load(kernel: FrontEnd) -> Run:
    run = kernel.run("%load_ext zhipu_magic")
    assert run.reply["status"] == "ok"
    return run


def ask(kernel: FrontEnd, server: PracticeServer, prompt: str, reply: str, metadata: Metadata) -> list[str]:
    """Run a cell; gives the texts that its request held."""
    server.enqueue(Answer(reply))
    run = kernel.execute(f"%%glm\n{prompt}", metadata)
    assert run.words == [reply]
    return texts(server.requests[-1].body["messages"])


# The running cell


@pytest.mark.parametrize("front_end_of", NAMING)
def test_a_cell_run_again_replaces_its_turn(kernel: FrontEnd, server: PracticeServer, front_end_of: Tell) -> None:
    load(kernel)
    for cell in ("W0", "X1", "Y2"):
        ask(kernel, server, cell, f"{cell} one", front_end_of(cell))
    assert ask(kernel, server, "again", "X1 two", front_end_of("X1")) == ["W0", "W0 one", "again"]
    assert ask(kernel, server, "last", "words", front_end_of("Z3"))[2:-1] == ["again", "X1 two", "Y2", "Y2 one"]


@pytest.mark.parametrize("metadata", [{}, {"cellId": None}, {"cellId": ""}, {"colab": {}}, {"tags": ["a"]}])
def test_without_a_name_every_run_appends(kernel: FrontEnd, server: PracticeServer, metadata: Metadata) -> None:
    load(kernel)
    ask(kernel, server, "same", "one", metadata)
    assert ask(kernel, server, "same", "two", metadata) == ["same", "one", "same"]


@pytest.mark.parametrize("metadata", [{"cellId": 7}, {"cellId": ["a"]}, {"colab": "a"}, {"deletedCells": "abc"}])
def test_metadata_of_another_make_harms_nothing(kernel: FrontEnd, server: PracticeServer, metadata: Metadata) -> None:
    load(kernel)
    ask(kernel, server, "same", "one", metadata)
    assert ask(kernel, server, "same", "two", metadata)[-1] == "same"


@pytest.mark.parametrize("front_end_of", NAMING)
def test_a_cell_within_capture_and_a_loop_is_still_its_own(
    kernel: FrontEnd, server: PracticeServer, front_end_of: Tell
) -> None:
    load(kernel)
    cell = "%%capture\nfor text in ('one', 'two'):\n    get_ipython().run_line_magic('glm', f'ask {text}')"
    for _ in range(2):
        assert kernel.execute(cell, front_end_of("A")).reply["status"] == "ok"
    held = texts(server.requests[-1].body["messages"])
    assert [held[0], *held[2:]] == ["one", "two"]


def test_a_cell_that_asks_in_a_helper_of_an_earlier_cell_is_the_one_that_runs(
    kernel: FrontEnd, server: PracticeServer
) -> None:
    load(kernel)
    kernel.execute("def ask(text):\n    get_ipython().run_line_magic('glm', f'ask {text}')", jupyterlab("helper"))
    for _ in range(2):
        kernel.execute("ask('one')", jupyterlab("first"))
        kernel.execute("ask('two')", jupyterlab("second"))
    held = texts(server.requests[-1].body["messages"])
    assert [held[0], *held[2:]] == ["one", "two"]


# Deleted cells


def test_a_deleted_cells_turn_is_set_aside_and_comes_back(kernel: FrontEnd, server: PracticeServer) -> None:
    load(kernel)
    for cell in ("a", "b"):
        ask(kernel, server, cell, f"{cell} one", jupyterlab(cell))
    server.enqueue(Answer("c one"))
    run = kernel.execute("%%glm\nc", jupyterlab("c", deleted=["a"]))
    assert "1 turn was set aside" in run.outputs[1]["data"]["text/html"]
    assert texts(server.requests[-1].body["messages"]) == ["b", "b one", "c"]
    assert ask(kernel, server, "a", "a two", jupyterlab("a")) == ["a"]
    assert ask(kernel, server, "d", "d one", jupyterlab("d"))[:2] == ["a", "a two"]


@pytest.mark.parametrize("code", ["x = 1", "1 / 0", "x = (", "%glm history"])
def test_what_another_cell_is_told_is_not_lost(kernel: FrontEnd, server: PracticeServer, code: str) -> None:
    load(kernel)
    for cell in ("a", "b"):
        ask(kernel, server, cell, f"{cell} one", jupyterlab(cell))
    kernel.execute(code, jupyterlab("x", deleted=["a"]))
    assert ask(kernel, server, "c", "c one", jupyterlab("c")) == ["b", "b one", "c"]


def test_a_deletion_told_before_the_conversation_is_resumed_counts(
    kernel: FrontEnd, server: PracticeServer, tmp_path: Path
) -> None:
    kernel.set(JPY_SESSION_NAME=str(tmp_path / "nb.ipynb"))
    load(kernel)
    for cell in ("a", "b"):
        ask(kernel, server, cell, f"{cell} one", jupyterlab(cell))
    kernel.run("%unload_ext zhipu_magic")
    kernel.execute("%load_ext zhipu_magic", jupyterlab("load", deleted=["a"]))
    kernel.execute("%glm resume", jupyterlab("resume"))
    assert ask(kernel, server, "c", "c one", jupyterlab("c")) == ["b", "b one", "c"]


# The journal


def journal_of(notebook: Path) -> list[dict[str, Any]]:
    path = notebook.parent / ".glm" / f"{notebook.stem}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_in_vscode_the_journal_is_beside_the_notebook(kernel: FrontEnd, server: PracticeServer, tmp_path: Path) -> None:
    notebook = tmp_path / "my work" / "营销.ipynb"
    notebook.parent.mkdir()
    kernel.execute(f"__vsc_ipynb_file__ = {str(notebook)!r}", {}, silent=True)
    load(kernel)
    uri = f"vscode-notebook-cell:{notebook.as_posix()}#W0sZmlsZQ%3D%3D"
    ask(kernel, server, "hi", "hello", {"cellId": uri})
    session, turn = journal_of(notebook)
    assert (session["event"], turn["event"], turn["prompt"]) == ("session", "turn", "hi")
    assert turn["cell"] == "W0sZmlsZQ%3D%3D"


@pytest.mark.parametrize("front_end_of", [jupyterlab, colab])
def test_elsewhere_the_server_names_the_notebook(
    kernel: FrontEnd, server: PracticeServer, tmp_path: Path, front_end_of: Tell
) -> None:
    notebook = tmp_path / "nb.ipynb"
    kernel.set(JPY_SESSION_NAME=str(notebook))
    load(kernel)
    ask(kernel, server, "hi", "hello", front_end_of("abc"))
    assert [event["event"] for event in journal_of(notebook)] == ["session", "turn"]
    assert journal_of(notebook)[1]["cell"] == "abc"


@pytest.mark.parametrize("name", ["", "nb.py", "/dev/null"])
def test_where_nobody_names_the_notebook_it_is_with_the_users_data(
    kernel: FrontEnd, server: PracticeServer, tmp_path: Path, name: str
) -> None:
    kernel.set(JPY_SESSION_NAME=name)
    kernel.run("__vsc_ipynb_file__ = 7")
    load(kernel)
    ask(kernel, server, "hi", "hello", {})
    shown = kernel.run("%glm journal").outputs[0]["data"]["text/plain"]
    assert "zhipu_magic" in shown
    assert ".jsonl" in shown
    assert not (tmp_path / ".glm").exists()


@pytest.mark.parametrize("tell", ["vscode", "server"])
def test_no_absolute_path_and_no_key_stands_in_the_journal(
    kernel: FrontEnd, server: PracticeServer, tmp_path: Path, tell: str
) -> None:
    notebook = tmp_path / "nb.ipynb"
    if tell == "vscode":
        kernel.execute(f"__vsc_ipynb_file__ = {str(notebook)!r}", {}, silent=True)
    else:
        kernel.set(JPY_SESSION_NAME=str(notebook))
    load(kernel)
    metadata = {"cellId": f"vscode-notebook-cell:{notebook.as_posix()}#W0sZmlsZQ%3D%3D"}
    ask(kernel, server, "hi", "hello", metadata)
    for line in ("thread other", "fork more", "undo", "budget 5 yuan", "system brief", "thread main", "reset"):
        assert kernel.execute(f"%glm {line}", metadata).reply["status"] == "ok"
    kernel.execute("x = 1", {**metadata, "deletedCells": [metadata["cellId"]]})
    ask(kernel, server, "hi", "hello again", metadata)
    text = "\n".join(json.dumps(event, ensure_ascii=False) for event in journal_of(notebook))
    assert "hello again" in text
    for told in (str(tmp_path), tmp_path.as_posix(), str(Path.home()), "vscode-notebook-cell", server.api_key):
        assert told not in text


def test_after_a_restart_the_cells_are_still_known(kernel: FrontEnd, server: PracticeServer, tmp_path: Path) -> None:
    kernel.set(JPY_SESSION_NAME=str(tmp_path / "nb.ipynb"))
    assert load(kernel).outputs == []
    for cell in ("a", "b"):
        ask(kernel, server, cell, f"{cell} one", jupyterlab(cell))
    kernel.run("%unload_ext zhipu_magic")
    assert "%glm resume" in load(kernel).printed
    kernel.execute("%glm resume", jupyterlab("resume"))
    assert ask(kernel, server, "b", "b two", jupyterlab("b")) == ["a", "a one", "b"]
    assert ask(kernel, server, "c", "c one", jupyterlab("c")) == ["a", "a one", "b", "b two", "c"]


# Whatever comes


def shell(parent: Any) -> Any:
    """A kernel's shell, as far as it tells of the request."""
    return SimpleNamespace(get_parent=lambda: parent)


#: Requests that tell nothing.
NOTHING: list[Any] = [
    SimpleNamespace(),
    *map(shell, [None, {}, [], "text", 7, {"metadata": None}, {"metadata": []}, {"metadata": "text"}]),
    *(shell({"metadata": {"colab": odd}}) for odd in (None, [], "abc", {}, {"cell_id": None}, {"cell_id": 7})),
    *(shell({"metadata": {"cellId": odd}}) for odd in (None, "", 7, ["abc"], {"id": "abc"})),
]


@pytest.mark.parametrize("odd", NOTHING)
def test_a_request_that_tells_nothing_names_no_cell(odd: Any) -> None:
    assert front_ends.running_cell(request_metadata(odd), None) is None
    assert front_ends.deleted_cells(request_metadata(odd)) == []


@pytest.mark.parametrize("odd", NOTHING)
def test_what_ipython_was_told_counts_without_the_request(odd: Any) -> None:
    assert front_ends.running_cell(request_metadata(odd), "abc") == "abc"


@pytest.mark.parametrize("cell_id", [7, ["abc"], b"abc", "", "vscode-notebook-cell:/x/nb.ipynb#"])
def test_an_id_that_is_none_names_no_cell(cell_id: Any) -> None:
    assert front_ends.running_cell({}, cell_id) is None


@pytest.mark.parametrize(
    ("metadata", "cell"),
    [
        ({"cellId": "abc"}, "abc"),
        ({"colab": {"cell_id": "abc"}}, "abc"),
        ({"cellId": "vscode-notebook-cell:/home/x/nb.ipynb#W0sZmlsZQ%3D%3D"}, "W0sZmlsZQ%3D%3D"),
        ({"cellId": "vscode-notebook-cell:/home/x/a%23b/c#d.ipynb#X1sZmlsZQ%3D%3D"}, "X1sZmlsZQ%3D%3D"),
        ({"cellId": "vscode-notebook-cell://wsl%2Bubuntu/home/x/nb.ipynb#W3"}, "W3"),
    ],
)
def test_each_front_ends_name_is_read(metadata: Metadata, cell: str) -> None:
    assert front_ends.running_cell(metadata, None) == cell
    assert front_ends.running_cell(metadata, metadata.get("cellId")) == cell


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", None, 7, ["b"]], ["a"]),
        ([], []),
        (None, []),
        ("abc", []),
        ({"a": 1}, []),
        (7, []),
    ],
)
def test_deleted_cells_are_read_from_a_list_alone(told: Any, read: list[str]) -> None:
    assert front_ends.deleted_cells({"deletedCells": told}) == read


@pytest.mark.parametrize("odd", [None, 7, "", "nb.py", ["nb.ipynb"], Path("nb.ipynb")])
def test_what_is_no_notebooks_path_is_passed_over(odd: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert front_ends.notebook_path({"__vsc_ipynb_file__": odd}) is None
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "nb.ipynb"))
    assert front_ends.notebook_path({"__vsc_ipynb_file__": odd}) == tmp_path / "nb.ipynb"


def test_vscodes_variable_goes_before_the_servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "server.ipynb"))
    names = {"__vsc_ipynb_file__": str(tmp_path / "vscode.ipynb")}
    assert front_ends.journal_path(names) == tmp_path / ".glm" / "vscode.jsonl"


def test_a_path_from_the_working_directory_is_made_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JPY_SESSION_NAME", "work/nb.ipynb")
    assert front_ends.journal_path({}) == tmp_path / "work" / ".glm" / "nb.jsonl"


def test_without_a_notebook_each_working_directory_has_a_journal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = []
    for folder in ("one/work", "two/work"):
        (tmp_path / folder).mkdir(parents=True)
        monkeypatch.chdir(tmp_path / folder)
        found += [front_ends.journal_path({}), front_ends.journal_path({})]
    assert found[0] == found[1] != found[2] == found[3]
    assert all(path.name.startswith("work-") and path.suffix == ".jsonl" for path in found)
    assert all(tmp_path not in path.parents or "user data" in path.parts for path in found)
