"""In which language a text asks."""

from __future__ import annotations

import pytest

from zhipu_magic.text.languages.language import Language, ReaderLanguage, is_chinese, reader


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


def test_a_console_without_chinese_characters_is_spoken_to_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIPU_MAGIC_LANGUAGE", "zh")
    for encoding, spoken in (("ascii", "en"), ("utf-8", "zh"), ("gbk", "zh"), ("nonsense", "en")):
        monkeypatch.setattr("sys.stdout", type("Console", (), {"encoding": encoding})())
        reader.look_again()
        assert reader.auto() == spoken
    monkeypatch.undo()
    reader.look_again()


def test_a_page_that_ends_leaves_the_language_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIPU_MAGIC_LANGUAGE", "en")

    def one() -> Language:
        return "zh"

    reader = ReaderLanguage()
    reader.ask_first(lambda: None, lambda: None)
    reader.choose("en")
    reader.ask_first(one, one)
    reader.choose("zh")
    reader.ask_no_more(lambda: None)
    assert reader.language == reader.auto() == reader.begun_in() == "zh"
    reader.ask_no_more(one)
    assert reader.language == reader.auto() == reader.begun_in() == "en"
