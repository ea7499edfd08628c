"""What a chat says, as a Chinese reader reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zhipu_magic import Chat
from zhipu_magic.chat.export.formats import exported
from zhipu_magic.history.budget import Budget
from zhipu_magic.history.journal.reader import read
from zhipu_magic.history.markdown import call_line, folded_calls, turn_page
from zhipu_magic.history.rounds import Called
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.service.profile import DEFAULT_BASE_URL
from zhipu_magic.text.errors import GLMError, InvalidAnswer, InvalidRequest, NotRecorded
from zhipu_magic.text.languages.language import reader
from zhipu_magic.text.languages.messages import told


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    reader.choose("zh")
    yield
    reader.choose("auto")


def test_a_transcript_has_chinese_headings(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("Hello.", finish_reason="length"))
    chat.ask("hi").text  # noqa: B018  # reads it
    parts = {"model": "glm-4", "base_url": DEFAULT_BASE_URL}
    assert exported(chat.thread(), ".md", **parts) == (
        "# 与 glm-4 的对话\n\n---\n\n**提问**\n\n> hi\n\n**glm-4** · 已截断\n\nHello.\n"
    )
    assert exported(chat.thread(), ".py", **parts).startswith('"""直接用 zhipuai SDK 把对话的最后一轮再问一次。\n')
    with pytest.raises(InvalidRequest) as caught:
        exported(chat.thread(), ".txt", **parts)
    assert str(caught.value) == "对话线不能导出为 .txt 文件。\n扩展名决定格式：.md、.json、.py 或 .ipynb。"


def test_calls_and_reasoning_are_folded_under_chinese_words(chat: Chat, server: PracticeServer) -> None:
    call = Called("1", "f", '{"x": 1}', "y" * 30_000, failed=True, seconds=1.0)
    assert told(call_line(call)).startswith("f(x=1) · 失败 · 1.0 ")
    more = Called("2", "f", "{}", "no", failed=True)
    shown = folded_calls([call, more, more]).bare
    assert "另有 2 次调用 · 未运行" in shown
    assert "… 还有 10,000 个字符，此处不显示。" in shown
    server.enqueue(Answer("words", reasoning="why"))
    chat.ask("hi").text  # noqa: B018  # reads it
    assert "<summary>思考过程</summary>" in turn_page(chat.thread().turns[0]).rich


def test_a_request_that_is_not_recorded_says_what_is_nearest(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "page.jsonl"
    recording = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    recording.ask("hello there", once=True).text  # noqa: B018  # reads it
    recording.close()
    replay = Chat("glm-4", journal=path, replay="only")
    with pytest.raises(NotRecorded) as caught:
        replay.ask("hello you", once=True).text  # noqa: B018  # reads it
    assert str(caught.value) == (
        "日志 page.jsonl 中没有这个请求。\n"
        "replay 为 'only'，所以什么都没有发送。chat.replay = \"auto\" 会向服务提问，并记录回答。\n"
        "最接近的是第 2 行的请求：第 1 条消息不同。记录的（user）：'hello there'；现在的：'hello you'"
    )


def test_an_answer_of_another_type_is_told_whole(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer('{"value": ', finish_reason="length"))
    with pytest.raises(InvalidAnswer) as caught:
        chat.ask("yes?", as_type=bool).value  # noqa: B018  # reads it
    assert caught.value.message == "回答因达到最大长度而被截断，不是有效的 bool。"
    assert caught.value.happened == "The answer was cut off at its maximum length and is not a valid bool."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5", "5 不是预算：缺少单位。\n写成 5 tokens 或 5 元。"),
        ("-5 yuan", "'-5 yuan' 不是预算：小于零。\n带上单位，如 5 元或 200k tokens。"),
        ("1.000 tokens", "'1.000 tokens' 有两种读法。\n写成“1000 token”或“1 token”。"),
    ],
)
def test_what_is_wrong_with_a_budget(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Budget.read(text)
    assert str(caught.value) == said


def test_what_of_a_journal_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "page.jsonl"
    path.write_text('{"id": "a-0", "event": "session", "version": 1}\nx\ny\n{"id": "a-1"', "utf-8")
    assert [told(note) for note in read(path).notes] == [
        "page.jsonl：最后一行不完整，可能是崩溃造成的，已略去。",
        "page.jsonl：第 2、3 行已损坏，已略去；其他行照常使用。",
    ]


def test_a_turn_that_is_missing_names_what_it_is_for(chat: Chat) -> None:
    for ask, said in ((chat.ask_again, "没有可以重试的轮次。"), (chat.go_on, "没有可以续写的轮次。")):
        with pytest.raises(GLMError) as caught:
            ask()
        assert caught.value.message == said
