"""Chinese templates, filled with facts of either language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.languages.messages import Message, _, in_language
from zhipu_magic.text.languages.numbers import plural
from zhipu_magic.text.languages.spacing import filled_in_chinese


@pytest.mark.parametrize(
    ("template", "fact", "filled"),
    [
        ("没有{x}可用", "GLM", "没有 GLM 可用"),
        ("没有 {x} 可用", "GLM", "没有 GLM 可用"),
        ("没有 {x} 可用", "数据", "没有 数据 可用"),  # a name
        ("没有 {x} 可用", _("Nothing was sent."), "没有什么都没有发送。可用"),
        ("没有 {x}。", _("Nothing was sent."), "没有什么都没有发送。"),
        ("{x}，没有", _("Nothing was sent."), "什么都没有发送，没有"),
        ("{x}，没有", "没有。", "没有。，没有"),  # a name
        ("{x} %glm 可用", _("Nothing was sent."), "什么都没有发送。%glm 可用"),
        ("{x} %glm 可用", "没有。", "没有。 %glm 可用"),
        ("{x} %glm 可用", plural(2, "row"), "2 行 %glm 可用"),
        ("没有{x}可用", plural(2, "row"), "没有 2 行可用"),
        ("没有 {x!r} 可用", "a", "没有 'a' 可用"),
        ("见 {x}。", "https://a.example/b", "见 https://a.example/b 。"),
        ("见 {x}（密钥）", "http://127.0.0.1:80", "见 http://127.0.0.1:80 （密钥）"),
        ("见 {x}。", r"https\:\/\/a\.example", r"见 https\:\/\/a\.example 。"),
        ("“{x}”不是网址。", "https://a.example/b", "“https://a.example/b”不是网址。"),
        ("见 `{x}`。", "https://a.example/b", "见 `https://a.example/b`。"),
        ("{x:,}行 {{}}", 1000, "1,000 行 {}"),
    ],
)
def test_spaces_stand_between_chinese_and_latin_alone(template: str, fact: object, filled: str) -> None:
    assert filled_in_chinese(template, {"x": fact}, lambda one: in_language(one, "zh")) == filled


@given(st.text(), st.text())
def test_nothing_but_a_space_is_added_to_a_name(before: str, name: str) -> None:
    template = before.replace("{", "").replace("}", "") + "{x}行"
    filled = Message(template, x=name).in_language("zh")
    assert filled.replace(" ", "") == template.replace("{x}", name).replace(" ", "") and name in filled
