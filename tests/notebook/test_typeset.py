"""A model's Markdown as lines of a terminal: read as it is meant, streamed as whole, and commanding nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nasty import NASTY
from reading import ROWS, Row
from rich.text import Text

from zhipu_magic.notebook.display.typeset.growing import GrowingWords
from zhipu_magic.text.wrapping import width


def typeset(text: str, columns: int = 60, step: int = 0) -> list[Text]:
    """The lines of a text that comes `step` characters at a time, or whole."""
    words, finished = GrowingWords(), list[Text]()
    for end in range(0, len(text), step) if step else ():
        words, lines = words.grown(text[:end], columns, whole=False)
        finished += lines.finished
        assert all(width(line.plain) <= max(columns, 2) for line in lines.growing)
    words, lines = words.grown(text, columns, whole=True)
    assert lines.growing == []
    return [*finished, *lines.finished]


def plain(text: str, columns: int = 60, step: int = 0) -> str:
    return "\n".join(line.plain for line in typeset(text, columns, step))


def styled(text: str, style: str) -> list[str]:
    """The pieces of a text that have this style."""
    return [
        line.plain[span.start : span.end] for line in typeset(text) for span in line.spans if style in str(span.style)
    ]


# Each kind of block and of words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Title\ntext", "Title\n\ntext"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("Twinkle,\nlittle star", "Twinkle,\nlittle star"),
        ("- a\n- b\n  - c\n\n    d", "• a\n• b\n  ◦ c\n\n    d"),
        ("3. a\n3. b", "3. a\n4. b"),
        ("9. a\n10. b\n    - c", "9. a\n10. b\n    ◦ c"),
        ("> a\n> - b", "│ a\n│ • b"),
        ("- [ ] a\n- [x] **b**\n  - [X] c\n- [y] d", "☐ a\n☑ b\n  ☑ c\n• [y] d"),
        ("1. [x] a\n2. b\n\n[ ] c", "1. ☑ a\n2. b\n\n[ ] c"),
        ("> ```\n> a  b\n> ```", "│ a  b"),
        ("- x\n| a | b |\n|---|---|\n| 1 | 2 |", "• x\n\na │ b\n──┼──\n1 │ 2"),
        ("> x\n| a | b |\n|---|---|\n| 1 | 2 |", "│ x\n\na │ b\n──┼──\n1 │ 2"),
        ("1. x\n   - y\n| a | b |\n|---|---|\n| 1 | 2 |", "1. x\n   ◦ y\n\na │ b\n──┼──\n1 │ 2"),
        ("a<br>b<BR/>c <b>d</b>", "a\nb\nc <b>d</b>"),
        (
            "| a | 数 |\n|---|--:|\n| x<br>y | 1 |\n| `p\\|q` | 22 |",
            "a   │ 数\n────┼───\nx   │  1\ny   │\n────┼───\np|q │ 22",
        ),
        ("[words](http://a.org) <http://b.org>", "words <http://a.org> http://b.org"),
        ("![alt](http://a.org/i.png) ![](http://b.org)", "[image: alt] <http://a.org/i.png> [image] <http://b.org>"),
        ("a\n\n---\n\nb", f"a\n\n{'─' * 40}\n\nb"),
        ("约 3~5 天，~~10~~", "约 3~5 天，10"),
        ("$5 per month, or $50", "$5 per month, or $50"),
        ("&lt;&nbsp;&amp;", "<\xa0&"),
    ],
)
def test_what_is_shown_of_each_kind(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    "formula",
    [r"$a_1 * b_2 * c_3$", r"$$ \{x\} $$", "$$\na *\n- b* c\n$$", "\\[\n- x\n\\]"],
)
def test_mathematics_is_shown_as_it_was_written(formula: str) -> None:
    assert plain(formula) == formula


def test_brackets_of_mathematics_are_shown_as_dollars() -> None:
    assert plain(r"\( x^2 \\ y \) and \[ a*b*c \]") == r"$x^2 \\ y$ and $$a*b*c$$"


#: Rows whose words are all that a terminal shows of them.
WORDS = [row for row in ROWS if not re.search("[⟦¦•↵]", row.text) and not row.links and "\n" not in row.source]


@pytest.mark.parametrize("row", WORDS, ids=lambda row: row.source)
def test_a_reply_reads_as_it_does_on_a_page(row: Row) -> None:
    assert plain(row.source, 200) == row.text
    if not row.source.startswith("#"):
        assert sorted("".join(styled(row.source, "bold")).split()) == sorted("".join(row.bold).split())


def test_no_cell_of_a_table_is_lost() -> None:
    assert plain("| `a|b` | c |\n|---|---|\n| $|x|$ | 绝对值 |").split("\n")[0].split() == ["a|b", "│", "c"]
    assert plain("| `a || b` | 或 |\n|---|---|\n| 1 | 2 |").startswith("a || b │ 或")


def test_a_half_written_definition_is_none() -> None:
    text = "模型[^1]很强，见[甲]。\n\n[^1]: 来源：官方文档，见 https://a.org。\n[甲]: https://a.org/x\n\n见[甲]。"
    assert plain(text, 200, 1) == plain(text, 200) or "%E6" not in plain(text, 200, 1)


@pytest.mark.parametrize(
    ("text", "bold"),
    [
        ("**注意：**请看", ["注意："]),
        ("这是**“重点”**内容", ["“重点”"]),
        ("**线性回归（OLS）**来", ["线性回归（OLS）"]),
        ("**步骤一：**读取，然后**步骤二。**建模", ["步骤一：", "步骤二。"]),
        ("2 ** 3 ** 4", []),
        ("这**很**好", ["很"]),
    ],
)
def test_chinese_needs_no_space_beside_emphasis(text: str, bold: list[str]) -> None:
    assert styled(text, "bold") == bold


def test_code_stands_as_it_is_between_two_rules() -> None:
    long = "x = '" + "中" * 60 + "'"
    shown = plain(f"```python\n{long}\n\tif x:\n```").split("\n")
    assert shown[0].startswith("── python ──") and set(shown[-1]) == {"─"}
    assert shown[1:-1] == [long, "\tif x:"], "a line is not broken, so that it can be copied"
    assert "if" in styled(f"```python\n{long}\n\tif x:\n```", "magenta")


@pytest.mark.parametrize("language", ["", "python", "nothing-of-the-kind", "{.python}", "json", "diff", "html", "tex"])
def test_no_letter_of_code_is_lost(language: str) -> None:
    code = "<b>x</b> {'a': 1}\n\n  +\x0c\\frac %%"
    assert plain(f"```{language}\n{code}\n```").split("\n")[1:-1] == code.replace("\x0c", "\ufffd").split("\n")


def test_the_rows_of_a_table_are_told_apart_where_their_first_cell_is_broken() -> None:
    table = "| name | what |\n|---|---|\n" + "".join(f"| {'word ' * 9}{row} | {'more ' * 9} |\n" for row in range(3))
    shown = plain(table, 40).split("\n")
    assert sum("─┼─" in line for line in shown) == 3
    assert all(width(line) <= 40 for line in shown)


def test_a_table_that_is_too_wide_for_columns_is_a_list() -> None:
    shown = plain(f"|{'head|' * 20}\n|{'-|' * 20}\n|{'cell|' * 20}", 40)
    assert shown.count("head: cell") == 20


@pytest.mark.parametrize("text", ["> " * 200 + "deep", "- " * 200 + "deep", "[" * 30_000, "*a " * 20_000])
def test_what_would_take_too_long_or_be_lost_is_shown_as_it_was_written(text: str) -> None:
    assert "".join(plain(text).split()) == "".join(text.split())


# While it grows


def test_a_finished_block_is_given_once() -> None:
    words, lines = GrowingWords().grown("# A\n\nword\nw", 60, whole=False)
    assert [line.plain for line in lines.finished] == ["A"]
    assert [line.plain for line in lines.growing] == ["", "word", "w"]
    words, lines = words.grown("# A\n\nword\nwords\n\n", 60, whole=False)
    assert lines.finished == []


def test_what_a_line_is_may_turn_out_later() -> None:
    words, lines = GrowingWords().grown("word\n#", 60, whole=False)
    assert lines.finished == []
    _, lines = words.grown("word\n#tag", 60, whole=False)
    assert [line.plain for line in lines.growing] == ["word", "#tag"]


def test_items_of_a_list_and_lines_of_a_program_are_finished_one_by_one() -> None:
    words, lines = GrowingWords().grown("1. a\n1. b\n1. c", 60, whole=False)
    assert [line.plain for line in lines.finished] == ["1. a"]
    words, lines = words.grown("1. a\n1. b\n1. c\n\n```\nx\ny", 60, whole=False)
    assert [line.plain for line in lines.finished] == ["2. b", "3. c", "", "─" * 40, "x"]
    words, lines = words.grown("1. a\n1. b\n1. c\n\n```\nx\ny\n``", 60, whole=False)
    assert [line.plain for line in (*lines.finished, *lines.growing)] == ["y", "``"]


PIECES = """# h|text|**b：**x|`c`|- a|  - n|1. x|2) y|> q|```py|```|~~~|a $x_1$|$$|\\(|\\[|\\]|<br>|---|===|    code
中文，|[l](http://a.b)|*|_|~~|0. |-|+ |\\|http://x.y/z""".replace("\n", "|").split("|")
LINES = st.lists(st.sampled_from([*PIECES, "| a | b |", "|---|--:|", "|1|2|", "", "", ""]), max_size=14)


@given(lines=LINES, ends=st.booleans(), columns=st.integers(8, 70), step=st.integers(1, 9))
@example(lines=["# h", "2) y", "  - n"], ends=False, columns=8, step=1)
@example(lines=["1. x", "0. ", "  - n"], ends=False, columns=8, step=1)
@example(lines=["# h", "0. ", "  - n"], ends=False, columns=8, step=1)
@settings(max_examples=300, deadline=None)
def test_streamed_it_leaves_the_same_lines_as_whole(lines: list[str], ends: bool, columns: int, step: int) -> None:
    text = "\n".join(lines) + "\n" * ends
    assert plain(text, columns, step) == plain(text, columns)


#: What a terminal would obey, but for tabs in code.
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


@given(
    text=NASTY | st.lists(st.sampled_from([*PIECES, "\x1b[2J", "\x9b3m", "&#27;", "&#13;", "\r", "\n"])).map("".join)
)
@settings(max_examples=300, deadline=None)
def test_nothing_in_it_commands_a_terminal(text: str) -> None:
    assert not CONTROLS.search("".join(line.plain for line in typeset(text)))
    assert not any("link" in str(span.style) for line in typeset(text) for span in line.spans)
