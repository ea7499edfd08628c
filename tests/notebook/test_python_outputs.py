"""What code of the model's has shown, as an output that a prompt can refer to; and how much of it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from in_process import Notebook, Page

from zhipu_magic.notebook.python.recorder import MOST_DISPLAYED, Recorder
from zhipu_magic.practice import Answer, PracticeServer, tool_call

SHOW = "show = lambda **data: get_ipython().display_pub.publish({k.replace('_', '/'): v for k, v in data.items()})"
TABLE = "<table><tr><th>month</th></tr><tr><td>May</td></tr></table>"


@pytest.fixture
def numbered(bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Notebook:
    """A page whose cells have numbers: cell 1 loads, cell 2 makes a way to display, cell 3 is the next."""
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    monkeypatch.chdir(tmp_path)
    bare_page.numbers = True
    assert bare_page.run("%load_ext zhipu_magic\n%config GLMMagics.journal = 'page.jsonl'").success
    found = Notebook(bare_page, server)
    assert found.run("shows", SHOW).success
    return found


def run_python(notebook: Notebook, code: str, line: str = "%%glm --tool python!") -> None:
    notebook.server.enqueue(Answer(tool_calls=[tool_call("python", {"code": code}, id="c")]), Answer("Done."))
    assert notebook.page.run(f"{line}\ngo", "runs").success


def sent(notebook: Notebook, prompt: str, line: str = "%%glm") -> str:
    found = notebook.run("asks", f"{line}\n{prompt}", "ok")
    assert found.success, found.error
    text = notebook.server.requests[-1].body["messages"][-1]["content"]
    return text if isinstance(text, str) else str(text[-1]["text"])


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("print('forty-two')", "forty-two"),
        (f"show(text_html={TABLE!r}, text_plain='plain')", "May"),
        ("show(text_markdown='**bold**')", "**bold**"),
        ("import PIL.Image; PIL.Image.new('RGB', (4, 3))", "[image 1: out]"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_what_a_run_shows_is_an_output_of_its_cell(numbered: Notebook, code: str, read: str) -> None:
    run_python(numbered, code)
    assert read in sent(numbered, "{{ out }}", "%%glm -m glm-4.6v")
    assert read in sent(numbered, "{{ Out[3] }}", "%%glm -m glm-4.6v").replace("Out[3]", "out")


def test_it_goes_along_with_the_cells_above(numbered: Notebook) -> None:
    run_python(numbered, "print('forty-two')")
    text = sent(numbered, "And now?", "%%glm --once --above")
    assert "forty-two" in text and "Done." in text


def test_in_a_replay_it_is_the_same(numbered: Notebook) -> None:
    run_python(numbered, f"print('forty-two'); show(text_html={TABLE!r})")
    live = sent(numbered, "{{ out }}")
    page = numbered.page
    page.run("%unload_ext zhipu_magic")
    page.run("%load_ext zhipu_magic\n%config GLMMagics.journal = 'page.jsonl'\n%config GLMMagics.replay = 'only'")
    before = len(numbered.server.requests)
    assert page.run("%%glm --tool python!\ngo", "runs").success
    replayed = page.run("%%glm\n{{ out }}", "asks")
    assert replayed.success, replayed.error
    assert "May" in live and len(numbered.server.requests) == before


def test_a_drawing_is_an_output_and_its_panel_is_none(numbered: Notebook) -> None:
    shown = "get_ipython().display_pub.publish({'text/plain': 'mine'}, transient={'display_id': '%s'})"
    numbered.run("a", shown % "h1")
    numbered.run("b", shown.replace("mine", "a panel") % "zhipu_magic-1")
    assert sent(numbered, "{{ out }}") == "mine"
    assert numbered.page.run("%%glm --draw\nA lighthouse.", "d").success
    assert sent(numbered, "{{ out }}", "%%glm -m glm-4.6v") == "[image 1: out]"


# How much is kept


def test_what_replaces_an_output_counts_as_well(page: Page) -> None:
    recorder = Recorder(page.shell)
    recorder.display({"text/plain": "small"}, "h")
    recorder.display({"text/plain": "x" * (MOST_DISPLAYED + 1)}, "h", update=True)
    assert sum(len(one.data.get("text/plain", "")) for one in recorder.outputs) == 0 and recorder.not_shown == 1
    recorder.display({"text/plain": "y" * MOST_DISPLAYED}, "h", update=True)
    assert len(recorder.outputs[0].data["text/plain"]) == MOST_DISPLAYED and recorder.not_shown == 0
    recorder.display({"text/plain": "z"})
    assert len(recorder.outputs) == 1 and recorder.not_shown == 1


def test_what_was_cleared_takes_no_room(page: Page) -> None:
    recorder = Recorder(page.shell)
    for frame in range(30):
        recorder.clear()
        recorder.write("stdout", f"{frame} " + "p" * 100_000)
        recorder.display({"text/plain": f"{frame} " + "f" * 1_000_000})
    first, second = recorder.outputs
    assert first.text.startswith("29 ") and second.data["text/plain"].startswith("29 ")
    assert recorder.not_kept == recorder.not_shown == 0
