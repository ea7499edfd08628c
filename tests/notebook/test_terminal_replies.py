"""Replies in the IPython terminal as a reader sees them: typeset, drawn in place, and commanding nothing."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from zhipu_magic import Chat
from zhipu_magic.chat.watch import watch
from zhipu_magic.notebook.display.display import ShowOptions
from zhipu_magic.notebook.display.terminal import Terminal as Display
from zhipu_magic.practice import DONE, STALL, Answer, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.text.markup import Markup
from zhipu_magic.text.wrapping import width

pexpect = pytest.importorskip("pexpect", reason="a pseudo-terminal needs pexpect")
pyte = pytest.importorskip("pyte", reason="what is on a screen needs pyte")
if sys.platform == "win32":
    pytest.skip("there is no pseudo-terminal on Windows", allow_module_level=True)

from test_terminal import END, Terminal, rows_of, screen  # noqa: E402  # it needs pexpect as well

#: What we send besides words: attributes, and what draws lines again.
OURS = re.compile(r"\x1b\[(?:\?2026[hl]|\?7[hl]|J|\d+A|[\d;]*m)")
MARKDOWN = """# 标题

**注意：**请看 `code`，使用 Python 语言可以很方便地处理这个问题，因为它有丰富的标准库和第三方库。

1. 第一步
   - 读取数据
2. 第二步

| 模型 | 说明 |
|---|---|
| glm-4 | 通用模型，速度快，适合大多数任务，价格也很低，使用时请注意上下文长度 |

```python
def load(path):
    return path  # 注释
```

The end.
"""


@pytest.fixture(scope="module")
def one_terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    running = Terminal(tmp_path_factory.mktemp("ipython"), "--simple-prompt", colours="linux")
    yield running
    running.stop()


@pytest.fixture
def terminal(one_terminal: Terminal, server: PracticeServer) -> Iterator[Terminal]:
    settings = {"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": server.api_key}
    one_terminal.run(f"os.environ.update({settings!r})")
    one_terminal.run("%glm reset")
    yield one_terminal
    one_terminal.child.setwinsize(50, 120)


def streamed(text: str, gap: float = 0.0, size: int = 4) -> tuple[object, ...]:
    """The text as a reply of many chunks."""
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    return tuple(item for piece in pieces for item in (sse(chunk(piece)), gap))


def thought(text: str, gap: float = 0.0, size: int = 8) -> tuple[object, ...]:
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    return tuple(item for piece in pieces for item in (sse(chunk(reasoning=piece)), gap))


def shown_by(chat: Chat, monkeypatch: pytest.MonkeyPatch, **options: object) -> str:
    """What a terminal is sent for a reply, asked from Python."""

    class Tty(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    tty = Tty()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", tty)
        reply = chat.ask("hi", **options)  # type: ignore[arg-type]
        show = ShowOptions(panel="settle", streamed=not reply.replayed, alone=True)
        watch(reply, Display().painter(reply.progress, lambda: chat.standing(reply), show))
    return tty.getvalue().replace("\n", "\r\n")


# How it looks


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_streamed_reply_leaves_the_lines_of_a_whole_one(
    terminal: Terminal, server: PracticeServer, width: int
) -> None:
    terminal.child.setwinsize(24, width)
    server.enqueue(Raw((*streamed(MARKDOWN, 0.005), *END)), Answer(MARKDOWN))
    pages = []
    for options in ("--once", "--once --no-stream"):
        terminal.ask("hi", options)
        rows = rows_of(terminal.until_prompt(), width)
        assert all(len(row) <= width for row in rows)
        pages.append(rows[: next(place for place, row in enumerate(rows) if row.startswith("["))])
    assert pages[0] == pages[1]
    rows = pages[0]
    assert rows.count("标题") == rows.count("The end.") == 1
    assert rows[rows.index("1. 第一步") :][:3] == ["1. 第一步", "   ◦ 读取数据", "2. 第二步"]
    assert rows[rows.index("def load(path):") + 1] == "    return path  # 注释"


def test_words_are_bold_and_code_is_coloured_without_colours_only_bold(
    chat: Chat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.enqueue(Answer(MARKDOWN), Answer(MARKDOWN))
    sent = shown_by(chat, monkeypatch)
    assert "\x1b[1m注意：\x1b[0m" in sent and "\x1b[35mdef\x1b[0m" in sent
    monkeypatch.setenv("NO_COLOR", "1")
    sent = shown_by(chat, monkeypatch)
    assert "\x1b[1m注意：\x1b[0m" in sent and not re.search(r"\x1b\[[\d;]*[34]\d", sent)


def test_reasoning_shows_its_end_and_then_how_long_it_took(terminal: Terminal, server: PracticeServer) -> None:
    thoughts = "".join(f"Thought number {number}.\n" for number in range(30))
    server.enqueue(Raw((*thought(thoughts, 0.02), *streamed("The *answer*."), *END)))
    terminal.ask("hi")
    terminal.child.expect_exact("Thought number 20")
    rows = screen(terminal.until_prompt().partition("\x1b[?2026h")[2])
    assert re.fullmatch(r"\[reasoned for \d\.\d s\]", rows[0])
    assert rows[1] == "The answer." and rows[2].startswith("[glm-4.7-flash")
    assert len(rows) == 3


def test_a_typed_answer_shows_as_its_table(terminal: Terminal, server: PracticeServer) -> None:
    answer = json.dumps([{"name": "张三", "age": 3}, {"name": "李四", "age": 5}], ensure_ascii=False)
    server.enqueue(Raw((*streamed(answer, 0.02), *END)))
    terminal.ask("who?", "--as list[dict]")
    rows = screen(terminal.until_prompt())
    assert rows[:4] == ["name │ age", "─────┼────", "张三 │ 3", "李四 │ 5"]


def test_a_replay_shows_calls_and_sources_as_the_reply_did(
    server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(number: int) -> int:
        return number // 2

    found = {"title": "News", "link": "https://a.example/x", "media": "Paper", "refer": "ref_1"}
    server.enqueue(
        Answer("Let me *look*.", tool_calls=(tool_call("half", {"number": 4}, id="1"),)),
        Answer("It is **2** [ref_1].", extra={"web_search": [found]}),
    )
    pages = []
    for replay in ("off", "only"):
        address, journal = server.base_url, tmp_path / "j.jsonl"
        with closing(
            Chat(base_url=address, api_key=server.api_key, journal=journal, replay=replay, tools=[half])
        ) as chat:
            pages.append(screen(shown_by(chat, monkeypatch)))
    rows = [row for row in pages[0] if not row.endswith("…]")]
    assert rows == pages[1]
    assert rows[0] == "Let me look."
    assert re.fullmatch(r"\[half\(number=4\) · \d\.\d s → 2\]", rows[1])
    assert rows[2:5] == ["It is 2 [ref_1].", "Sources:", "1. News <https://a.example/x> · Paper"]


def test_show_sets_a_kept_reply_as_it_was_set(terminal: Terminal, server: PracticeServer) -> None:
    terminal.run("def half(number: int) -> int: return number // 2")
    call = tool_call("half", {"number": 4}, id="1")
    server.enqueue(Answer("Let me *look*.", tool_calls=(call,)), Answer("- It is **2**.", reasoning="why"))
    terminal.ask("hi", "--tool half")
    replied = screen(terminal.until_prompt())
    shown = screen(terminal.run("%glm show"))
    assert shown == ["Let me look.", "[half(number=4) → 2]", "[reasoned]", "• It is 2."]
    assert [row for row in replied if row in shown] == [shown[0], *shown[2:]]


@pytest.mark.parametrize("columns", [40, 60, 66])
def test_a_line_of_figures_is_broken_between_them(terminal: Terminal, server: PracticeServer, columns: int) -> None:
    terminal.child.setwinsize(50, columns)
    server.enqueue(Answer("words", prompt_tokens=12, completion_tokens=345))
    terminal.ask("hi")
    rows = screen(terminal.until_prompt(), columns)[1:]
    assert len(rows) > 1
    parts = " ".join(rows).strip("[]").split(" · ")
    assert all(any(part in row for row in rows) for part in parts if len(part) < 32)
    assert any(re.search(r"12 \+ 345 tokens", row) for row in rows) and any("context < 1 %" in row for row in rows)


def test_all_of_the_reasoning_is_shown_faintly_to_whoever_asks(terminal: Terminal, server: PracticeServer) -> None:
    thoughts = "".join(f"Step {number} of it, with **stars**.\n" for number in range(40))
    server.enqueue(Answer("It is **2**.", reasoning=thoughts), Answer("Yes."))
    terminal.ask("hi")
    assert "Step 0" not in "".join(screen(terminal.until_prompt()))
    shown = screen(sent := terminal.run("%glm show --reasoning"))
    assert shown == [*(f"  {line}" for line in thoughts.splitlines()), "[reasoned]", "It is 2."]
    assert "\x1b[2mStep 0 of it, with **stars**." in sent.replace("\x1b[2m  \x1b[0m", "")
    assert screen(terminal.run("%glm show 1")) == ["[reasoned]", "It is 2."]
    terminal.ask("Really?")
    terminal.until_prompt()
    assert screen(terminal.run("%glm show 2 —reasoning")) == ["The service sent no reasoning for this reply.", "Yes."]
    assert screen(terminal.run("%glm show 1 --reasoning"))[0] == "  Step 0 of it, with **stars**."


# How it is drawn


def test_what_is_finished_stays_and_frames_go_by_time(terminal: Terminal, server: PracticeServer) -> None:
    text = "".join(f"Paragraph {number} of the reply.\n\n" for number in range(40))
    server.enqueue(Raw((*streamed(text, 0.005), *END)))
    terminal.ask("hi")
    began = time.monotonic()
    printed = terminal.until_prompt()
    seconds = time.monotonic() - began
    assert printed.count("\x1b[?2026h") <= 10 * seconds + 5
    assert printed.count("Paragraph 3 ") <= 4, "a finished paragraph is not sent again"
    assert [row for row in screen(printed) if row.startswith("P")] == text.split("\n\n")[:-1]


def test_a_block_that_is_taller_than_the_window_is_whole_in_the_end(terminal: Terminal, server: PracticeServer) -> None:
    terminal.child.setwinsize(10, 60)
    rows = [f"| {number} | 说明 {number} |" for number in range(40)]
    server.enqueue(Raw((*streamed("\n".join(["| a | b |", "|---|---|", *rows]), 0.01, 20), *END)))
    terminal.ask("hi")
    shown = pyte.HistoryScreen(60, 10, history=500)
    pyte.Stream(shown).feed(terminal.until_prompt())
    lines = ["".join(row[column].data for column in range(60)) for row in shown.history.top] + shown.display
    for number in range(40):
        assert sum(f"说明 {number} " in f"{line} " for line in lines) == 1, number


def test_ctrl_c_leaves_each_word_once_and_the_cursor_below(terminal: Terminal, server: PracticeServer) -> None:
    server.enqueue(Raw((*streamed("# Title\n\n- one\n- two\n\nhalf a "), STALL)))
    terminal.ask("hi")
    terminal.child.expect_exact("half a")
    before = terminal.child.before + "half a"
    time.sleep(0.2)
    terminal.child.sendintr()
    rows = screen(before + terminal.until_prompt())
    assert rows[:4] == ["Title", "• one", "• two", "half a"] and rows[4].startswith("[glm-4.7-flash")
    assert sum("nterrupted" in row for row in rows) == 1
    assert "\x1b[?25l" not in "".join(rows) and terminal.run("1 + 1").strip().endswith("2")


def test_an_emoji_that_is_wider_than_we_think_takes_no_row_of_its_own(
    chat: Chat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.enqueue(Raw((*streamed("🏳️‍🌈" * 60, 0.01), *END)))
    sent = shown_by(chat, monkeypatch)
    frames = sent.split("\x1b[?2026h")[1:-1]
    assert any("\x1b[?7l" in frame for frame in frames)
    assert all(frame.count("\x1b[?7l") == frame.count("\x1b[?7h") for frame in frames)


# Where there is no screen


@pytest.mark.parametrize("where", ["%%capture out", "dumb"])
def test_where_there_is_no_screen_the_words_are_plain(terminal: Terminal, server: PracticeServer, where: str) -> None:
    server.enqueue(Answer("# Title\n\n**bold**"))
    if where == "dumb":
        terminal.run("os.environ['TERM'] = 'dumb'")
        terminal.ask("hi", "-q")
        printed = terminal.until_prompt()
        terminal.run("os.environ['TERM'] = 'xterm'")
    else:
        terminal.type(f"{where}\n%glm ask hi\n\n")
        assert terminal.until_prompt().strip() == ""
        printed = terminal.run("print(out.stdout)")
    assert printed.replace("\r\n", "\n").startswith("# Title\n\n**bold**\n")
    assert "\x1b" not in printed


def test_in_a_pipe_an_answer_is_broken_by_the_columns_that_it_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "21")
    Display().show_text(Markup("{text}", text="人工智能可以很方便地处理这个问题，因为它有标准库。"))
    lines = capsys.readouterr().out.splitlines()
    assert "".join(lines) == "人工智能可以很方便地处理这个问题，因为它有标准库。"
    assert len(lines) > 2 and max(map(width, lines)) <= 20


def test_under_time_it_is_the_same_and_the_time_follows(terminal: Terminal, server: PracticeServer) -> None:
    server.enqueue(Raw((*streamed("- *one*\n- two\n", 0.05), *END)))
    terminal.type("%%time\n%glm ask hi\n\n")
    rows = screen(terminal.until_prompt())
    assert rows[:2] == ["• one", "• two"]
    assert any(row.startswith("Wall time") for row in rows[3:])


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", "☑ a · │ b"), ("ascii", "[x] a - | b")])
def test_signs_are_spelt_where_the_encoding_does_not_have_them(
    monkeypatch: pytest.MonkeyPatch, encoding: str, sign: str
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    Display().show_text(Markup("☑ a · │ b"))
    out.flush()
    assert out.buffer.getvalue().decode(encoding).strip() == sign  # type: ignore[attr-defined]  # a BytesIO


# Attacks

ATTACKS = [
    "\x1b]52;c;cHdu\x07",
    "\x1b]0;pwn\x07",
    "\x9b31m",
    "\x1b[2J\x1b[H",
    "\x1bP1$r\x1b\\",
    "\x90pwn\x9c",
    "\x08\x0e\x05",
    "&#27;[2J",
    "\u202ehidden\u2066",
    "&#8238;hidden",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("gap", [0.0, 0.02])
def test_nothing_that_comes_from_outside_commands_the_terminal(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch, attack: str, gap: float
) -> None:
    def tool(text: str) -> str:
        return attack

    words = (
        f"{attack} **{attack}** `{attack}` [{attack}](http://a.org/{attack} '{attack}') ![{attack}](x{attack})\n\n"
        f"# {attack}\n\n| {attack} | b |\n|---|---|\n| {attack} | `{attack}` |\n\n- {attack}\n\n> {attack}\n\n"
        f"```{attack}\n{attack}\n```\n\n```python\n'{attack}' # {attack}\n```\n\n    {attack}\n\n$ {attack} $\n\n"
        f"$$\n{attack}\n$$\n\n[r]: http://a.org/{attack}\n[r] <http://{attack}>\n\n"
        f"[bold]{attack}[/bold] [link={attack}]x"
    )
    found = {"title": attack, "link": f"http://a.example/{attack}", "media": attack, "refer": "ref_1"}
    server.enqueue(
        Answer(words, reasoning=attack, tool_calls=(tool_call("tool", {"text": attack}, id="1"),)),
        Raw((*thought(attack, gap), *streamed(words, gap), sse(chunk(finish_reason="stop", web_search=[found])), DONE)),
    )
    with closing(Chat(base_url=server.base_url, api_key=server.api_key, tools=[tool])) as chat:
        sent = shown_by(chat, monkeypatch)
    rest = OURS.sub("", sent).replace("\r\n", "").replace("\r", "")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", rest), (
        "but for ours, no sequence is left"
    )
    assert "[bold]" in rest and "[/bold]" in rest and "Sources:" in rest
