"""Cells in the background of the IPython terminal, where a reply appears when a cell runs after it has ended."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from test_terminal import END, Terminal, screen

from zhipu_magic.practice import STALL, Answer, PracticeServer, Raw, chunk, sse


@pytest.fixture(scope="module")
def one_terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    running = Terminal(tmp_path_factory.mktemp("ipython"), "--simple-prompt")
    yield running
    running.stop()


@pytest.fixture
def terminal(one_terminal: Terminal, server: PracticeServer) -> Terminal:
    settings = {"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": server.api_key}
    one_terminal.run(f"os.environ.update({settings!r})")
    one_terminal.run("%unload_ext zhipu_magic")
    one_terminal.run("%load_ext zhipu_magic")
    return one_terminal


def test_it_says_so_and_is_shown_at_the_next_cell(terminal: Terminal, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("Twinkle, ")), 0.3, sse(chunk("little *star*.")), *END)))
    terminal.ask("Sing!", "--bg -b r")
    said = " ".join(screen(terminal.until_prompt()))
    assert "Asked in the background: job 1." in said and "Twinkle" not in said
    rows = screen(terminal.run("list(iter(lambda: r.is_settled, True)) and None"))
    assert rows[:2] == ["Job 1, Sing!:", "Twinkle, little star."]
    assert "Twinkle" not in terminal.run("6 * 7"), "once"


def test_wait_shows_it_here(terminal: Terminal, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("Twinkle, ")), 0.5, sse(chunk("little *star*.")), *END)))
    terminal.ask("Sing!", "--bg")
    terminal.until_prompt()
    rows = screen(terminal.run("%glm wait"))
    assert rows[0] == "Job 1, Sing!:"
    assert rows[1] == "Twinkle, little star."
    assert rows[2].startswith("[glm-4.7-flash · ")


def test_an_interrupt_stops_what_runs_and_no_job(terminal: Terminal, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("begun")), STALL)))
    terminal.ask("Sing!", "--bg -b r")
    terminal.until_prompt()
    terminal.type("import time; time.sleep(60)")
    time.sleep(0.3)
    terminal.child.sendintr()
    assert "KeyboardInterrupt" in terminal.until_prompt()
    assert "None" in terminal.run("print(r.ended)")
    rows = screen(terminal.run("%glm stop"))
    assert any(row == "begun" for row in rows)
    assert "Stopped: 1 job (1). What had come is kept." in rows


def test_the_terminal_ends_though_a_job_goes_on(
    tmp_path_factory: pytest.TempPathFactory, server: PracticeServer
) -> None:
    running = Terminal(tmp_path_factory.mktemp("ipython"), "--simple-prompt")
    settings = {"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": server.api_key}
    running.run(f"os.environ.update({settings!r})")
    server.enqueue(Raw((sse(chunk("begun")), STALL)), Answer("never"))
    running.ask("Sing!", "--bg")
    running.until_prompt()
    running.child.sendline("exit()")
    import pexpect

    running.child.expect(pexpect.EOF)
    running.stop()
