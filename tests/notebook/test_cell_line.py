"""The options on a `%%glm` line, and what each of them sends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Page
from IPython.core.error import UsageError

from zhipu_magic.notebook.line import cell_line
from zhipu_magic.notebook.line.options import PARSER
from zhipu_magic.practice import Answer, PracticeServer

BARE = {"model", "messages", "stream", "response_format", "thinking"}


def test_without_options_the_request_holds_only_what_the_sdk_adds(page: Page, server: PracticeServer) -> None:
    page.run("%%glm\n你好")
    body = server.requests[-1].body
    assert set(body) == BARE
    assert body["model"] == "glm-4.7-flash"
    assert body["stream"] is True
    assert (body["response_format"], body["thinking"]) == (None, None)


@pytest.mark.parametrize(
    ("line", "member", "value"),
    [
        ("-m glm-4", "model", "glm-4"),
        ("--model=glm-4", "model", "glm-4"),
        ("--temperature 1", "temperature", 1),
        ("--temperature 0", "temperature", 0),
        ("--temperature 0.25", "temperature", 0.25),
        ("--top-p 1", "top_p", 1),
        ("--top-p 0", "top_p", 0),
        ("--max-tokens 100", "max_tokens", 100),
        ("--seed -7", "seed", -7),
        ('--stop "the end"', "stop", ["the end"]),
        ("--stop=---", "stop", ["---"]),
        ("--stop=--", "stop", ["--"]),
        ("--think", "thinking", {"type": "enabled"}),
        ("--no-think", "thinking", {"type": "disabled"}),
        ("--no-stream", "stream", False),
        ("--param user_id='\"reader-7\"'", "user_id", "reader-7"),
        ("""--param 'response_format={"type": "json_object"}'""", "response_format", {"type": "json_object"}),
        ("--param do_sample=false", "do_sample", False),
    ],
)
def test_an_option_sends_what_was_asked_for(
    page: Page, server: PracticeServer, line: str, member: str, value: Any
) -> None:
    server.enqueue(Answer("ok"))
    assert page.run(f"%%glm {line}\n你好").success
    body = server.requests[-1].body
    assert body[member] == value
    assert type(body[member]) is type(value)
    assert set(body) == BARE | {member}


def test_system_text_holds_for_this_and_later_turns(page: Page, server: PracticeServer) -> None:
    page.run('%%glm -s "You are a poet; {x} stays"\n你好')
    page.run("%%glm\n你好")
    for request in server.requests:
        assert request.body["messages"][0] == {"role": "system", "content": "You are a poet; {x} stays"}
    assert page.magics.system == "You are a poet; {x} stays"


@pytest.mark.parametrize(
    ("line", "system"),
    [
        ('-s "{{" -m glm-4', "{{"),
        ('-s "{{ it" -m glm-4', "{{ it"),
        ('-s "{{ it }} {{" -m glm-4', "{{ it }} {{"),
        ("-s }}{{ -m glm-4 --param x='\"}}\"'", "}}{{"),
        ("-s {{ it }} -m glm-4", "{{ it }}"),
    ],
)
def test_braces_that_nothing_closes_take_no_option_along(line: str, system: str) -> None:
    request = cell_line.parse(line).request
    assert (request.system, request.model) == (system, "glm-4")


def test_once_sees_nothing_and_leaves_nothing(page: Page, server: PracticeServer) -> None:
    page.run("%%glm -s first\none")
    page.run("%%glm --once -b aside\ntwo")
    page.run("%%glm\nthree")
    assert server.requests[1].body["messages"] == [{"role": "user", "content": "two"}]
    assert [message["content"] for message in server.requests[2].body["messages"] if message["role"] == "user"] == [
        "one",
        "three",
    ]
    assert page.names["aside"].choices[0].message.content


def test_quiet_leaves_the_reply_alone(page: Page) -> None:
    assert len(page.run("%%glm -q\n你好").outputs) == 1


def test_the_last_completion_is_always_at_hand(page: Page) -> None:
    page.run("%%glm\n你好")
    assert page.names["_glm"].choices[0].message.content == "你好！有什么我可以帮助你的吗？"
    assert "response" not in page.names


def test_nothing_else_is_put_into_the_namespace(page: Page) -> None:
    before = set(page.names)
    page.run("%%glm -b response\n你好")
    assert set(page.names) - before == {"_glm", "response"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--temprature 1", "Did you mean --temperature?"),
        ("--temp 1", "Did you mean --temperature?"),
        ("--binds x", "Did you mean --bind?"),
        ("--xyzzy", "%%glm? lists all of them"),
        ("-s You're", "not closed"),
        ("-s 'It\\'s'", "not closed"),
        ("-b 1x", "'1x' is not a valid variable name"),
        ("-b class", "'class' is not a valid variable name"),
        ("-b a.b", "'a.b' is not a valid variable name"),
        ("--temperature warm", "'warm' is not a number"),
        ("--temperature nan", "'nan' is not a number"),
        ("--max-tokens 0", "'0' is not a positive number of tokens"),
        ("--max-tokens 1.5", "'1.5' is not a whole number"),
        ("--param tools", "not of the form KEY=JSON"),
        ("--param user_id=reader", "is not JSON"),
        ("hello there", "does not take 'hello'"),
        ("-m", "expected one argument"),
    ],
)
def test_a_mistake_is_told_before_anything_is_sent(
    page: Page, server: PracticeServer, capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    page.names["response"] = "as it was"
    cell = page.run(f"%%glm -b response {line}\n你好")
    assert isinstance(cell.error, UsageError)
    assert words in str(cell.error)
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert cell.outputs == []
    assert server.requests == []
    assert page.names["response"] == "as it was"


@pytest.mark.parametrize("member", ["messages", "model", "stream"])
def test_param_does_not_go_behind_the_back_of_an_option(page: Page, server: PracticeServer, member: str) -> None:
    cell = page.run(f"%%glm --param {member}=1\n你好")
    assert member in str(cell.error)
    assert server.requests == []


@pytest.mark.parametrize("text", ["", "\n", "   \n\t\n"])
def test_an_empty_cell_is_a_clear_error(page: Page, server: PracticeServer, text: str) -> None:
    cell = page.run(f"%%glm\n{text}")
    assert cell.error is not None
    assert cell.outputs == []
    assert server.requests == []


def test_an_empty_prompt_says_where_to_write_it(page: Page) -> None:
    assert "on the lines below %%glm" in str(page.run("%%glm\n   ").error)


def test_a_prompt_on_the_first_line_alone_is_told_where_it_belongs(page: Page, server: PracticeServer) -> None:
    assert "goes on the lines below" in str(page.run("%%glm hello").error)
    assert "nothing to send" in str(page.run("%%glm").error)
    assert server.requests == []


def test_a_parameter_is_given_once(page: Page, server: PracticeServer) -> None:
    assert "given twice" in str(page.run("%%glm --temperature 0.2 --param temperature=0.9\n你好").error)
    assert server.requests == []


def test_the_bound_name_is_among_those_that_who_lists(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    page.run("%%glm -b response\n你好")
    capsys.readouterr()
    page.run("%who")
    assert capsys.readouterr().out.split() == ["response"]


def test_help_lists_every_option(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    page.run("%%glm?")
    page.run("%pinfo %%glm")
    shown = capsys.readouterr().out
    for action in cell_line.PARSER._actions:
        assert action.option_strings[-1] in shown
    assert "Write a catchy slogan" in shown


@given(st.text())
def test_any_line_is_read_or_refused_with_a_message(line: str) -> None:
    try:
        cell_line.parse(line)
    except UsageError as error:
        assert str(error)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_value_between_double_quotes_comes_through(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert cell_line.parse(f'--system="{quoted}"').request.system == value


def test_the_help_of_each_option_ends_with_an_example_that_can_be_read() -> None:
    for action in PARSER._actions:
        told = (action.help or "").replace("%%", "%")
        example = told.split("\n")[-1]
        assert example.startswith("%%glm ")
        assert any(name in example.split() for name in action.option_strings)
        cell_line.parse(example.removeprefix("%%glm "))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--think --no-think", "--think and --no-think contradict each other"),
        ("--no-think --think", "--no-think and --think contradict each other"),
        ("--temperature 0.2 --temperature 0.7", "--temperature 0.2 and --temperature 0.7 contradict"),
        ("-m glm-4 --model glm-4.7 --bg", "--bg cannot be used with several models"),
        ("-t a -t b", "-t a and -t b contradict"),
        ("-b x -b y", "-b x and -b y contradict"),
        ("--as int --as str", "--as int and --as str contradict"),
        ("--search one --search two", "--search one and --search two contradict"),
        ("--effort low --effort high", "--effort low and --effort high contradict"),
        ("-b x -o x", "-b and -o both bind x"),
        ("--param a=1 --param a=2", "--param gives a two values"),
        ("--param a=1 --param a=true", "--param gives a two values"),
        ("--no-think --effort high", "Leave out --no-think or --effort."),
        ("--think --effort none", "Leave out --think or --effort."),
        ("-t drafts --once", "Leave out -t or --once."),
    ],
)
def test_options_that_contradict_each_other_are_refused_before_anything_is_sent(
    page: Page, server: PracticeServer, line: str, words: str
) -> None:
    cell = page.run(f"%%glm -m glm-5.2 {line}\n你好" if "-m" not in line else f"%%glm {line}\n你好")
    assert words in str(cell.error) and cell.outputs == []
    assert server.requests == []


def test_what_is_given_twice_alike_and_what_can_be_repeated_is_no_contradiction() -> None:
    line = "-m glm-4 --think --think --temperature 1 --temperature 1.0 --once --once --search x --search x"
    options = cell_line.parse(f"{line} --image a --image b --tool f --tool g --param a=1 --param a=1 --param b=2")
    assert (options.request.model, options.request.think, options.request.search) == ("glm-4", True, "x")
    assert (list(options.images), list(options.tools)) == (["a", "b"], ["f", "g"])
    assert options.request.params == {"a": 1, "b": 2}
    assert cell_line.parse("--no-think").request.think is False and cell_line.parse("").request.think is None
