"""How a notebook asks before a call of a tool that `confirm` made."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from zhipu_magic.notebook.consent import ask_user
from zhipu_magic.values.tools.consent import CannotAsk


def answering(answer: str) -> Callable[..., str]:
    return lambda question="": answer if question == "Run delete? [y/N] " else "another question"


@pytest.mark.parametrize("answer", ["y", "Y", " yes ", "是"])
def test_yes(answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("builtins.input", answering(answer))
    assert ask_user("delete", "delete(path='x')")
    assert capsys.readouterr().out == "delete(path='x')\n"


@pytest.mark.parametrize("answer", ["", "n", "no", "yep", "不"])
def test_anything_else_is_a_no(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", answering(answer))
    assert not ask_user("delete", "delete(path='x')")


@pytest.mark.parametrize("hidden", [None, io.StringIO()])
def test_nothing_is_asked_where_the_call_would_not_be_seen(
    hidden: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", answering("y"))
    monkeypatch.setattr(sys, "stdout", hidden)
    with pytest.raises(CannotAsk, match="hidden here"):
        ask_user("delete", "delete(path='x')")
