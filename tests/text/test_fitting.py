"""How the Markdown of a model is fitted to all front ends: what is changed, and what is not. See `reading` for more."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from reading import Read

from zhipu_magic.history.markdown import citations
from zhipu_magic.text.fitting import marks
from zhipu_magic.text.fitting.reply import fitted
from zhipu_magic.text.sanitize.pages import Cited, page_of


def rich(text: str) -> str:
    return page_of([text]).rich


def read(text: str) -> Read:
    return Read(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(rich(text)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain **words**, *italic*, ***both***, `code` and $a + b$.",
        "**Bold:** then text, (**bold**), “**bold**”, **bold**, *it*.",
        "* a list\n* of stars\n  * and more\n\n***\n\n- [ ] task\n- [x] done",
        "这是**重点**内容，*强调*也是，~~删去~~。",
        "~~struck~~ and ~ alone",
        "5 * 3 * 2 and a_b_c and snake_case_name, _italic_ and __bold__",
        "See https://a.org/~user/x_y*z?a=b#c, <https://a.org> and [a](https://a.org/中文 'b').",
        "$$\nx\n$$\n\n\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}",
        "| a | b |\n|---|---|\n| `c` | $x$ |",
        "1. a\n   - b\n2. c\n    - d\n\t- e",
        "```\n**注：**请 $5 ~a~ \\(x\\) # x\n```\n\n    **注：**请 $5\n",
        "`**注：**请`、`$5`、`~a~` `\\(x\\)` `<br>`",
        "a < b <b>c</b> <br class=x> &lt;br&gt;",
        "\\*\\*注：\\*\\*请 \\~a\\~ \\_",
        "**没有结束：请，`code` 和 *也没有",
        "\\(没有结束 和 \\[ 没有",
    ],
)
def test_what_every_front_end_shows_alike_stays_as_it_is(text: str) -> None:
    assert fitted(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**注意：**请看", "<strong>注意：</strong>请看"),
        ("**A**和**B：**C", "<strong>A</strong>和<strong>B：</strong>C"),
        ("3*4*5=60", "3\\*4\\*5=60"),
        ("约 3~5 天，20~25℃", "约 3\\~5 天，20\\~25℃"),
        ("~~删：~~留", "<del>删：</del>留"),
        ("https://a.org，好", "https://a.org<span></span>，好"),
        ("https://a.org(中文)好", "https://a.org<span></span>(中文)好"),
        ("https://a.org/(中文)好", "https://a.org/(中文)<span></span>好"),
        ("https://a.中国 x", "https://a<span></span>.中国 x"),
        ("https://例.中国，x", "https://例.中国<span></span>，x"),
        ("https://).x", "https://).x"),
        ("5$, or 6$ each", "5<span>&#36;</span>, or 6<span>&#36;</span> each"),
        ("|a|\n|-|\n|$\\|f(x)\\|$|", "|a|\n|-|\n|$\\Vert{}f(x)\\Vert{}$|"),
        ("[**注：**a][r]\n\n[r]: https://a.org", "[<strong>注：</strong>a][r]\n\n[r]: https://a.org"),
        ("\\( x^2 \\)", "$x^2$"),
        ("- \\[\n  x\n\n  - y\n  \\]", "- $$x - y$$"),
        ("> \\[\n> x\n>\n> > 0\n> \\]", "> $$x > 0$$"),
        ("$5 或 $6", "<span>&#36;</span>5 或 <span>&#36;</span>6"),
        ("\\$5, &#36;6", "<span>&#36;</span>5, <span>&#36;</span>6"),
        ("a<br>b", "a<br>b"),
        ("<br>\n**a**", "<span></span><br>\n**a**"),
        ("1. a\n  - b\n\n    c\n2. d", "1. a\n   - b\n\n     c\n2. d"),
        ("1. a\n  ```\n  x\n  ```", "1. a\n  ```\n  x\n  ```"),
        ("10. a\n  - b", "10. a\n    - b"),
        ("# 题", '# <span class="jp-toc-ignore"></span>题'),
        ("题\n---", '<span class="jp-toc-ignore"></span>题\n---'),
        ("- a\n---", "- a\n***"),
        ("- a\n  ===", "- a\n  ==="),
        ("题\n---\n\n> b\n> ---", '<span class="jp-toc-ignore"></span>题\n---\n\n> b\n> ---'),
        ("1) a\n   ---", "1) a\n   ---"),
        ("**见 $x$：**好", "<strong><span></span>见 $x$：</strong>好"),
        ("第\\(n\\)2个", "第$n$<span></span>2个"),
    ],
)
def test_what_is_put_in_its_place(text: str, expected: str) -> None:
    assert rich(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "**注意：**请看\n",
        "\\( x \\)",
        "a<br>b",
        "1. a\n  - b",
        "# 题",
        "https://a.org，x",
        "$5 和 $6",
        "| `a|b` |\n|-|",
    ],
)
def test_the_plain_text_has_the_words_as_they_were_written(text: str) -> None:
    page = page_of([text, "**二：**b"])
    assert page.plain == f"{text}\n\n**二：**b"
    assert page_of([text], as_written=True).rich == text.replace("<", "&lt;")


def test_a_citation_in_bold_and_in_a_cell_is_a_link() -> None:
    links = citations([{"refer": "ref_1", "link": "https://a.org/x"}])
    text = "**重点[ref_1]：**内容\n\n| a |\n|---|\n| 见[ref_1]，**二[ref_1]**好 |"
    shown = Read(MarkdownIt("commonmark", {"html": True}).enable("table").render(page_of([Cited(text, links)]).rich))
    assert shown.links == ["https://a.org/x"] * 3
    assert shown.marked["bold"] == ["重点[ref_1]：", "二[ref_1]"]


INSIDE = st.sampled_from(
    [
        "重点",
        "（注）",
        "“引”",
        "《书》",
        "「语」",
        "x",
        "OLS",
        "2",
        "：",
        "。",
        "！",
        "？",
        "…",
        "%",
        ")",
        '"',
        "'",
        ":",
        ".",
        "中",
        "的",
        "😀",
        "—",
        "한국",
        "です",
    ]
)
WORDS = st.lists(INSIDE, min_size=1, max_size=5).map("".join)
LETTERS = st.text("中文重点内容abc", min_size=1, max_size=4)
#: Bold words, and what is between them: letters, perhaps with punctuation.
SENTENCES = st.lists(
    st.tuples(LETTERS | LETTERS.map("，{}".format) | LETTERS.map("{}（".format), LETTERS, WORDS), min_size=1, max_size=4
)


@given(SENTENCES, LETTERS)
@settings(deadline=None)
def test_bold_is_what_its_writer_put_between_asterisks(sentences: list[tuple[str, str, str]], end: str) -> None:
    # Between ASCII letters an asterisk can be an operator.
    parts = [(between, f"重{first}{words}") for between, first, words in sentences]
    text = "".join(f"{between}**{bold}**" for between, bold in parts) + f"于{end}"
    shown = read(text)
    assert shown.marked["bold"] == [re.sub(" +", " ", bold).strip() for _, bold in parts]
    assert shown.text == text.replace("**", "").strip()


@given(st.lists(st.tuples(LETTERS, st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=5))
def test_ranges_and_prices_are_shown_as_written(parts: list[tuple[str, int, int]]) -> None:
    text = "，".join(f"{words}{low}~{high}元，${low} 或 ${high}" for words, low, high in parts)
    shown = read(text)
    assert shown.text == text
    assert shown.marked["struck"] == []


@given(
    st.sampled_from(["，好", "。", "）", "》然后", "然后 继续", "：https://b.org。", "、见"]),
    st.sampled_from(["", "/x", "/a_b", "/?q=中文", "/wiki/北京"]),
)
def test_an_address_ends_where_its_sentence_goes_on(after: str, path: str) -> None:
    address = f"https://a.org{path}"
    if after[0] == "然" and (path.endswith(("文", "京")) or path == ""):
        after = f" {after}"
    assert rich(f"见{address}{after}").startswith(f"见{address}" + ("" if after[0] == " " else "<span></span>"))


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$x$", 1),
        ("$5$", 1),
        ("$x_1, x_2$ 和 $\\alpha$", 2),
        ("$a$列", 1),
        ("$x=5元$", 1),
        ("$变量$", 0),
        ("$5 and $6", 0),
        ("5$/月，6$/年", 0),
        ("$A$1:$B$2", 0),
        ("${a}和${b}", 0),
        ("$name和$value", 0),
        ("$ x^2 $", 1),
        ("$ a + b $", 1),
        ("$ 5 - $ 6", 0),
        ("$ and $", 0),
        ("$$ x $$", 1),
        ("$$ and $$", 0),
        ("$x` $y`", 0),
        ("\\[1\\] \\[TODO\\] \\[x\\](https://a.org)", 0),
        ("\\(注\\) \\(x\\) \\\\(y\\\\)", 2),
    ],
)
def test_what_is_mathematics(text: str, formulas: int) -> None:
    assert read(text).text.count("⟦") == formulas


def test_a_reply_that_needs_nothing_needs_no_parser() -> None:
    code = (
        "import sys; from zhipu_magic.text.sanitize.pages import page_of\n"
        "assert page_of(['你好，世界。 Some words, and 2 < 3.\\n\\n- a list']).rich\n"
        "assert 'markdown_it' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("marked", "shown"),
    [
        (f"{marks.STRONG}a{marks.END_STRONG}b", "<strong>a</strong>b"),
        (f"{marks.STRONG}a\n\nb{marks.END_STRONG}", "<span>&#42;&#42;</span>a\n\nb<span>&#42;&#42;</span>"),
        (f"{marks.STRONG}a{marks.END_CODE}", "<span>&#42;&#42;</span>a<span>&#96;</span>"),
        (f"a{marks.END_EMPHASIS}", "a<span>&#42;</span>"),
    ],
)
def test_a_tag_without_its_partner_in_its_paragraph_is_shown_as_it_was_written(marked: str, shown: str) -> None:
    assert marks.in_html(marked) == shown
