"""Replies where updates are not shown, such as an `Output` and a console, and beside what others print into a cell."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_kernel import WIDGET, Kernel

from zhipu_magic.practice import DONE, PracticeServer, Raw, chunk, sse

WORDS = [f"word{number} " for number in range(20)]
SECTIONS = [f"## Section {number}\n" + "It goes on for a while. " * 85 + "\n\n" for number in range(1, 5)]


def slowly(pieces: list[str]) -> Raw:
    steps = [step for piece in pieces for step in (sse(chunk(piece)), 0.1)]
    return Raw((*steps, sse(chunk(finish_reason="stop")), DONE))


@pytest.fixture(scope="module")
def one_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    running = Kernel(tmp_path_factory.mktemp("kernel"))
    assert running.run("import os\n%load_ext zhipu_magic").reply["status"] == "ok"
    yield running
    running.stop()


@pytest.fixture
def kernel(one_kernel: Kernel, server: PracticeServer) -> Kernel:
    one_kernel.set(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key)
    assert one_kernel.run("%glm reset").reply["status"] == "ok"
    return one_kernel


def test_a_client_that_knows_no_updates_shows_all_of_it(kernel: Kernel, server: PracticeServer) -> None:
    """qtconsole, and Spyder with it, ignores `update_display_data`."""
    server.enqueue(slowly(WORDS))
    run = kernel.run("%%glm\ngo on", named=False)
    first_frames = [message["content"]["data"] for message in run.messages if message["msg_type"] == "display_data"]
    assert len(first_frames) == 2
    assert first_frames[0]["text/plain"] == "".join(WORDS)
    assert WIDGET not in first_frames[1]
    assert {"update_display_data", "clear_output", "comm_open"}.isdisjoint(
        message["msg_type"] for message in run.messages
    )


def test_an_output_widget_gets_all_of_it(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(slowly(WORDS), slowly(WORDS))
    kernel.run("from ipywidgets import Output\nout = Output()")
    run = kernel.run("with out:\n    get_ipython().run_cell_magic('glm', '', 'go on')")
    assert run.words == ["".join(WORDS)]
    assert "update_display_data" not in {message["msg_type"] for message in run.messages}
    after = kernel.run("%%glm\ngo on")
    assert "update_display_data" in {message["msg_type"] for message in after.messages}


def test_what_is_printed_into_the_cell_meanwhile_stays(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(slowly(SECTIONS), slowly(SECTIONS), slowly(SECTIONS))
    kernel.run(
        "import threading\n"
        "def at_once(info): print('at once')\n"
        "def later(info): threading.Timer(0.3, print, ['later']).start()"
    )
    events = "get_ipython().events"
    for printing, printed in (("at_once", "at once\n"), ("later", "later\n")):
        kernel.run(f"{events}.register('pre_run_cell', {printing})")
        run = kernel.run("%%glm\ngo on")
        kernel.run(f"{events}.unregister('pre_run_cell', {printing})\nimport time\ntime.sleep(0.5)")
        assert run.printed == printed
        assert [words for words in run.words if words] == ["".join(SECTIONS)]
    run = kernel.run("%%glm\ngo on")
    assert run.kinds == ["display_data", "display_data"]
    assert sum(message["msg_type"] == "clear_output" for message in run.messages) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal on Windows")
@pytest.mark.parametrize("cell", ["%glm ask go on", "get_ipython().run_cell_magic('glm', '', 'go on')"])
def test_jupyter_console_shows_all_of_it(server: PracticeServer, tmp_path: Path, cell: str) -> None:
    pexpect = pytest.importorskip("pexpect", reason="a pseudo-terminal needs pexpect")
    pytest.importorskip("jupyter_console", reason="needs jupyter console")
    places = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "jupyter_console", "--simple-prompt"],
        env={
            **kept,
            **places,
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "TERM": "dumb",
            "ZHIPUAI_BASE_URL": server.base_url,
            "ZHIPUAI_API_KEY": server.api_key,
        },
        encoding="utf-8",
        dimensions=(50, 120),
        timeout=60,
    )
    try:
        child.expect(r"In \[1\]: ")
        child.sendline("%load_ext zhipu_magic")
        child.expect(r"In \[2\]: ")
        server.enqueue(slowly(WORDS))
        child.sendline(cell)
        child.expect_exact("word19", timeout=20)
        child.expect(r"tok/s.*In \[3\]: ")
    finally:
        child.close(force=True)
