"""Python that a model runs, in the IPython terminal: the code is read there, and what it printed stands below it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from zhipu_magic.practice import Answer, PracticeServer, tool_call

pytest.importorskip("pexpect", reason="a pseudo-terminal needs pexpect")
pytest.importorskip("pyte", reason="what is on a screen needs pyte")
if sys.platform == "win32":
    pytest.skip("there is no pseudo-terminal on Windows", allow_module_level=True)

from test_terminal import Terminal, screen  # it needs pexpect as well


@pytest.fixture
def terminal(tmp_path_factory: pytest.TempPathFactory, server: PracticeServer) -> Iterator[Terminal]:
    running = Terminal(tmp_path_factory.mktemp("ipython"), "--simple-prompt")
    running.run(f"os.environ.update({ {'ZHIPUAI_BASE_URL': server.base_url, 'ZHIPUAI_API_KEY': server.api_key}!r})")
    yield running
    running.stop()


def test_the_user_reads_the_code_and_sees_what_it_printed(terminal: Terminal, server: PracticeServer) -> None:
    code = "total = sum(range(5))\nprint('the total is', total)\nexit()"
    server.enqueue(Answer("I add.", tool_calls=[tool_call("python", {"code": code}, id="c")]), Answer("It is ten."))
    terminal.ask("Add up.", "--tool python")
    terminal.child.expect_exact("Run these 3 lines of Python? [y/N] ")
    asked = screen(terminal.child.before)
    assert "total = sum(range(5))" in asked and "print('the total is', total)" in asked
    terminal.child.sendline("y")
    rows = screen(terminal.until_prompt())
    assert "the total is 10" in rows and "It is ten." in rows
    assert any("exit() ends this run, and not the kernel" in row for row in rows)
    assert "10" in terminal.run("total"), "and IPython goes on"
    server.enqueue(Answer(tool_calls=[tool_call("python", {"code": "del total"}, id="c")]), Answer("Not then."))
    terminal.ask("Forget it.", "--tool python")
    terminal.child.expect_exact("Run this line of Python? [y/N] ")
    terminal.child.sendline("")
    assert "declined" in terminal.until_prompt()
    assert "10" in terminal.run("total")


def test_a_figure_is_kept_and_its_file_is_named(terminal: Terminal, server: PracticeServer) -> None:
    pytest.importorskip("matplotlib", reason="draws the figure")
    code = "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\nplt.plot([1, 3]); plt.show()"
    server.enqueue(Answer(tool_calls=[tool_call("python", {"code": code}, id="c")]), Answer("It rises."))
    terminal.ask("Plot.", "--tool python!")
    rows = screen(terminal.until_prompt())
    assert "[figure 1, " in server.requests[-1].body["messages"][-1]["content"]
    assert any("The figure is " in row or "No journal keeps the figure" in row for row in rows), rows


def test_what_the_code_prints_is_seen_while_it_runs_and_stays_if_it_is_stopped(
    terminal: Terminal, server: PracticeServer
) -> None:
    code = "import time\nbegun = 1\nfor n in range(1, 4):\n    print(n, 'of 3', end='\\r')\nprint()\ntime.sleep(60)"
    server.enqueue(Answer(tool_calls=[tool_call("python", {"code": code}, id="c")]))
    terminal.ask("Count.", "--tool python!")
    terminal.child.expect_exact("3 of 3")  # the code itself has it in other words
    terminal.child.sendintr()
    rows = screen(terminal.until_prompt())
    assert sum("3 of 3" in row for row in rows) == 1 and any("The user stopped it here." in row for row in rows)
    assert any("Interrupted. What had arrived is kept" in row for row in rows)
    assert "Its code set time, begun, n." in terminal.run("%glm undo")
