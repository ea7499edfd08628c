"""Records are built by name: in a row of unnamed values, nobody sees which is which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import zhipu_magic

ROOT = Path(zhipu_magic.__file__).parent
MOST = 4


def long_calls(source: str) -> Iterator[str]:
    """The calls of a class with more unnamed arguments than anybody can tell apart."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and len(node.args) > MOST:
            name = ast.unparse(node.func).rpartition(".")[2]
            if name == "cls" or name.lstrip("_")[:1].isupper():
                yield f"line {node.lineno}: {name} has {len(node.args)} unnamed arguments"


def test_a_long_call_is_found() -> None:
    assert list(long_calls("Turn(1, 2, 3, 4, 5)")) == ["line 1: Turn has 5 unnamed arguments"]
    assert list(long_calls("Turn(1, 2, 3, 4, fifth=5); f(1, 2, 3, 4, 5)")) == []


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_records_are_built_by_name(path: Path) -> None:
    assert list(long_calls(path.read_text(encoding="utf-8"))) == []
