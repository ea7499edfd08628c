"""Characters that are not seen: none reorders what is read on a page or in a terminal, and the words stay."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nasty import NASTY
from readers import READERS, Elements, as_markdown_it

from zhipu_magic.text.characters import without_controls
from zhipu_magic.text.html import block, code
from zhipu_magic.text.markdown import Structure
from zhipu_magic.text.markup import escape
from zhipu_magic.text.sanitize import hidden
from zhipu_magic.text.sanitize.hidden import unhidden
from zhipu_magic.text.sanitize.pages import page_of

OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\ufff9"
REORDERS = re.compile(f"[{OVERRIDES}]")
UNSEEN = re.compile("[\u115f\u1160\u180e\u200b\u2060-\u206f\u3164\ufeff\uffa0\u202a-\u202e\ufff9-\ufffb]")
HIDDEN = st.sampled_from([*OVERRIDES, "&#8238;", "&#x202E;", "&#0008294;", "&#x2066;", "\u200b", "&#82", "38;"])
TEXTS = st.lists(HIDDEN | NASTY | st.sampled_from(["`", "```\n", "    a = 1\n", "\n\n", "- "]), max_size=8).map("".join)


def read(markdown: str) -> str:
    """What is read on the page that comes of it."""
    return "".join(part for part in Elements(as_markdown_it(markdown)).parts if isinstance(part, str)).strip()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("```python\nif x: \u202e# }\u2066 return\n```", "if x: ⟨U+202E⟩# }⟨U+2066⟩ return"),
        ("    a\u202eb = 1", "a⟨U+202E⟩b = 1"),
        ("so `a\u200bb`", "so a⟨U+200B⟩b"),
        ("```\nstill gro\u202ewing", "still gro⟨U+202E⟩wing"),
        ("\u202egnp.exe\u202c and \u2067שלום\u2069", "gnp.exe and שלום"),
        ("a &#8238;b &#x202e; c", "a &#8238;b &#x202e; c"),
        ("`&#8238;` 👨‍👩‍👧 `'👨‍👩‍👧'` שלום\u200f", "&#8238; 👨‍👩‍👧 '👨‍👩‍👧' שלום\u200f"),
        ("a\u200bb", "a\u200bb"),
    ],
)
def test_they_are_shown_in_code_and_left_out_of_words(text: str, shown: str) -> None:
    page = page_of([text])
    assert read(page.rich) == shown
    assert page.plain == text


@pytest.mark.parametrize("reader", READERS)
@given(TEXTS)
@example("&#82\u202e38;")
@example("&#82&#8238;38;")
@example("```\n\x0c```\n&#8238;")
@example("\ufeff```\nx\n```\n&#8238;\n```")
def test_nothing_on_a_page_is_reordered(reader: object, text: str) -> None:
    assert callable(reader)
    page = page_of([text])
    assert not REORDERS.search(html.unescape(reader(page.rich)))
    assert page.plain == text


@given(st.lists(TEXTS, max_size=5))
@example(["\n\n- \u202e`\u202e", "`", "\n\n", "    \u202ea", "\n\n&#8238;", "```\n\u202e"])
def test_a_text_that_grows_reads_as_if_it_had_come_at_once(pieces: list[str]) -> None:
    text = ""
    for piece in pieces:
        text += piece
        grown = unhidden(text, growing=True)
        hidden._seen.forget()
        assert grown == unhidden(text)


def test_what_is_settled_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    paragraph, lengths = "words \u202e and `code`\n\n", list[int]()
    read = hidden.structure

    def measured(text: str, start: int = 0) -> Structure:
        lengths.append(len(text) - start)
        return read(text, start)

    monkeypatch.setattr(hidden, "structure", measured)
    for count in range(1, 50):
        unhidden(paragraph * count, growing=True)
    assert max(lengths) <= 2 * len(paragraph)


@given(NASTY)
@example("&#35; and `&#x2028;` &#823;")
def test_other_texts_stay_as_they_are(text: str) -> None:
    if not (UNSEEN.search(text) or UNSEEN.search(html.unescape(text))):
        assert unhidden(text) == text


@given(TEXTS)
def test_texts_from_outside_are_not_reordered_either(text: str) -> None:
    for shown in (escape(text), code(text).rich, block(text).rich, without_controls(text)):
        assert not REORDERS.search(shown)


_FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


def test_tags_that_are_not_seen_are_shown_in_code_and_left_out_of_words() -> None:
    assert unhidden("a\U000e0041b `c\U000e0042d`") == "ab `c⟨U+E0042⟩d`"
    assert unhidden("a&#xE0041;&#917569;b") == "a&amp;#xE0041;&amp;#917569;b"
    assert without_controls("a\U000e0041b") == "a\ufffdb"


def test_the_tags_of_a_flag_stay() -> None:
    assert unhidden(f"{_FLAG} `{_FLAG}`") == f"{_FLAG} `{_FLAG}`"
    assert without_controls(_FLAG) == _FLAG


def test_marks_of_direction_are_shown_in_code() -> None:
    assert unhidden("`a\u200fb\u200ec\u061c`") == "`a⟨U+200F⟩b⟨U+200E⟩c⟨U+061C⟩`"
