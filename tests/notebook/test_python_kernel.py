"""Python that a model runs in a real kernel: figures on the page, questions, interrupts, time, and a replay."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from kernels import Kernel, Run, no_kernel_is_left, one_kernel

from zhipu_magic.practice import Answer, PracticeServer, tool_call

__all__ = ["no_kernel_is_left", "one_kernel"]

PLOT = """\
import pandas as pd
import matplotlib.pyplot as plt

sales = pd.read_csv("sales.csv", parse_dates=["date"])
revenue = sales.groupby(sales["date"].dt.month)["revenue"].sum()
print(len(sales), "rows")
revenue.plot(kind="bar")
plt.show()
sales.head(2)"""
TIMES = r"first token \d+\.\d\d s|\d+\.\d s|\d+ tok/s"


@pytest.fixture
def kernel(one_kernel: Kernel, server: PracticeServer, tmp_path: Path) -> Kernel:
    """A kernel with the extension loaded, in a folder of its own with a table, whose conversation has not begun."""
    rows = "\n".join(f"2026-{month:02}-10,{month * 10}" for month in (1, 1, 2, 3))
    (tmp_path / "sales.csv").write_text(f"date,revenue\n{rows}\n", encoding="utf-8")
    one_kernel.set(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key)
    begin(one_kernel, tmp_path)
    return one_kernel


def begin(kernel: Kernel, folder: Path, replay: str = "off") -> None:
    kernel.run("%unload_ext zhipu_magic")
    for line in (
        f"%cd -q {folder}",
        "%load_ext zhipu_magic",
        "%config GLMMagics.journal = 'page.jsonl'",
        f"%config GLMMagics.replay = '{replay}'",
    ):
        assert kernel.run(line).reply["status"] == "ok"


def runs(*codes: str) -> Answer:
    return Answer(tool_calls=[tool_call("python", {"code": code}, id=f"c{n}") for n, code in enumerate(codes)])


def page(run: Run) -> Any:
    """What stands on the page, but for the panel's times."""
    outputs = [{"data": output.get("data", output.get("text"))} for output in run.outputs]
    return json.loads(re.sub(TIMES, "…", json.dumps(outputs)))


def kinds(run: Run) -> list[str]:
    return [next(iter(output["data"])) if "data" in output else output["kind"] for output in run.outputs]


def printed(kernel: Kernel, expression: str) -> str:
    return kernel.run(f"print({expression})").printed.strip()


def results(server: PracticeServer) -> list[str]:
    """What the model was given by its calls."""
    return [one["content"] for one in server.requests[-1].body["messages"] if one["role"] == "tool"]


CELL = "%%glm --tool python!\nLoad sales.csv and plot revenue by month."


def test_a_figure_on_the_page_in_one_cell_and_the_same_page_in_a_replay(
    kernel: Kernel, server: PracticeServer, tmp_path: Path
) -> None:
    server.enqueue(Answer("I look first.", tool_calls=runs(PLOT).tool_calls), Answer("**March** sold most."))
    live = kernel.run(CELL)
    assert live.reply["status"] == "ok"
    assert kinds(live) == ["text/markdown", "image/png", "text/html", "text/markdown", "text/html"]
    first, figure, table, last, _ = (output["data"] for output in live.outputs)
    assert first["text/markdown"] == f"I look first.\n\n```python\n{PLOT}\n```\n\n```text\n4 rows\n```"
    assert figure["text/plain"].startswith("<Figure size")
    assert table["text/html"].startswith("<table><thead><tr><th></th><th>date</th><th>revenue</th>")
    assert last == {"text/markdown": "**March** sold most.", "text/plain": "**March** sold most."}
    (result,) = results(server)
    assert "4 rows" in result and "[figure 1, " in result and "you cannot]" in result and "| date" in result
    assert printed(kernel, "revenue.to_dict()") == "{1: 20, 2: 20, 3: 30}"

    count = len(server.requests)
    kernel.run("del sales, revenue")
    begin(kernel, tmp_path, "only")
    replayed = kernel.run(CELL)
    assert page(replayed) == page(live)
    assert len(server.requests) == count
    assert not [
        message for message in replayed.messages if message["msg_type"] in ("update_display_data", "clear_output")
    ]
    missing = kernel.run("revenue.max()")
    assert "NameError" in json.dumps(missing.outputs)
    assert "a replay does not run it" in json.dumps(missing.outputs)


def test_a_model_with_eyes_is_sent_the_figure(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(runs("import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);"), Answer("It rises and falls."))
    run = kernel.run("%%glm -m glm-4.6v --tool python!\nplot")
    assert kinds(run) == ["text/markdown", "image/png", "text/markdown", "text/html"]
    *_, call, result, figure = server.requests[-1].body["messages"]
    assert (call["role"], result["role"], figure["role"]) == ("assistant", "tool", "user")
    assert isinstance(result["content"], str) and "it follows as an image" in result["content"]
    assert [part["type"] for part in figure["content"]] == ["image_url", "text"]
    server.enqueue(Answer("Yes."))
    assert kernel.run("%%glm -m glm-4.6v\nSure?").reply["status"] == "ok"
    assert sum(isinstance(one["content"], list) for one in server.requests[-1].body["messages"]) == 1
    server.enqueue(Answer("Yes."))
    assert kernel.run("%%glm -m glm-4.7-flash\nSure?").reply["status"] == "ok"
    assert not any(isinstance(one["content"], list) for one in server.requests[-1].body["messages"])


@pytest.mark.parametrize(("answer", "ran"), [("y", True), ("", False), ("of course", False)])
def test_the_user_reads_the_code_before_it_runs(kernel: Kernel, server: PracticeServer, answer: str, ran: bool) -> None:
    code = "agreed = 1\nprint('done')  # \u202e reversed"
    server.enqueue(runs(code), Answer("There."))
    request = kernel.send("agreed = 0", allow_stdin=True)
    kernel.finish(request)
    request = kernel.send("%%glm --tool python\ngo", allow_stdin=True)
    question = kernel.answer(request, answer)
    run = kernel.finish(request)
    assert question["prompt"] == "Run these 2 lines of Python? [y/N] "
    shown = "```python\nagreed = 1\nprint('done')  # \\u202e reversed\n```"
    assert any(shown in text for _, text in run.refreshes), "the code was shown, with what hides in it"
    assert kinds(run) == ["text/markdown", "text/html"]
    assert printed(kernel, "agreed") == str(int(ran))
    assert (
        results(server) == (["```text\ndone\n```"] if ran else ["The user declined this call."])
        or "done" in results(server)[0]
    )
    assert ("```text\ndone\n```" in run.outputs[0]["data"]["text/markdown"]) is ran


def test_where_nobody_can_be_asked_nothing_runs(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(runs("ran = 1"), Answer("Well."))
    assert kernel.run("%%glm --tool python\ngo").reply["status"] == "ok"
    assert "could not be asked" in results(server)[0]
    assert printed(kernel, "'ran' in globals()") == "False"


def test_the_stop_button_stops_the_code_and_loses_nothing(
    kernel: Kernel, server: PracticeServer, tmp_path: Path
) -> None:
    code = (
        "import matplotlib.pyplot as plt, sys, time\nplt.plot([1, 3])\nplt.show()\nbegun = 1\n"
        "print('so far')\ntime.sleep(60)\nover = 1"
    )
    server.enqueue(Answer("Patience.", tool_calls=runs(code).tool_calls))
    cell = "%%glm --tool python!\ngo"
    request = kernel.send(cell)
    kernel.watch_for(request, "\\nso far\\n```")
    kernel.interrupt()
    live = kernel.finish(request)
    assert live.reply["status"] == "error"
    assert "Interrupted. What had arrived is kept" in live.reply["evalue"]
    assert kinds(live)[:3] == ["text/markdown", "image/png", "text/markdown"]
    below = live.outputs[2]["data"]["text/markdown"]
    assert "so far" in below and "The user stopped it here." in below
    assert printed(kernel, "begun, 'over' in globals()") == "1 False"
    undone = kernel.run("%glm undo")
    said = json.dumps(undone.outputs)
    assert "Its code set" in said and "begun" in said.partition("Undo does not revert")[0]

    begin(kernel, tmp_path, "only")
    replayed = kernel.run(cell)
    assert page(replayed) == page(live) and replayed.reply["evalue"] == live.reply["evalue"]
    assert page(kernel.run("%glm undo")) == page(undone)


@pytest.mark.parametrize(
    "code", ["import time\ntime.sleep(60)", "while True: pass", "import asyncio\nawait asyncio.sleep(60)"]
)
def test_code_that_takes_too_long_is_stopped(kernel: Kernel, server: PracticeServer, code: str) -> None:
    server.enqueue(runs(f"print('begun')\n{code}"), Answer("It took too long."))
    kernel.run("%config GLMMagics.python_seconds = 0.3")
    run = kernel.run("%%glm --tool python!\ngo")
    assert run.reply["status"] == "ok", run.reply
    (result,) = results(server)
    assert "begun" in result and "Stopped after 0.3 s, the time limit." in result
    assert printed(kernel, "1 + 1") == "2"


def test_what_code_may_not_do_to_the_kernel(kernel: Kernel, server: PracticeServer) -> None:
    codes = [
        "exit()",
        "quit()",
        "import sys\nsys.exit(3)",
        "input('Your key? ')",
        "import getpass\ngetpass.getpass()",
        # Python 3.12 and later warn of it.
        "import os, warnings\nwarnings.simplefilter('ignore')\nif os.fork() == 0:\n    child = 1\nelse:\n    os.wait()",
        "await __import__('asyncio').sleep(0)\nprint('awaited')",
        "get_ipython().run_cell_magic('glm', '', 'and you?')",
        "import sys\nsys.stdout = sys.stderr = None\nget_ipython().display_pub = None",
        "def f(n): return f(n + 1)\nf(0)",
        "raise KeyError('x' * 100_000)",
        "1 +",
        "print('x' * 3_000_000)",
        "\0",
        "import logging\nlogging.basicConfig(force=True)",
    ]
    for code in codes:
        server.enqueue(runs(code))
    server.enqueue(Answer("Enough."))
    kernel.run("%config GLMMagics.tool_rounds = 20")
    run = kernel.run("%%glm --tool python!\ngo")
    assert run.reply["status"] == "ok", run.reply
    given = results(server)
    assert len(given) == len(codes)
    for text, says in zip(
        given,
        [
            "exit() ends this run",
            "exit() ends this run",
            "SystemExit: 3",
            "EOFError",
            "EOFError",
            "It ran without output.",
            "awaited",
            "A tool cannot use the chat that is calling it",
            "It ran without output.",
            "RecursionError",
            "KeyError",
            "SyntaxError",
            "2,000,001 more characters were printed",
            "null bytes",
            "It ran without output.",
        ],
        strict=True,
    ):
        assert says in text, (says, text[:500])
        assert len(text) < 20_000
    assert kinds(run) == ["text/markdown", "text/html"]
    after = kernel.run("import logging\nlogging.warning('seen')\nprint('fine')\n41 + 1")
    assert "seen" in after.printed and "fine" in after.printed
    assert after.reply["status"] == "ok"


def test_the_cell_around_it_is_as_ever(kernel: Kernel, server: PracticeServer) -> None:
    server.enqueue(runs("print('inside')\n21 * 2"), Answer("ok"))
    before = int(printed(kernel, "get_ipython().execution_count"))
    kernel.run("'the last value'")
    kernel.run("%%glm --tool python!\ngo")
    assert printed(kernel, "_") == "the last value"
    assert int(printed(kernel, "get_ipython().execution_count")) == before + 4
    assert "21 * 2" not in printed(kernel, "[*In]")
    server.enqueue(runs("print('inside')\n1"), Answer("ok"))
    run = kernel.run("%%capture kept\n%%glm --tool python!\ngo")
    assert run.outputs == []
    assert printed(kernel, "len(kept.outputs), kept.stdout") == "2"
