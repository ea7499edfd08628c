"""The dashboard of `%glm usage`: sums where there are several, the newest request first, and what is left out told."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from in_process import Page

from zhipu_magic.history.ledger import Entry, Sums
from zhipu_magic.notebook import costs
from zhipu_magic.notebook.display.terminal import Terminal
from zhipu_magic.practice import DONE, Answer, PracticeServer, Raw, chunk, sse
from zhipu_magic.service.wire import Usage
from zhipu_magic.text.wrapping import width


def ask(page: Page, server: PracticeServer, prompt: str, options: str = "", tokens: int = 10) -> None:
    server.enqueue(Answer("words", prompt_tokens=tokens, completion_tokens=1))
    assert page.run(f"%%glm {options}\n{prompt}").success


def dashboards(page: Page) -> Iterator[str]:
    """The dashboard as text, and as HTML without its tags and chart."""
    yield page.run("%glm usage").plain()
    html = re.sub(r"<svg.*?</svg>", "", page.run("%glm usage").html(0))
    yield re.sub(r"<[^>]+>", " ", html.replace("</tr>", "\n"))


def test_before_anything_is_asked_it_says_so_and_a_reply_updates_it(page: Page, server: PracticeServer) -> None:
    assert page.run("%glm usage").plain() == "Nothing has been asked yet."
    server.enqueue(Answer("words"))
    cell = page.run("%%glm\none")
    assert any("1 request ·" in str(message["data"]) for message in cell.messages)


def test_the_newest_request_stands_first(page: Page, server: PracticeServer) -> None:
    for prompt in ("one", "two", "three"):
        ask(page, server, prompt)
    for shown in dashboards(page):
        assert shown.index("three") < shown.index("two") < shown.index("one")


def test_there_are_sums_by_model_and_by_thread_where_there_are_several(page: Page, server: PracticeServer) -> None:
    ask(page, server, "one", "-m glm-4", tokens=1_000)
    ask(page, server, "two", "-m glm-4", tokens=2_000)
    for shown in dashboards(page):
        assert "requests" not in shown.replace("2 requests", "")
    ask(page, server, "three", "-m glm-5.3 -t side", tokens=9_000)
    ask(page, server, "four", "-m glm-5.3 --once", tokens=500)
    for shown in dashboards(page):
        rows = [re.sub(r"[|\s]+", " ", line).strip() for line in shown.splitlines()]
        assert [row for row in rows if re.match(r"(glm-4|glm-5.3|main|side) \d ", row)] == [
            row for row in rows if re.match(r"glm-5.3 2 9,500 2 |glm-4 2 3,000 2 |side 1 9,000 1 |main 3 3,500 3 ", row)
        ]
        assert sum(bool(re.match(r"(glm-4|glm-5.3|main|side) \d ", row)) for row in rows) == 4


def test_sums_of_a_resumed_conversation_are_those_of_its_journal(
    page: Page, server: PracticeServer, tmp_path: object
) -> None:
    page.run(f"%config GLMMagics.journal = {str(tmp_path) + '/talk.jsonl'!r}")
    ask(page, server, "one", "-m glm-4", tokens=1_000)
    ask(page, server, "two", "-m glm-5.3 -t side", tokens=9_000)
    before = page.run("%glm usage").plain()
    page.run("%unload_ext zhipu_magic")
    page.run("%load_ext zhipu_magic")
    page.run(f"%glm resume {tmp_path}/talk.jsonl")
    assert page.run("%glm usage").plain() == before


def test_it_says_when_requests_are_left_out(page: Page, server: PracticeServer) -> None:
    for number in range(61):
        ask(page, server, f"prompt {number}.", "--once")
    for shown in dashboards(page):
        assert "The latest 60 of 61 requests:" in shown
        assert "prompt 60." in shown and "prompt 0." not in shown


def test_the_chart_says_without_colours_which_part_is_which(page: Page, server: PracticeServer) -> None:
    ask(page, server, "one")
    html = page.run("%glm usage").html(0)
    assert re.search(r'<svg role="img" aria-label="[^"]*prompt below, completion above"', html)
    assert "prompt, below" in html and "completion, above" in html


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_in_a_terminal_it_fits_the_width(
    page: Page,
    server: PracticeServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: int,
) -> None:
    ask(page, server, "一个很长的问题，" * 10, "-m glm-4", tokens=123_456)
    ask(page, server, "a long prompt with | in it, and again " * 3, "-t side")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("zhipu_magic.notebook.session.is_terminal", lambda shell: True)
    page.session.display = Terminal()
    capsys.readouterr()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    page.run("%glm usage")
    lines = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", capsys.readouterr().out).splitlines()
    assert any("123,456" in line for line in lines)
    assert all(width(line) <= columns for line in lines)


def test_it_says_of_which_request_its_figures_are(page: Page, server: PracticeServer) -> None:
    """A page that was reloaded is not updated any more."""
    ask(page, server, "one")
    for shown in dashboards(page):
        assert "As of request 1; if there were more since, %glm usage shows them." in shown
    server.enqueue(Answer("words"))
    messages = [str(message["data"]) for message in page.run("%%glm\ntwo").messages]
    updates = [message for message in messages if "2 requests ·" in message]
    assert updates and all("As of request 2;" in update for update in updates)


# What the service has not counted

COUNTED = Entry("glm-4.7", "one", Usage(100, 20, 120), cost=0.12, seconds=1.0)
STOPPED = Entry("glm-4.7", "two", None, cost=None, seconds=1.0, estimated_tokens=1_252, estimated_cost=0.01)
NO_PRICE = COUNTED._replace(cost=None)


@pytest.mark.parametrize(
    ("entries", "alone", "with_estimate"),
    [
        ((COUNTED,), "≈ ¥0.1200", "≈ ¥0.1200"),
        ((COUNTED, STOPPED), "≈ ¥0.1200", "≈ ¥0.1200, and about 1,252 tokens not counted"),
        ((STOPPED,), "not known", "not known, and about 1,252 tokens not counted"),
        ((STOPPED._replace(estimated_tokens=0),), "not known", "not known"),
        ((NO_PRICE, STOPPED), "price not known", "price not known, and about 1,252 tokens not counted"),
        ((NO_PRICE._replace(practice=True), STOPPED._replace(practice=True)), "free: practice", "free: practice"),
        ((NO_PRICE._replace(practice=True), STOPPED), "not known", "not known, and about 1,252 tokens not counted"),
    ],
)
def test_what_was_not_counted_hides_nothing_of_what_was(
    entries: tuple[Entry, ...], alone: str, with_estimate: str
) -> None:
    sums = Sums().with_entries(entries)
    assert (costs.in_all(sums), costs.in_all_with_estimate(sums)) == (alone, with_estimate)
    assert Sums().plus(sums) == sums
    assert sums.plus(sums).minus(sums) == sums


def test_a_stopped_reply_of_the_practice_server_is_free_as_well(page: Page) -> None:
    page.run("%glm practice")
    assert page.run("%%glm\n你好").success
    practice = page.magics.session._practice.server
    assert practice is not None
    practice.enqueue(Raw((sse(chunk("half")), sse(chunk(finish_reason="stop")), DONE)))
    assert page.run("%%glm -t side\ntwo").success
    for shown in dashboards(page):
        rows = [re.sub(r"[|\s]+", " ", line).strip() for line in shown.splitlines()]
        assert any(re.match(r"2 .* not counted free: practice", row) for row in rows), rows
        assert any(re.match(r"side 1 0 0 free: practice", row) for row in rows), rows
        assert "1 not counted (about " in shown
