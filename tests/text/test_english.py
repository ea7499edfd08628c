"""What is found as English and as Chinese in what is shown: nearly all messages, and nothing of their translations."""

from __future__ import annotations

import re
from typing import Any

import pytest
from english import SAME, chinese_in, english_in, labels_in

from tools import catalog


@pytest.fixture(scope="module")
def messages() -> list[Any]:
    return [message for message in catalog.read("zh_CN") if message.id]


def _forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


def _said(template: str, fact: str) -> str:
    return re.sub(r"\{[^{}]*\}", fact, template)


def test_messages_of_three_words_are_found(messages: list[Any]) -> None:
    texts = [_said(text, "7") for message in messages for text in _forms(message.id)]
    texts = [text for text in texts if len(re.findall(r"\b[A-Za-z]{2,}\b", text)) >= 3]
    missed = [text for text in texts if not english_in(text)]
    assert len(texts) > 1500 and len(missed) <= 0.02 * len(texts), "\n".join(missed)


def test_nothing_is_found_in_their_chinese(messages: list[Any]) -> None:
    strings = [_said(string, "甲") for message in messages for string in _forms(message.string)]
    found = {string: english for string in strings if (english := english_in(string))}
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "Nothing was sent.",
        "%glm history takes a turn's number, not 'x'.",
        "3 rows were kept",
        "结束原因 stopped early",
        '<b title="x">first</b> token of it',
        "glm-4.7 · first token 3 s",
    ],
)
def test_english_is_found_beside_what_is_not(text: str) -> None:
    assert english_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "用 %glm history --full 查看，用 %%glm -m NAME 换模型。",
        "`Nothing was sent.`",
        "<style>a b c</style><div class='one two three'>输入 token 12</div>",
        "密钥在 https://open.bigmodel.cn（API Keys）创建",
        "pip install jupyterlab notebook",
        "glm-4.7-flash · 首个 token 3 秒 · 25 token/秒",
        "%config GLMMagics.base_url = 'coding'",
        "HTTP 429 · 代码 1302",
        "",
    ],
)
def test_what_is_the_same_in_every_language_is_no_english(text: str) -> None:
    assert not english_in(text)


def test_all_of_the_table_is_used() -> None:
    shown = "<b>x</b> `a b` https://a.example %glm pip install numpy --above glm-4.7 a.py API keys"
    for name, pattern in SAME.items():
        assert re.search(pattern, shown, re.VERBOSE | re.DOTALL), name


def test_a_label_of_one_word_is_found_where_it_stands_alone() -> None:
    assert labels_in("<td>Reasoning</td><td>思考</td>") == labels_in("| Reasoning | 思考 |") == ["Reasoning"]
    assert not labels_in("思考 Reasoning")
    assert not labels_in('--file "prices.xlsx | sheets\n    Q1 | 6000"')


def test_chinese_is_found() -> None:
    assert chinese_in("Words, and 一句话 in them") == ["一句话 in them"] and not chinese_in("Words “and” marks…")
