"""Fitting while a reply grows: the same as at once, no matter in which pieces it came; and always harmless."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from time import process_time

import pytest
from growth import grows_as_its_length
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nasty import NASTY
from readers import READERS, Elements, as_markdown_it

from zhipu_magic.text.fitting import reply
from zhipu_magic.text.fitting.marks import HTML
from zhipu_magic.text.fitting.reply import fitted
from zhipu_magic.text.markdown import code_blocks
from zhipu_magic.text.sanitize import markdown as sanitized
from zhipu_magic.text.sanitize.markdown import harmless
from zhipu_magic.text.sanitize.pages import page_of

PIECES = "** * *** ~~ ~ __ _ $ $$ \\( \\) \\[ \\] \\begin{align} \\end{align} ` ``` | # ## --- === <br> https://a.org/x"
PIECES += " www.a.org a@b.org ， 。 ： “ ” （ ） 重点 注意 内容 word x 3 5 ^2 [ ]( https://b.org ) [ref_1] \\ \\| \\$ &"
PIECES += " - > 1. 2. 10."
WORDS = [
    *PIECES.split(" "),
    " ",
    "  ",
    "   ",
    "    ",
    "\n",
    "\n",
    "\n",
    "\n\n",
    "\n\n",
    "|-|-|\n",
    "\n- ",
    "\n  - ",
    "\n1. ",
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=30).map("".join)
ANY = TEXTS | NASTY | st.tuples(TEXTS, NASTY, TEXTS).map("".join)


def forget() -> None:
    """Have nothing remembered that another test has shown."""
    reply._seen.forget()
    for seen in sanitized._seen.values():
        seen.forget()


@given(ANY, st.lists(st.integers(0, 120), max_size=8))
@settings(deadline=None, max_examples=400)
@example("1. a\n\n - b\n\n c\n\n  - d", [3, 6, 10, 12, 16])
@example("\\[\n\n- a\n\n\\]", [4, 6, 8])
@example("\\[\n\n$5\n\n$6", [4, 8])
@example("10. a\n\n  - b\n\n      c\n\n  d", [6, 11, 19])
@example("\n1. \n\n  - ", [])
@example("> 10. \n1. 10. b\n   - b\n\n  - ", [27])
@example("10. \n\n```\n1. a\n1. - \n\n```\n  - b", [2, 11, 28])
def test_a_reply_that_grew_is_fitted_like_one_that_came_at_once(text: str, steps: list[int]) -> None:
    forget()
    whole = fitted(text)
    shown = page_of([text]).rich
    forget()
    for step in sorted(steps):
        fitted(text[:step], growing=True)
        page_of([text[:step]], growing=True)
    assert fitted(text, growing=True) == whole
    assert page_of([text], growing=True).rich == shown


@pytest.mark.parametrize("reader", READERS)
@given(text=ANY)
@settings(max_examples=250, deadline=None)
def test_a_fitted_reply_does_no_harm(reader: object, text: str) -> None:
    assert callable(reader)
    assert Elements(reader(page_of([text]).rich)).foreign == []


class Balance(HTMLParser):
    """Whether every tag of a page ends within the one that it is in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._open: list[str] = []
        self.wrong: list[str] = []
        self.feed(page)
        self.close()
        self.wrong += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("br", "hr", "img", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("br", "hr"):
            return
        if not self._open or self._open.pop() != tag:
            self.wrong.append(tag)


@given(ANY)
@settings(deadline=None, max_examples=300)
def test_no_tag_stays_open_at_any_moment(text: str) -> None:
    for end in range(0, len(text) + 1, 3):
        rich = page_of([text[:end]], growing=True).rich
        assert not re.search(f"[{HTML}]", rich)
        assert Balance(as_markdown_it(rich)).wrong == []


@given(ANY)
@settings(deadline=None)
def test_the_plain_text_is_what_the_model_wrote(text: str) -> None:
    assert page_of([text]).plain == text


@given(st.text(st.characters(categories=["L", "N", "Zs"], include_characters="，。！？、…— \n"), max_size=80))
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert fitted(text) == text


@given(TEXTS)
@settings(deadline=None)
def test_code_stays_as_it_is(text: str) -> None:
    code = "\n".join(line for line in text.replace("`", "").splitlines() if line.strip())
    block = f"```\n{code}\n```\n"
    assert fitted(block) == block
    assert fitted(f"重点 `` {code.replace(chr(10), ' ')}x `` 内容").startswith(
        f"重点 `` {code.replace(chr(10), ' ')}x ``"
    )


@given(TEXTS)
@settings(deadline=None)
def test_fenced_code_is_the_same_code_afterwards(text: str) -> None:
    before = [block.code for block in code_blocks(text) if block.fenced and not block.contained]
    after = [block.code for block in code_blocks(fitted(text)) if block.fenced and not block.contained]
    if "\\[" not in text and "$$" not in text and "begin" not in text:
        assert before == after


UNITS = [
    "**",
    "*a",
    "**：",
    "~~",
    "~a ",
    "$",
    "$$",
    "$a ",
    "\\(",
    "\\[",
    "\\[\n",
    "$$\n",
    "[",
    "[a](",
    "<br>",
    "`",
    "|",
    "|`",
    "_a",
    "__",
    "https://",
    "https://a，",
    "www.a",
    "a@b.c",
    "1. ",
    "\n1. a\n - b",
    "\n|-|\n",
    "\\begin{a}",
    "***a",
    "a**b ",
    "![",
    "<a ",
    "&#",
    "# \n",
    "(" * 9,
    "$  ",
    "https://a.org)",
    "，**a：**b",
    "\n\\[\n\na\n\\]\n",
    "[x](y)",
    "|-|-|\n",
    "|`a|b`|c|$|x|$|\n",
    "_重_",
    "$a|b$ |",
    "\\[1\\] ",
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("end", ["", "\n\n|-|-|\n**：**a $5"], ids=["alone", "with more"])
def test_the_time_to_fit_a_reply_grows_as_the_reply_does(unit: str, end: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit)) + end
        forget()
        began = process_time()
        fitted(text, growing=True)
        return process_time() - began

    # A busy machine takes some times as long; what takes the square of its length takes minutes here.
    assert grows_as_its_length(seconds, 30_000, enough=2.0, factor=3.5)


@given(ANY, st.lists(st.integers(0, 100), max_size=5), TEXTS)
@settings(deadline=None)
def test_what_is_shown_does_not_depend_on_the_replies_before(text: str, steps: list[int], other: str) -> None:
    forget()
    whole = harmless(text)
    forget()
    for step in sorted(steps):
        harmless(text[:step] + other, growing=True)
    assert harmless(text, growing=True) == whole


@pytest.mark.parametrize("text", ["a\n|\n|-b", "- 项\n| a | b |\n|---|---|\n| x | y |\n    [a]: b"])
def test_a_whole_page_does_not_depend_on_how_it_grew(text: str) -> None:
    whole = page_of([text]).rich
    for end in range(len(text) + 1):
        page_of([text[:end]], growing=True)
    assert page_of([text]).rich == whole


def test_marks_of_a_model_are_no_html() -> None:
    shown = page_of([f"a{chr(0xFDD2)}b{chr(0xFDDA)}c **x：**y"]).rich
    assert html.unescape(re.sub("<[^>]*>", "", shown)) == "a\ufffdb\ufffdc x：y"
