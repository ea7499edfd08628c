"""Tables in HTML from outside: their cells come through, and nothing else does."""

from __future__ import annotations

import re

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhipu_magic.text.html_tables import table_of

TAG = re.compile(r"</?(?:table|thead|tbody|tr|th|td)(?: (?:col|row)span=\"\d{1,4}\")*>")


def test_a_frame_keeps_its_cells_and_heads() -> None:
    frame = pandas.DataFrame({"a": [1, 2], "<b>": ["x & y", "<script>alert(1)</script>"]})
    table = table_of(frame._repr_html_())
    assert table is not None
    assert table.rich == (
        "<table><thead><tr><th></th><th>a</th><th>&lt;b&gt;</th></tr></thead><tbody>"
        "<tr><th>0</th><td>1</td><td>x &amp; y</td></tr>"
        "<tr><th>1</th><td>2</td><td>&lt;script&gt;alert(1)&lt;/script&gt;</td></tr></tbody></table>"
    )
    assert table_of(table.rich).rich == table.rich  # type: ignore[union-attr]  # made anew, it is the same


def test_cells_that_cover_several_keep_their_width() -> None:
    frame = pandas.DataFrame([[1, 2]], columns=pandas.MultiIndex.from_product([["both"], ["a", "b"]]))
    table = table_of(frame._repr_html_())
    assert table is not None and '<th colspan="2">both</th>' in table.rich
    odd = table_of('<table><td colspan="9999999">x<td rowspan="-1">y<td colspan="\u0663">z<td colspan="5000">w</table>')
    assert odd is None, "a cell without a row is none"


@pytest.mark.parametrize(
    "html",
    [
        "",
        "no table",
        "<table></table>",
        "<table><tr></tr>" * 3,
        "<table>" * 10_000,
        "<table><tr>" + "<td>x" * 6_000,
        "<![if",
        "<table><tr><td>x</table>" + " " * 1_000_000,
    ],
)
def test_what_is_no_table_or_too_large(html: str) -> None:
    table = table_of(html)
    assert table is None or "<td>" not in table.rich


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<table><tr><td>a<style>p{}</style><script>x</script>b</td></tr></table>after", "ab"),
        ("<table><tr><td>a<table><tr><td>inner</td></tr></table>b</td></tr></table>", "ainnerb"),
        ("<table><tr><td>one<tr><td>two</table><table><tr><td>second table</table>", "onetwo"),
        ("<TABLE onclick=x><TR><TD style='x' onerror=y>&lt;b&gt;<img src=x onerror=y></TABLE>", "&lt;b&gt;"),
        ("<table><tr><td>\x1b[31m\u202ered</table>", "\ufffd&#91;31m\ufffdred"),
    ],
)
def test_only_the_text_of_its_cells_is_read(html: str, words: str) -> None:
    table = table_of(html)
    assert table is not None
    assert TAG.sub("", table.rich) == words


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            ["<table>", "<tr>", "<td>", "<th colspan=2>", "</td>", "</tr>", "</table>", "<thead>", "</thead>"]
        )
        | st.sampled_from(
            ["<script>", "</script>", "<td x='", "<!--", "-->", "<![CDATA[", "&lt;", "<svg/onload=x>", "<"]
        )
        | st.text(max_size=5),
        max_size=30,
    )
)
def test_whatever_comes_in_only_our_tags_come_out(pieces: list[str]) -> None:
    table = table_of("".join(pieces))
    if table is not None:
        assert not re.search("[<>\"']", TAG.sub("", table.rich))
        again = table_of(table.rich)
        assert again is not None and again.rich == table.rich
