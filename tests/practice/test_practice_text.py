"""How text is counted and cut."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from zhipu_magic.practice.encode import to_json
from zhipu_magic.practice.text import clip, cut, estimate_tokens, first_tokens

ANY_TEXT = st.text(st.characters()) | st.text("aé中。\u0301\u200d\ufe0f👩🏽🔬 \n")


@given(ANY_TEXT)
@example("")
@example("日本語と한국어 and Latin, 你好！\r\n")
def test_pieces_put_together_are_the_text(text: str) -> None:
    pieces = list(cut(text))
    assert "".join(pieces) == text
    assert all(pieces)


@given(ANY_TEXT)
def test_no_piece_begins_with_a_mark_of_the_character_before(text: str) -> None:
    assert not any(unicodedata.category(piece[0]).startswith("M") for piece in list(cut(text))[1:])


def test_pieces_are_as_small_as_a_models() -> None:
    assert list(cut("训练 a model，再看")) == ["训练", " a m", "odel", "，再", "看"]


def test_a_joined_emoji_stays_whole() -> None:
    assert "👩🏽\u200d🔬" in list(cut("一二👩🏽\u200d🔬三四"))


def test_tokens_are_estimated_by_the_rule_of_thumb() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1
    assert estimate_tokens("x" * 400) == 100
    assert estimate_tokens("字" * 160) == 100


@given(ANY_TEXT, st.integers(0, 20))
def test_the_first_tokens_are_the_longest_beginning_within_the_limit(text: str, limit: int) -> None:
    beginning = first_tokens(text, limit)
    assert text.startswith(beginning)
    assert estimate_tokens(beginning) <= limit
    assert beginning == text or estimate_tokens(text[: len(beginning) + 1]) > limit


@given(ANY_TEXT, st.integers(1, 20))
def test_a_clipped_text_is_no_longer_than_asked(text: str, length: int) -> None:
    clipped = clip(text, length)
    assert len(clipped) <= length
    assert clipped == text or clipped.endswith("…")


@given(st.text(st.characters(exclude_categories=())))
@example("half of a smile: \ud83d")
def test_json_on_the_wire_says_what_was_meant(text: str) -> None:
    assert json.loads(to_json({"text": text})) == {"text": text}
