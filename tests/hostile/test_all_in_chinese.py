"""A Chinese reader meets no English sentence, nor badly joined Chinese ones: commands, turns, failures in one walk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from in_process import Page
from stage import COMMAND_LINES, Stage

from zhipu_magic.practice import PracticeServer

#: All that comes from outside is this.
GIVEN = "甲乙"
#: Two English words in a row are a sentence, or the beginning of one.
_ENGLISH = re.compile(r"(?<![\w./-])[A-Za-z]?[a-z]+(?:'[a-z]+)? (?:[a-z]+[ ,.:;]){1,}[^\n]{0,60}")
#: Texts that were put together without a look at their ends: two stops, or a space after one.
_BADLY_JOINED = re.compile(r"[^\n]{0,40}(?:。[。，；：、]|[。；：，] (?=%|`?\w))[^\n]{0,20}")
#: What stays as it is: code, addresses, and the style of a table.
_CODE = re.compile(
    r"<style.*?</style>|<[^<>]*>|`[^`]*`|%%?glm\??(?: --?[\w-]+| [a-z]+\b| [A-Z]+\b)?|https?://\S+|\{\{.*?\}\}",
    re.DOTALL,
)
_TAGS = re.compile(r"<style.*?</style>|<[^<>]*>", re.DOTALL)
#: What others say: the prompts of this walk that are English, what goes along with them, and libraries in their errors.
_OF_OTHERS = (
    "What is it?",
    "add weather",
    'Be brief."',
    "The cells of the notebook above this prompt",
    "Here the cells above end.)",
    "Code cell:",
    "Markdown cell:",
    "a picture that cannot be sent",
    "a drawing in SVG",
    "an output that has no text",
    "peer closed connection",
    "expected value at line",
    "string argument should contain",
)


def english_in(text: str) -> list[str]:
    """The English sentences of a text that is shown."""
    found = _ENGLISH.findall(unescape(_CODE.sub("|", text)))
    return [one for one in found if not one.startswith(_OF_OTHERS)]


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
                found.update(dict.fromkeys([*english_in(text), *_BADLY_JOINED.findall(unescape(_TAGS.sub("", text)))]))
        if cell.error is not None:
            rendered = getattr(cell.error, "_render_traceback_", lambda said=cell.error: [str(said)])()
            text = "\n".join(rendered)
            found.update(dict.fromkeys([*english_in(text), *_BADLY_JOINED.findall(text)]))
    return found


def test_everything_that_is_shown_is_chinese(stage: Stage, tmp_path: Path) -> None:
    stage.page.run("%config GLMMagics.language = 'zh'")
    found = walk(stage, tmp_path)
    assert not found, "\n".join(found)


def test_what_is_english_would_be_found(stage: Stage, tmp_path: Path) -> None:
    assert len(walk(stage, tmp_path)) > 300
