"""What cells, panels and questions say to a Chinese reader: whole texts, and no English beside them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from english import english_in
from in_process import Cell, Page

from zhipu_magic import Chat
from zhipu_magic.chat.watch import watch
from zhipu_magic.notebook.display.display import ShowOptions
from zhipu_magic.notebook.display.figures import Figures
from zhipu_magic.notebook.display.plain import PlainPainter
from zhipu_magic.notebook.display.screen import Screen
from zhipu_magic.notebook.display.typeset_painter import TypesetPainter
from zhipu_magic.practice import STALL, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.text.errors import GLMError
from zhipu_magic.text.languages.language import reader

MODEL = "glm-4.7-flash"


@pytest.fixture
def chinese(page: Page) -> Page:
    assert page.run("%config GLMMagics.language = 'zh'").success
    return page


def words(html: str) -> str:
    """What is read of some HTML, labels and titles among it."""
    labels = " ".join(re.findall(r'(?:aria-label|title)="([^"]*)"', html))
    shown = re.sub(r"<style>.*?</style>|<pre.*?</pre>", " ", html, flags=re.DOTALL)
    return f"{labels} {' '.join(re.sub('<[^>]*>', ' ', shown).split())}"


def told(cell: Cell) -> str:
    """All that the cell has ever shown in any form."""
    texts = (text for message in cell.messages for text in message["data"].values() if isinstance(text, str))
    return "\n".join(map(words, texts))


def timeless(text: str) -> str:
    """The text with no times and rates in it."""
    return re.sub(r"\d+(\.\d+)? (秒|token/秒)", r"# \2", text)


def cut(words: str) -> Answer:
    return Answer(words, finish_reason="length")


def test_a_panel_and_its_details(chinese: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("回复", reasoning="想"))
    cell = chinese.run("%%glm --system 简短\n你好")
    assert (
        timeless(cell.plain(1))
        == f"{MODEL} · # 秒 · 首个 token # 秒 · # token/秒 · 12 + 3 个 token · 免费 · 上下文 < 1 %"
    )
    shown = words(cell.html(1))
    for part in (
        "这条回复的用量",
        "输入 token 12",
        "结束原因 stop",
        "系统提示 简短",
        "对话 1 轮",
        "输出 token 3，其中思考 1",
    ):
        assert part in shown
    assert "<summary>思考过程</summary>" in cell.markdown()
    assert cell.messages[0]["data"]["text/plain"] == f"… 等待 {MODEL}"
    assert not english_in(told(cell))


def test_why_a_reply_ended_early_and_how_to_go_on(chinese: Page, server: PracticeServer) -> None:
    server.enqueue(cut("一半"))
    cell = chinese.run("%%glm --max-tokens 3\n说", "a")
    assert cell.plain(1).startswith("已截断：回答达到了最大长度。%glm continue 可从这里续写。\n")
    server.enqueue(Answer("另一半"))
    followed = chinese.run("%glm continue", "b")
    assert "回复已在另一个单元格中续写，那里显示全部内容。" in told(followed)


def test_an_error_says_what_to_do(chinese: Page, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1301", "unsafe"))
    error = chinese.run("%%glm\n你好").error
    assert isinstance(error, GLMError) and error.message == "服务检测到请求中有不安全或敏感内容。"


def test_replies_side_by_side(chinese: Page, server: PracticeServer) -> None:
    chinese.magics.chat.limit = 1
    server.enqueue(Answer("一"), Answer("二"))
    cell = chinese.run("%%glm -m glm-5.3 -m glm-4.7-flash\n为什么？")
    note, *_ = cell.plain(1).splitlines()
    assert note == "%glm keep NAME 选用其中一条回复，使其成为对话的一轮。"
    assert "这些回复的用量" in words(cell.html(1)) and not english_in(told(cell))


def test_a_table_and_what_failed_in_it(chinese: Page, server: PracticeServer) -> None:
    chinese.names["t"] = pd.DataFrame({"text": ["甲", "乙", None, None]})
    preview = chinese.run("%%glm --each t --preview\n分类：{{ text }}")
    assert preview.plain().startswith("**什么都没有发送。** 4 行、2 个不同值；发给 glm-4.7-flash 的提示词约 ")
    server.enqueue(Answer("好"), Answer("差"))
    cell = chinese.run("%%glm --each t -o t\n分类：{{ text }}")
    failed, line = cell.plain(1).splitlines()
    assert failed == (
        '2 行失败（第 2、3 行）：这一行没有 {{ text }} 的值。{{ column | default("…") }} 指定缺失值用什么代替。'
    )
    assert line.startswith("4 行 · 2 行失败 · ") and "个 token · 免费 · " in line
    assert "2 / 4 行" in words(cell.html(1)) and not english_in(words(cell.html(1)))


def test_a_drawing(chinese: Page) -> None:
    cell = chinese.run("%%glm --draw\n一只猫")
    shown = words(cell.html(1))
    assert "这次绘图的用量" in shown and "尺寸 1024 × 1024 像素" in shown and not english_in(shown)


def test_the_dashboard(chinese: Page, server: PracticeServer) -> None:
    assert chinese.run("%glm usage").plain() == "还没有提问。"
    server.enqueue(Answer("一"), Answer("二"))
    chinese.run("%%glm\n你好")
    chinese.run("%%glm -m glm-4.6\n你好")
    cell = chinese.run("%glm usage")
    totals, *_, as_of = cell.plain().splitlines()
    assert totals.startswith("2 个请求 · 输入 ") and totals.endswith(" · 1 个请求价格未知")
    assert as_of == "截至第 2 个请求；此后的请求见 %glm usage。"
    assert not english_in(words(cell.html(0)))


@pytest.mark.parametrize(("answer", "ran"), [("是", True), (" Y ", True), ("否", False), ("", False), ("n", False)])
def test_questions_are_asked_and_answered_in_chinese(
    chinese: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch, answer: str, ran: bool
) -> None:
    asked: list[str] = []

    def typed(question: str = "") -> str:
        asked.append(question)
        return answer

    monkeypatch.setattr("builtins.input", typed)
    chinese.run('def f(x: int) -> int:\n    """Double."""\n    calls.append(x)\n    return 2 * x\ncalls = []')
    calls = [tool_call("f", {"x": 3}, id="a"), tool_call("python", {"code": "calls.append(4)\n5"}, id="b")]
    server.enqueue(Answer("", tool_calls=calls), Answer("好"))
    cell = chinese.run("%%glm --tool confirm(f) --tool python\n算")
    assert cell.success and asked == ["是否运行 f？[y/N] ", "是否运行这 2 行 Python 代码？[y/N] "]
    assert chinese.names["calls"] == ([3, 4] if ran else [])


def test_what_python_tells_the_model_is_in_the_language_of_the_prompt(chinese: Page, server: PracticeServer) -> None:
    for prompt, said in (("请运行", "运行完毕，没有输出。"), ("Run it", "It ran without output.")):
        server.enqueue(Answer("", tool_calls=[tool_call("python", {"code": "x = 1"}, id="a")]), Answer("done"))
        assert chinese.run(f"%%glm --tool python!\n{prompt}").success
        assert server.requests[-1].body["messages"][-1]["content"] == said


def test_a_page_may_change_its_language_while_a_panel_is_live(page: Page, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("The beginning")), STALL)))
    begun = page.run("%%glm --bg\nWhy?")
    assert "asked in the background (job 1)" in begun.plain()
    (job,) = page.session.jobs.all
    while job.work.state == "waiting":
        time.sleep(0.01)
    assert page.run("%glm language zh").success
    stopped = page.run("%glm stop")
    assert stopped.success
    assert stopped.messages and "已中断。" in told(stopped) and not english_in(told(stopped).replace("The", ""))
    assert page.run("%glm language en").plain() == "Messages are shown in English."


def test_turns_that_are_set_aside(chinese: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("一"), Answer("二"))
    chinese.run("%%glm\n你好", "a")
    cell = chinese.run("%%glm\n再来", "b", deleted=["a"])
    assert cell.plain(1).startswith("1 轮已暂存：其单元格已删除。%glm restore 可恢复。\n")


def test_the_journal_that_is_offered(chinese: Page, server: PracticeServer, tmp_path: Path) -> None:
    from zhipu_magic.notebook.page.identity import Identified

    notice: Any = Identified("a", replaces="Why?").notice
    assert notice.in_language("zh") == "该单元格先前的轮次内容不同（“Why?”），已被取代：%glm undo 可恢复。"


# In a terminal


@pytest.fixture
def in_chinese() -> Any:
    reader.choose("zh")
    yield
    reader.choose("auto")


def _painters(chat: Chat) -> dict[str, Callable[[Any], Any]]:
    options = ShowOptions(panel="settle", streamed=True, alone=True)

    def figures(reply: Any) -> Callable[[Any], Figures]:
        return lambda notices: Figures.of(chat.standing(reply), reply.progress, notices)

    return {
        "plain": lambda reply: PlainPainter(figures(reply), options),
        "typeset": lambda reply: TypesetPainter(figures(reply), options, Screen(coloured=False)),
    }


@pytest.mark.parametrize("kind", ["plain", "typeset"])
def test_a_terminal_says_it_too(
    kind: str, chat: Chat, server: PracticeServer, in_chinese: None, capsys: pytest.CaptureFixture[str]
) -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    server.enqueue(Answer("", tool_calls=[tool_call("add", {"a": 1, "b": 2}, id="a")]), cut("回复"))
    reply = chat.ask("你好", tools=[add])
    watch(reply, _painters(chat)[kind](reply))
    shown = timeless(re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", capsys.readouterr().out))
    assert "[add(a=1, b=2) · # 秒 → 3]" in shown
    assert "已截断：回答达到了最大长度。%glm continue 可从这里续写。" in shown
    assert "[glm-4 · # 秒 · 首个 token # 秒" in shown
    assert not english_in(shown)
