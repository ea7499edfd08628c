"""Text with a terminal's escapes, and HTML, as a reader sees them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.html_text import html_text
from zhipu_magic.text.terminal_text import as_shown
from zhipu_magic.text.tokens import ends, estimate, shares


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("10%\r20%\r30%", "30%"),
        ("loading...\rok", "okading..."),
        ("loading...\r\x1b[Kok", "ok"),
        ("loading...\r\x1b[2Kok", "ok"),
        ("typo\b\bes", "tyes"),
        ("\x1b[38;5;196mred\x1b[0m", "red"),
        ("\x1b]8;;https://x.y\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title\x07text", "text"),
        ("one\ntwo\n\x1b[2Anew", "new\ntwo\n"),
        ("outer 0%\ninner 0%\x1b[A\router 9%\n\rinner 9%", "outer 9%\ninner 9%"),
        ("ab\x1b[3Cc", "ab   c"),
        ("old\n\x1b[2Jnew", "new"),
        ("one\ntwo\x1b[A\r1\x1b[B\r2", "1ne\n2wo"),
        ("abc\x1b[2DX", "aXc"),
        ("abc\x1b[2GX", "aXc"),
        (f"{'a' * 900}\x1b[2Kb", f"{' ' * 500}b"),
        ("a\x00b", "a\ufffdb"),
    ],
)
def test_what_was_written_reads_as_it_was_shown(written: str, shown: str) -> None:
    assert as_shown(written) == shown


@given(st.text(st.sampled_from("ab\n\r\b\x1b[]0;1mKAJ?\x07"), max_size=80))
def test_nothing_of_an_escape_is_left(written: str) -> None:
    shown = as_shown(written)
    assert not {"\x1b", "\r", "\b"} & set(shown)


@given(st.text(max_size=80).filter(lambda text: text.isprintable()))
def test_printable_text_stays_as_it_is(text: str) -> None:
    assert as_shown(text) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a<br>b", "a\nb"),
        ("<h2>Head</h2><p>One\n two</p><p>three</p>", "## Head\nOne two\nthree"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<!-- no --><!DOCTYPE html><b>x</b>", "x"),
        ("<!-- a <!b> -->x", "x"),
        ("<table><td>a<td>b</table>", "| a | b |\n| --- | --- |"),
        ("<table><tr><td>a<br>b</td><td>c</td></tr></table>", "| a b | c |\n| --- | --- |"),
        (
            "<table>" + "<tr><td>a" * 60 + "<tr>" + "<td>b" * 200,
            "| a |\n| --- |" + "\n| a |" * 59 + "\n|" + " b |" * 200,
        ),
        ("<img alt='a plot' src=x>", "[picture: a plot]"),
        ("<table><tr><th>a<th>b<tr><td>1<td>x|y</table>", "| a | b |\n| --- | --- |\n| 1 | x\\|y |"),
        (
            "<table><tr><td>1</td></tr><tr><td>2</td><td><table><tr><td>in</td></tr></table></td></tr></table>",
            "| 1 |  |\n| --- | --- |\n| 2 | in |",
        ),
        ("<script>x<y</script>z", "z"),
        ("<script>never closed", ""),
        ("1 < 2 &lt; 3", "1 < 2 < 3"),
    ],
)
def test_html_reads_as_its_words(source: str, text: str) -> None:
    assert html_text(source) == text


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a",
        "<!--",
        "<!",
        "<?",
        "<table>",
        "<tr>",
        "<td>",
        "<script>",
        "</",
        "&",
        "<a b='",
        "<pre>\n",
        "<li>",
        "İ<script></script>",
    ],
)
def test_hostile_html_takes_no_time(piece: str) -> None:
    began = time.perf_counter()
    html_text(piece * (400_000 // len(piece)))
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "piece",
    ["\x1b[A", "a\b", "\r", "\x1b[9999C", "\x1b[9999Cx\n", "\x1b]", "\x1b[", "a\r", "ab\x1b[2K", "\x1b[1J", "\x1b[J\n"],
)
def test_hostile_escapes_take_no_time(piece: str) -> None:
    began = time.perf_counter()
    assert len(as_shown(piece * (200_000 // len(piece)))) < 200_000_000
    assert time.perf_counter() - began < 5


@given(st.text(max_size=400), st.integers(1, 200))
def test_both_ends_fit(text: str, tokens: int) -> None:
    shown = ends(text, tokens)
    assert shown == text or estimate(shown) <= tokens + 25


@given(st.lists(st.floats(0, 1e4), max_size=8), st.floats(0, 1e4))
def test_shares_are_fair(wanted: list[float], room: float) -> None:
    given_ = shares(wanted, room)
    assert sum(given_) <= room + 1e-6 and all(a <= b for a, b in zip(given_, wanted, strict=True))
    less = [a for a, b in zip(given_, wanted, strict=True) if a < b]
    assert not less or max(less) - min(less) < 1e-6
