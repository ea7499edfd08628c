"""Which language a person reads, and which one a prompt is in.

reader.language             the language of what this process shows: as chosen, or as `auto` finds it
language_of_prompt()        the language of what goes to a model, within `prompted`
language_of_plain_text()    either, for `str`
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from ..characters import HAN
from .console import has_chinese

Language = Literal["en", "zh"]
LANGUAGE_VARIABLE = "ZHIPU_MAGIC_LANGUAGE"
#: What users may call a language; `auto` finds it out.
CHOICES = ("auto", "en", "zh")

_HAN = re.compile(f"[{HAN}]")
#: Japanese and Korean have their own characters among the Chinese ones.
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u30ff\u1100-\u11ff\uac00-\ud7af]")
_LATIN_WORD = re.compile(r"[^\W\d_\u0300-\u036f\u3000-\U0010ffff]+")


def is_chinese(text: str) -> bool:
    """Whether the text is Chinese, perhaps with English terms, rather than English with Chinese ones."""
    if text.isascii():
        return False
    han = len(_HAN.findall(text))
    return han > 0 and _KANA_OR_HANGUL.search(text) is None and han >= len(_LATIN_WORD.findall(text))


# Names


def language_of_environment(environment: Mapping[str, str]) -> Language | None:
    """The language that the environment names: our own variable, else those of gettext; None if none does."""
    own = language_named(environment.get(LANGUAGE_VARIABLE, ""))
    if own is not None:
        return own
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        names = [name for name in environment.get(variable, "").split(":") if name]
        if names:  # the others do not count then, even if this is C or a language that we do not have
            return next(filter(None, map(language_named, names)), None)
    return None


def language_named(name: str) -> Language | None:
    """The language of a locale's name, such as `zh_CN.UTF-8`, `zh-Hans` or `en`; None for one that we do not have."""
    begins = re.match(r"[a-z]+", name.strip().lower())
    found = begins[0] if begins else ""
    return "zh" if found in ("zh", "chinese") else "en" if found in ("en", "english") else None


# The reader

_Asked = Callable[[], Language | None]


class ReaderLanguage:
    """The language of whoever reads what this process shows."""

    def __init__(self) -> None:
        self._chosen: Language | None = None
        self._found: Language | None = None
        """What `auto` has found; None until it is needed."""
        self._asked: _Asked | None = None
        self._begun: _Asked | None = None

    @property
    def language(self) -> Language:
        """The language of what is shown."""
        chosen = self._chosen  # another thread may choose meanwhile
        return self.auto() if chosen is None else chosen

    def auto(self) -> Language:
        """The language that `auto` finds, whatever was chosen."""
        found = self._found
        if found is None:
            told = self._asked() if self._asked is not None else None
            found = told or (language_of_environment(os.environ) if has_chinese() else None) or "en"
            self._found = found
        return found

    def begun_in(self) -> Language:
        """The language in which what is shown begins: it was chosen beforehand, or is what `auto` finds."""
        begun = self._begun() if self._begun is not None else None
        return begun or self.auto()

    def choose(self, language: str) -> None:
        """Show everything in this language from now on: `en`, `zh`, or `auto`."""
        self._chosen, self._found = language_named(language), None

    def ask_first(self, asked: _Asked, begun: _Asked) -> None:
        """Have `auto` ask this before it looks at the environment; it is asked again after `look_again`.

        `begun` says which language was chosen beforehand, if any.
        """
        self._asked, self._begun, self._found = asked, begun, None

    def ask_no_more(self, asked: _Asked) -> None:
        """Ask this no more, and forget what was chosen, unless another is asked by now."""
        if self._asked == asked:
            self._asked = self._begun = None
            self.choose("auto")

    def look_again(self) -> None:
        """Have `auto` look again, since what it has found may have changed."""
        self._found = None


#: A process shows all in one language: it has one console, and pages that share a kernel are of one front end.
reader = ReaderLanguage()


# The prompt

_prompt: ContextVar[Language | None] = ContextVar("language of the prompt", default=None)


def language_of_prompt() -> Language:
    """The language of what goes to a model."""
    return _prompt.get() or "en"


def language_of_plain_text() -> Language:
    """The language in which an object of ours becomes a plain text, for which anybody's code may ask.

    While a prompt or a tool's result is made, it goes to a model.
    """
    return _prompt.get() or reader.language


@contextmanager
def prompted(language: Language) -> Iterator[None]:
    """What goes to a model is in this language."""
    before = _prompt.set(language)
    try:
        yield
    finally:
        _prompt.reset(before)


def language_of(text: str) -> Language:
    """The language of a prompt, in which what goes along with it is told."""
    return "zh" if is_chinese(text) else "en"
