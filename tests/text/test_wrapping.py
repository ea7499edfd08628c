"""Lines of a terminal: no wider than it is, and broken where readers of each script break them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.columns import widths_of
from zhipu_magic.text.wrapping import longest_word, width, wrapped

LETTERS = st.sampled_from("ab 中文，。（）“”é́👨‍👩‍👧☀️-") | st.characters(min_codepoint=32, max_codepoint=0x30FF)
TEXTS = st.text(LETTERS.filter(str.isprintable), max_size=60)


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("one two three", 8, ["one two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("人工智能", 4, ["人工", "智能"]),
        ("使用 Python 语言", 12, ["使用 Python", "语言"]),
        ("使用 Python 语言很方便", 16, ["使用 Python 语言", "很方便"]),
        ("第一，第二。", 4, ["第", "一，", "第", "二。"]),
        ("看（一）二", 6, ["看", "（一）", "二"]),
        ("a\n\nb", 9, ["a", "", "b"]),
        ("", 9, [""]),
        ("中", 1, ["中"]),
        ("glm-4.1v-thinking-flashx", 12, ["glm-4.1v-", "thinking-", "flashx"]),
        ("{{ a }}{{ b }}{{ c }}", 15, ["{{ a }}{{ b }}", "{{ c }}"]),
        ("见 {{ name }} 的值", 9, ["见", "{{ name", "}} 的值"]),
        ("见 {{ name }} 的值", 11, ["见", "{{ name }}", "的值"]),
        ("共 10 个\u00a0token · 免费", 9, ["共 10", "个\u00a0token", "· 免费"]),
        ("选项，%config 设置", 8, ["选项，", "%config", "设置"]),
        ("占 5%，10%", 6, ["占", "5%，", "10%"]),
        ("see --no-think", 9, ["see", "--no-", "think"]),
        ("see glm-4-flash now", 12, ["see", "glm-4-flash", "now"]),
        ("see --think", 7, ["see", "--think"]),
        ("on 2026-09-03", 11, ["on", "2026-09-03"]),
    ],
)
def test_lines_end_between_words_of_any_script(text: str, columns: int, lines: list[str]) -> None:
    assert wrapped(text, columns) == lines


@given(text=TEXTS, columns=st.integers(2, 30))
def test_no_line_is_wider_than_the_terminal_and_no_letter_is_lost(text: str, columns: int) -> None:
    lines = wrapped(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width(line) <= columns for line in lines)


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("中文", 4), ("é", 1), ("e\u0301", 1), ("👨‍👩‍👧", 2), ("☀️", 2), ("a\u200bb", 2), ("，", 2)],
)
def test_widths_are_those_of_a_terminal(text: str, columns: int) -> None:
    assert width(text) == columns


# Columns of tables


CELLS = st.sampled_from(["", "a", "two words", "使用 Python 语言", "x" * 30])


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1), st.integers(1, 120))
def test_columns_get_no_more_than_the_room_and_words_stay_whole_where_they_fit(
    columns: list[list[str]], room: int
) -> None:
    widths = [max(map(width, cells)) for cells in columns]
    words = [max(map(longest_word, cells)) for cells in columns]
    shares = widths_of(list(zip(*columns, strict=True)), room)
    if shares is None:
        assert sum(max(min(6, size), min(20, word)) for size, word in zip(widths, words, strict=True)) > room
        return
    assert sum(shares) == min(sum(widths), room)
    assert all(share <= size for share, size in zip(shares, widths, strict=True))
    if sum(words) <= room:
        assert all(share >= word for share, word in zip(shares, words, strict=True))


@pytest.mark.parametrize(
    ("text", "longest"),
    [("one three", 5), ("使用 Python 语言，", 6), ("第一，第二", 4), ("", 0), ("（一）", 6), ("ab\ncd", 2)],
)
def test_the_longest_word_is_what_is_best_not_broken(text: str, longest: int) -> None:
    assert longest_word(text) == longest
