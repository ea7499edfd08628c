"""Commands, options, settings and their help as a Chinese reader sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from english import chinese_in, english_in
from in_process import Page
from IPython.core.completer import provisionalcompleter

from zhipu_magic.notebook import costs, notices
from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.notebook.hints import HINTS
from zhipu_magic.notebook.line.options import PARSER
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.text.languages.language import reader
from zhipu_magic.text.languages.messages import Message, _, told
from zhipu_magic.text.wrapping import width


@pytest.fixture
def chinese(page: Page) -> Iterator[Page]:
    page.run("%glm language zh")
    yield page
    page.run("%glm language auto")


def shown(page: Page, line: str) -> str:
    """What a cell shows, or its error."""
    cell = page.run(line)
    return cell.plain() if cell.success else str(cell.error)


# Help


def test_each_command_is_listed_and_explained(chinese: Page) -> None:
    lines = shown(chinese, "%glm help").split("\n\n")[0].splitlines()
    assert len(lines) == len(COMMANDS) + 2
    for line in lines[2:]:
        assert chinese_in(line) or ".ipynb" in line, line
    assert all(width(line) <= 80 for line in lines)
    assert shown(chinese, "%glm help redo") == (
        "`%glm redo [N]`：重做已撤销的更改。\n\n"
        "重做用 %glm undo 撤销的更改。\n\n"
        "| 参数 | 含义                     |\n"
        "|------|--------------------------|\n"
        "| `N`  | 更改的次数；省略时为一次 |\n\n"
        "```text\n%glm redo\n%glm redo 2\n```"
    )
    assert "%glm explain 第二行为什么是空的？" in shown(chinese, "%glm help explain")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_help_of_a_command_is_in_english(chinese: Page, name: str) -> None:
    explained, _fence, _examples = shown(chinese, f"%glm help {name}").partition("```text")
    assert chinese_in(explained) and not english_in(explained)


def test_the_question_mark_fits_a_terminal(
    chinese: Page, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for magic in ("%glm", "%%glm"):
        chinese.run(f"%pinfo {magic}")
        said = capsys.readouterr().out.partition("File:")[0]
        assert not english_in(said)
        wide = [line for line in said.splitlines() if width(line) > 80]
        assert not wide
    assert "\n返回什么：\n" in said
    assert re.search(r"--seed NUMBER\s+采样的随机种子，使回答可以重现\n\s+%%glm --seed 7\n", said)


def test_the_options_have_their_groups(chinese: Page) -> None:
    said = shown(chinese, "%%glm --help")
    assert "| `--no-stream` | 回复完成后才显示 " in said and "| 显示什么 " in said
    assert not english_in(said)
    for action in PARSER._actions:
        assert chinese_in(told(action.help))


def test_the_settings_are_explained(chinese: Page, capsys: pytest.CaptureFixture[str]) -> None:
    chinese.run("%config GLMMagics")
    said = capsys.readouterr().out
    assert said.startswith("GLMMagics 的设置\n")
    assert "GLMMagics.stream=<Bool>\n    回复到达时即显示；否则在完成后显示。\n    当前值：True\n" in said
    assert "    可选：['settle', 'live', 'off']\n" in said
    assert not english_in(said) and all(width(line) <= 80 for line in said.splitlines())


# Mistakes


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%glm hsitory", "%glm 没有命令 hsitory。是不是想写 %glm history？要向模型提问，用 %glm ask TEXT。"),
        ("%glm undo x", "'x' 不是正整数：%glm undo N 撤销最近的 N 次更改。"),
        ("%glm threads x", "%glm threads 不带参数；什么都没有做。"),
        ("%glm history 3-1", "范围要从较小的编号开始：%glm history 1-3。"),
        ("%glm practice none.yaml", "无法读取 none.yaml："),
        ("%glm ask --once x", "%glm ask 不接受选项；选项写在单元格里：%%glm --once …"),
        ("%%glm --foo\nx", "%%glm 没有选项 --foo。%%glm? 列出所有选项。"),
        ("%%glm -m\nx", "参数 -m/--model：需要一个参数。%%glm? 列出所有选项。"),
        ("%%glm --temperature x\nx", "参数 --temperature：'x' 不是数字。%%glm? 列出所有选项。"),
        ("%%glm --quality x\nx", "参数 --quality：没有 'x' 这个选择（可选：'standard'、'hd'）。"),
        ("%%glm --once=3\nx", "参数 --once：不接受值 '3'。"),
        ("%%glm --tool pyton!\nx", "参数 --tool：'pyton!' 不是函数名。是不是想写 python!？%%glm? 列出所有选项。"),
        ("%%glm --seed 1 --seed 2\nx", "--seed 1 和 --seed 2 互相矛盾：只写一个。"),
        ("%%glm -s “x\nx", "%%glm 行中的引号 “ 没有结束：缺少 ”。也可以用普通的双引号。"),
    ],
)
def test_a_mistake_on_a_line(chinese: Page, server: PracticeServer, line: str, said: str) -> None:
    assert shown(chinese, line).startswith(said)
    assert not server.requests


def test_a_mistake_before_a_turn_that_stays(chinese: Page) -> None:
    assert chinese.run("%%glm\nx", "a").success
    cell = chinese.run("%%glm --seed x\ny", "a")
    assert str(cell.error) == ("参数 --seed：'x' 不是整数。%%glm? 列出所有选项。这个单元格之前的轮次保留在对话中。")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("timeout = 0", "timeout 必须是大于 0 的秒数，不能是 0。"),
        ("stream = 3", "stream 应是布尔值，不能是 3（int）。"),
        ("panel = 'q'", "panel 应是以下之一：['settle', 'live', 'off']，不能是 'q'（str）。"),
        ("temperature = 'q'", "temperature 应是数字，不能是 'q'（str）。"),
        ("above = 'q'", "above 应是整数，不能是 'q'（str）。"),
        ("model = 3", "model 应是字符串，不能是 3（int）。"),
    ],
)
def test_a_setting_that_cannot_be(chinese: Page, caplog: pytest.LogCaptureFixture, setting: str, said: str) -> None:
    chinese.run(f"%config GLMMagics.{setting}")
    assert caplog.messages[-1] == said


# What commands say


def test_the_status_and_the_model(chinese: Page) -> None:
    chinese.run("%%glm\nx")
    said = shown(chinese, "%glm")
    assert re.search(r"\n\| 模型 +\| glm-4.7-flash +\|\n\| 服务 +\| http", said)
    assert said.endswith(
        "用 `%%glm` 继续，用 `%glm history` 回顾，用 `%glm thread NAME` 重新开始。`%glm help` 列出所有命令。"
    )
    assert shown(chinese, "%glm model").startswith(
        "当前模型是 **glm-4.7-flash**：上下文窗口 200K token，最长回答 128K，"
    )
    assert "| 元 / 百万 token：输入 / 输出 " in shown(chinese, "%glm models")


def test_what_an_error_says_is_quoted_as_it_is_written(chinese: Page) -> None:
    chinese.run("%%glm\nx")
    chinese.run("%glm continue")
    said = str(chinese.run("%glm fix").error)
    assert said == (
        "没有要修复的异常。最近一次失败不是代码的错误，错误信息已说明该怎么做：“上一条回复是完整的，没有可续写的内容。"
        "%glm continue 用于被中断的回复，或因达到最大长度而被截断的回复。”"
    )


def test_turns_and_threads(chinese: Page, server: PracticeServer) -> None:
    server.enqueue(*map(Answer, "123"))
    for cell in "abc":
        chinese.run("%%glm\nx", cell)
    history = shown(chinese, "%glm history")
    assert history.splitlines()[0].split() == ["|", "轮次", "|", "单元格", "|", "提示词", "|", "token", "|"]
    assert shown(chinese, "%glm fork other --at 2") == (
        "当前对话线改为 **other**，带有 main 的 2 轮。新的轮次只进入这里；`%glm thread main` 返回原来的对话线。"
    )
    assert "对话线现有 1 轮。用 `%glm redo` 重做。" in shown(chinese, "%glm undo")
    assert shown(chinese, "%glm budget 200k tokens").startswith("整个对话的预算是 200,000 个 token，还剩 ")
    assert shown(chinese, "%glm reset") == (
        "对话线已清空：移除了 1 轮。系统提示和用量保留；`%glm undo` 可恢复这些轮次。"
    )


def test_the_key_is_asked_for(chinese: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or "not.shown")
    assert shown(chinese, "%glm login coding").startswith("密钥已设置。密钥保留到内核结束；--save 可把它保存下来。")
    assert asked == ["API 密钥（open.bigmodel.cn，输入时不显示）："] and type(asked[0]) is str


def test_tab_says_what_a_candidate_is(chinese: Page) -> None:
    with provisionalcompleter():
        found = {one.text: one.type for one in chinese.shell.Completer.completions("%%glm --tempe", 13)}
    assert found == {"--temperature": "选\u2060项"}  # which JupyterLab shows in one piece


# Without a page


@pytest.fixture
def chinese_reader() -> Iterator[None]:
    reader.choose("zh")
    yield
    reader.choose("auto")


def test_notices_and_costs(chinese_reader: None) -> None:
    assert told(notices.set_aside(2, _("deleted"), elsewhere="b")).startswith("对话线 b 的 2 轮已暂存：")
    assert notices.set_aside(1, "deleted") == (
        "1 turn was set aside: its cell was deleted. %glm restore brings it back."
    )
    assert told(costs.with_date(0.5)).startswith("≈ ¥0.5000（2")
    assert costs.OF_PRACTICE == "free: practice" and told(costs.OF_PRACTICE) == "免费（练习）"


@pytest.mark.parametrize("hint", dict.fromkeys(HINTS.values()))
def test_every_hint_is_in_chinese(chinese_reader: None, hint: str) -> None:
    said = told(Message(hint))
    assert not english_in(said)
    assert chinese_in(said) or hint.startswith("(%glm login")
