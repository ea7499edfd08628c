"""In which language a text asks."""

from __future__ import annotations

import pytest

from zhipu_magic.text.language import is_chinese


@pytest.mark.parametrize(
    "text",
    [
        *("你好", "请用 pandas 读取 data.csv 并画图", "解释 DataFrame", "为什么 `df.groupby('city').mean()` 报错？"),
        "What is 这段代码里的 groupby 参数是什么意思",
    ],
)
def test_chinese_with_english_terms_is_chinese(text: str) -> None:
    assert is_chinese(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "hello", "café — naïve 😀", "Translate 你好 into English, please", "12 + 30 = 42"),
        *(
            "Über größere Straßen",
            "データを分析してください",
            "데이터를 분석해 주세요",
            "日本語で説明して",
            "Что такое море?",
        ),
    ],
)
def test_other_languages_are_not(text: str) -> None:
    assert not is_chinese(text)
