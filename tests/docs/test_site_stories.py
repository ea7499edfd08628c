"""The stories and the start run as they are written, in both languages, with the practice server as the model."""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from importlib import import_module
from pathlib import Path

import pytest
from in_process import Page

from zhipu_magic.practice import PracticeServer
from zhipu_magic.text.languages.language import is_chinese

DOCS = Path(__file__).parents[2] / "docs"
STORIES = ("start", "stories/table", "stories/extract", "stories/class")
Block = tuple[str, str]  # the name at its fence, and its text


def _blocks(page: str) -> list[Block]:
    text = (DOCS / f"{page}.md").read_text("utf-8")
    blocks = re.findall(r"^( *)```([^\n`]*)\n(.*?)\n\1```$", text, flags=re.DOTALL | re.MULTILINE)
    return [(kind, textwrap.dedent(block)) for _, kind, block in blocks if not kind.startswith("{")]


def _in_chinese(page: str, block: Block) -> str:
    kind, text = block
    if not import_module("blocks").has_prose(text, kind):
        return text
    catalogues = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
    message = import_module("po_files").read(catalogues / f"{page}.po").get(text)
    assert message is not None and message.string, f"make docs-texts: {text}"
    return str(message.string)


def _cells(page: str, language: str) -> list[Block]:
    """The blocks that are cells, or a file; those that show how a shell looks are none."""
    return [
        (kind, _in_chinese(page, (kind, text)) if language == "zh" else text)
        for kind, text in _blocks(page)
        if kind in ("python", "yaml") or (not kind and text[0] == "%")
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", STORIES)
def test_its_cells_run(
    name: str, language: str, page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = _cells(name, language)
    assert len(cells) > 2
    for kind, text in cells:
        if kind == "yaml":
            Path("lesson.yaml").write_text(text, encoding="utf-8")
        else:
            assert page.run(text).success, text
    if language == "zh":
        messages = [message for request in server.requests for message in request.body["messages"]]
        asked = [str(message["content"]) for message in messages if message["role"] == "user"]
        assert [text for text in asked if not is_chinese(text)] == []


def test_the_lesson_answers_in_the_language_of_its_class(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (_, lesson), *cells = _cells("stories/class", "zh")
    Path("lesson.yaml").write_text(lesson, encoding="utf-8")
    outputs = [output for _, text in cells for output in page.run(text).outputs]
    words = "".join(output["data"].get("text/markdown", "") for output in outputs)
    assert "植物把光、水和空气变成**糖**。" in words and "有 31 辆，够你们每人一辆。" in words


def _pages_with_blocks() -> list[str]:
    both = import_module("translations").BOTH_LANGUAGES
    pages = (path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md"))
    return [name for name in sorted(pages) if name.split("/")[0] not in {"_build", "notebooks", "gallery.zh-CN", *both}]


def _code(kind: str, text: str) -> object:
    """What a block does, whatever its words are."""
    if kind == "python":
        try:
            ast.parse(text)
        except SyntaxError:
            return re.sub(r'"[^"\n]*"|#.*', "", text)
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        words = (tokenize.STRING, tokenize.COMMENT, tokenize.NL, *_PARTS_OF_STRINGS)
        return [token.string for token in tokens if token.type not in words]
    if kind == "yaml":
        return re.findall(r"^[ -]*\w+:", text, flags=re.MULTILINE)
    line, _, rest = text.partition("\n")
    if not line.startswith("%"):
        return re.findall(r"^[^#\n]*", text, flags=re.MULTILINE)
    return re.sub('"[^"]*"', "", line), [re.sub('"[^"]*"', "", name) for name in re.findall(r"\{\{.*?\}\}", rest)]


#: From Python 3.12 on, an f-string has parts.
_PARTS = ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
_PARTS_OF_STRINGS = [getattr(tokenize, name) for name in _PARTS if hasattr(tokenize, name)]


def test_the_chinese_of_a_block_is_the_same_code() -> None:
    has_prose, seen = import_module("blocks").has_prose, 0
    for page in _pages_with_blocks():
        for kind, text in _blocks(page):
            if kind != "text" and "▼" not in text and has_prose(text, kind):
                chinese = _in_chinese(page, (kind, text))
                assert _code(kind, chinese) == _code(kind, text), chinese
                seen += 1
    assert seen > 30


def test_a_block_with_words_is_translated_and_one_without_is_not() -> None:
    has_prose = import_module("blocks").has_prose
    wanted = {
        ("", "%%glm\nWhat stands out in {{ sales }}?"): True,
        ("", "%%glm --each rows\n标注：{{ text }}"): False,
        ("", '%%glm -s "Be brief."\n{{ sales }}'): True,
        ("", "%glm budget 5 yuan"): False,
        ("", "%glm undo\n%glm redo"): False,
        ("", "# glm: hide\n%%glm\n{{ x }}"): False,
        ("", "# glm: hide\n%%glm\nSum up {{ x }}."): True,
        ("", "# a lesson\n%%glm\n{{ x }}"): True,
        ("", "pip install quiet words"): False,
        ("", "make test   # all tests"): True,
        ("python", 'chat = Chat(model="glm-4.7-flash")'): False,
        ("python", 'table = {"tea": [1, 2]}'): True,
        ("python", "mapped.frame  # waits"): True,
        ("json", '{"role": "user", "content": "你好"}'): False,
        ("yaml", "- when: 光合作用"): True,
        ("text", "3 failed"): True,
        ("", "glm_cell ▼ magics"): True,
    }
    assert {block: has_prose(block[1], block[0]) for block in wanted} == wanted
