"""The conversation taken out of the notebook: a transcript, messages, a script, a notebook."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from in_process import Notebook, Page

from zhipu_magic import Chat, McpServer, Search
from zhipu_magic.chat.export.formats import FORMS, exported
from zhipu_magic.chat.export.python_source import source
from zhipu_magic.history.conversation import Thread
from zhipu_magic.history.turn import Turn
from zhipu_magic.notebook.line import cell_line
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.service.profile import DEFAULT_BASE_URL
from zhipu_magic.text.errors import InvalidRequest, SettingsError
from zhipu_magic.values.images.image import remote

ELSEWHERE = "https://api.z.ai/api/paas/v4"

TRICKY = [
    "\n\n  blank lines before, and one after\n",
    "\n",
    "# not a heading\n```python\nprint('{}'.format(1))\n```",
    '"""three quotes"""',
    'and at the end """""',
    "back\\slash, \\N{DASH}, {x}, $HOME, \x07, \u2028 and \u202e, tab\t, 🌍 and an end\\",
    "%%glm\n%config x\n!ls\nhelp?",
    "a line that ends with spaces  \n\n\n\tand a tab",
    "a very long line of English words " * 20,
    "没有空格的很长的一行" * 30,
]


def thread_of(*turns: Turn, system: str = "") -> Thread:
    thread = Thread(own_system=system)
    for number, turn in enumerate(turns, 1):
        thread = thread.commit(turn._replace(id=f"1.{number}"))
    return thread


def export(thread: Thread, form: str, *, model: str = "glm-4", base_url: str = DEFAULT_BASE_URL) -> str:
    return exported(thread, form, model=model, base_url=base_url)


# The transcript


def test_what_was_given_by_its_address_is_a_link_in_a_transcript() -> None:
    given = [remote("https://example.com/a.png"), remote("https://example.com/a.pdf", "file_url")]
    text = export(thread_of(Turn("What is it?", "A cat.", "glm-4.6v", images=given)), ".md")
    assert "](<https://example.com/a.png>)" in text or "](https://example.com/a.png)" in text
    assert "https://example.com/a.pdf" in text and "data:" not in text


def test_a_transcript_reads_as_the_conversation_went() -> None:
    thread = thread_of(
        Turn("Write a haiku\nabout winter.\n\nIt's for “my” father (72)!", "*Snow* falls", "glm-4", reasoning="Hm."),
        Turn("Go on", "And then", "glm-5", finish_reason="interrupted"),
        Turn("And on", "it", "glm-5", finish_reason="length"),
        system="You are a poet.",
    )
    assert export(thread, ".md") == (
        "# Conversation with glm-4 and glm-5\n\n"
        "**System**\n\n> You are a poet.\n\n"
        "---\n\n"
        "**You**\n\n> Write a haiku  \n> about winter.\n>\n> It's for “my” father (72)!\n\n"
        "**glm-4**\n\n*Snow* falls\n\n"
        "---\n\n"
        "**You**\n\n> Go on\n\n**glm-5** · interrupted\n\nAnd then\n\n"
        "---\n\n"
        "**You**\n\n> And on\n\n**glm-5** · cut off\n\nit\n"
    )


def test_a_transcript_says_which_replies_are_stale() -> None:
    thread = thread_of(Turn("one", "first", "glm-4"), Turn("two", "second", "glm-4"))
    changed = thread.replace_turn(
        "1.1", lambda turn: Turn("other", "reply", "glm-4", id="1.9"), what="", asked_again=True
    )
    assert changed is not None
    assert "> two\n\n**glm-4** · stale: the turns before it have changed since\n\nsecond" in export(changed, ".md")


@pytest.mark.parametrize(
    "prompt",
    [
        "# not a heading",
        "- no list",
        "2. no list",
        "a *star* and __init__",
        "x <b> y",
        "$x$",
        "a | b",
        "    indented",
        "in   columns",
        "a\n===",
        "`code`",
        "end \\",
        "[link](x)",
        "&amp;",
    ],
)
def test_words_that_markdown_would_change_stand_in_a_fence(prompt: str) -> None:
    assert f"**You**\n\n```text\n{prompt}\n```\n\n**glm-4**" in export(thread_of(Turn(prompt, "r", "glm-4")), ".md")


def test_no_prompt_ends_its_fence() -> None:
    prompt = "Explain:\n```python\nx\n```\n\n````\n# y"
    assert f"`````text\n{prompt}\n`````\n\n**glm-4**\n\n" in export(thread_of(Turn(prompt, "r", "glm-4")), ".md")


@pytest.mark.parametrize(
    ("reply", "closing"),
    [
        ("```python\nx = 1", "\n```"),
        ("done\n```\nx\n```", ""),
        ("````\n```\nx", "\n````"),
        ("  ~~~ sh\n```\n~~~ no end", "\n  ~~~"),
        ("```x``` in line\nmore", ""),
        ("no fence at all\n", ""),
    ],
)
def test_a_fence_that_a_reply_left_open_does_not_take_in_the_next_turn(reply: str, closing: str) -> None:
    thread = thread_of(Turn("one", reply, "glm-4", finish_reason="interrupted"), Turn("two", "r", "glm-4"))
    assert f"interrupted\n\n{reply.rstrip()}{closing}\n\n---\n\n**You**\n\n> two" in export(thread, ".md")


# The messages


def test_messages_are_those_that_the_service_takes(chat: Chat) -> None:
    _ = chat.ask("你好 \u2028 🌍", system="Be kind").text
    text = export(chat.thread(), ".json")
    assert json.loads(text) == chat.thread().messages
    assert text.startswith('[\n  {\n    "role": "system",\n    "content": "Be kind"\n  },')
    assert "你好" in text


# The script


def run_script(folder: Path, text: str, **environment: str) -> str:
    """Run it in a process of its own; gives what it prints."""
    path = folder / "script.py"
    path.write_bytes(text.encode())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZHIPUAI_")}
    done = subprocess.run(
        [sys.executable, path],
        env={**kept, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode().replace("\r\n", "\n")


def but_for_stream(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "stream"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {
            **{"model": "glm-5", "temperature": 0.2, "top_p": 0.5, "max_tokens": 77, "seed": -1, "stop": "\n"},
            **{"think": True, "keep_thinking": True},
        },
        {
            "model": "glm-5.2",
            "effort": "low",
            "search": Search(query="news", engine="pro", recency="week"),
            "knowledge": "1843",
        },
        {
            "temperature": 0,
            "top_p": 1,
            "stream": False,
            "think": False,
            "params": {
                "user_id": "reader-7",
                "timeout": 5,
                "not an argument": [None, True, 1e-9, {"text": "it's\nlong " * 20}],
                "response_format": {"type": "json_object"},
                "request_id": "r-1234567",
            },
        },
    ],
    ids=["plain", "arguments", "what the service runs", "what create() would change"],
)
def test_the_script_sends_what_the_last_turn_sent(
    chat: Chat, server: PracticeServer, tmp_path: Path, options: dict[str, Any]
) -> None:
    chat.system = 'You\'re a "poet".\n\nOf few words.  '
    for text in TRICKY:
        server.enqueue(Answer(text))
        _ = chat.ask(f"Say {text}").text
    server.enqueue(Answer("一次"), Answer("又一次\n两行"))
    _ = chat.ask("And now?\n", **options).text
    script = export(chat.thread(), ".py", base_url=ELSEWHERE)
    assert server.api_key not in script

    printed = run_script(tmp_path, script, ZHIPUAI_API_KEY=server.api_key, ZHIPUAI_BASE_URL=server.base_url)
    assert printed == "又一次\n两行\n"
    original, sent = (request.body for request in server.requests[-2:])
    assert sent["stream"] is True
    assert but_for_stream(sent) == but_for_stream(original)
    assert len(sent["messages"]) == 2 * len(TRICKY) + 2


def test_the_script_asks_the_service_that_the_chat_asked(chat: Chat, server: PracticeServer, tmp_path: Path) -> None:
    _ = chat.ask("你好").text
    script = export(chat.thread(), ".py", base_url=server.base_url)
    assert run_script(tmp_path, script, ZHIPUAI_API_KEY=server.api_key) == "你好！有什么我可以帮助你的吗？\n"
    assert len(server.requests) == 2


def test_only_an_address_of_ones_own_stands_in_the_script() -> None:
    thread = thread_of(Turn("one", "r", "glm-4"))
    assert "client = ZhipuAI()\n" in export(thread, ".py", base_url=f"{DEFAULT_BASE_URL}/")
    assert f'or "{ELSEWHERE}"' in export(thread, ".py", base_url=f"{ELSEWHERE}/")
    with pytest.raises(SettingsError):
        export(thread, ".py", base_url="https://reader:secret@example.com/v4")


def test_the_script_of_a_short_turn_is_short() -> None:
    thread = thread_of(Turn("一", "二", "glm-4"), Turn("Try\nagain", "r", "glm-5", members={"temperature": 0.2}))
    script = export(thread, ".py")
    assert script[script.index("from zhipuai") :] == (
        "from zhipuai import ZhipuAI\n"
        "\n"
        "messages = [\n"
        '    {"role": "user", "content": "一"},\n'
        '    {"role": "assistant", "content": "二"},\n'
        "    {\n"
        '        "role": "user",\n'
        '        "content": """\\\n'
        "Try\n"
        'again""",\n'
        "    },\n"
        "]\n"
        "\n"
        "client = ZhipuAI()\n"
        "stream = client.chat.completions.create(\n"
        '    model="glm-5",\n'
        "    messages=messages,\n"
        "    temperature=0.2,\n"
        "    stream=True,\n"
        ")\n"
        "for chunk in stream:\n"
        "    for choice in chunk.choices:\n"
        '        print(choice.delta.content or "", end="", flush=True)\n'
        "print()\n"
    )


def test_no_line_of_a_script_is_endless() -> None:
    turns = [Turn(text, text, "glm-4", members={"stop": text}) for text in TRICKY]
    assert max(map(len, export(thread_of(*turns), ".py").splitlines())) < 120


#: Larger ones are refused before they are sent: most readers of JSON would make other numbers of them.
INTEGERS = st.integers(-(2**63) + 1, 2**63 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
#: Letters that quoting, folding and lines depend on, more often than chance would have them.
AWKWARD = st.text(st.sampled_from("\"'\\ \n\r\t\x0b\x85\u2028\u3000{}$#|-=%`ab—“”’＝－好🌍"), max_size=40) | st.text()


@given(AWKWARD | JSON)
def test_a_value_written_as_source_is_the_same_value(value: Any) -> None:
    written = source(value)
    assert ast.literal_eval(written) == value
    assert json.dumps(ast.literal_eval(written)) == json.dumps(value)


@given(
    st.lists(st.sampled_from(['"""', "word ", "好", "\\", "\n", "  ", "' "]), min_size=30, max_size=120).map("".join)
)
def test_a_long_text_written_as_source_is_the_same_text(text: str) -> None:
    assert ast.literal_eval(source([text])) == [text]


# The notebook


def cells_of(text: str) -> list[str]:
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(cell.cell_type == "code" and cell.execution_count is None for cell in notebook.cells)
    assert all(bool(cell.outputs) == cell.source.startswith("%%glm") for cell in notebook.cells)
    return [cell.source for cell in notebook.cells]


@pytest.fixture
def fresh(bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page on which nothing has run yet, in a kernel that finds the practice server."""
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    return bare_page


@pytest.mark.parametrize(
    "system",
    ["", "You are a poet", 'It\'s {x} and "$HOME"', "-v", 'Two lines:\n{x}, $y, \\N, it\'s "quoted"?\n', "\u2028"],
)
def test_the_notebook_asks_what_the_conversation_asked(
    chat: Chat, server: PracticeServer, fresh: Page, system: str
) -> None:
    chat.system = system
    turns: list[tuple[str, dict[str, Any]]] = [
        *((f"Say {text}", {}) for text in TRICKY[:-2]),
        (
            "\n\n blank lines first",
            {"temperature": 0, "top_p": 0.25, "max_tokens": 9, "seed": -3, "model": "glm-5", "think": True},
        ),
        ("and last\n\n", {"model": "glm-5", "think": False, "stop": "the 'end'", "params": {"user_id": "reader-7"}}),
        ("what is new", {"search": Search("-x=y 'z'", engine="pro", recency="day"), "knowledge": ["1", "-2"]}),
        ("and here", {"search": "GLM news", "mcp": [McpServer("maps", "https://a.example/mcp?x=1"), "code"]}),
        ("think", {"model": "glm-5.2", "effort": "low", "keep_thinking": True}),
        ("think no more", {"model": "glm-5.2", "think": False, "keep_thinking": True}),
        ("stop there", {"stop": "--"}),
        ("odd", {"stop": "\n", "params": {"meta": {"a": 'it\'s \u2028 "{x}"'}, "none": None, "top_k": 1}}),
    ]
    for number, (prompt, options) in enumerate(turns):
        server.enqueue(Answer(f"reply {number}"))
        _ = chat.ask(prompt, **options).text
    asked = [request.body for request in server.requests]

    for number, cell in enumerate(cells_of(export(chat.thread(), ".ipynb")), -1):
        if cell.startswith("%%glm"):
            server.enqueue(Answer(f"reply {number}"))
        assert fresh.run(cell).success
    assert [request.body for request in server.requests[len(turns) :]] == asked


def test_the_notebook_says_no_more_than_it_has_to() -> None:
    thread = thread_of(
        Turn("one\ntwo", "r", "glm-4"),
        Turn("three", "r", "glm-5", members={"temperature": 0.2, "thinking": {"type": "disabled"}, "x": [1, "a"]}),
        system="You're a poet",
    )
    assert cells_of(export(thread, ".ipynb")) == [
        "%load_ext zhipu_magic\n%config GLMMagics.model = 'glm-4'",
        '%%glm -s "You\'re a poet"\none\ntwo',
        "%%glm -m glm-5 --temperature 0.2 --no-think --param 'x=[1, \"a\"]'\nthree",
    ]


def outputs_of(text: str) -> list[list[dict[str, Any]]]:
    """What each asking cell of the notebook shows."""
    cells = nbformat.reads(text, as_version=4).cells
    return [[output.data for output in cell.outputs] for cell in cells if cell.source.startswith("%%glm")]


def test_the_notebook_shows_the_replies_as_their_cells_did(notebook: Notebook, folder: Path) -> None:
    replies = [*TRICKY, "**注意：**请看 <img src=x> 和 $5", "```python\nopen = 'fence'"]
    live = [notebook.ask(f"cell {number}", reply) for number, reply in enumerate(replies)]
    notebook.page.run("%glm export talk.ipynb")
    shown = outputs_of((folder / "talk.ipynb").read_text(encoding="utf-8"))
    assert [page["text/markdown"] for [page] in shown] == [cell.markdown() for cell in live]
    assert [page["text/plain"] for [page] in shown] == [cell.plain() for cell in live]


def test_the_notebook_says_what_has_to_be_said_of_a_reply() -> None:
    turns = [
        Turn("one", "r", "glm-4", finish_reason="length"),
        Turn("two", "```\nopen", "glm-4", finish_reason="interrupted", reasoning="in private"),
        Turn("three", '{"value": 3}', "glm-4", instruction="answer in JSON"),
    ]
    text = export(thread_of(*turns), ".ipynb")
    pages = [[output["text/markdown"] for output in outputs] for outputs in outputs_of(text)]
    assert pages == [["r", "*cut off*"], ["```\nopen", "*interrupted*"], ['```json\n{\n  "value": 3\n}\n```']]
    assert "in private" not in text


def test_a_notebook_that_runs_again_shows_the_new_replies(
    chat: Chat, server: PracticeServer, fresh: Page, folder: Path
) -> None:
    server.enqueue(Answer("old"), Answer("new"))
    _ = chat.ask("one").text
    setup, cell = cells_of(export(chat.thread(), ".ipynb"))
    assert fresh.run(setup).success
    assert fresh.run(cell).markdown() == "new"


def test_the_same_thread_gives_the_same_file() -> None:
    thread = thread_of(Turn("one", "r", "glm-4"))
    assert [export(thread, form) for form in FORMS] == [export(thread, form) for form in FORMS]


def test_a_parameter_that_no_line_can_name_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="'a=b' cannot be written on the first line of a cell"):
        export(thread_of(Turn("one", "r", "glm-4", members={"a=b": 1})), ".ipynb")


MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(allow_nan=False, allow_infinity=False) | INTEGERS | st.text(),
        "top_p": st.floats(0, 1) | st.booleans(),
        "max_tokens": INTEGERS | st.floats(0, 1e6),
        "seed": INTEGERS | AWKWARD,
        "stop": AWKWARD | st.lists(AWKWARD, max_size=2),
        "thinking": st.sampled_from([{"type": "enabled"}, {"type": "disabled"}, {"type": "auto"}, None, "enabled"]),
        "user_id": AWKWARD,
        "-x": JSON,
        "two words": JSON,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(prompt="=", system="{{", members={"temperature": 0.0}, model="glm-4")
@given(prompt=AWKWARD.filter(str.strip), system=AWKWARD, members=MEMBERS, model=st.sampled_from(["glm-4", "a'b", "-m"]))
def test_a_cell_is_read_back_as_the_turn_it_was_made_from(
    page: Page, prompt: str, system: str, members: dict[str, Any], model: str
) -> None:
    thread = thread_of(Turn(prompt, "r", model, members=members), system=system)
    setup, cell = cells_of(export(thread, ".ipynb"))
    line, text = (ast.literal_eval(argument) for argument in _magic_arguments(page.shell.transform_cell(cell)))
    given_options = cell_line.parse(line).request
    read_back = {**given_options.members()}
    assert json.dumps(read_back, sort_keys=True) == json.dumps(members, sort_keys=True)
    assert text.removesuffix("\n") == prompt
    assert (given_options.model or "glm-4") == model
    found = given_options.system or ""
    if "GLMMagics.system" in setup:
        literal = setup.split("GLMMagics.system = ")[1]
        assert not set("{}$\n") & set(literal)
        found = ast.literal_eval(literal)
    assert found == system


def _magic_arguments(code: str) -> list[ast.expr]:
    (statement,) = ast.parse(code).body
    assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    return statement.value.args[1:]


# What is exported, and what is not


@pytest.mark.parametrize("form", FORMS)
def test_turns_that_are_set_aside_are_left_out(chat: Chat, form: str) -> None:
    thread = Thread()
    for number, prompt in enumerate(("alpha", "beta", "gamma"), 1):
        turn = Turn(prompt, f"re {prompt}", "glm-4", id=f"1.{number}", cell=prompt, run="1.1", reasoning="thoughts")
        thread = thread.commit(turn)
    text = export(thread.set_aside(["beta"]), form)
    assert "alpha" in text and "gamma" in text
    assert "beta" not in text and "thoughts" not in text
    last = export(thread.set_aside(["gamma"]), form)
    assert "beta" in last and "gamma" not in last


@pytest.mark.parametrize("prompt", ["#| echo: false", "  #|x\nAnd why?", "#|", "#|\n#| x", "\n#| x"])
def test_a_prompt_that_begins_like_cell_options_is_read_back_as_it_is(page: Page, prompt: str) -> None:
    _, cell = cells_of(export(thread_of(Turn(prompt, "r", "glm-4")), ".ipynb"))
    _, text = (ast.literal_eval(argument) for argument in _magic_arguments(page.shell.transform_cell(cell)))
    assert text.removesuffix("\n") == prompt


@pytest.mark.parametrize("form", FORMS)
def test_there_must_be_a_turn(form: str) -> None:
    aside = thread_of(Turn("one", "r", "glm-4")).reset()
    for thread in (Thread(own_system="alone"), aside):
        with pytest.raises(InvalidRequest, match="nothing to export: the thread main has no turns"):
            export(thread, form)


@pytest.mark.parametrize(
    ("form", "said"),
    [(".txt", "A thread cannot be exported as a .txt file."), ("", "The name of the file has no extension.")],
)
def test_another_form_is_refused_with_the_four_that_there_are(form: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as told:
        export(thread_of(Turn("one", "r", "glm-4")), form)
    assert str(told.value) == f"{said}\nThe extension decides the format: .md, .json, .py or .ipynb."


def test_the_case_of_an_ending_does_not_matter() -> None:
    thread = thread_of(Turn("one", "r", "glm-4"))
    assert export(thread, ".MD") == export(thread, ".md")


# The command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("form", FORMS)
def test_the_command_writes_the_thread(page: Page, folder: Path, server: PracticeServer, form: str) -> None:
    page.run("%%glm -m glm-4\n你好")
    told = page.run(f"%glm export talk{form}")
    assert told.success
    assert told.plain() == f"1 turn exported to `talk{form}`."
    written = (folder / f"talk{form}").read_bytes().decode()
    assert written == export(page.magics.chat.thread(), form, model=page.magics.chat.model, base_url=server.base_url)


def test_a_file_is_overwritten_only_by_force(page: Page, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page.run("%%glm\n你好")
    path = folder / "talk.json"
    path.write_text("mine")
    refused = page.run("%glm export talk.json")
    assert not refused.success
    assert path.read_text() == "mine"
    assert "talk.json already exists and was left unchanged. %glm export talk.json --force replaces it." in (
        capsys.readouterr().out
    )
    for line in ("%glm export talk.json --force", "%glm export --force talk.json"):
        path.write_text("mine")
        assert page.run(line).success
        assert json.loads(path.read_text(encoding="utf-8")) == page.magics.chat.thread().messages


def test_a_refused_export_leaves_the_file_as_it_was(page: Page, folder: Path) -> None:
    path = folder / "talk.md"
    path.write_text("mine")
    assert not page.run("%glm export talk.md --force").success
    assert path.read_text() == "mine"


def test_a_name_with_spaces_goes_between_quotes(page: Page, folder: Path) -> None:
    page.run("%%glm\n你好")
    assert page.run('%glm export "my talk.md" --force').success
    assert (folder / "my talk.md").exists()


@pytest.mark.parametrize("words", ["", "--force", "a.md b.md", "--all a.md"])
def test_the_command_says_how_it_is_used(
    page: Page, folder: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    page.run("%%glm\n你好")
    assert not page.run(f"%glm export {words}").success
    assert "Usage: %glm export FILE [--force]" in capsys.readouterr().out
    assert list(folder.glob("*.md")) == []


def test_a_folder_that_is_not_there_is_told(page: Page, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page.run("%%glm\n你好")
    assert not page.run("%glm export nowhere/talk.md").success
    told = capsys.readouterr()
    assert "talk.md cannot be written: No such file or directory." in told.out + told.err


def test_the_practice_servers_address_does_not_outlive_it(
    page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZHIPUAI_BASE_URL")
    page.run("%glm practice")
    assert page.run("%%glm\n你好").success
    assert page.run("%glm export talk.py").success
    assert "client = ZhipuAI()\n" in (folder / "talk.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_a_key_in_the_conversation_is_not_in_the_file(
    page: Page, folder: Path, server: PracticeServer, form: str
) -> None:
    page.run(f"%%glm\nMy key is {server.api_key}, {'is it not? ' * 20}{server.api_key}")
    assert page.run(f"%glm export talk{form}").success
    text = (folder / f"talk{form}").read_text(encoding="utf-8")
    assert "<API key>" in text
    assert server.api_key not in text
