"""Every text that a person or a model reads is a message.

Where a text is for neither, `tests/no_messages/WING.txt` says why, in a line `path: how it begins  # reason`. There, a
beginning has 60 characters at most, `{}` stands for each value, and `*` for whatever follows.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from english import HAN

import zhipu_magic
from tools import catalog

PACKAGE = Path(zhipu_magic.__file__).parent
NO_MESSAGES = Path(__file__).parent.parent / "no_messages"

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


def no_messages_in(source: str, path: str) -> Iterator[str]:
    """The beginning of each text of a module that has two words in a row and is no message."""
    messages = {text for one in catalog.messages_in(source, path) for text in (one.text, one.many)}
    for text, is_f_string in literals(ast.parse(source)):
        if not is_f_string and (text in messages or f"{{count:,}} {text}" in messages):
            continue
        if is_f_string and f"{text.replace('{}', '{count:,}')}" in messages:
            continue
        if re.search(HAN, text):  # it is Chinese, or reads both
            continue
        words = text if is_f_string else catalog._NO_WORDS.sub("|", text)
        if _WORDS.search(re.sub(r"`[^`]*`|<[^<>]*>", "|", words)):
            yield " ".join(text.split())[:_LONGEST_BEGINNING].strip()


@cache
def allowed() -> dict[str, tuple[str, ...]]:
    """By module, how those texts begin that are for no reader and no model."""
    beginnings: dict[str, tuple[str, ...]] = {}
    for file in sorted(NO_MESSAGES.glob("*.txt")):
        for line in file.read_text("utf-8").splitlines():
            entry, mark, reason = line.rpartition("  # ")
            path, colon, beginning = entry.partition(": ")
            assert mark and colon and reason.strip(), f"{file.name}: not `path: beginning  # reason`: {line}"
            assert _wing(path) == file.stem, f"{file.name}: it is of another wing: {line}"
            beginnings[path] = (*beginnings.get(path, ()), beginning.strip())
    return beginnings


def _wing(path: str) -> str:
    _, wing, *module = path.split("/")
    return wing if module else "package"


def _is_allowed(text: str, beginning: str) -> bool:
    return text.startswith(beginning[:-1]) if beginning.endswith("*") else text == beginning


def _modules() -> list[tuple[str, str]]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return [(f"zhipu_magic/{path.relative_to(PACKAGE).as_posix()}", path.read_text("utf-8")) for path in paths]


def test_every_text_is_a_message() -> None:
    found = {path: list(no_messages_in(source, path)) for path, source in _modules()}
    wrong = [
        f"{path}: {text}"
        for path, texts in found.items()
        for text in texts
        if not any(_is_allowed(text, beginning) for beginning in allowed().get(path, ()))
    ]
    assert not wrong, "Make messages of these, or say in tests/no_messages/ why not:\n" + "\n".join(wrong)
    stale = [
        f"{path}: {beginning}"
        for path, beginnings in allowed().items()
        for beginning in beginnings
        if not any(_is_allowed(text, beginning) for text in found.get(path, ()))
    ]
    assert not stale, "Not in the code any more, so take these out of tests/no_messages/:\n" + "\n".join(stale)


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
    assert list(no_messages_in(source, "x.py")) == ["not said by us", "{} rows", "page {}"]


def test_each_call_that_takes_messages_is_made_somewhere() -> None:
    called = {
        catalog._name(node.func)
        for _path, source in _modules()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
    }
    assert not {*catalog.ARGUMENTS, *catalog.PLURALS, *catalog.CONTEXTUAL} - called
