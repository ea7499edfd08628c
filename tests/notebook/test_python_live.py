"""What the model's Python prints is seen while it runs, and nothing of that stays but what the run has shown."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from in_process import Cell, Page

from zhipu_magic.notebook.python.live import newest
from zhipu_magic.notebook.python.recorder import MOST_TAIL, Recorder
from zhipu_magic.practice import Answer, PracticeServer, tool_call

ASKS = "%%glm --tool python!\ngo"
TIMES = r"first token \d+\.\d\d s|\d+\.\d s|\d+ tok/s"


@pytest.fixture(autouse=True)
def waiting(page: Page) -> None:
    """Let the code wait until what it has printed is on the page, or is not any more."""

    def seen(printed: str, *, gone: bool = False, before: str = "```text\n") -> None:
        deadline = time.monotonic() + 20
        while (before + printed in page.publisher.outputs[-1]["data"].get("text/markdown", "")) is gone:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    page.names["seen"] = seen


def runs(*codes: str, words: str = "") -> Answer:
    return Answer(words, tool_calls=[tool_call("python", {"code": code}, id=f"c{n}") for n, code in enumerate(codes)])


def ask(page: Page, server: PracticeServer, *codes: str, cell: str = ASKS) -> Cell:
    server.enqueue(*map(runs, codes), Answer("Done."))
    return page.run(cell, "a")


def meanwhile(cell: Cell, text: str) -> list[str]:
    """The pages that were shown while the code ran, and have this."""
    pages = [str(one["data"].get("text/markdown", "")) for one in cell.messages]
    return [one for one in pages if "still being written" in one and text in one]


def shown(cell: Cell) -> Any:
    return json.loads(re.sub(TIMES, "…", json.dumps([output["data"] for output in cell.outputs])))


def results(server: PracticeServer) -> list[str]:
    return [one["content"] for one in server.requests[-1].body["messages"] if one["role"] == "tool"]


def test_what_it_prints_is_seen_soon_and_the_cell_ends_as_ever(
    page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page.run("%config GLMMagics.journal = 'page.jsonl'")
    code = (
        "import sys\nprint('11 %', end='\\r')\nprint('22 %')\nprint('oh', file=sys.stderr)\n"
        "seen('22 %\\noh')\nprint('last')"
    )
    cell = ask(page, server, code)
    assert cell.success
    *_, seen = meanwhile(cell, "```text\n22 %\noh\n```")
    assert "11 %\n" not in seen and "\nlast\n" not in seen
    assert [next(iter(output["data"])) for output in cell.outputs] == ["text/markdown", "text/html"]
    assert results(server) == ["22 %\n\nStandard error:\noh\n\nlast"], "and the thread that shows it is nobody else's"
    journal = (tmp_path / "page.jsonl").read_text(encoding="utf-8")
    assert "printed" not in json.loads(journal.splitlines()[-1])

    again = Page()
    again.run("%load_ext zhipu_magic\n%config GLMMagics.journal = 'page.jsonl'\n%config GLMMagics.replay = 'only'")
    replayed = again.run(ASKS, "a")
    assert shown(replayed) == shown(cell) and not meanwhile(replayed, "22 %")
    again.run("%unload_ext zhipu_magic")


def test_what_it_clears_goes(page: Page, server: PracticeServer) -> None:
    cell = ask(
        page,
        server,
        "print('before'); seen('before')\nget_ipython().display_pub.clear_output(); seen('before', gone=True)",
    )
    assert cell.success
    pages = [str(one["data"].get("text/markdown", "")) for one in cell.messages]
    last = max(place for place, one in enumerate(pages) if "```text\nbefore" in one)
    assert any("still being written" in one and "python …" in one for one in pages[last + 1 :])


def test_it_is_bounded_in_size_and_number(page: Page, server: PracticeServer) -> None:
    code = (
        "import time\nbegan = time.monotonic()\n"
        "for n in range(30_000):\n    print('x' * 99)\n    if n % 10_000 == 0: seen('x')\n"
        "took = time.monotonic() - began"
    )
    cell = ask(page, server, code)
    pages = meanwhile(cell, "x" * 99)
    assert 1 <= len(pages) <= page.names["took"] / 0.2 + 1
    assert max(map(len, pages)) < 10_000


def test_it_can_do_no_harm(page: Page, server: PracticeServer) -> None:
    evil = "```\n<script>alert(1)</script><img src=x onerror=alert(1)>\x1b]0;title\x07 $x$"
    # It stands in no fence: its backticks could close it. The key, which it prints last, is taken out.
    code = f"import os\nprint({evil!r})\nprint(os.environ['ZHIPUAI_API_KEY'])\nseen('PI key', before='A')"
    cell = ask(page, server, code)
    assert cell.success and meanwhile(cell, "API key") and "alert&#40;1" in meanwhile(cell, "API key")[0]
    assert "AssertionError" not in results(server)[0], "it was never seen"
    fence = re.compile(r"(`{3,})\w*\n.*?\n\1", re.DOTALL)
    for one in meanwhile(cell, "alert"):
        assert "<script" not in fence.sub("", one) and "<img" not in fence.sub("", one) and "\x1b" not in one
    assert server.api_key not in json.dumps(cell.every)


def test_what_was_agreed_to_is_seen_while_it_runs(
    page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda question="": "y")
    cell = ask(page, server, "total = 1\nprint('so far')\nseen('so far')", cell="%%glm --tool python\ngo")
    assert cell.success
    assert any("total = 1" in one for one in meanwhile(cell, "```text\nso far"))


@pytest.mark.parametrize(("stream", "name"), [(False, "a"), (True, None)])
def test_where_nothing_is_streamed_it_is_not_seen(
    page: Page, server: PracticeServer, stream: bool, name: str | None
) -> None:
    page.run(f"%config GLMMagics.stream = {stream}")
    server.enqueue(runs("import time\nprint('so far')\ntime.sleep(0.5)"), Answer("Done."))
    cell = page.run(ASKS, name)
    assert "so far" in cell.markdown() and not meanwhile(cell, "so far")


def test_a_fault_in_showing_it_costs_the_run_nothing(
    page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*given: Any) -> bool:
        raise RuntimeError

    monkeypatch.setattr("zhipu_magic.notebook.display.painter.PagePainter.paint_run", failing)
    cell = ask(page, server, "import time\nprint('so far')\ntime.sleep(0.3)")
    assert cell.success and "so far" in cell.markdown()


def test_the_newest_is_read_in_no_time(page: Page) -> None:
    recorder = Recorder(page.shell)
    for number in range(200_000):
        recorder.write("stdout", f"\r{number}")
    began = time.perf_counter()
    assert newest(recorder.tail(MOST_TAIL), str) == "199999"
    assert time.perf_counter() - began < 0.2
    recorder.write("stdout", "\n" + "line\n" * 100_000)
    assert newest(recorder.tail(MOST_TAIL), str).count("\n") == 199
    recorder.write("stdout", ("x" * 99 + "\n") * 1_000)
    assert newest(recorder.tail(MOST_TAIL), str).startswith("x"), "no line before the first that is whole"
    recorder.write("stdout", "y" * 50_000)
    assert newest(recorder.tail(MOST_TAIL), str) == "y" * 8_000
    recorder.clear()
    recorder.display({"text/plain": "a figure"})
    recorder.write("stderr", "oh")
    assert newest(recorder.tail(MOST_TAIL), str) == "a figure\noh"
