"""What stands on the page while a reply grows, and when it is whole."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Page

from zhipu_magic.history.markdown import folded_reasoning
from zhipu_magic.practice import DONE, Answer, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.characters import shorten
from zhipu_magic.text.languages.numbers import money
from zhipu_magic.text.markdown import fenced
from zhipu_magic.text.tables import table

WIDGET = "application/vnd.jupyter.widget-view+json"


def test_something_shows_at_once_and_the_last_frame_holds_all(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("one two three", pieces=("one", " two", " three")))
    cell = page.run("%%glm\ncount")
    first, second = cell.messages[:2]
    assert first["data"]["text/plain"] == "… waiting for glm-4.7-flash"
    assert WIDGET in second["data"]
    assert cell.plain(0) == "one two three"


def test_streamed_and_unstreamed_runs_leave_the_same_outputs(page: Page, server: PracticeServer) -> None:
    answer = Answer(
        "The answer.",
        reasoning="Let me think.",
        id="1",
        created=2,
        prompt_tokens=10,
        cached_tokens=4,
        reasoning_tokens=3,
    )
    outputs = []
    completions = []
    for line in ("%%glm -b response", "%%glm --no-stream -b response"):
        server.enqueue(answer)
        outputs.append(_without_times(str(page.run(f"{line}\nwhy").outputs)))
        completions.append(str(page.names["response"]))
        page.run("%unload_ext zhipu_magic")
        page.run("%load_ext zhipu_magic")
    assert outputs[0] == outputs[1]
    assert completions[0] == completions[1]


def _without_times(shown: str) -> str:
    return re.sub(r"\d+\.\d+ s\b", "T", re.sub(r"\d+ tok/s", "R", shown))


def test_an_unstreamed_run_is_published_once(page: Page) -> None:
    cell = page.run("%%glm --no-stream\n你好")
    assert [message["update"] for message in cell.messages] == [False, False]


def test_the_reply_names_its_model_request_finish_reason_and_usage(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("ok", id="reply-7", prompt_tokens=3, completion_tokens=1))
    told = page.run("%%glm -m glm-4\n你好").outputs[0]["metadata"]["zhipu_magic"]
    assert (told["model"], told["request_id"], told["finish_reason"]) == ("glm-4", "reply-7", "stop")
    assert told["usage"]["total_tokens"] == 4


def test_reasoning_is_folded_above_the_words(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("The *answer*.", reasoning="First,\n\nthen </details> <b>so</b>."))
    cell = page.run("%%glm\nwhy")
    block, words = cell.markdown().split("\n\n", 1)
    assert block.startswith("<details><summary>Reasoning</summary>")
    assert "<blockquote>First,<br><br>then &lt;/details&gt;" in block
    assert words == cell.plain() == "The *answer*."


def test_while_it_reasons_only_the_tail_is_sent(page: Page, server: PracticeServer) -> None:
    steps: list[bytes | float] = []
    for number in range(40):
        steps += [sse(chunk(reasoning=f"step {number} " * 40)), 0.02]
    server.enqueue(Raw((*steps, sse(chunk(content="done")), sse(chunk(finish_reason="stop")), DONE)))
    cell = page.run("%%glm\nwhy")
    growing = [message["data"].get("text/markdown", "") for message in cell.messages[:-2]]
    lines = [markdown for markdown in growing if "▸ Reasoning" in markdown]
    assert len(lines) > 2
    assert max(map(len, lines)) < 1_500 < len(cell.markdown())


class _Reader(HTMLParser):
    """What an HTML reader sees: the elements and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_reasoning_breaks_out_of_its_block(thoughts: str) -> None:
    block = folded_reasoning(thoughts).rich
    reader = _Reader()
    reader.feed(block)
    assert "\n" not in block
    assert "\r" not in block
    assert set(reader.tags) <= {"details", "summary", "blockquote", "span", "br"}
    inside = block.split("<blockquote>")[1].removesuffix("</blockquote></details>")
    assert not set(re.sub(r"<br>|</?span>|&#?\w+;", "", inside)) & set("`$\\*_~[]<>&")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("length", "reached its maximum length"),
        ("sensitive", "sensitive content"),
        ("network_error", "an error of its own"),
        ("model_context_window_exceeded", "fills the model&#x27;s context"),
    ],
)
@pytest.mark.parametrize("quiet", ["", "-q"])
def test_a_reply_that_was_cut_off_says_so_under_the_text(
    page: Page, server: PracticeServer, reason: str, words: str, quiet: str
) -> None:
    server.enqueue(Answer("Once upon a", finish_reason=reason))
    cell = page.run(f"%%glm {quiet} -b response\ntell")
    assert cell.success
    assert cell.plain(0) == "Once upon a"
    assert words in cell.html(1)
    assert page.names["response"].choices[0].finish_reason == reason


def test_a_length_that_ends_in_the_reasoning_is_shown_and_left_out_of_the_conversation(
    page: Page, server: PracticeServer
) -> None:
    server.enqueue(Answer("", reasoning="Let me think", finish_reason="length"))
    cell = page.run("%%glm -b response\nwhy")
    assert cell.success
    assert "Let me think" in cell.markdown()
    assert "not in the conversation" in cell.html(1)
    assert page.magics.chat.thread().turns == ()
    assert page.names["response"].choices[0].message.reasoning_content == "Let me think"


def test_the_panel_counts_tokens_money_and_the_conversation(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("ok", prompt_tokens=1_000, completion_tokens=500, cached_tokens=400, reasoning_tokens=300))
    cell = page.run("%%glm -m glm-5.3\n你好")
    shown = cell.html(1)
    for fact in (
        "1,000, of them 400 cached",
        "500, of them 300 reasoning",
        "≈ ¥0.0196",
        "prices of 2026-09-03",
        "1 turn<",
        "1,500 tokens, ≈ ¥0.0196",
        "1,200 of 1,000,000 tokens",
        "glm-5.3",
        "stop",
    ):
        assert fact in shown
    assert "1,000 + 500 tokens" in cell.plain(1)


def test_a_model_without_a_price_shows_no_money(page: Page) -> None:
    shown = page.run("%%glm -m glm-4\n你好").html(1)
    assert "¥" not in shown
    assert "price not known" in shown


def test_what_comes_from_outside_is_escaped(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("ok", finish_reason='<img src=x onerror="alert(1)">'))
    shown = page.run("%%glm -m <script>alert(1)</script>\n你好").html(1)
    assert "<script" not in shown
    assert "<img" not in shown


def test_a_tool_call_is_told_and_left_out_of_the_conversation(page: Page, server: PracticeServer) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    import json

    cell = page.run(f"%%glm -b response --param 'tools={json.dumps([tool])}'\ncall f")
    assert cell.success
    assert page.names["response"].choices[0].message.tool_calls[0].function.name == "f"
    assert "asks for a tool" in cell.html(1)
    page.run("%%glm\n你好")
    assert server.requests[-1].body["messages"] == [{"role": "user", "content": "你好"}]


def test_a_table_stands_straight_with_chinese_in_it() -> None:
    assert table(("a", "b"), [("你好", "1"), ("x|y", "22")]).plain.splitlines() == [
        "| a    | b  |",
        "|------|----|",
        "| 你好 | 1  |",
        "| x\\|y | 22 |",
    ]


@given(st.text())
def test_nothing_in_a_text_closes_its_fence(text: str) -> None:
    block = fenced(text)
    fence = re.match("`+", block)
    assert fence is not None
    assert block.endswith(f"\n{fence[0]}")
    assert fence[0] not in text


@pytest.mark.parametrize(
    ("yuan", "shown"),
    [(0, "free"), (0.00001, "≈ ¥0.0001"), (0.0123, "≈ ¥0.0123"), (12.345, "≈ ¥12.35"), (1234.5, "≈ ¥1,234.50")],
)
def test_money_is_marked_as_an_estimate(yuan: float, shown: str) -> None:
    assert money(yuan) == shown


def test_a_long_text_is_cut_to_one_line() -> None:
    assert shorten("one\ntwo  three", 9) == "one two …"


# For those who hear it, or see no colours


class _Heard(HTMLParser):
    """What of a piece of HTML is told without its styles: words, and the labels of what is drawn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.told = ""
        self.roles: list[str | None] = []
        self._hidden: list[bool] = [False]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.roles += [given["role"]] if "role" in given else []
        self._hidden.append(self._hidden[-1] or tag == "style" or given.get("aria-hidden") == "true")
        self.told += f" {given.get('aria-label') or ''} "

    def handle_endtag(self, tag: str) -> None:
        self._hidden.pop()

    def handle_data(self, data: str) -> None:
        self.told += "" if self._hidden[-1] else data


@pytest.mark.parametrize("reason", ["stop", "length", "sensitive"])
def test_all_that_the_panel_tells_is_told_without_its_colours(page: Page, server: PracticeServer, reason: str) -> None:
    server.enqueue(Answer("words", finish_reason=reason, prompt_tokens=12, completion_tokens=345))
    cell = page.run("%%glm -m glm-4-plus -s 'Be a pirate.'\nhi")
    heard = _Heard(cell.html(1))
    *notes, line = cell.plain(1).split("\n")
    assert bool(notes) is (reason != "stop")
    for part in [*notes, *line.split(" · ")]:
        assert part in heard.told or part.startswith("context ")
    assert re.search(r"357 of 128,000 tokens of the context", heard.told)
    assert heard.roles == ["group", *["note"] * len(notes), "img"]
    assert "Usage of this reply" in heard.told


def test_while_it_grows_the_panel_has_the_same_name_and_no_ornament_is_heard(
    page: Page, server: PracticeServer, live: list[str]
) -> None:
    server.enqueue(Raw((sse(chunk("Some ")), 0.3, sse(chunk("words.")), sse(chunk(finish_reason="stop")), DONE)))
    page.run("%%glm -m glm-4-plus\nhi")
    growing = [value for value in live if "◦" in value]
    assert growing
    for value in growing:
        heard = _Heard(value)
        assert heard.roles[0] == "group" and "Usage of this reply" in heard.told and "◦" not in heard.told
