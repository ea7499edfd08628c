"""Python that a model runs in the notebook: who asks for it, what the user agrees to, and what is kept of it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from in_process import Cell, Page
from PIL import Image as PILImage

from zhipu_magic.practice import Answer, PracticeServer, tool_call
from zhipu_magic.text.errors import InvalidRequest

#: Displays as a library does: by the shell, which is not the only one of this process.
SHOW = """\
def show(**data):
    get_ipython().display_pub.publish({name.replace("_", "/", 1).replace("__", "+"): one for name, one in data.items()})
"""
PICTURE = "import PIL.Image\nPIL.Image.new('RGB', (40, 30), '#1188cc')"
TIMES = r"first token \d+\.\d\d s|\d+\.\d s|\d+ tok/s"


def runs(*codes: str, words: str = "") -> Answer:
    return Answer(words, tool_calls=[tool_call("python", {"code": code}, id=f"c{n}") for n, code in enumerate(codes)])


def ask(page: Page, server: PracticeServer, *answers: Answer, line: str = "%%glm --tool python!", **how: Any) -> Cell:
    server.enqueue(*answers, Answer("Done."))
    return page.run(f"{line}\ngo", **how)


def results(server: PracticeServer) -> list[str]:
    return [one["content"] for one in server.requests[-1].body["messages"] if one["role"] == "tool"]


def kinds(cell: Cell) -> list[str]:
    return [next(iter(output["data"])) for output in cell.outputs]


def shown(cell: Cell) -> Any:
    """What stands on the page in the end, but for the panel's times."""
    return json.loads(re.sub(TIMES, "…", json.dumps([output["data"] for output in cell.outputs])))


def rich(cell: Cell) -> list[str]:
    """All that is read as HTML or as Markdown."""
    return [output["data"].get(kind, "") for output in cell.outputs for kind in ("text/html", "text/markdown")]


FENCE = re.compile(r"```\w+\n.*?\n```", re.DOTALL)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user types when they are asked."""
    given: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question="": given.pop(0))
    return given


# Who asks for it


def test_it_is_offered_by_its_cell_alone(page: Page, server: PracticeServer) -> None:
    assert ask(page, server, runs("x = 1")).success
    (tool,) = server.requests[0].body["tools"]
    assert tool["function"]["name"] == "python" and tool["function"]["parameters"]["required"] == ["code"]
    server.enqueue(Answer("no tools"))
    assert page.run("%%glm\nand now?").success
    assert "tools" not in server.requests[-1].body


@pytest.mark.parametrize("line", ["tools add python", "tools add python!", "tools add confirm(python)"])
def test_it_is_not_offered_in_every_turn(page: Page, line: str) -> None:
    error = page.run(f"%glm {line}").error
    assert isinstance(error, InvalidRequest) and error.reason == "python.every_turn"


def test_the_notebooks_own_function_of_that_name_is_meant(page: Page, server: PracticeServer) -> None:
    page.run('def python(code: str) -> str:\n    """Only look at it."""\n    return f"{len(code)} characters"')
    assert ask(page, server, runs("x = 1"), line="%%glm --tool python").success
    assert results(server) == ["5 characters"] and "x" not in page.names
    error = page.run("%%glm --tool python!\ngo").error
    assert isinstance(error, InvalidRequest) and error.reason == "python.own_name"
    assert page.run("%glm tools add python").success


def test_trust_and_a_question_contradict_each_other(page: Page) -> None:
    error = page.run("%%glm --tool confirm(python!)\ngo").error
    assert isinstance(error, InvalidRequest) and error.reason == "python.both"


def test_it_is_named_once(page: Page, server: PracticeServer) -> None:
    error = page.run("%%glm --tool python --tool python!\ngo").error
    assert "python and python! are the same tool" in str(error) and "Leave out one of them." in str(error)
    assert server.requests == []
    assert page.run("%%glm --tool python --tool confirm(python),python\ngo").error is None
    assert len(server.requests[-1].body["tools"]) == 1


@pytest.mark.parametrize(("written", "meant"), [("pyhton", "python"), ("pyton", "python"), ("pyhton!", "python!")])
def test_a_slip_in_its_name_is_told(page: Page, written: str, meant: str) -> None:
    assert f"Did you mean {meant}?" in str(page.run(f"%%glm --tool {written}\ngo").error)


@pytest.mark.parametrize("tool", ["python", "python!"])
def test_not_in_the_background(page: Page, server: PracticeServer, tool: str) -> None:
    error = page.run(f"%%glm --bg --tool {tool}\ngo").error
    assert isinstance(error, InvalidRequest) and error.reason == "background.code"
    assert server.requests == []


def test_not_for_the_rows_of_a_table(page: Page, server: PracticeServer) -> None:
    page.run("rows = ['a', 'b']")
    error = page.run("%%glm --each rows --tool python!\n{{ text }}").error
    assert isinstance(error, InvalidRequest) and error.reason == "python.rows"
    assert server.requests == []


def test_not_for_several_models_at_once(page: Page, server: PracticeServer) -> None:
    error = page.run("%%glm -m glm-4.7-flash -m glm-4.6v --tool python\ngo").error
    assert isinstance(error, InvalidRequest) and error.reason == "python.models"
    assert server.requests == []


# What the user agrees to


def test_each_run_is_asked_about(page: Page, server: PracticeServer, answers: list[str]) -> None:
    answers += ["y", "n"]
    cell = ask(page, server, runs("a = 1", "b = 2\nc = 3"), line="%%glm --tool python")
    assert cell.success and answers == []
    assert page.names["a"] == 1 and "b" not in page.names
    assert results(server) == ["It ran without output.", "The user declined this call."]
    assert kinds(cell) == ["text/markdown", "text/html"], "the questions are gone"
    assert "```text\nThe user declined this call.\n```" in cell.markdown()


def test_trust_ends_with_its_cell(page: Page, server: PracticeServer, answers: list[str]) -> None:
    assert ask(page, server, runs("count = 1")).success
    answers += ["n"]
    server.enqueue(runs("count = 2"), Answer("Not then."))
    assert page.run("%glm retry").success
    assert answers == [] and page.names["count"] == 1
    answers += ["n"]
    assert ask(page, server, runs("count = 3"), line="%%glm --tool python").success
    assert answers == [] and page.names["count"] == 1
    assert ask(page, server, runs("count = 4")).success
    assert page.names["count"] == 4


@pytest.mark.parametrize(
    ("code", "why"),
    [("x = 1\n" * 500, "too long"), ("x = '" + "a" * 30_000 + "'", "too long")],
)
def test_what_nobody_would_read_does_not_run(
    page: Page, server: PracticeServer, answers: list[str], code: str, why: str
) -> None:
    assert ask(page, server, runs(code), line="%%glm --tool python").success
    assert why in results(server)[0] and "x" not in page.names


def test_nothing_is_out_of_sight(page: Page, server: PracticeServer, answers: list[str]) -> None:
    answers += ["n"]
    code = "x = 1 #" + " " * 300 + "\rimport os\r\ny = '\u200b'\n\tz = 2"
    cell = ask(page, server, runs(code), line="%%glm --tool python")
    (question,) = [
        one["data"]["text/markdown"] for one in cell.messages if "\\u200b" in str(one["data"].get("text/markdown"))
    ][:1]
    lines = question.split("\n")
    assert max(map(len, lines)) <= 102
    assert "import os" in lines and "y = '\\u200b'" in lines and "    z = 2" in lines


@pytest.mark.parametrize("line", ["%%capture\n%%glm --tool python\ngo"])
def test_nobody_agrees_to_what_is_hidden(page: Page, server: PracticeServer, answers: list[str], line: str) -> None:
    server.enqueue(runs("x = 1"), Answer("ok"))
    assert page.run(line).success
    assert "output is hidden here" in results(server)[0] and "x" not in page.names


@pytest.mark.parametrize("arguments", ['{"code": 1}', '{"code": "x = 1", "more": 1}', "{}", "[]", '{"code": "x', "\\"])
def test_arguments_that_are_no_code(page: Page, server: PracticeServer, arguments: str) -> None:
    call = {**tool_call("python", {}, id="c"), "function": {"name": "python", "arguments": arguments}}
    cell = ask(page, server, Answer(tool_calls=[call]))
    assert cell.success and "x" not in page.names
    assert "arguments of python" in results(server)[0]


# What is shown, and kept


def test_outputs_stand_where_the_code_made_them(page: Page, server: PracticeServer) -> None:
    page.run(SHOW)
    cell = ask(
        page,
        server,
        runs(f"print('one')\n{PICTURE}", words="First."),
        runs("print('two')\nshow(text_latex='$x^2$', text_plain='x squared')\nprint('three')", "print('four')"),
    )
    assert cell.success
    assert kinds(cell) == ["text/markdown", "image/png", "text/markdown", "text/markdown", "text/markdown", "text/html"]
    assert cell.markdown(0).startswith("First.\n\n```python\nprint('one')") and cell.markdown(0).endswith("one\n```")
    assert cell.markdown(2).endswith("```text\ntwo\n```")
    assert cell.markdown(3) == "$x^2$"
    assert [line for line in cell.markdown(4).split("\n") if line in ("three", "four", "Done.")] == [
        *("three", "four", "Done."),
    ]


def test_a_replay_shows_the_same_and_runs_nothing(
    page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page.run(SHOW)
    page.run("%config GLMMagics.journal = 'page.jsonl'")
    codes = [
        f"runs = globals().get('runs', 0) + 1\n{PICTURE}",
        "import pandas\npandas.DataFrame({'a': ['<script>x</script>', '2']})",
        "show(text_markdown='**bold** <script>1</script>')\nshow(image_svg__xml='<svg onload=x>')\n1 / 0",
    ]
    live = ask(page, server, *map(runs, codes), cell_id="a")
    assert live.success and "<script" not in FENCE.sub("", "".join(str(data) for data in rich(live)))
    for streamed in (True, False):
        again = Page()
        again.run("%load_ext zhipu_magic")
        again.run(f"%config GLMMagics.stream = {streamed}")
        again.run("%config GLMMagics.journal = 'page.jsonl'\n%config GLMMagics.replay = 'only'")
        count = len(server.requests)
        replayed = again.run("%%glm --tool python!\ngo", "a")
        assert shown(replayed) == shown(live)
        assert len(server.requests) == count and "runs" not in again.names
        missing = again.run("print(runs)")
        assert isinstance(missing.error, NameError) and "does not run it" in missing.plain()
        assert again.run("print(runs)").outputs == [], "it is told once"
        again.run("%unload_ext zhipu_magic")


def test_a_journal_from_elsewhere_shows_nothing_that_runs(
    page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page.run("%config GLMMagics.journal = 'page.jsonl'")
    assert ask(page, server, runs(PICTURE), cell_id="a").success
    journal = tmp_path / "page.jsonl"
    head, line = journal.read_text(encoding="utf-8").splitlines()
    event = json.loads(line)
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    picture = event["rounds"][0]["calls"][0]["ran"]["shown"][0]
    event["rounds"][0]["calls"][0]["ran"]["shown"] = [
        {"kind": "table", "text": evil, "source": f"<table onclick=x><tr><td>{evil}<td style=x>b</table>{evil}"},
        {"kind": "table", "text": evil, "source": evil},
        {"kind": "markdown", "text": evil, "source": f"{evil} [x](javascript:alert(1))"},
        {"kind": "text", "text": evil},
        {"kind": "error", "text": f"\x1b[31m{evil}"},
        {**picture, "image": {**picture["image"], "sha256": "0" * 64}},
    ]
    journal.write_text(f"{head}\n{json.dumps(event)}\n", encoding="utf-8")
    page.run("%unload_ext zhipu_magic")
    page.run("%load_ext zhipu_magic")
    page.run("%config GLMMagics.journal = 'page.jsonl'\n%config GLMMagics.replay = 'only'")
    cell = page.run("%%glm --tool python!\ngo", "a")
    assert cell.success
    assert not re.search(r"<script|<img|onclick|\x1b|\(javascript", FENCE.sub("", "".join(rich(cell))))
    assert "<td>b</td>" in "".join(rich(cell))
    assert any("cannot be read" in output["data"]["text/plain"] for output in cell.outputs)
    assert "javascript" not in json.dumps([kind for output in cell.outputs for kind in output["data"]])


NONSENSE: Sequence[Any] = (
    *(
        None,
        [],
        "x",
        {"shown": 1},
        {"shown": [1]},
        {"shown": [{}]},
        {"seen": 1},
        {"bound": "x"},
        {"bound": ["x" * 101]},
    ),
    *({"bound": ["a\nb"]}, {"deleted": [1]}, {"bound": ["x"] * 201}, {"shown": [{"kind": "text", "text": ""}] * 41}),
    *({"shown": [{"kind": "script", "text": ""}]}, {"shown": [{"kind": "text", "text": "x" * 20_001}]}),
    {"shown": [{"kind": "image", "text": "x"}]},
    {"shown": [{"kind": "image", "text": "x", "image": {"url": "https://a.org/x.png"}}]},
    {"shown": [{"kind": "image", "text": "x", "image": {"sha256": "../../x", "type": "image/png"}}]},
    {"shown": [{"kind": "text", "text": "x", "image": {"sha256": "0" * 64, "type": "image/png"}}]},
    {"shown": [{"kind": "table", "text": "x", "source": "x" * 500_001}]},
)


@pytest.mark.parametrize("ran", NONSENSE, ids=lambda ran: str(ran)[:40])
def test_a_line_whose_run_makes_no_sense_is_left_out(ran: Any) -> None:
    from zhipu_magic.history.events.members import is_rounds

    def round_with(ran: Any) -> Any:
        calls = [tool_call("python", {"code": "x"}, id="c")]
        body = {"choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}]}
        return [{"completion": body, "calls": [{"id": "c", "text": "", "ran": ran}]}]

    assert is_rounds(round_with({})) and is_rounds(round_with({"shown": [{"kind": "text", "text": "x"}]}))
    assert not is_rounds(round_with(ran))


def test_the_key_is_nowhere(
    page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page.run("%config GLMMagics.journal = 'page.jsonl'")
    page.run(SHOW)
    code = "import os\nkey = os.environ['ZHIPUAI_API_KEY']\nprint(key)\nshow(text_markdown=key)\n{key: 1}[0]"
    cell = ask(page, server, runs(code))
    assert cell.success
    everything = [json.dumps(cell.every), (tmp_path / "page.jsonl").read_text(encoding="utf-8"), str(results(server))]
    assert not any(server.api_key in text for text in everything)


def test_a_failure_is_the_last_error(page: Page, server: PracticeServer) -> None:
    cell = ask(page, server, runs("prices = {}\nprices['tea']"))
    assert cell.success
    assert "KeyError: 'tea'" in results(server)[0] and "prices['tea']" in results(server)[0]
    assert "KeyError: 'tea'" in cell.markdown()
    server.enqueue(Answer("Because it is empty."))
    assert page.run("%%glm\nWhy {{ error }}?").success
    assert "KeyError: 'tea'" in server.requests[-1].body["messages"][-1]["content"]


def test_a_value_that_cannot_be_read_hides_nothing_else(page: Page, server: PracticeServer) -> None:
    page.run(
        "from zhipu_magic import render\nclass Odd:\n    def __repr__(self): return 'odd'\n"
        "    def _repr_html_(self): return '<table><tr><td>odd</table>'\n"
        "@render.register\ndef read(value: Odd, tokens: int) -> str: raise ValueError"
    )
    cell = ask(page, server, runs(f"print('before')\n{PICTURE.replace('PIL.Image.new', 'x = PIL.Image.new')}\nOdd()"))
    assert cell.success and kinds(cell) == ["text/markdown", "text/html", "text/markdown", "text/html"]
    assert results(server) == ["before\n\n| odd |\n| --- |"]
    assert "`x`" in page.run("%glm undo").plain()


# The names that it changes


def test_undo_says_what_stays(page: Page, server: PracticeServer) -> None:
    page.run("old = gone = 1\nsame = []")
    assert ask(page, server, runs("old = 2\nnew = 3\ndel gone\nsame.append(1)\nimport math")).success
    answer = page.run("%glm undo").plain()
    assert "Its code set `old`, `new`, `math` and deleted `gone`. Undo does not revert that, or anything" in answer
    assert page.names["old"] == 2
    page.run("%glm redo")
    assert ask(page, server, runs("print('nothing new')")).success
    assert "Its code" not in page.run("%glm undo").plain()


def test_undo_names_what_was_only_deleted(page: Page, server: PracticeServer) -> None:
    page.run("gone = 1")
    assert ask(page, server, runs("del gone")).success
    assert "Its code deleted `gone`. Undo does not revert that, or anything" in page.run("%glm undo").plain()


# How it shows things


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("print()", "It ran without output."),
        (
            "import sys\ntry:\n    sys.stdout.write(5)\nexcept TypeError as error:\n    print(error)",
            "must be str, not int",
        ),
        ("print('flushed', flush=True)", "flushed"),
        ("class Own:\n    def _ipython_display_(self):\n        print('by itself')\nOwn()", "by itself"),
        ("show(text_plain='a')\nupdate('b', display_id='none')", "a"),
        ("update('b', display_id='none')", "It ran without output."),
        ("for n in range(203):\n    show(text_plain=str(n))\nprint('end')", "3 more outputs were not kept."),
        (
            "for n in range(203):\n    show(text_plain=str(n))\nprint('end')",
            "4 more characters were printed, and are not kept.",
        ),
        ("print('not too long')" + " " * 100_000, "the code is longer than 100,000 characters: run it in parts"),
    ],
)
def test_what_it_shows_reads_as_it_was_shown(page: Page, server: PracticeServer, code: str, read: str) -> None:
    page.run(
        f"{SHOW}\ndef update(text, **to):\n    publish = get_ipython().display_pub.publish\n"
        "    publish({'text/plain': text}, transient=to, update=True)"
    )
    assert ask(page, server, runs(code)).success
    assert read in results(server)[0]


def test_where_there_is_no_standard_error_what_it_prints_there_is_read(
    page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.enqueue(runs("import sys\nprint('out')\nprint('err', file=sys.stderr)"), Answer("Done."))
    monkeypatch.setattr("sys.stderr", sys.stderr)  # which is then put back
    asks = "get_ipython().run_cell_magic('glm', '--tool python!', 'go')"
    assert page.run(f"import sys\nsys.stderr = None\n{asks}").success
    assert "out" in results(server)[0] and "err" in results(server)[0]


def test_what_another_thread_prints_flushes_and_clears_is_its_own(
    page: Page, server: PracticeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    page.run(
        "import threading\n"
        "go, done = threading.Event(), threading.Event()\n"
        "def late():\n    go.wait(5)\n    print('late', flush=True)\n"
        "    get_ipython().display_pub.clear_output()\n    done.set()\n"
        "threading.Thread(target=late).start()"
    )
    ask(page, server, runs("print('mine')\ngo.set()\nok = done.wait(5)"))
    assert results(server)[0].startswith("mine\n\nThreads that are not of this run")
    assert "late" in capsys.readouterr().out


def test_what_it_shows_again(page: Page, server: PracticeServer, tmp_path: Path) -> None:
    assert ask(page, server, runs(f"print('hello')\n{PICTURE}")).success
    again = page.run("%glm show").markdown()
    assert "```python\nprint('hello')" in again and "hello" in again and "[figure 1, 40 × 30: the user sees it" in again
    assert f"print('hello')\n{PICTURE}\n→ " in page.run("%glm history --full").plain()
    for name, has in (("page.md", f"```python\nprint('hello')\n{PICTURE}\n```"), ("page.ipynb", "--tool python")):
        assert page.run(f"%glm export {tmp_path / name}").success
        assert has in (tmp_path / name).read_text(encoding="utf-8")


def test_a_figure_that_is_seen_is_counted_and_sent_again(page: Page, server: PracticeServer) -> None:
    cell = ask(page, server, runs(PICTURE), line="%%glm -m glm-4.6v --tool python!")
    assert cell.success
    figure = server.requests[-1].body["messages"][-1]
    assert figure["role"] == "user" and figure["content"][0]["type"] == "image_url"
    assert "put in automatically" in figure["content"][1]["text"]
    server.enqueue(Answer("Blue."))
    assert page.run("%%glm -m glm-4.6v\nWhich colour?").success
    assert [one["role"] for one in server.requests[-1].body["messages"]] == [
        *("user", "assistant", "tool", "user", "assistant", "user"),
    ]


def test_pictures_of_any_size(page: Page, server: PracticeServer, tmp_path: Path) -> None:
    PILImage.new("L", (7_000, 10)).save(tmp_path / "wide.png")
    page.names["wide"] = (tmp_path / "wide.png").read_bytes()
    page.run(SHOW)
    cell = ask(page, server, runs("show(image_png=wide)\nshow(image_png=b'no picture')"))
    assert cell.success and kinds(cell).count("image/png") == 1


def test_what_a_thread_of_an_earlier_run_shows_is_not_of_this_one(
    page: Page, server: PracticeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = """\
import threading
go, done = threading.Event(), threading.Event()
def late():
    go.wait(5)
    print("late")
    show(text_plain="late")
    more = threading.Thread(target=print, args=("later",))
    more.start()
    more.join()
    done.set()
threading.Thread(target=late).start()
"""
    now = "go.set()\ndone.wait(5)\nprint('mine')"
    page.run(SHOW)
    ask(page, server, runs(earlier))
    ask(page, server, runs(now))
    assert results(server)[-1] == (
        "mine\n\nThreads that are not of this run have shown something meanwhile; it is not here."
    )
    assert "late" in capsys.readouterr().out


def test_threads_of_a_run_show_what_is_of_it(page: Page, server: PracticeServer) -> None:
    code = """\
from concurrent.futures import ThreadPoolExecutor
import asyncio, threading
with ThreadPoolExecutor(2) as pool:
    list(pool.map(print, ["a"]))
    pool.submit(lambda: pool.submit(print, "b").result()).result()
await asyncio.to_thread(print, "c")
threading.Thread(target=print, args=("d",)).start()
await asyncio.sleep(0.05)
"""
    ask(page, server, runs(code))
    assert results(server) == ["```text\na\nb\nc\nd\n```"]
    import threading

    assert threading.Thread.start.__module__ == "threading"


# Figures without a front end that takes them


def test_a_figure_that_cannot_be_drawn_is_told_of(page: Page, server: PracticeServer) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="draws the figures")
    pyplot.switch_backend("agg")
    try:
        cell = ask(page, server, runs("import matplotlib.pyplot as plt\nplt.title(r'$\\frac{1$')\nprint('after')"))
        assert cell.success and "image/png" not in kinds(cell)
        assert "after" in results(server)[0] and "A figure cannot be drawn: ValueError" in results(server)[0]
        assert pyplot.get_fignums() == []
        ask(page, server, runs("empty = plt.figure()"))
        assert results(server)[-1] == "It ran without output."
    finally:
        pyplot.close("all")


def test_a_figure_that_no_window_shows_is_taken_and_its_warnings_are_not(page: Page, server: PracticeServer) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="draws the figures")
    pyplot.switch_backend("agg")
    mine = pyplot.figure()
    mine.add_subplot().plot([1, 2])
    page.names["mine"] = mine
    try:
        page.run("%config GLMMagics.model = 'glm-4.6v-flash'")
        cell = ask(page, server, runs("import matplotlib.pyplot as plt\nplt.figure()\nplt.plot([1, 3]); plt.show()"))
        assert cell.success and "[figure 1, " in results(server)[0] and "image/png" in kinds(cell)
        assert [pyplot.figure(n) for n in pyplot.get_fignums()] == [mine]
        ask(page, server, runs("x = 1", "mine.axes[0].set_title('茶')"))
        assert "figure" not in results(server)[-2] and "[figure 1, " in results(server)[-1]
        assert "Glyph" not in results(server)[-1]
    finally:
        pyplot.close("all")
