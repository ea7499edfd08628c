"""What an English sentence is in a text that is shown, and what Chinese is."""

from __future__ import annotations

import re
from functools import cache
from html import unescape

from tools import catalog
from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.text import characters

#: A character of Chinese.
HAN = f"[{characters.HAN}]"
#: What is the same in every language.
SAME = {
    "tags": r"<style.*?</style>|<[^<>]*>",
    "code": r"`[^`]*`|\{\{.*?\}\}|\#[ ]glm:[ ]hide|\bfrom[ ]\w+[ ]import[ ]\w+",
    "addresses": r"https?://[^\s，。；：（）]+",
    "our commands": rf"%%?glm\b\??(?:[ ](?:{'|'.join(COMMANDS)})\b)?|\b(?:add|remove)[ ]weather\b(?:,confirm\(send\))?",
    "pip's": r"%?\bpip[ ]install\b(?:[ ](?:--)?[\w\"\[\]-]+)*",
    "options": r"(?<![\w-])--?[A-Za-z][\w-]*(?:[ =][A-Z]+\b)?",
    "models, and what else has a number": r"\b(?=[\w.-]*\d)[A-Za-z][\w-]*(?:\.\w+)*",
    "names in Python, files and paths": r"[\w/]*[._/\\=][\w./\\=]*\w",
    "names": r"\bAPI[ ][Kk]eys\b|\bHTTP\b",
}
_SAME = re.compile("|".join(f"(?:{pattern})" for pattern in SAME.values()), re.VERBOSE | re.DOTALL)
_WORD = r"[A-Za-z]+(?:['’][a-z]+)?"
#: Two words in a row are a sentence, or the beginning of one, unless the second has a capital: that may be a name.
_SENTENCE = re.compile(rf"(?<![\w'\"\[(@+-]){_WORD}[,;:]?[ ][a-z]+(?:['’][a-z]+)?\b(?!['\"(@+-])[^\n]{{0,60}}")


def english_in(text: str) -> list[str]:
    """The English sentences of a text that is shown, each as far as 60 characters from its second word on."""
    return _SENTENCE.findall(unescape(_SAME.sub("|", text)))


def chinese_in(text: str) -> list[str]:
    """The Chinese of a text."""
    return re.findall(rf"{HAN}[^\n]{{0,30}}", text)


@cache
def labels() -> frozenset[str]:
    """Our messages that have no facts and differ in Chinese: a label may be a single word."""
    messages = [message for message in catalog.read("zh_CN") if message.id and isinstance(message.id, str)]
    return frozenset(
        message.id.strip() for message in messages if "{" not in message.id and message.id != message.string
    )


#: What is typed as written, perhaps over the end of a line, such as `"prices.xlsx | sheets Q1"`.
_QUOTED = re.compile(r'"[^"<>|\n]*\|[^"<>]*"')


def labels_in(text: str) -> list[str]:
    """The parts of a text, such as lines and cells of a table, that are one of our messages in English."""
    text = _QUOTED.sub('""', text)
    parts = re.split(r"<style.*?</style>|<[^<>]*>|[\n\t|│]| · ", text, flags=re.DOTALL)
    return [part for part in (unescape(part).strip(" *") for part in parts) if part in labels()]
