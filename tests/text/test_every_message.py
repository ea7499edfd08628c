"""Every text that a person or a model reads is a message, and every message has its Chinese.

Where a text is for neither, `tests/leftovers/*.txt` says why, in a line of the form `path: how it begins  # reason`.
There, a beginning has 60 characters at most, `{}` stands for each value, and `*` for whatever follows.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import zhipu_magic
from hatch_build import compile_catalogues
from zhipu_magic.text.languages.catalogue import fields

ROOT = Path(__file__).parent.parent.parent
PACKAGE = Path(zhipu_magic.__file__).parent
LEFTOVERS = Path(__file__).parent.parent / "leftovers"


def _tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


catalog: Any = _tool("catalog")
LANGUAGES: tuple[str, ...] = catalog.LANGUAGES


# Texts that are no messages

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
#: Two words in a row; in an f-string, a value counts as one.
_WORDS = re.compile(r"(?<![\w./%@=-])([A-Za-z]+['’]?[a-z]*[,;:]? [A-Za-z]*[a-z]|\{\} [a-z]{2,}|[A-Za-z]*[a-z]{2} \{\})")
_LONGEST_BEGINNING = 60


def literals(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """All texts of a module but for docstrings, and whether each is an f-string, in which `{}` stands for a value."""
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        return
    if isinstance(tree, ast.Constant):
        if isinstance(tree.value, str):
            yield tree.value, False
        return
    if isinstance(tree, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in tree.values]
        yield "".join(map(str, parts)), True
        for part in tree.values:
            if isinstance(part, ast.FormattedValue):
                yield from literals(part.value)
        return
    for node in ast.iter_child_nodes(tree):
        yield from literals(node)


def leftovers_in(source: str, path: str) -> Iterator[str]:
    """The beginning of each text of a module that has two words in a row and is no message."""
    messages = {text for one in catalog.messages_in(source, path) for text in (one.text, one.many)}
    for text, is_f_string in literals(ast.parse(source)):
        if not is_f_string and (text in messages or f"{{count:,}} {text}" in messages):
            continue
        if is_f_string and f"{text.replace('{}', '{count:,}')}" in messages:
            continue
        if re.search(_HAN, text):  # it is Chinese, or reads both
            continue
        words = text if is_f_string else catalog._NO_WORDS.sub("|", text)
        if _WORDS.search(re.sub(r"`[^`]*`|<[^<>]*>", "|", words)):
            yield " ".join(text.split())[:_LONGEST_BEGINNING].strip()


@cache
def allowed() -> dict[str, tuple[str, ...]]:
    """By module, how those texts begin that are for no reader and no model."""
    beginnings: dict[str, tuple[str, ...]] = {}
    for file in sorted(LEFTOVERS.glob("*.txt")):
        for line in file.read_text("utf-8").splitlines():
            entry, mark, reason = line.rpartition("  # ")
            path, colon, beginning = entry.partition(": ")
            assert mark and colon and reason.strip(), f"{file.name}: not `path: beginning  # reason`: {line}"
            beginnings[path] = (*beginnings.get(path, ()), beginning.strip())
    return beginnings


def _is_allowed(text: str, beginning: str) -> bool:
    return text.startswith(beginning[:-1]) if beginning.endswith("*") else text == beginning


def _modules() -> list[tuple[str, str]]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return [(f"zhipu_magic/{path.relative_to(PACKAGE).as_posix()}", path.read_text("utf-8")) for path in paths]


def test_every_text_is_a_message() -> None:
    found = {path: list(leftovers_in(source, path)) for path, source in _modules()}
    wrong = [
        f"{path}: {text}"
        for path, texts in found.items()
        for text in texts
        if not any(_is_allowed(text, beginning) for beginning in allowed().get(path, ()))
    ]
    assert not wrong, "Make messages of these, or say in tests/leftovers/ why not:\n" + "\n".join(wrong)
    stale = [
        f"{path}: {beginning}"
        for path, beginnings in allowed().items()
        for beginning in beginnings
        if not any(_is_allowed(text, beginning) for text in found.get(path, ()))
    ]
    assert not stale, "Not in the code any more, so take these out of tests/leftovers/:\n" + "\n".join(stale)


def test_what_is_no_message_is_found() -> None:
    source = '''
"""A docstring with words."""
from x import _
said = _("Ours to say.")
name = "not said by us"
label = f"{count} rows"
where = f"page {number}"
code = "a_name", "<div class='two words'>", "`glm chat`", "glm-5 plus", f"glm-{count}", f"{a} {b}"
'''
    assert list(leftovers_in(source, "x.py")) == ["not said by us", "{} rows", "page {}"]


# The catalogues

#: What Chinese text is not written like, and what is right.
_WRITTEN = {
    rf"{_HAN}\s?[,;:?!]|{_HAN}\.(?![a-z])": "full-width punctuation after Chinese: ，。：；？！",
    rf"(?<!\d)[,;:?!]\s?{_HAN}|[\w}})]\.\s{_HAN}": "full-width punctuation before Chinese: ，。：；？！",
    rf"(?<![A-Za-z0-9_.\u2038])\([^()]*{_HAN}[^()]*\)": "full-width brackets around Chinese: （）",
    rf"(?<!=)\"{_HAN}[^\"]*\"": "Chinese quotation marks: “”",
    rf"{_HAN}[A-Za-z0-9`]|[A-Za-z0-9]{_HAN}": "a space between Chinese and Latin letters, digits or code",
    r"[ \t][，。：；？！、）”]|[，。：；？！、（“][ \t](?!\s)": "no space beside full-width punctuation",
    r"\.\.\.|。。|---?\s": "… or ——",
}
#: Terms of the glossary that are often said otherwise.
_TERMS = {
    "您": "no pronoun, or 你",
    "线程": "对话线 for a thread of the conversation",
    "线索": "对话线",
    "令牌": "token",
    "代币": "token",
    "词元": "token",
    "记号": "token",
    "笔记簿": "笔记本",
    "记事本": "笔记本",
    "密匙": "密钥",
    "秘钥": "密钥",
    "帐": "账",
    "登陆": "登录",
    "其它": "其他",
    "流式传输": "流式输出",
    "仪表板": "用量总览",
    "仪表盘": "用量总览",
    "魔术命令": "魔法命令",
    "嵌入": "向量",
    "架构": "模式 (of JSON)",
    "推理": "思考",
    "缺省": "默认",
    "花费": "费用",
    "种子值": "随机种子",
    "速率限制器": "速率限制",
}


def _messages(language: str) -> list[Any]:
    return [one for one in catalog.read(language) if one.id]


def _ids(message: Any) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def _strings(message: Any) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_that_of_the_code(language: str, tmp_path: Path) -> None:
    kept = catalog.read(language)
    assert not kept.obsolete and not [message.id for message in kept if message.id and message.fuzzy]
    kept.update(catalog.found(), no_fuzzy_matching=True, update_creation_date=False)
    kept.obsolete.clear()
    catalog.write(kept, tmp_path / "x.po")
    is_current = (tmp_path / "x.po").read_text("utf-8") == catalog.po_path(language).read_text("utf-8")
    assert is_current, "The .po is not that of the code: `make catalog`."


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_is_compiled_from_the_catalogue(language: str, tmp_path: Path) -> None:
    source, copied = catalog.po_path(language), tmp_path / "text/locale" / language / "LC_MESSAGES/zhipu_magic.po"
    copied.parent.mkdir(parents=True)
    copied.write_bytes(source.read_bytes())
    (made,) = compile_catalogues(tmp_path)
    read = source.with_suffix(".mo")
    is_current = read.exists() and read.read_bytes() == made.read_bytes()
    assert is_current, "The .mo is not that of the .po: `make catalog`."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: str) -> None:
    missing = [
        f"{message.locations[0][0]}: {_ids(message)[0]}"
        for message in _messages(language)
        if not all(_strings(message))
    ]
    assert not missing, "Not translated:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_what_its_message_has(language: str) -> None:
    wrong = [
        f"{message.id} → {string}"
        for message in _messages(language)
        for string in filter(None, _strings(message))
        if _made_of(string) != _made_of(_ids(message)[-1])
    ]
    assert not wrong, "Other facts, tags or marks:\n" + "\n".join(wrong)


def _made_of(template: str) -> tuple[frozenset[Any], Counter[str]]:
    """The facts of a template and how each is written, without which it is not used, and its tags, marks and lines."""
    facts: frozenset[Any] = fields(template)
    if not facts:  # it may be taken as written
        facts = frozenset(re.findall(r"\{[^{}]*\}", template))
    marks = Counter(re.findall(r"</?[A-Za-z][^<>]*>|`|\*\*|\n", template))
    return facts, marks


def test_what_stands_in_braces_names_a_fact() -> None:
    """Code with braces in it is a fact: a template that has no other facts could get one."""
    odd = [
        f"{one.path}: {one.text}"
        for one in catalog.messages()
        for name, *_how in fields(one.text)
        if not name.isidentifier()
    ]
    assert not odd, "\n".join(odd)


@pytest.mark.parametrize("language", LANGUAGES)
def test_chinese_is_written_as_it_is_written(language: str) -> None:
    wrong = [
        f"{string}\n    {right}"
        for message in _messages(language)
        for string in filter(None, _strings(message))
        for right in _wrongly_written(string)
    ]
    assert not wrong, "\n".join(wrong)


#: Code, tags and entities, facts, addresses: none of these is Chinese text.
_NO_TEXT = re.compile(
    r"`[^`]*`|</?[A-Za-z][^<>]*>|&#?\w+;|https?://\S+|\{\{+(?:[^{}]|\{\w+\})*\}\}+|%%?glm\?|\bpython!"
)


def _wrongly_written(string: str) -> list[str]:
    text = _NO_TEXT.sub("\u2038", string)
    text = re.sub(r"\{\{.*?\}\}+", "\u2038", text)  # references
    bare = re.sub(r"\{[^{}]*\}", "\u2038", text)
    rights = [right for wrong, right in _WRITTEN.items() if re.search(wrong, bare)]
    if re.search(rf"{_HAN}`|(?<=`){_HAN}", re.sub(r"`[^`]*`", "``", string)):
        rights.append("a space between Chinese and code")
    rights += [f"{term}: {right}" for term, right in _TERMS.items() if term in bare]
    return rights


@pytest.mark.parametrize(
    "string",
    [
        "没有批次 {id}。",
        "用 `%glm login` 登录（或设置 `ZHIPUAI_API_KEY`）。",
        "是否运行 {name}()？[y/N]",
        "{count:,} 行",
        "{most}、{last}",
        "地址是 https://a.example/x?y=1。",
        "“{name}” 不是类型：见文档……",
        "<b>费用</b>",
    ],
)
def test_well_written_chinese_passes(string: str) -> None:
    assert not _wrongly_written(string)


@pytest.mark.parametrize(
    "string",
    [
        *(
            "没有批次,请重试。",
            "没有批次.",
            "没有批次。 请重试。",
            "批次(没有)",
            '叫做"批次"',
            "用`x`登录",
            "共3行",
            "3行",
        ),
        *("没有 token , 请重试", "没有线程。", "您好。", "等等..."),
    ],
)
def test_badly_written_chinese_is_found(string: str) -> None:
    assert _wrongly_written(string)
