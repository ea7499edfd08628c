"""Runs of characters that nobody reads, such as base64, which texts are shown without."""

from __future__ import annotations

import re
from typing import Final

from .languages.messages import for_model

_DATA: Final = re.compile(r"data:([\w.+-]{1,40}/[\w.+-]{1,80})?(?:;[\w=.-]{1,80}){0,4};base64,[A-Za-z0-9+/=_-]{40,}")
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{200,}={0,2}")
#: Letters of both cases and digits within the first characters: a long word, a row of signs or a number has not all.
_MIXED: Final = re.compile(r"(?=.{0,150}[a-z])(?=.{0,150}[A-Z])(?=.{0,150}[0-9])")


def without_blobs(text: str) -> str:
    """The text with addresses that hold data, and what must be base64, each as a few words on it."""
    if "base64," in text:
        text = _DATA.sub(_data, text)
    return _BASE64.sub(_said, text)


def _data(found: re.Match[str]) -> str:
    return for_model(
        "[data: {type}, {count:,} characters]", type=found[1] or for_model("of no type"), count=len(found[0])
    )


def _said(found: re.Match[str]) -> str:
    is_base64 = _MIXED.match(found[0]) is not None
    return for_model("[base64, {count:,} characters]", count=len(found[0])) if is_base64 else found[0]
