"""A walk on a terminal, in Chinese and in English: each line is in the reader's language, and whole in the window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from english import chinese_in, english_in, labels_in
from test_terminal import Terminal, rows_of

from zhipu_magic.practice import Answer, Fault, PracticeServer, tool_call
from zhipu_magic.text.wrapping import width


class Reader(NamedTuple):
    """Who sits there: what their system says, and what they write."""

    environment: dict[str, str]
    hello: str
    about: str
    weather: str
    city: str
    sunny: str

    @property
    def is_chinese(self) -> bool:
        return self.hello == "你好"


_CHINESE = ("你好", "请介绍一下练习服务", "天气怎样？", "北京", "晴")
READERS = {
    "chosen": Reader({"ZHIPU_MAGIC_LANGUAGE": "zh", "LANG": "C.UTF-8"}, *_CHINESE),
    "system": Reader({"LANG": "zh_CN.UTF-8"}, *_CHINESE),
    "en": Reader({"LANG": "C.UTF-8"}, "Hello", "Tell me about practice", "How is the weather?", "Beijing", "sunny"),
}
#: What is said in Chinese to everybody: by the service, and by the practice server.
_OF_OTHERS = re.compile(r"Authentication Token .*?传递|Prompt\s+超长|让创新触手可及。", re.DOTALL)
#: IPython's words, the names of settings, and what the model would be sent.
_SAME = re.compile(r"<[\w-]+>|\bTrue|\bFalse|\bNone")

#: Of several words, with a line's end between them.
_BROKEN = {r"(%%?glm)\s+": r"\1 ", r"#[\s│]+glm:[\s│]+hide": "# glm: hide"}


class Walk:
    """A reader before a terminal; `wrong` has what is not as it should be there, by what was typed."""

    def __init__(self, terminal: Terminal, reader: Reader, columns: int) -> None:
        self.terminal, self.reader = terminal, reader
        self.wrong: dict[str, list[str]] = {}
        self.right = 0
        self._columns = columns
        terminal.child.setwinsize(50, columns)

    def run(self, code: str, *told: str, agreed: bool = False) -> None:
        """Type a cell; it tells all this."""
        self.terminal.type(code)
        asked = ""
        if agreed:
            self.terminal.child.expect_exact("[y/N] ")
            asked = self.terminal.child.before
            self.terminal.child.sendline("y")
        printed = asked + "\r\n" * agreed + self.terminal.until_prompt()
        rows = rows_of(printed, self._columns)
        shown = "".join("".join(row.split()) for row in rows)
        assert all("".join(words.split()) in shown for words in told), printed
        found = [*self._in_another_language(rows), *_badly_set(rows, self._columns), *self._too_wide(printed)]
        if found:
            self.wrong[code] = found

    def _in_another_language(self, rows: list[str]) -> list[str]:
        text = "\n".join(rows)
        for pattern, one in _BROKEN.items():
            text = re.sub(pattern, one, text)
        text = _SAME.sub("|", _OF_OTHERS.sub("", text))
        english, chinese = english_in(text), chinese_in(text)
        self.right += len(chinese if self.reader.is_chinese else english)
        return [*english, *labels_in(text)] if self.reader.is_chinese else chinese

    def _too_wide(self, printed: str) -> list[str]:
        """Lines that the terminal itself had to break, as it does anywhere."""
        if "\x1b[A" in printed or "\x1b[1A" in printed:  # what was drawn again is known by its rows alone
            return []
        lines = [re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", line).rpartition("\r")[2] for line in printed.split("\r\n")]
        return [f"too wide: {line}" for line in lines if width(line) > self._columns]


def _badly_set(rows: list[str], columns: int) -> Iterator[str]:
    """Rows that begin with a mark that closes, or whose neighbours in a table have other columns."""
    for before, row in zip(["", *rows], rows, strict=False):
        if re.match(r"\s*[，。；：、）”？！]", row):
            yield f"begins with a mark: {row}"
        if re.fullmatch(r"[─┼]+", before) and "┼" in before and _places(before, "┼") != _places(row, "│"):
            yield f"other columns: {row}"
        if width(row) > columns:
            yield f"too wide: {row}"


def _places(row: str, mark: str) -> list[int]:
    return [width(row[: found.start()]) for found in re.finditer(mark, row)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("who", "columns"), [("chosen", 80), ("system", 40), ("en", 80), ("en", 40)])
def test_all_that_is_met_is_in_the_readers_language_and_fits(
    who: str, columns: int, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = READERS[who]
    for name in ("ZHIPU_MAGIC_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    service = {"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": str(server.api_key)}
    for name, value in {**reader.environment, **service, "PYTHONUTF8": "1"}.items():
        monkeypatch.setenv(name, value)
    walk = Walk(Terminal(tmp_path, "--simple-prompt"), reader, columns)
    try:
        _go(walk, server)
    finally:
        walk.terminal.stop()
    assert walk.wrong == {} and walk.right > 150


def _go(walk: Walk, server: PracticeServer) -> None:
    reader = walk.reader
    walk.run("%glm", "glm-4.7-flash")
    walk.run(f"%%glm\n{reader.about}\n\n", "finish_reason")
    walk.run(f"%%glm --temprature 0.2\n{reader.hello}\n\n", "--temperature")
    server.enqueue(Fault(401, "1002"))
    walk.run(f"%%glm\n{reader.hello}\n\n", "ZHIPUAI_API_KEY", "1002")
    server.enqueue(Fault(400, "1261"))
    walk.run(f"%%glm --once\n{reader.hello}\n\n", "%glm reset", "1261")
    walk.run(f"def weather(city: str): return {reader.sunny!r}")
    call = tool_call("weather", {"city": reader.city}, id="1")
    server.enqueue(Answer(tool_calls=(call,)), Answer(f"{reader.city}: {reader.sunny}."))
    walk.run(f"%%glm --tool confirm(weather)\n{reader.weather}\n\n", f"{reader.city}: {reader.sunny}.", agreed=True)
    walk.run("%glm budget 0.0001 yuan", "¥0.0001")
    walk.run(f"%%glm -m glm-5.2\n{reader.hello}\n\n", "%glm budget")
    walk.run("%glm budget off")
    for line in ("history", "history 2", "usage", "help", "help budget", "models", "practice", "undo", "journal"):
        walk.run(f"%glm {line}")
    walk.run("%glm practice off", server.base_url)
    walk.run("%%glm --help\n\n", "--temperature")
    server.enqueue(Answer("…", finish_reason="length"))
    walk.run(f"%%glm\n{reader.hello}\n\n", "%glm continue")
