"""Cells over tables where there is no page: in a pseudo-terminal, piped, and run by nbclient."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from test_notebook_tools import execute, home, notebook
from test_terminal import Terminal, screen, surroundings

from zhipu_magic.practice import Answer, Fault, PracticeServer

__all__ = ["home"]

MANY = "many = [None] + ['row %d' % number for number in range(29)]"
ASK = "%%glm --each many -m glm-4.7 -o found\nSay {{ text }}"
#: Columns.
NARROW = 60


def answers(count: int = 29) -> list[Answer]:
    return [Answer("好评，值得推荐", prompt_tokens=820, completion_tokens=310)] * count


@pytest.fixture(scope="module")
def one_terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    running = Terminal(tmp_path_factory.mktemp("ipython"), "--simple-prompt")
    running.run(MANY)
    yield running
    running.stop()


@pytest.fixture
def terminal(one_terminal: Terminal, server: PracticeServer) -> Iterator[Terminal]:
    """A terminal of 60 columns, and a service that takes four requests at once."""
    settings = {"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": server.api_key}
    one_terminal.run(f"os.environ.update({settings!r})")
    one_terminal.run("%unload_ext zhipu_magic")
    one_terminal.run("%load_ext zhipu_magic")
    one_terminal.child.setwinsize(50, NARROW)
    server.limit, server.load.latency = 4, 0.2
    yield one_terminal
    one_terminal.child.setwinsize(50, 120)


def ask(terminal: Terminal, verb: str) -> None:
    """Ask over the table what was not asked before: the terminal knows its answers."""
    terminal.type(f"{ASK.replace('Say', verb)}\n\n")


# In a terminal


def test_one_line_is_drawn_again_in_place_and_settles_to_the_rows(terminal: Terminal, server: PracticeServer) -> None:
    server.enqueue(*answers())
    ask(terminal, "Repeat")
    printed = terminal.until_prompt()
    frames = re.findall(r"\d+/30 · \d of \d in flight[^\x1b]*", printed)
    assert len(frames) > 2
    assert any("ETA" in frame for frame in frames)
    assert max(map(len, frames)) < NARROW
    rows = screen(printed, NARROW)
    assert re.fullmatch(r"text +│ answer", rows[0])
    assert [row for row in rows if row.startswith("row 3 ")] == ["row 3 │ 好评，值得推荐"]
    assert rows[7].rstrip() == "1 failed (row 0): {{ text }} is missing in this row." and rows[8].startswith("{{ ")
    assert rows[-2].startswith("[30 rows · 1 failed · 23.8k + 8,990 tokens · ")
    assert rows[-1].endswith("]")
    assert not any("in flight" in row for row in rows)


def test_each_frame_is_one_row_until_the_next(terminal: Terminal, server: PracticeServer) -> None:
    server.enqueue(*answers())
    ask(terminal, "Spell")
    terminal.child.expect(r"\d/30 · \d of \d in flight.*?\d/30 · \d of \d in flight.*?\d/30 ")
    shown = screen(terminal.child.before + terminal.child.after, NARROW)
    assert len(shown) == 1
    terminal.until_prompt()


def test_while_the_service_is_busy_the_line_says_so(terminal: Terminal, server: PracticeServer) -> None:
    server.enqueue(*answers())
    server.load.storm = Fault.of("1305")
    ask(terminal, "Sing")
    terminal.child.expect_exact("service busy, next try in 1 s")
    server.load.storm = None
    assert "busy" not in " ".join(screen(terminal.until_prompt(), NARROW))


def test_an_interrupt_leaves_the_rows_that_there_are_and_says_what_to_do(
    terminal: Terminal, server: PracticeServer
) -> None:
    server.enqueue(*answers())
    ask(terminal, "Shout")
    terminal.child.expect(r"(?:[2-9]|1\d)/30 · \d of \d in flight")  # the first that ends has no text
    terminal.child.sendintr()
    printed = terminal.until_prompt()
    rows = screen(printed.replace("^C", ""), NARROW)
    assert not any("in flight" in row for row in rows)
    assert re.fullmatch(r"Interrupted: \d+ rows without an answer\.", rows[-2])
    assert rows[-1] == "Run the cell again: it asks only those."
    answered = "sum(row['answer'] is not None for row in found)"
    assert 0 < int(terminal.run(answered).split(":")[-1]) < 29
    ask(terminal, "Shout")
    assert re.search(r"\[30 rows \([1-9]\d* known\)", " ".join(screen(terminal.until_prompt(), NARROW)))
    assert int(terminal.run(answered).split(":")[-1]) == 29
    assert server.load.let_in == 29, "none was asked twice"


# Where there is no screen


def test_piped_only_the_end_is_printed(server: PracticeServer, tmp_path: Path) -> None:
    server.limit, server.load.latency = 4, 0.2
    server.enqueue(*answers())
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in ("%load_ext zhipu_magic", MANY, ASK)]
    )
    nbformat.write(made, tmp_path / "piped.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=nocolor", str(tmp_path / "piped.ipynb")],
        env={**surroundings(tmp_path), "ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": server.api_key},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    rows = done.stdout.splitlines()
    assert re.fullmatch(r"text +│ answer", rows[0].rstrip())
    assert rows[-2].startswith("1 failed (row 0): ") and rows[-2].endswith("for a missing value."), "in one line"
    assert rows[-1].startswith("[30 rows · 1 failed · ") and rows[-1].endswith("]")
    assert len(rows) == 9
    assert not re.search(r"[\x1b\r\b]|in flight", done.stdout + done.stderr)


def test_nbclient_leaves_the_rows_and_the_panel(home: Path, server: PracticeServer) -> None:
    server.limit, server.load.latency = 4, 0.1
    server.enqueue(*answers())
    made = execute(notebook("import pandas as pd\n" + MANY, "many = pd.DataFrame({'text': many})", ASK), home, server)
    table, panel = made.cells[3].outputs
    assert table.output_type == panel.output_type == "display_data"
    assert [sorted(output.data) for output in (table, panel)] == [["text/html", "text/plain"]] * 2
    assert "<table" in table.data["text/html"]
    assert "30 rows · 1 failed · " in panel.data["text/plain"]
    assert "progressbar" not in str(made) and "in flight" not in str(made)


def test_a_table_that_is_stopped_early_stops_nbclient_with_what_there_is(home: Path, server: PracticeServer) -> None:
    server.limit = 1
    server.enqueue(*answers())
    made = notebook(MANY, "%glm budget 9000 tokens", ASK, "%%glm\nnever")
    with pytest.raises(CellExecutionError, match="budget"):
        execute(made, home, server)
    table, panel, error = made.cells[3].outputs
    assert "好评" in table.data["text/plain"]
    assert re.search(r"^\d+/30 · 1 failed", panel.data["text/plain"], re.MULTILINE)
    assert error.output_type == "error"
    assert made.cells[4].outputs == []
