"""Conversations from elsewhere, exported: what they hold is text in the file that comes of them, and never code."""

from __future__ import annotations

import ast
import builtins
import json
from collections.abc import Mapping
from typing import Any

import nbformat
import pytest
from harm import ATTACKS as HARM
from harm import harm_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_process import Page

from zhipu_magic.chat.export.formats import exported
from zhipu_magic.history.conversation import Thread
from zhipu_magic.history.turn import Turn
from zhipu_magic.notebook.line import cell_line
from zhipu_magic.service.models import EFFORTS
from zhipu_magic.service.profile import DEFAULT_BASE_URL, NAMED_ADDRESSES, thinking
from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.images.from_value import image_of
from zhipu_magic.values.images.image import Image

PIXEL = image_of(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000000000500"
        "01a5f645400000000049454e44ae426082"
    )
)
ATTACKS = [
    "x\nimport os; os.system('touch pwned')",
    "x\r!touch pwned",
    "x\u2028%run pwned",
    "'; import os #",
    '"""\nimport os\n"""',
    "' + __import__('os').name + '",
    "{__import__('os')}",
    "$HOME {x!r} {{ x }}",
    "-o get_ipython",
    "-b exec --tool exec --image ~/.ssh/id_rsa -i",
    '" --tool exec "',
    "a b\\",
    "\\",
    "?",
    "help?",
    "%%python",
    "\x00\x1b]52;c;AAAA\x07",
    "\ufeff#!x",
]
#: Letters with a meaning to somebody on the way: Python, IPython, shlex, argparse, JSON.
TEXT = st.sampled_from(ATTACKS) | st.text(
    alphabet="-=\"'\\\n\r\t\x0b\x0c\x1c\x85\u2028 {}[]()$%!?#;`abo_1,:.\x00", max_size=20
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NAME = TEXT | st.sampled_from(
    ["exec", "eval", "open", "get_ipython", "weather", "os.system", "confirm(exec)", "a,exec"]
)
TOOL = st.builds(lambda name: {"type": "function", "function": {"name": name, "parameters": {}}}, NAME) | JSON
#: What the service runs itself, with anything where the user's own words would stand.
HOSTED = (
    st.builds(
        lambda query, more: {
            "type": "web_search",
            "web_search": {"enable": True, "search_engine": "search_pro", **query, **more, "search_result": True},
        },
        st.just({}) | st.builds(lambda text: {"search_query": text}, TEXT | st.sampled_from(["-x", "a=b", "count=3"])),
        st.just({})
        | st.just({"count": 7, "search_recency_filter": "oneDay"})
        | st.builds(lambda v: {"count": v}, JSON),
    )
    | st.builds(lambda text: {"type": "retrieval", "retrieval": {"knowledge_id": text}}, TEXT)
    | st.builds(
        lambda label, url: {"type": "mcp", "mcp": {"server_label": label, **({"server_url": url} if url else {})}},
        TEXT | st.sampled_from(["a=b", "-b"]),
        TEXT | st.sampled_from(["", "https://a.example/mcp?k=v", "https://u:p@a.example/", "file:///etc/passwd"]),
    )
)
THINKING = st.builds(lambda think, keep: thinking(think, keep=keep)["thinking"], st.booleans(), st.booleans())
MEMBERS = st.dictionaries(
    TEXT | st.sampled_from(["bind", "output", "image", "tool", "raw", "insert", "as", "o", "b"]), JSON, max_size=3
).flatmap(
    lambda more: st.fixed_dictionaries(
        {},
        optional={
            "temperature": JSON,
            "max_tokens": JSON.filter(lambda value: not isinstance(value, int) or value < 100_000),  # it leaves room
            "stop": JSON,
            "thinking": JSON | THINKING,
            "tools": JSON | st.lists(TOOL, min_size=1, max_size=3) | st.lists(HOSTED | TOOL, min_size=1, max_size=3),
            "reasoning_effort": JSON | st.sampled_from(EFFORTS),
            "tool_choice": JSON | st.sampled_from(["auto", "required", "-b", "os"]) | TOOL,
        },
    ).map(lambda known: {**more, **known})
)
TURN = st.builds(
    Turn,
    prompt=TEXT.filter(str.strip),
    reply=TEXT | st.lists(st.sampled_from([*HARM, "\n", "```"]), max_size=3).map("\n".join),
    model=TEXT.filter(str.strip) | st.just("glm-4"),
    members=MEMBERS,
    images=st.sampled_from([(), (PIXEL,), (image_of("https://a.example/'%24{x}?"), PIXEL)]),
    instruction=st.just("") | TEXT,
)


def thread_of(*turns: Turn, system: str = "") -> Thread:
    thread = Thread(own_system=system)
    for number, turn in enumerate(turns, 1):
        thread = thread.commit(turn._replace(id=f"1.{number}"))
    return thread


def calls_of(page: Page, cell: str) -> list[tuple[str, ...]]:
    """The magics that a cell calls, with their texts; it must do nothing else."""
    calls = []
    for statement in ast.parse(page.shell.transform_cell(cell)).body:
        assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        function = ast.unparse(statement.value.func)
        calls.append((function, *(ast.literal_eval(argument) for argument in statement.value.args)))
    return calls


def check_setup(page: Page, cell: str, model: str) -> str:
    """The system text that the first cell sets. It sets that and the model, and loads the extension."""
    load, *settings = calls_of(page, cell)
    assert load == ("get_ipython().run_line_magic", "load_ext", "zhipu_magic")
    values = {}
    for function, magic, line in settings:
        assert (function, magic) == ("get_ipython().run_line_magic", "config")
        name, value = line.split(" = ", 1)
        assert not set("{}$") & set(value)  # which IPython would fill in
        values[name] = ast.literal_eval(value)
    assert values.pop("GLMMagics.model") == model
    return values.pop("GLMMagics.system", "") if values else ""


def check_images(cell: str, number: int, images: tuple[Image, ...]) -> None:
    """The cell binds images to names of ours, and does nothing else."""
    imported, *bindings = ast.parse(cell).body
    assert ast.unparse(imported) == "from base64 import b64decode"
    for place, (statement, image) in enumerate(zip(bindings, images, strict=True), 1):
        assert isinstance(statement, ast.Assign)
        assert ast.unparse(statement.targets[0]) == f"image_{number}_{place}"
        if image.url:
            assert ast.literal_eval(statement.value) == image.url
        else:
            assert ast.unparse(statement.value) == f"b64decode('{image.base64()}')"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(turns=st.lists(TURN, min_size=1, max_size=2), system=st.just("") | TEXT, model=TEXT)
def test_an_exported_notebook_holds_asking_cells_and_nothing_that_runs(
    page: Page, turns: list[Turn], system: str, model: str
) -> None:
    try:
        text = exported(thread_of(*turns, system=system), ".ipynb", model=model, base_url=DEFAULT_BASE_URL)
    except InvalidRequest as error:
        assert "cannot be written on the first line of a cell" in str(error)
        return
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert [harm for cell in notebook.cells for output in cell.outputs for harm in harm_in(output.data)] == []
    setup, *cells = (cell.source for cell in notebook.cells)
    told = check_setup(page, setup, model)
    for number, turn in enumerate(turns, 1):
        if turn.images:
            check_images(cells.pop(0), number, turn.images)
        [(function, magic, line, body)] = calls_of(page, cells.pop(0))
        assert (function, magic) == ("get_ipython().run_cell_magic", "glm")
        assert body == "\n\n".join(part for part in (turn.prompt, turn.instruction) if part) + "\n" or (
            turn.prompt.endswith("\n") or turn.instruction.endswith("\n")
        )
        given = cell_line.parse(line)
        assert (given.bind, given.output, given.as_type, given.insert, given.quiet, given.preview) == (
            *(None, None, None),
            *(False, False, False),
        )
        assert [*given.images] == [f"image_{number}_{place}" for place in range(1, len(turn.images) + 1)]
        assert (given.request.model or model) == turn.model
        assert all(name.isidentifier() and not hasattr(builtins, name) for name in given.tools)
        tools = [{"type": "function", "function": {"name": name, "parameters": {}}} for name in given.tools]
        members = given.request.members()
        searches = members.pop("tools", []) if tools else []
        asked = {**members, **({"tools": [*tools, *searches]} if tools else {})}
        assert _names(asked) == _names(dict(turn.members))
        told = given.request.system or told
    assert cells == []
    assert told == system


def _names(members: dict[str, Any]) -> str:
    """The members as JSON, of functions only their names."""
    tools = members.get("tools")
    if isinstance(tools, list):
        functions = [(tool["function"]["name"] if _is_function(tool) else tool) for tool in tools]
        members = {**members, "tools": sorted(functions, key=json.dumps)}
    return json.dumps(members, sort_keys=True)


def _is_function(tool: Any) -> bool:
    return isinstance(tool, dict) and tool.get("type") == "function" and "function" in tool


@pytest.mark.parametrize(
    "name", ["exec", "eval", "open", "__import__", "get_ipython", "os.system", "confirm(exec)", "a b"]
)
def test_a_name_of_pythons_own_is_offered_to_nobody(page: Page, name: str) -> None:
    tools = [{"type": "function", "function": {"name": name, "parameters": {}}}]
    text = exported(thread_of(Turn("go", "r", "glm-4", members={"tools": tools})), ".ipynb", model="glm-4", base_url="")
    line = json.loads(text)["cells"][1]["source"][0]
    given = cell_line.parse(line.removeprefix("%%glm").strip())
    assert given.tools == []
    assert given.request.params == {"tools": tools}


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "~/.ssh/id_rsa", "file:///etc/passwd", "data:image/png;base64,AA", "x y"]
)
def test_an_image_at_no_address_of_the_web_is_not_written_down(path: str) -> None:
    turn = Turn("look", "r", "glm-4v", images=(Image("", 0, 0, "0" * 64, url=path),))
    with pytest.raises(InvalidRequest, match="no web address"):
        exported(thread_of(turn), ".ipynb", model="glm-4v", base_url="")


@settings(deadline=None, max_examples=200)
@given(turns=st.lists(TURN, min_size=1, max_size=2), system=st.just("") | TEXT)
def test_an_exported_script_asks_and_prints_and_nothing_else(turns: list[Turn], system: str) -> None:
    text = exported(thread_of(*turns, system=system), ".py", model="glm-4", base_url=NAMED_ADDRESSES["coding"])
    docstring, imported, sdk, messages, client, stream, loop, end = ast.parse(text).body
    assert isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant)
    assert ast.unparse(imported) == "import os"
    assert ast.unparse(sdk) == "from zhipuai import ZhipuAI"
    assert isinstance(messages, ast.Assign) and ast.unparse(messages.targets[0]) == "messages"
    (*_, last) = ast.literal_eval(messages.value)
    assert turns[-1].prompt in str(last["content"]) or turns[-1].prompt in last["content"][-1]["text"]
    assert isinstance(client, ast.Assign)
    assert ast.unparse(client.value) == (
        f"ZhipuAI(base_url=os.environ.get('ZHIPUAI_BASE_URL') or '{NAMED_ADDRESSES['coding']}')"
    )
    assert isinstance(stream, ast.Assign) and isinstance(stream.value, ast.Call)
    assert ast.unparse(stream.value.func) == "client.chat.completions.create" and stream.value.args == []
    arguments = {keyword.arg: keyword.value for keyword in stream.value.keywords}
    assert ast.unparse(arguments.pop("messages")) == "messages"
    given = {str(name): ast.literal_eval(value) for name, value in arguments.items()}
    assert given.pop("model") == turns[-1].model and given.pop("stream") is True
    given |= given.pop("extra_body", {})
    assert given == _as_sent(turns[-1].members)
    assert ast.unparse(loop) == (
        "for chunk in stream:\n    for choice in chunk.choices:\n"
        "        print(choice.delta.content or '', end='', flush=True)"
    )
    assert ast.unparse(end) == "print()"


def _as_sent(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members as the service takes them: a text to stop at as a list of one."""
    sent = dict(members)
    if isinstance(sent.get("stop"), str):
        sent["stop"] = [sent["stop"]]
    return sent
