"""Counts the tokens of text and cuts it into pieces, without a tokeniser."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_CJK = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_CJK_RUN = re.compile(f"[{_CJK}]+")
_PIECE = re.compile(f"[{_CJK}]{{1,2}}|[^{_CJK}]{{1,4}}")
_WORD = re.compile(r"[A-Za-z]+")
_ZERO_WIDTH_JOINER = "\u200d"

# The service's rule of thumb is 1.6 Chinese characters to a token; for Latin text, 4 characters is everyone's.
# In eighths of a token, both are whole numbers.
_EIGHTHS_PER_CJK = 5
_EIGHTHS_PER_OTHER = 2


def estimate_tokens(text: str) -> int:
    """The tokens of a text, roughly: one for 1.6 Chinese characters or 4 others, rounded up."""
    cjk = _count_cjk(text)
    eighths = _EIGHTHS_PER_CJK * cjk + _EIGHTHS_PER_OTHER * (len(text) - cjk)
    return -(-eighths // 8)


def first_tokens(text: str, limit: int) -> str:
    """The longest beginning of a text with at most `limit` tokens, by the estimate."""
    eighths = 0
    for position, character in enumerate(text):
        eighths += _EIGHTHS_PER_CJK if _CJK_RUN.match(character) else _EIGHTHS_PER_OTHER
        if eighths > 8 * limit:
            return text[:position]
    return text


def cut(text: str) -> Iterator[str]:
    """Pieces like those that a model streams: one or two Chinese characters, or up to four others.

    An accent, a variation selector or a joined emoji stays with its character. Joined, the pieces are the text.
    """
    piece = ""
    for match in _PIECE.finditer(text):
        if piece and not _belong_together(piece[-1], match[0][0]):
            yield piece
            piece = ""
        piece += match[0]
    if piece:
        yield piece


def is_chinese(text: str) -> bool:
    """Whether a text is mostly Chinese: more Chinese characters than Latin words."""
    return _count_cjk(text) > len(_WORD.findall(text))


def clip(text: str, length: int) -> str:
    """The text, or its beginning with an ellipsis if it is longer than `length` characters."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _count_cjk(text: str) -> int:
    return sum(map(len, _CJK_RUN.findall(text)))


def _belong_together(before: str, after: str) -> bool:
    return (
        before == _ZERO_WIDTH_JOINER
        or after == _ZERO_WIDTH_JOINER
        or unicodedata.category(after).startswith("M")
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
    )
