"""Help: what a cell and each command says of itself, in a notebook and in a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from in_process import Page

from zhipu_magic import Chat
from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.notebook.line.options import PARSER
from zhipu_magic.practice import Answer, PracticeServer

#: All that a test can run: it stores no key on the machine.
EXAMPLES = [
    (name, example) for name, command in COMMANDS.items() for example in command.examples if "--save" not in example
]


# Of a cell


@pytest.mark.parametrize("line", ["%%glm --help", "%%glm -h", "%%glm -b x －h", "%%glm —help", "%%glm?", "％％glm ?"])
def test_help_of_a_cell_asks_nothing_and_keeps_its_earlier_turn(page: Page, server: PracticeServer, line: str) -> None:
    page.run("%%glm\n写一首诗", "a")
    turns = page.magics.chat.thread().turns
    cell = page.run(f"{line}\n写一首诗", "a")
    assert cell.success
    assert "--temperature NUMBER" in cell.plain()
    assert len(server.requests) == 1
    assert page.magics.chat.thread().turns == turns


def test_help_needs_no_prompt_and_is_short(page: Page) -> None:
    cell = page.run("%%glm --help")
    assert cell.success
    shown = cell.plain()
    assert shown.count("%%glm -") == 1, "one example"
    groups = [line.split("|")[1].strip() for line in shown.splitlines() if re.match(r"\| [A-Z]", line)]
    assert len(groups) == 8
    for action in PARSER._actions:
        (row,) = [
            line for line in shown.splitlines() if re.match(rf"\| `[^`]*{action.option_strings[-1]}\b(?!-)", line)
        ]
        assert action.help and action.help.partition("\n")[0].replace("%%", "%")[:30] in row


# Of the commands


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_explained_with_its_arguments_and_examples(page: Page, name: str) -> None:
    command = COMMANDS[name]
    shown = page.run(f"%glm help {name}").plain()
    assert command.summary in shown and command.details in shown
    for argument in re.findall(r"--at N|--[a-z]+|[A-Z]+|add|remove", command.usage.removeprefix(f"%glm {name}")):
        assert f"| `{argument}`" in shown
    assert command.examples
    for example in command.examples:
        assert example.startswith(f"%glm {name}")
        assert f"\n{example}\n" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_the_words_of_the_help_are_whole_sentences(name: str) -> None:
    command = COMMANDS[name]
    assert command.details[0].isupper() and command.details.endswith(".")
    assert not command.summary.endswith(".")


@pytest.mark.parametrize("asked", ["--help", "-h", "—help", "－h", "－－help", "now --help"])
def test_a_command_explains_itself_and_does_nothing(page: Page, server: PracticeServer, asked: str) -> None:
    page.run("%%glm\n你好")
    assert page.run(f"%glm reset {asked}").plain() == page.run("%glm help reset").plain()
    assert page.magics.chat.thread().size == 1


@pytest.mark.parametrize("name", ["ask", "system", "fix"])
def test_a_text_that_mentions_help_is_a_text(page: Page, server: PracticeServer, name: str) -> None:
    page.run("1 / 0")
    assert page.run(f"%glm {name} --help").plain() == page.run(f"%glm help {name}").plain()
    assert server.requests == []
    assert page.run(f"%glm {name} What does ls --help do?").success
    assert "ls --help" in (page.magics.chat.system or server.requests[-1].body["messages"][-1]["content"])


@pytest.mark.parametrize("asked", ["--help", "-h", "—help", "－h", "-h undo"])
def test_the_magic_itself_lists_its_commands(page: Page, asked: str) -> None:
    assert page.run(f"%glm {asked}").plain() == page.run(f"%glm help {asked.partition(' ')[2]}").plain()


def test_the_list_has_a_line_for_each_command_that_fits_a_terminal(page: Page) -> None:
    lines = page.run("%glm help").plain().split("\n\n")[0].splitlines()
    assert len(lines) == len(COMMANDS) + 2
    assert all(len(line) <= 80 for line in lines)


def test_the_question_mark_lists_them_in_lines_that_fit_a_terminal(
    page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    page.run("%pinfo %glm")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("    %glm ")]
    assert len(lines) == len(COMMANDS)
    assert all(len(line) <= 80 for line in lines)


# Examples


def _two_turns(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("```python\nx = 1\n```"), Answer("```python\nx = 2\n```"))
    page.run("%%glm\none", "a")
    page.run("%%glm\ntwo", "b")


def _undone(page: Page, server: PracticeServer) -> None:
    _two_turns(page, server)
    page.run("%glm undo 2")


def _set_aside(page: Page, server: PracticeServer) -> None:
    _two_turns(page, server)
    page.run("1", "c", deleted=["b"])


def _cut_off(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("Half of ", finish_reason="length"), Answer("it."))
    page.run("%%glm\none")


def _eighth_raised(page: Page, server: PracticeServer) -> None:
    """A page whose eighth cell, and last, has failed."""
    page.numbers = True
    while page.shell.execution_count < 8:
        page.run("x = 1")
    page.run("1 / 0")


def _functions(page: Page, server: PracticeServer) -> None:
    code = (
        "def weather(city: str) -> str:\n    'The weather.'\n    return city\ndef send(text: str) -> None:\n    'Send.'"
    )
    page.run(code)
    page.run("%glm tools add weather")


def _journals(page: Page, server: PracticeServer) -> None:
    """Two conversations in the page's own journal and in that of another notebook, all of an earlier session."""
    own = page.session.page_journal.path()
    assert own is not None
    for path in (own, own.with_name("analysis.jsonl")):
        for prompt in ("one", "two"):
            earlier = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
            assert earlier.ask(prompt).text
            earlier.close()


def _lesson(page: Page, server: PracticeServer) -> None:
    Path("lesson.yaml").write_text("- {when: bikes, reply: There are enough.}")


def _jobs(page: Page, server: PracticeServer) -> None:
    """Two cells that were not waited for."""
    for prompt in ("one", "two"):
        page.run(f"%%glm --bg --once\n{prompt}")


def _table(page: Page, server: PracticeServer) -> None:
    """A table that was asked, and one whose rows are in a batch."""
    page.names["texts"] = ["one", "two"]
    page.run("%%glm --each texts\nSay {{ text }}")
    page.run("%%glm --each texts --batch\nShout {{ text }}")


def _compared(page: Page, server: PracticeServer) -> None:
    page.run("%%glm -m glm-5.3 -m glm-4.7-flash\nWhy?")


PREPARED: dict[str, Callable[[Page, PracticeServer], None]] = {
    **dict.fromkeys(("history", "show", "retry", "undo", "reset", "insert", "fork", "export", "usage"), _two_turns),
    **{
        "redo": _undone,
        "restore": _set_aside,
        "continue": _cut_off,
        "fix": _eighth_raised,
        "explain": _eighth_raised,
        "tools": _functions,
        "keep": _compared,
    },
    **dict.fromkeys(("rows", "collect", "cancel"), _table),
    **{"resume": _journals, "practice": _lesson, "jobs": _jobs, "stop": _jobs, "wait": _jobs},
}


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_does_what_it_says(
    page: Page,
    server: PracticeServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    example: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "not.shown")
    PREPARED.get(name, lambda page, server: None)(page, server)
    cell = page.run(example)
    assert cell.success, cell.error
    shown = cell.plain() if cell.outputs else ""  # what is waited for is shown elsewhere
    assert bool(shown) is (name != "wait")
    assert not re.search(r"\b(nothing to|no such|no turns?|is set aside)\b", shown, re.IGNORECASE)
