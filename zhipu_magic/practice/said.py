"""What the practice server says to whoever runs it, in English and in Chinese.

A `Said` is a `str` in English that knows its template and its facts, so that whoever shows it can have it in the
language of its reader (`in_language`). Translations are looked up in the package's catalogue, by its path alone.
"""

from __future__ import annotations

import os
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

_LOCALES = Path(__file__).parent.parent / "text" / "locale"
#: Where the language of this process is named, the first before the others.
_OWN = "ZHIPU_MAGIC_LANGUAGE"
_VARIABLES = (_OWN, "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


class Said(str):
    """A text in English, made of a template and the facts that fill it."""

    template: str
    facts: dict[str, object]

    def __new__(cls, template: str, /, **facts: object) -> Said:
        said = super().__new__(cls, template.format_map(facts) if facts else template)
        said.template, said.facts = template, facts
        return said

    def in_language(self, language: str) -> str:
        """The text in a language, "en" or "zh"."""
        if language != "zh":
            return str.__str__(self)
        template = _chinese().gettext(self.template)
        facts = {name: in_language(fact, language) for name, fact in self.facts.items()}
        try:
            return template.format_map(facts) if facts else template
        except (LookupError, ValueError, TypeError, AttributeError):  # it is the catalogue of another version
            return str.__str__(self)


#: The name by which the catalogue's tools know it.
_ = Said


def in_language(text: object, language: str) -> object:
    """A text in a language, if it is one of ours; anything else as it is."""
    return text.in_language(language) if isinstance(text, Said) else text


def told(text: str) -> str:
    """A text in the language of this process."""
    return str(in_language(text, _of_environment()))


def _of_environment() -> str:
    for variable in _VARIABLES:
        names = [name for name in os.environ.get(variable, "").lower().split(":") if name]
        known = next((name[:2] for name in names if name.startswith(("en", "zh"))), "")
        if known or (names and variable != _OWN):
            return known or "en"
    return "en"


@cache
def _chinese() -> NullTranslations:
    try:
        return translation("zhipu_magic", _LOCALES, ["zh_CN"], fallback=True)
    except Exception:  # of a damaged catalogue; gettext raises errors of all kinds
        return NullTranslations()
