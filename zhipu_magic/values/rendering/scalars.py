"""Numbers, dates and other short values; text as it is; bytes by their beginning."""

from __future__ import annotations

import datetime
import enum
import math
import re
import uuid
from codecs import getincrementaldecoder
from collections import UserString
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from types import EllipsisType, NoneType, NotImplementedType
from typing import Any, Final

from ...text.characters import shortened
from ...text.languages.messages import _, for_model
from ...text.languages.numbers import plural
from ...text.left_out import note_cut
from ...text.tokens import cut, weight
from ..images.from_value import Image, image_of
from .pictures import begins_as_picture
from .registry import render

_MOST_DIGITS: Final = 1_000
"""Python itself refuses to print more than 4,300."""
_LONGEST_MEMBER: Final = 60
_FIRST_BYTES: Final = 300
_BYTES_A_TOKEN: Final = 6
"""More than a token has in any script, by our estimate."""
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def is_plain(value: Any) -> bool:
    """Whether a value's type always has a short text."""
    return type(value) in _TEXTS or isinstance(value, _PLAIN)


def text_of(value: Any) -> str:
    """The text of such a value."""
    text = _TEXTS.get(type(value))
    if text is None:
        text = next(text for kind, text in _TEXTS.items() if isinstance(value, kind))
    return text(value)


@render.register(str)
def _as_it_is(value: str, tokens: int) -> str:
    return value


@render.register(bytes)
@render.register(bytearray)
@render.register(memoryview)
def _bytes(value: bytes | bytearray | memoryview, tokens: int) -> str | Image:
    """Their number, and the first of them, as text if possible. The bytes of a picture's file are that picture."""
    if begins_as_picture(value):
        return image_of(bytes(value))
    size = memoryview(value).nbytes
    first = bytes(value[: max(_FIRST_BYTES, tokens * _BYTES_A_TOKEN)])
    try:
        text = getincrementaldecoder("utf-8")().decode(first, final=size == len(first))
    except UnicodeDecodeError:
        text = ""
    if not size or _UNPRINTABLE.search(text) or not text:
        if size > _FIRST_BYTES:
            note_cut(_("{items}, {sent:,} sent", items=plural(size, "byte"), sent=_FIRST_BYTES))
        beginning = f"{first[:_FIRST_BYTES]!r}{'…' if size > _FIRST_BYTES else ''}"
        return for_model("{bytes}: {beginning}", bytes=plural(size, "byte"), beginning=beginning)
    whole = weight(text) * size / len(first) if size > len(first) else None
    return cut(for_model("{bytes} of text: {text}", bytes=plural(size, "byte"), text=text), tokens, whole)


def _whole_number(value: int) -> str:
    digits = int(int.bit_length(value) * math.log10(2)) + 1
    if digits <= _MOST_DIGITS:
        return int.__repr__(value)
    note_cut(_("an integer of about {digits:,} digits, of which none was sent", digits=digits))
    return for_model("an integer of about {digits:,} digits", digits=digits)


def _member(value: enum.Enum) -> str:
    shown = repr(value.value) if isinstance(value.value, (int, str)) else ""
    name = f"{type(value).__name__}.{value.name or '(several)'}"
    return f"{name} ({shortened(shown, _LONGEST_MEMBER)})" if shown else name


_TEXTS: Final[dict[type, Callable[[Any], str]]] = {
    enum.Enum: _member,  # first: some are numbers too
    NoneType: repr,
    bool: repr,
    int: _whole_number,
    float: float.__repr__,
    complex: str,
    Decimal: str,
    Fraction: str,
    datetime.date: lambda value: str(value.isoformat()),
    datetime.time: lambda value: str(value.isoformat()),
    datetime.timedelta: str,
    datetime.tzinfo: str,
    uuid.UUID: str,
    range: repr,
    PurePath: str,
    UserString: str,
    EllipsisType: repr,
    NotImplementedType: repr,
}
_PLAIN: Final = tuple(_TEXTS)

for _kind in _PLAIN:
    render.register(_kind, lambda value, tokens: text_of(value))
