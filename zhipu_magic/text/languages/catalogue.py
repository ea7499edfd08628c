"""The catalogue: texts of ours in another language.

English stands in the code. `text/locale/zh_CN/LC_MESSAGES/zhipu_magic.po` has the Chinese, which the build compiles;
it is read with the first message that a Chinese reader meets.
"""

from __future__ import annotations

import io
import pkgutil
import struct
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations, NullTranslations
from string import Formatter
from typing import NamedTuple

from .language import Language

_DOMAIN = "zhipu_magic"
_FOLDERS: dict[Language, str] = {"zh": "zh_CN", "en": "en"}


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
    if language == "en" or (one, many) not in _catalogue(language).plurals:
        return form
    found = _catalogue(language).messages.ngettext(one, many, count)
    return found if fields(found) <= fields(one) | fields(many) else form


def fields(template: str) -> frozenset[tuple[str, str, str]]:
    """The facts that a template takes, each with how it is written; none for what is no template."""
    if "{" not in template and "}" not in template:
        return frozenset()
    try:
        return frozenset((name, spec or "", how or "") for _, name, spec, how in Formatter().parse(template) if name)
    except ValueError:
        return frozenset()


class _Catalogue(NamedTuple):
    """The messages in a language, and both forms of each that depends on a count: gettext looks at the first alone."""

    messages: NullTranslations
    plurals: frozenset[tuple[str, str]] = frozenset()


@cache
def _catalogue(language: Language) -> _Catalogue:
    """The catalogue of a language. Without it, or where it is damaged, all is told in English."""
    place = f"locale/{_FOLDERS[language]}/LC_MESSAGES/{_DOMAIN}.mo"
    try:
        data = pkgutil.get_data("zhipu_magic.text", place) or b""
        return _Catalogue(GNUTranslations(io.BytesIO(data)), frozenset(_plurals(data)))
    except Exception:  # gettext raises errors of all kinds
        return _Catalogue(NullTranslations())


def _plurals(data: bytes) -> Iterator[tuple[str, str]]:
    """The two forms of each message that has them: a text of the file with a zero byte between them.

    The file begins with seven numbers, of which the third is how many texts there are, and the fourth where the lengths
    and places of the English ones stand ("The Format of GNU MO Files" in the manual of gettext).
    """
    order = "<" if data.startswith(b"\xde\x12\x04\x95") else ">"
    count, table = struct.unpack_from(f"{order}2I", data, 8)
    for length, place in struct.iter_unpack(f"{order}2I", data[table : table + 8 * count]):
        one, zero, many = data[place : place + length].partition(b"\0")
        if zero:
            yield one.decode(), many.decode()
