"""The engine speaks Python, a cell is told what to do in a cell, and both are filled from the same facts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from in_process import Page

import zhipu_magic
from zhipu_magic import Chat, GLMError, SettingsError
from zhipu_magic.history.budget import Budget
from zhipu_magic.notebook.hints import HINTS, in_cell
from zhipu_magic.notebook.line.options import PARSER
from zhipu_magic.practice import PracticeServer
from zhipu_magic.text import errors
from zhipu_magic.text.languages.notice import Notice

PACKAGE = Path(zhipu_magic.__file__).parent
ENGINE = [path for wing in ("chat", "history", "values", "service", "text") for path in (PACKAGE / wing).rglob("*.py")]
#: What it writes is a notebook's cells.
WRITES_CELLS = PACKAGE / "chat" / "export" / "notebook.py"

SAYS = {
    "Notice",
    *(name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.GLMError)),
}
OPTIONS = {name for action in PARSER._actions for name in action.option_strings} | {
    *("--at", "--earlier", "--force", "--save")
}
_ANY = "|".join(sorted(map(re.escape, OPTIONS), key=len, reverse=True))
OF_A_CELL = re.compile(rf"%glm|%config|(?<!python )(?<![\w-])(?:{_ANY})(?![\w-])")


def strings(tree: ast.AST) -> Iterator[ast.Constant]:
    """The text of a module, its docstrings apart."""
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node


def calls(paths: list[Path]) -> Iterator[tuple[str, ast.Call]]:
    """Where an error or a notice is made, and where that stands."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYS:
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node


def texts(node: ast.AST | None) -> list[str]:
    """What a template can be, as it is written: one text, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*texts(node.body), *texts(node.orelse)]
    return []


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


PARTS = {"hint", "detail", "reason", "outcomes", "near", "retryable", "status", "code", "request_id", "retry_after"}
EVERYWHERE = sorted(PACKAGE.rglob("*.py"))


def facts(call: ast.Call) -> set[str]:
    return {keyword.arg for keyword in call.keywords if keyword.arg is not None} - PARTS


def reasons(paths: list[Path]) -> dict[str, list[ast.Call]]:
    """By its reason, where each kind of failure is told; the service's stand in a table of their own."""
    found: dict[str, list[ast.Call]] = {}
    for _, call in calls(paths):
        for reason in next((texts(each.value) for each in call.keywords if each.arg == "reason"), []):
            found.setdefault(reason, []).append(call)
    return found


def test_what_is_looked_for_would_be_found() -> None:
    assert len(ENGINE) > 100 and len(reasons(ENGINE)) > 80
    for text in ("%glm login", "in a %%glm cell", "%config GLMMagics.x", "Give --max-tokens.", "with -m NAME"):
        assert OF_A_CELL.search(text)
    assert not OF_A_CELL.search("pip install --force-reinstall x; python -m x; a-m; 3--4; a well-meant dash")


def test_below_the_notebook_nothing_speaks_of_cells() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{text.lineno}: {text.value}"
        for path in ENGINE
        if path != WRITES_CELLS
        for text in strings(ast.parse(path.read_text(encoding="utf-8")))
        if OF_A_CELL.search(str(text.value))
    ]
    assert wrong == []
    made = [text.value for _, call in calls([WRITES_CELLS]) for text in strings(call)]
    assert made and not any(OF_A_CELL.search(str(text)) for text in made)


def test_below_the_notebook_nothing_asks_the_user() -> None:
    asking = {
        path
        for path in ENGINE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and node.id in ("input", "getpass"))
        or (isinstance(node, ast.Attribute) and node.attr in ("input", "getpass"))
    }
    assert asking == set()


def test_every_error_of_the_engine_has_a_reason() -> None:
    wrong = [
        where
        for where, call in calls(ENGINE)
        if isinstance(call.func, ast.Name) and not any(keyword.arg == "reason" for keyword in call.keywords)
    ]
    assert wrong == []


def test_one_reason_has_one_sentence() -> None:
    told = {reason: {tuple(texts(call.args[0])) for call in found} for reason, found in reasons(EVERYWHERE).items()}
    assert {reason for reason, sentences in told.items() if len(sentences) > 1} == set()


def test_a_sentence_is_filled_from_its_facts() -> None:
    wrong = []
    for where, call in calls(EVERYWHERE):
        if not facts(call):
            continue
        hint = next((keyword.value for keyword in call.keywords if keyword.arg == "hint"), None)
        named = set().union(*map(fields, [*texts(call.args[0]), *texts(hint)]))
        finished = any(isinstance(node, ast.JoinedStr) for node in (call.args[0], hint))
        if finished or not named <= facts(call):
            wrong.append(where)
    assert wrong == []


def test_the_table_speaks_of_what_the_engine_says() -> None:
    known = reasons(EVERYWHERE)
    tables = [PACKAGE / "service" / name for name in ("error_causes.py", "transport_errors.py")]
    source = "".join(table.read_text(encoding="utf-8") for table in tables)
    causes = set(re.findall(r'"((?:service|connection|reply)\.\w+)"', source))
    parameters = {"parameter.messages", "parameter.model", "parameter.stream"}
    assert HINTS.keys() - known.keys() <= causes | parameters
    for reason, hint in HINTS.items():
        for call in known.get(reason, []):
            assert fields(hint) <= facts(call) or not facts(call), reason


def test_a_notice_says_in_a_cell_what_to_do_there() -> None:
    notice = Notice("{tool} asks.", hint="chat.remove_tools({tool!r})", reason="tool.still_asks", tool="send")
    assert in_cell(notice) == "send asks. To let it run without asking, remove it first: %glm tools remove send."
    assert in_cell("A text of no reason.") == "A text of no reason."


def _refused(chat: Chat) -> GLMError:
    chat.budget = Budget(100, "tokens")
    with pytest.raises(GLMError) as refused:
        chat.ask("one", max_tokens=500)
    return refused.value


def test_the_same_failure_is_told_in_python_and_in_a_cell(page: Page, server: PracticeServer) -> None:
    plain = _refused(Chat("glm-4", base_url=server.base_url, api_key=server.api_key))
    page.run("%glm budget 100 tokens")
    cell: Any = page.run("%%glm -m glm-4 --max-tokens 500\none").error
    assert (plain.reason, plain.message) == (cell.reason, cell.message)
    assert plain.reason == "budget.exceeded" and plain.facts == cell.facts
    sent, advice = "Nothing was sent.", "Shorten the prompt, ask for a shorter answer ({}), or raise the budget{}"
    assert str(plain).splitlines()[1] == f"{sent} {advice.format('max_tokens', '.')}"
    assert str(cell).splitlines()[1] == f"{sent} {advice.format('--max-tokens', ': %glm budget.')}"


def test_python_in_a_cell_is_told_in_python(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZHIPUAI_API_KEY", raising=False)
    cell: Any = page.run("from zhipu_magic import Chat\nChat('glm-4', base_url='https://example.org').ask('hi')")
    assert isinstance(cell.error, SettingsError)
    assert "Chat(api_key=…)" in str(cell.error) and "%glm" not in str(cell.error)
