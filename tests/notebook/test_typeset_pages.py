"""What a command answers, as it is set in a terminal: no Markdown is left in it, and what is from outside stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zhipu_magic.notebook.display.typeset.page import page_lines
from zhipu_magic.text.html import block, code, link, quotation
from zhipu_magic.text.markup import Markup
from zhipu_magic.text.tables import table
from zhipu_magic.text.wrapping import width

#: Texts with what Markdown reads, and what a terminal would obey.
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text("<>&\"'`*_~[]()|$\\@!#+-=.:1 \n\t\x1baé中")


def shown(page: Markup, columns: int = 60) -> list[str]:
    return [line.plain for line in page_lines(page, columns)]


def letters(text: str) -> str:
    """The text but for spaces, what we draw, and what is not shown as it is."""
    return re.sub(r"[\s│─┼\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffd]", "", text)


def test_emphasis_and_code_are_styles() -> None:
    (line,) = page_lines(Markup("**{what}** is {code}, see `%glm`.", what="2**3", code=code("f(**kw)")), 60)
    assert line.plain == "2**3 is f(**kw), see %glm."
    assert [(line.plain[span.start : span.end], str(span.style)) for span in line.spans] == [
        ("2**3", "bold"),
        ("f(**kw)", "cyan"),
        ("%glm", "cyan"),
    ]


def test_a_block_stands_between_rules_and_a_quotation_beside_a_bar() -> None:
    page = Markup("\n\n").join([Markup("**a**"), block("```python\nx  = 2**3\n```"), quotation("- *b*\n\n    c"), "d"])
    rule = "─" * 40
    assert shown(page) == [
        *("a", "", rule, "```python", "x  = 2**3", "```", rule, ""),
        *("│ - *b*", "│", "│     c", "", "d"),
    ]


def test_a_long_line_of_a_block_is_broken_between_words() -> None:
    assert shown(block("一二三，四五六。one two three"), 18)[1:-1] == ["一二三，四五六。", "one two three"]


@given(TEXTS)
@example("\\")
@example("a|b\\|c")
@example("\r>")
@example("\r\n>\r    x")
@example("- x\n\n1. y\n    z\n===")
def test_a_text_from_outside_is_set_letter_by_letter(text: str) -> None:
    for piece in (Markup("{text}", text=text), block(text), quotation(text), code(text), Markup("- {text}", text=text)):
        lines = page_lines(piece, 60)
        assert letters("".join(line.plain for line in lines)).removeprefix("•") == letters(text)
        assert {str(span.style) for line in lines for span in line.spans} <= {"dim", "cyan"}


@given(TEXTS, TEXTS)
def test_a_cell_from_outside_ends_no_cell(one: str, two: str) -> None:
    _, _, *lines = shown(table(("a", "b"), [(one, code(two))]), 10_000)
    found, given = letters("".join(lines)), letters(one + two)
    assert sorted(found) == sorted(given)
    if len(lines) == 1:  # of cells with several lines, the first ones stand beside each other
        assert found == given


def test_a_link_tells_its_address() -> None:
    assert shown(link("a*b*", "https://a.example/c")) == ["a*b* <https://a.example/c>"]
    assert shown(link("https://a.example/c", "https://a.example/c")) == ["https://a.example/c"]


# Tables


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_table_fits_and_its_words_are_whole(columns: int) -> None:
    rows = [("glm-4.1v-thinking-flashx", "128K / 96K tokens", "通用模型，速度快，适合大多数任务", "≈ ¥8 / 28")] * 2
    lines = shown(table(("model", "context", "说明", "yuan per million"), rows), columns)
    assert all(width(line) <= columns for line in lines)
    words = " ".join(re.split(r"[\s│─┼]+", "\n".join(lines)))
    for word in ("thinking-", "flashx", "context", "tokens", "million"):
        assert re.search(rf"(?<!\w){word}", words), word


def test_a_table_with_too_many_columns_is_a_list_of_names_and_values() -> None:
    names = [f"name {number}" for number in range(12)]
    lines = shown(table(names, [[f"value {number}" for number in range(12)]] * 2), 40)
    assert lines[:2] == ["name 0: value 0", "name 1: value 1"]
    assert lines.count("name 11: value 11") == 2
