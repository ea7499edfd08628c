"""The language of a prompt, so that what is sent along with it can be in the same language."""

from __future__ import annotations

import re

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
#: Japanese and Korean have their own characters among the Chinese ones.
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u30ff\u1100-\u11ff\uac00-\ud7af]")
_LATIN_WORD = re.compile(r"[^\W\d_\u0300-\u036f\u3000-\U0010ffff]+")


def is_chinese(text: str) -> bool:
    """Whether the text is Chinese, perhaps with English terms, rather than English with Chinese ones."""
    if text.isascii():
        return False
    han = len(_HAN.findall(text))
    return han > 0 and _KANA_OR_HANGUL.search(text) is None and han >= len(_LATIN_WORD.findall(text))
