"""The README tells of everything there is, and of nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.notebook.line.options import PARSER
from zhipu_magic.notebook.settings import Settings
from zhipu_magic.text import errors
from zhipu_magic.text.errors import GLMError

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def _first_column(title: str) -> list[str]:
    section = README.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| (`.+?) \|", section, flags=re.MULTILINE)


def test_every_option_of_a_cell_is_there() -> None:
    told = {word for row in _first_column("Options of a cell") for word in re.findall(r"--?[a-z-]+", row)}
    assert told == {name for action in PARSER._actions for name in action.option_strings}


def test_every_command_is_there() -> None:
    assert _first_column("Commands") == ["`%glm`", *(f"`{command.usage}`" for command in COMMANDS.values())]


def test_every_kind_of_failure_is_there() -> None:
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, GLMError)}
    assert {row.strip("`") for row in _first_column("From Python")} == kinds - {"GLMError"}


def test_every_setting_is_there_with_its_default() -> None:
    told = {row.strip("`") for row in _first_column("Settings")}
    assert told == set(Settings.class_own_traits(config=True))
    for name in ("timeout", "max_retries", "stream"):
        assert f"| `{name}` | `{Settings.class_own_traits()[name].default()}` |" in README
