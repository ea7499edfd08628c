"""What the practice server says to whoever runs it, in English and in Chinese.

A `Message` is a `str` in English that knows its template and its facts, so that whoever shows it can have it in the
language of its reader (`in_language`). Translations are looked up in the package's catalogue, by its path alone: this
server shares no code with what it tests. Both find the same language and the same texts
(tests/practice/test_practice_messages.py).
"""

from __future__ import annotations

import os
import re
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path
from string import Formatter

_LOCALES = Path(__file__).parent.parent / "text" / "locale"
#: Where the language of this process is named, the first before the others.
_OWN = "ZHIPU_MAGIC_LANGUAGE"
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_NAMES = {"en": "en", "english": "en", "zh": "zh", "chinese": "zh"}


class Message(str):
    """A text in English, made of a template and the facts that fill it."""

    template: str
    facts: dict[str, object]

    def __new__(cls, template: str, /, **facts: object) -> Message:
        message = super().__new__(cls, template.format_map(facts) if facts else template)
        message.template, message.facts = template, facts
        return message

    def in_language(self, language: str) -> str:
        """The text in a language, "en" or "zh"."""
        if language != "zh":
            return str.__str__(self)
        template = _chinese().gettext(self.template)
        if _fields(template) != _fields(self.template):  # it is the catalogue of another version
            return str.__str__(self)
        facts = {name: in_language(fact, language) for name, fact in self.facts.items()}
        return template.format_map(facts) if facts else template


#: The name by which the catalogue's tools know it.
_ = Message


def N_(template: str) -> str:  # gettext's name for a text that is told where it is used
    """The template as it is: it is filled later."""
    return template


def in_language(text: object, language: str) -> object:
    """A text in a language, if it is one of ours; anything else as it is."""
    return text.in_language(language) if isinstance(text, Message) else text


def told(text: str) -> str:
    """A text in the language of this process."""
    return str(in_language(text, _of_environment()))


def _of_environment() -> str:
    if own := _named(os.environ.get(_OWN, "")):
        return own
    for variable in _VARIABLES:
        names = [name for name in os.environ.get(variable, "").split(":") if name]
        if names:
            return next(filter(None, map(_named, names)), "en")
    return "en"


def _named(name: str) -> str:
    begins = re.match("[a-z]+", name.strip().lower())
    return _NAMES.get(begins[0], "") if begins else ""


def _fields(template: str) -> set[tuple[object, ...]]:
    """The facts that a template takes, each with how it is written."""
    try:
        return {tuple(field) for _literal, *field in Formatter().parse(template) if field[0]}
    except ValueError:  # it is none
        return set()


@cache
def _chinese() -> NullTranslations:
    try:
        return translation("zhipu_magic", _LOCALES, ["zh_CN"], fallback=True)
    except Exception:  # of a damaged catalogue; gettext raises errors of all kinds
        return NullTranslations()
