"""The catalogue is that of the code, and each message has its translation, with the same facts, tags and marks."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hatch_build import compile_catalogues
from tools import catalog
from zhipu_magic.text.languages.catalogue import fields

LANGUAGES = catalog.LANGUAGES


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
