"""The notebooks in both languages: they show the replies that are written down, can be recorded anew, and are the same
pages but for their words."""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from english import HAN

from zhipu_magic.practice import Answer
from zhipu_magic.practice.script_file import read
from zhipu_magic.text.languages.language import is_chinese

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
FOLDERS = {"en": NOTEBOOKS, "zh": NOTEBOOKS / "zh"}
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
#: What the first cell says of the replies, and of what happens without a key.
WRITTEN = {
    "en": ("were written for it", "Without a key they come from the journal"),
    "zh": ("专门写好", "没有密钥时，回复取自"),
}
PRACTISES = {"en": "needs no key", "zh": "不需要密钥"}
both = pytest.mark.parametrize("language", ["en", "zh"])


@pytest.fixture(scope="module")
def recording() -> Iterator[Any]:
    """`notebooks/record.py`."""
    sys.path.insert(0, str(NOTEBOOKS))
    yield import_module("record")
    sys.path.remove(str(NOTEBOOKS))


def cells(path: Path) -> list[Any]:
    found: list[Any] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def source(cell: Any) -> str:
    return "".join(cell["source"])


# In either language


@both
@pytest.mark.parametrize("name", ["above", "context", "tools", "agent", "results", "documents"])
def test_the_journal_holds_the_replies_that_are_written_down(recording: Any, name: str, language: str) -> None:
    lines = (FOLDERS[language] / ".glm" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    recorded = {text for line in lines for text in texts(json.loads(line))}
    written = recording.ANSWERS[language][name]
    assert [answer.content for answer in written if answer.content not in recorded] == []


@both
def test_the_rows_are_the_replies_that_are_written_down_but_for_one_that_the_model_corrects(language: str) -> None:
    folder = FOLDERS[language]
    written = [entry.script for entry in read(folder / "data" / "reviews.yaml").entries]
    _, *lines = (folder / ".glm" / "tables.rows.jsonl").read_text(encoding="utf-8").splitlines()
    recorded = [json.loads(line)["text"] for line in lines]
    [corrected] = [each.content for each in written if isinstance(each, Answer) and each.content not in recorded]
    assert '"459 元"' in corrected
    assert len(recorded) == len(written) - 1


@both
def test_the_first_cell_says_what_happens_without_a_key(recording: Any, language: str) -> None:
    assert sorted(recording.NAMES) == NAMES
    for name in NAMES:
        first = source(cells(FOLDERS[language] / f"{name}.ipynb")[0])
        said = (PRACTISES[language],) if name in recording.PRACTISING else WRITTEN[language]
        assert all(words in first for words in said), name


@both
@pytest.mark.parametrize("name", NAMES)
def test_the_first_cell_says_which_packages_it_needs_beyond_those_of_the_install(name: str, language: str) -> None:
    page = cells(FOLDERS[language] / f"{name}.ipynb")
    code = "\n".join(source(cell) for cell in page if cell["cell_type"] == "code")
    imported = {word for word in ("pandas", "matplotlib") if re.search(rf"^import {word}\b", code, re.MULTILINE)}
    said = re.search(r"`%pip install ([\w ]+)`", source(page[0]))
    assert imported <= set(said[1].split() if said else ())
    assert not re.search(r"^(?:import|from) (?:docx|openpyxl|pptx|pypdf|scipy|polars)", code, re.MULTILINE)


@pytest.mark.parametrize(("name", "language"), [("tools", "en"), ("agent", "zh"), ("tables", "en")])
def test_a_notebook_is_recorded_from_its_answers(
    recording: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, language: str
) -> None:
    for variable in ("ZHIPUAI_BASE_URL", "ZHIPUAI_API_KEY", "ZHIPU_MAGIC_MODEL", "ZHIPU_MAGIC_LANGUAGE"):
        monkeypatch.setenv(variable, "")
    copy, folder = tmp_path / f"{name}.ipynb", FOLDERS[language]
    shutil.copy(folder / copy.name, copy)
    shutil.copytree(folder / "data", tmp_path / "data")
    assert recording.record_with_answers(copy, language, pace=0) == 0
    assert (tmp_path / ".glm" / f"{name}.jsonl").exists()
    assert replies(copy) == replies(folder / copy.name)


# The Chinese pages


@pytest.mark.parametrize("name", NAMES)
def test_the_chinese_page_is_the_english_one_but_for_its_words(name: str) -> None:
    english, chinese = (cells(folder / f"{name}.ipynb") for folder in FOLDERS.values())
    assert [cell["id"] for cell in english] == [cell["id"] for cell in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert (one["cell_type"], one["metadata"]) == (other["cell_type"], other["metadata"])
        assert shape(one) == shape(other), one["id"]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_chinese_page_says_is_chinese(name: str) -> None:
    folder = FOLDERS["zh"]
    first = json.loads((folder / ".glm" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first["language"] == "zh"
    for cell in cells(folder / f"{name}.ipynb"):
        said = re.sub(r"(?ms)^```.*?^```$|`[^`]*`|\]\([^)]*\)", "", source(cell))
        if cell["cell_type"] == "markdown":
            assert is_chinese(said), cell["id"]
            assert re.findall(rf"{HAN}[,;:?!()A-Za-z0-9]|[,;:?!A-Za-z0-9]{HAN}", said) == []
            assert "您" not in said
        elif said.startswith("%%glm"):
            assert is_chinese(said.partition("\n")[2]), cell["id"]


# What is compared


def shape(cell: Any) -> Any:
    """A cell without its words: which headings and code a text has, and what Python says but for texts and comments."""
    text = source(cell)
    if cell["cell_type"] == "markdown":
        code = re.findall(r"`%{1,2}\w+[^`]*`|`--[\w-]+`", text)
        return [len(level) for level in re.findall(r"^(#+) ", text, re.MULTILINE)], sorted(code), text.count("```")
    if text.startswith(("%%glm", "%glm")):
        line, _, asked = text.partition("\n")
        return re.sub(r'"[^"]*"', '"…"', line), sorted(re.findall(r"\{\{ *(\w+)", asked))
    lines = [line for line in text.splitlines() if not line.startswith("%")]
    return [line for line in text.splitlines() if line.startswith("%")], python("\n".join(lines))


def python(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = "…"
        if isinstance(node, ast.JoinedStr):
            node.values = [value for value in node.values if isinstance(value, ast.FormattedValue)]
    return ast.dump(tree)


def texts(value: Any) -> Iterator[str]:
    """Every text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)


def replies(path: Path) -> list[str]:
    """What the cells that ask show as text, without their panels, and without how deep an error was in a library."""
    outputs = [cell["outputs"][0] for cell in cells(path) if source(cell).startswith("%%glm")]
    return [re.sub(r"\d+ frames of", "frames of", "".join(output["data"]["text/plain"])) for output in outputs]
