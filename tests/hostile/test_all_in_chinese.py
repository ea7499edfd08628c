"""A Chinese reader meets no English sentence, nor badly joined Chinese ones: commands, turns, failures in one walk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from english import english_in, labels_in
from in_process import Page
from stage import COMMAND_LINES, Stage

from zhipu_magic.practice import PracticeServer

#: All that comes from outside is this.
GIVEN = "甲乙"
#: Texts that were put together without a look at their ends: two stops, or a space after one.
_BADLY_JOINED = re.compile(r"[^\n]{0,40}(?:。[。，；：、]|[。；：，] (?=%|`?\w))[^\n]{0,20}")
_TAGS = re.compile(r"<style.*?</style>|<[^<>]*>", re.DOTALL)
#: What we tell a service, and columns of the tables in this walk.
_NO_LABELS = {"interrupted", "system", "text"}
#: What others say: the prompts of this walk that are English, what goes along with them, and libraries in their errors.
_OF_OTHERS = (
    "What is it?",
    "add weather",
    'Be brief."',
    "The cells of the notebook above this prompt",
    "(Here the cells above end.)",
    "the cells above end.)",
    "Code cell:",
    "Markdown cell:",
    "picture that cannot be sent",
    "drawing in SVG",
    "output that has no text",
    "peer closed connection",
    "chunked read)",
    "expected value at line",
    "string argument should contain",
)


def found_in(text: str) -> list[str]:
    """What is English in a text that is shown, or badly joined."""
    english = [one for one in (*english_in(text), *labels_in(text)) if not one.startswith(_OF_OTHERS)]
    return [*(one for one in english if one not in _NO_LABELS), *_BADLY_JOINED.findall(unescape(_TAGS.sub("", text)))]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            if not str(key).startswith(("image/", "application/")):
                yield from _texts(one)


@pytest.fixture
def stage(page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr("zhipu_magic.practice.service.MODELS", (GIVEN, "glm-4"))
    monkeypatch.setattr("getpass.getpass", lambda prompt: "another.key")
    page.run(f"%config GLMMagics.journal = {str(tmp_path / 'talk.jsonl')!r}")
    return Stage(page, server, GIVEN)


def walk(stage: Stage, folder: Path) -> dict[str, None]:
    """What is English in all that is shown, or badly joined."""
    stage.converse()
    for name, lines in COMMAND_LINES.items():
        for line in lines if name != "language" else ["language"]:
            stage.command(line, folder)
    for name in COMMAND_LINES:
        stage.run(f"%glm help {name}")
    stage.run("%glm")
    stage.run("%%glm --help\n")
    found: dict[str, None] = {}
    for cell in stage.cells:
        for message in cell.messages:
            for text in _texts(message["data"]):
                found.update(dict.fromkeys(found_in(text)))
        if cell.error is not None:
            rendered = getattr(cell.error, "_render_traceback_", lambda said=cell.error: [str(said)])()
            found.update(dict.fromkeys(found_in("\n".join(rendered))))
    return found


def test_everything_that_is_shown_is_chinese(stage: Stage, tmp_path: Path) -> None:
    stage.page.run("%config GLMMagics.language = 'zh'")
    found = walk(stage, tmp_path)
    assert not found, "\n".join(found)


def test_what_is_english_would_be_found(stage: Stage, tmp_path: Path) -> None:
    assert len(walk(stage, tmp_path)) > 700
