"""How Chinese is written in messages: its punctuation, its spaces, and the terms of the glossary."""

from __future__ import annotations

import re

import pytest
from english import HAN

from tools import catalog

#: What Chinese text is not written like, and what is right.
_WRITTEN = {
    rf"{HAN}\s?[,;:?!]|{HAN}\.(?![a-z])": "full-width punctuation after Chinese: ，。：；？！",
    rf"(?<!\d)[,;:?!]\s?{HAN}|[\w}})]\.\s{HAN}": "full-width punctuation before Chinese: ，。：；？！",
    rf"(?<![A-Za-z0-9_.\u2038])\([^()]*{HAN}[^()]*\)": "full-width brackets around Chinese: （）",
    rf"(?<!=)\"{HAN}[^\"]*\"": "Chinese quotation marks: “”",
    rf"{HAN}[A-Za-z0-9`]|[A-Za-z0-9]{HAN}": "a space between Chinese and Latin letters, digits or code",
    r"[ \t][，。：；？！、）”]|[，。：；？！、（“][ \t](?!\s)": "no space beside full-width punctuation",
    r"\.\.\.|。。|---?\s": "… or ——",
}
#: Terms of the glossary that are often said otherwise.
_TERMS = {
    "您": "no pronoun, or 你",
    "线程": "对话线 for a thread of the conversation",
    "线索": "对话线",
    "令牌": "token",
    "代币": "token",
    "词元": "token",
    "记号": "token",
    "笔记簿": "笔记本",
    "记事本": "笔记本",
    "密匙": "密钥",
    "秘钥": "密钥",
    "帐": "账",
    "登陆": "登录",
    "其它": "其他",
    "流式传输": "流式输出",
    "仪表板": "用量总览",
    "仪表盘": "用量总览",
    "魔术命令": "魔法命令",
    "嵌入": "向量",
    "架构": "模式 (of JSON)",
    "推理": "思考",
    "缺省": "默认",
    "花费": "费用",
    "种子值": "随机种子",
    "速率限制器": "速率限制",
}


def test_chinese_is_written_as_it_is_written() -> None:
    strings = [string for message in catalog.read("zh_CN") if message.id for string in _forms(message.string)]
    wrong = [f"{string}\n    {right}" for string in strings for right in _wrongly_written(string)]
    assert len(strings) > 2000 and not wrong, "\n".join(wrong)


def _forms(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return string if isinstance(string, tuple) else (string,)


#: Code, tags and entities, facts, addresses: none of these is Chinese text.
_NO_TEXT = re.compile(
    r"`[^`]*`|</?[A-Za-z][^<>]*>|&#?\w+;|https?://\S+(?: (?=[，。：；？！、（）]))?"
    r"|\{\{+(?:[^{}]|\{\w+\})*\}\}+|%%?glm\?|\bpython!"
)
_IN_A_LINK = re.compile(r"https?://[^\s`<>“”，。：；？！、（）]*[，。：；？！、（）]")


def _wrongly_written(string: str) -> list[str]:
    text = _NO_TEXT.sub("\u2038", string)
    text = re.sub(r"\{\{.*?\}\}+", "\u2038", text)  # references
    bare = re.sub(r"\{[^{}]*\}", "\u2038", text)
    rights = [right for wrong, right in _WRITTEN.items() if re.search(wrong, bare)]
    if re.search(rf"{HAN}`|(?<=`){HAN}", re.sub(r"`[^`]*`", "``", string)):
        rights.append("a space between Chinese and code")
    if _IN_A_LINK.search(re.sub(r"`[^`]*`", "", string)):
        rights.append("a space after an address, or what follows is in its link")
    rights += [f"{term}: {right}" for term, right in _TERMS.items() if term in bare]
    return rights


@pytest.mark.parametrize(
    "string",
    [
        "没有批次 {id}。",
        "用 `%glm login` 登录（或设置 `ZHIPUAI_API_KEY`）。",
        "是否运行 {name}()？[y/N]",
        "{count:,} 行",
        "{most}、{last}",
        "地址是 https://a.example/x?y=1 。",
        "“{name}” 不是类型：见文档……",
        "<b>费用</b>",
    ],
)
def test_well_written_chinese_passes(string: str) -> None:
    assert not _wrongly_written(string)


@pytest.mark.parametrize(
    "string",
    [
        *(
            "没有批次,请重试。",
            "没有批次.",
            "没有批次。 请重试。",
            "批次(没有)",
            '叫做"批次"',
            "用`x`登录",
            "共3行",
            "3行",
        ),
        *("没有 token , 请重试", "没有线程。", "您好。", "等等...", "见 https://a.example/x。"),
    ],
)
def test_badly_written_chinese_is_found(string: str) -> None:
    assert _wrongly_written(string)
