"""Which language a person reads, which one a prompt is in, and where messages are looked up.

English stands in the code. `text/locale/zh_CN/LC_MESSAGES/zhipu_magic.po` has the Chinese, which the build compiles;
it is loaded with the first message that a Chinese reader meets.

    of_reader()       the language of what this process shows: as chosen, or as `auto` finds it
    of_prompt()       the language of what goes to a model, within `prompted`
    of_plain_text()   either, for `str`
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..characters import HAN
from .console import has_chinese

if TYPE_CHECKING:
    from gettext import NullTranslations

Language = Literal["en", "zh"]
LANGUAGE_VARIABLE = "ZHIPU_MAGIC_LANGUAGE"
#: What users may call a language; `auto` finds it out.
CHOICES = ("auto", "en", "zh")
_DOMAIN = "zhipu_magic"
_FOLDERS: dict[Language, str] = {"zh": "zh_CN", "en": "en"}

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


# The reader


class _Reader:
    """Who reads what this process shows: the language that was chosen, and where `auto` looks first."""

    chosen: Language | None = None
    ask: Callable[[], Language | None] | None = None
    begun: Callable[[], Language | None] | None = None
    known: Language | None = None


def of_reader() -> Language:
    """The language of what is shown."""
    return of_auto() if _Reader.chosen is None else _Reader.chosen


def of_auto() -> Language:
    """The language that `auto` finds, whatever was chosen."""
    if _Reader.known is None:
        told = _Reader.ask() if _Reader.ask is not None else None
        _Reader.known = told or (of_environment(os.environ) if has_chinese() else None) or "en"
    return _Reader.known


def of_session() -> Language:
    """The language in which what is shown begins: it was chosen beforehand, or is what `auto` finds."""
    begun = _Reader.begun() if _Reader.begun is not None else None
    return begun or of_auto()


def choose(language: str) -> None:
    """Show everything in this language from now on: `en`, `zh`, or `auto`."""
    _Reader.chosen = {"en": "en", "zh": "zh"}.get(language)  # type: ignore[assignment]  # the values are literals
    _Reader.known = None


def ask_first(ask: Callable[[], Language | None] | None, begun: Callable[[], Language | None] | None = None) -> None:
    """Have `auto` ask this before it looks at the environment; it is asked again after `look_again`.

    `begun` says what was chosen beforehand, if anything.
    """
    _Reader.ask, _Reader.begun = ask, begun
    _Reader.known = None


def ask_no_more(ask: Callable[[], Language | None]) -> None:
    """Ask this no more, and forget what was chosen, unless another is asked by now."""
    if _Reader.ask == ask:
        ask_first(None)
        choose("auto")


def look_again() -> None:
    """Have `auto` look again, since what it has found may have changed."""
    _Reader.known = None


def of_environment(environment: Mapping[str, str]) -> Language | None:
    """The language that the environment names: our own variable, else those of gettext; None if none does."""
    own = named(environment.get(LANGUAGE_VARIABLE, ""))
    if own is not None:
        return own
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        names = [name for name in environment.get(variable, "").split(":") if name]
        if names:  # the others do not count then, even if this is C or a language that we do not have
            return next(filter(None, map(named, names)), None)
    return None


def named(name: str) -> Language | None:
    """The language of a locale's name, such as `zh_CN.UTF-8`, `zh-Hans` or `en`; None for one that we do not have."""
    begins = re.match(r"[a-z]+", name.strip().lower())
    found = begins[0] if begins else ""
    return "zh" if found in ("zh", "chinese") else "en" if found in ("en", "english") else None


# The prompt

_prompt: ContextVar[Language | None] = ContextVar("language of the prompt", default=None)


def of_prompt() -> Language:
    """The language of what goes to a model."""
    return _prompt.get() or "en"


def of_plain_text() -> Language:
    """The language in which an object of ours becomes a plain text, for which anybody's code may ask.

    While a prompt or a tool's result is made, it goes to a model.
    """
    return _prompt.get() or of_reader()


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


# The catalogue


def translated(text: str, language: Language, context: str = "") -> str:
    """A text of ours, which may be a template, in this language; as it is where there is no translation."""
    if language == "en" or not text:
        return text
    known = _catalogue(language).messages
    found = known.pgettext(context, text) if context else known.gettext(text)
    return found if found is text or fields(found) == fields(text) else text


def translated_plural(one: str, many: str, count: int, language: Language) -> str:
    """The form of a text of ours for this count, in this language."""
    form = one if count == 1 else many
    if language == "en" or not _are_forms(one, many, language):
        return form
    found = _catalogue(language).messages.ngettext(one, many, count)
    return found if fields(found) <= fields(one) | fields(many) else form


def fields(template: str) -> frozenset[tuple[str, str, str]]:
    """The facts that a template takes, each with how it is written; none for what is no template."""
    from string import Formatter

    if "{" not in template and "}" not in template:
        return frozenset()
    try:
        return frozenset((name, spec or "", how or "") for _, name, spec, how in Formatter().parse(template) if name)
    except ValueError:
        return frozenset()


@lru_cache(1000)
def _are_forms(one: str, many: str, language: Language) -> bool:
    """Whether these are the two forms of one message: gettext looks at the first alone."""
    return f"\0{one}\0{many}\0".encode("utf-8", "surrogatepass") in _catalogue(language).data


class _Catalogue(NamedTuple):
    """The messages in a language, and the bytes of their file."""

    messages: NullTranslations
    data: bytes = b""


@cache
def _catalogue(language: Language) -> _Catalogue:
    """The catalogue of a language. Without it, or where it is damaged, all is told in English."""
    import gettext  # it is needed only where the reader's language is not that of the code
    import io
    import pkgutil

    place = f"locale/{_FOLDERS[language]}/LC_MESSAGES/{_DOMAIN}.mo"
    try:
        data = pkgutil.get_data("zhipu_magic.text", place) or b""
        return _Catalogue(gettext.GNUTranslations(io.BytesIO(data)), data)
    except Exception:  # gettext raises errors of all kinds
        return _Catalogue(gettext.NullTranslations())
