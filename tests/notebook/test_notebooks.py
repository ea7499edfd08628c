"""The notebooks whose replies were written by hand: they show what is written down, and can be recorded anew."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from zhipu_magic.practice import Answer
from zhipu_magic.practice.script_file import read

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="module")
def answers() -> ModuleType:
    spec = importlib.util.spec_from_file_location("answers", NOTEBOOKS / "answers.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["above", "context", "tools", "agent", "results", "documents"])
def test_the_journal_holds_the_replies_that_are_written_down(answers: ModuleType, name: str) -> None:
    lines = (NOTEBOOKS / ".glm" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    recorded = {text for line in lines for text in texts(json.loads(line))}
    assert [answer.content for answer in answers.ANSWERS[name] if answer.content not in recorded] == []


def test_the_rows_are_the_replies_that_are_written_down_but_for_one_that_the_model_corrects() -> None:
    written = [entry.script for entry in read(NOTEBOOKS / "data" / "reviews.yaml").entries]
    _, *lines = (NOTEBOOKS / ".glm" / "tables.rows.jsonl").read_text(encoding="utf-8").splitlines()
    recorded = [json.loads(line)["text"] for line in lines]
    [corrected] = [each.content for each in written if isinstance(each, Answer) and each.content not in recorded]
    assert '"459 元"' in corrected
    assert len(recorded) == len(written) - 1


def test_every_notebook_that_needs_answers_says_that_they_were_written_for_it(answers: ModuleType) -> None:
    for name in (*answers.ANSWERS, *answers.SCRIPTS):
        page = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
        assert "were written for it" in "".join(page["cells"][0]["source"])


@pytest.mark.parametrize("name", ["tools", "agent", "tables"])
def test_a_notebook_is_recorded_from_its_answers(
    answers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", "")
    monkeypatch.setenv("ZHIPUAI_API_KEY", "")
    monkeypatch.setenv("ZHIPU_MAGIC_MODEL", "")
    copy = tmp_path / f"{name}.ipynb"
    shutil.copy(NOTEBOOKS / copy.name, copy)
    shutil.copytree(NOTEBOOKS / "data", tmp_path / "data")
    assert answers.record_with_answers(copy, pace=0) == 0
    assert (tmp_path / ".glm" / f"{name}.jsonl").exists()
    assert replies(copy) == replies(NOTEBOOKS / copy.name)


def texts(value: Any) -> Iterator[str]:
    """Every text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)


def replies(path: Path) -> list[str]:
    """What the cells that ask show as text, without their panels, and without how deep an error was in a library."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [cell["outputs"][0] for cell in cells if "".join(cell["source"]).startswith("%%glm")]
    return [re.sub(r"\d+ frames of", "frames of", "".join(output["data"]["text/plain"])) for output in outputs]
