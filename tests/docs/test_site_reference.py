"""The reference tells of everything there is: what is made from the code, and what is written by hand."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import zhipu_magic
from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.notebook.hints import HINTS
from zhipu_magic.notebook.line.options import PARSER
from zhipu_magic.notebook.settings import Settings
from zhipu_magic.service.error_causes import CAUSES
from zhipu_magic.text import errors
from zhipu_magic.text.errors import GLMError

DOCS = Path(__file__).parents[2] / "docs"
PACKAGE = Path(zhipu_magic.__file__).parent


@pytest.fixture(scope="module")
def from_code() -> Any:
    return import_module("from_code")


def _first_column(page: str) -> list[str]:
    return re.findall(r"^\| \[?`(.+?)`", page, flags=re.MULTILINE)


def test_every_option_is_there_with_its_example(from_code: Any) -> None:
    page = from_code.page("options")
    told = {word for row in _first_column(page) for word in re.findall(r"--?[a-z-]+", row)}
    assert told == {name for action in PARSER._actions for name in action.option_strings}
    rows = re.findall(r"^\| `-.*", page, flags=re.MULTILINE)
    assert len(rows) == len(PARSER._actions) and all(re.search(r"\| `%%glm .*` \|$", row) for row in rows)


def test_every_command_is_there_with_its_examples(from_code: Any) -> None:
    assert _first_column(from_code.page("command-list")) == ["%glm", *(one.usage for one in COMMANDS.values())]
    page = from_code.page("commands")
    for command in COMMANDS.values():
        assert f"(command-{command.name})=\n## `{command.usage}`" in page
        assert all(f"\n{example}\n" in page for example in command.examples)


def test_every_setting_is_there_with_its_default_whatever_the_environment_says(
    from_code: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPU_MAGIC_MODEL", "another")
    page = from_code.page("settings")
    assert set(_first_column(page)) == set(Settings.class_own_traits(config=True))
    assert "| `model` | `'glm-4.7-flash'` |" in page and "| `timeout` | `60.0` |" in page


def test_every_subcommand_is_there(from_code: Any) -> None:
    page = from_code.page("command-line")
    assert re.findall(r"^## `python -m zhipu_magic (\w+)`", page, flags=re.MULTILINE) == [
        *("demo", "serve", "record", "replay")
    ]
    assert "`--script FILE`" in page and "`--port PORT`" in page


def test_every_reason_is_there(from_code: Any) -> None:
    page = from_code.page("reasons")
    told = set(_first_column(page))
    assert told >= {cause.reason for cause in CAUSES.values()}
    assert HINTS.keys() - told == {"parameter.model", "parameter.stream"}  # whose names are made of the parameter's
    assert "`key.missing`<br>SettingsError" in page


def test_every_code_of_the_service_is_there(from_code: Any) -> None:
    page = from_code.page("codes")
    assert all(f"`{code}`" in page for code in CAUSES)


def test_what_a_sentence_says_is_never_taken_for_markup() -> None:
    code_markdown = import_module("code_markdown")
    assert code_markdown.prose("a | b_c *d* <e> {f} [g](h) $i$") == r"a \| b\_c \*d\* \<e\> \{f\} \[g\](h) \$i\$"
    assert code_markdown.prose("%glm login sets it; --save and {{ x | 500 }} too") == (
        r"`%glm login` sets it; `--save` and `{{ x \| 500 }}` too"
    )
    assert code_markdown.code("a `b` c") == "``a `b` c``"


def test_in_chinese_no_head_of_a_table_is_english(from_code: Any) -> None:
    heads = {
        cell
        for name in from_code.PAGES
        for line, rule in zip(*[from_code.page(name, "zh_CN").splitlines()[at:] for at in (0, 1)], strict=False)
        if rule.startswith("| ---")
        for cell in line.strip("| ").split(" | ")
    }
    assert heads and not [head for head in heads if head.isascii()]


def test_in_chinese_every_option_command_and_setting_is_told_in_chinese(from_code: Any) -> None:
    for name in ("options", "command-list", "commands", "settings"):
        rows = [line for line in from_code.page(name, "zh_CN").splitlines() if line.startswith("| ")]
        assert not [row for row in rows if row.isascii() and "---" not in row], name


def test_every_kind_of_failure_is_there() -> None:
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, GLMError)}
    written = (DOCS / "reference" / "errors.md").read_text("utf-8")
    assert set(_first_column(written)) == kinds - {"GLMError"}
    api = (DOCS / "reference" / "python.md").read_text("utf-8")
    assert set(re.findall(r"autoexception:: zhipu_magic\.(\w+)", api)) == kinds


def test_every_public_name_is_in_the_api() -> None:
    api = (DOCS / "reference" / "python.md").read_text("utf-8")
    told = re.findall(r"auto\w+:: zhipu_magic\.(\w+)$", api, flags=re.MULTILINE)
    assert sorted(told) == sorted(set(zhipu_magic.__all__) - {"__version__"})


def test_every_variable_of_the_environment_is_there() -> None:
    page = (DOCS / "reference" / "environment.md").read_text("utf-8")
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text("utf-8")
        tree = ast.parse(source if "environ" in source or "_VARIABLE" in source else "")
        names = {
            target.id: node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name) and target.id.endswith("_VARIABLE")
        }
        asked = [
            call.args[0].value
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
            if ast.unparse(call.func) in ("os.environ.get", "os.getenv")
        ]
        for name in [*names.values(), *asked]:
            assert f"`{name}`" in page or f"`{name}=" in page, f"{path.name} reads {name}"
