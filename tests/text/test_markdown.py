"""Where a text's code is: for references, for inserted cells, and for replies that may do no harm."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from zhipu_magic.text.markdown import code_blocks, code_regions, python_blocks, structure

PIECES = [
    "`",
    "``",
    "```",
    "```python",
    "~~~",
    "\n",
    "\n\n",
    "\r\n",
    "    ",
    "\t",
    "- ",
    "1. ",
    "> ",
    "x",
    " ",
    "\\",
    "\\`",
]
PIECES += ["| a | b |\n|---|---|", "word", "# ", "---", "<div>", "[r]: /u", "\x00", "\u2028", "文"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def regions(text: str) -> list[str]:
    return [text[start:end] for start, end in code_regions(text)]


@pytest.mark.parametrize(
    ("text", "language", "code", "whole"),
    [
        ("```python\nx\n```", "python", "x\n", "```python\nx\n```"),
        ("a\n~~~ JS {1-2}\nx\n\ny\n~~~\nb", "js", "x\n\ny\n", "~~~ JS {1-2}\nx\n\ny\n~~~"),
        ("- ```py\n  x\n  ```\n- b", "py", "x\n", "```py\n  x\n  ```"),
        ("> > ```\n> > x\n> b", "", "x\n", "```\n> > x"),
        ("```{python}\nx\n```", "python", "x\n", "```{python}\nx\n```"),
        ("``` {.python .line}\nx\n```", "python", "x\n", "``` {.python .line}\nx\n```"),
        ("```r,echo=FALSE\nx\n```", "r", "x\n", "```r,echo=FALSE\nx\n```"),
        ("a\r\n```\r\nx\r\n```\r\nb", "", "x\n", "```\r\nx\r\n```"),
        ("````\n```\n````", "", "```\n", "````\n```\n````"),
        ("```python\nx\n", "python", "x\n", "```python\nx"),
        ("```", "", "", "```"),
        ("<div>\n```html\n<b>\n```\n</div>", "html", "<b>\n", "```html\n<b>\n```"),
    ],
)
def test_a_fenced_block_is_found_with_its_language_and_its_code(
    text: str, language: str, code: str, whole: str
) -> None:
    (block,) = code_blocks(text)
    assert (block.language, block.code, text[block.start : block.end]) == (language, code, whole)
    assert block.fenced


def test_a_fence_that_nothing_closes_ends_with_what_it_is_in() -> None:
    first, second = code_blocks("- ```\n  x\n\nwords\n\n> ```\n> y\n\nwords")
    assert (first.code.strip(), second.code) == ("x", "y\n")


@pytest.mark.parametrize(
    ("text", "code", "whole"),
    [
        ("a\n\n    x\n\n      y\n\nb", "x\n\n  y\n", "    x\n\n      y"),
        ("\tx", "x\n", "\tx"),
        ("-     x\n      y", "x\ny\n", "    x\n      y"),
        (">     x", "x\n", "    x"),
    ],
)
def test_an_indented_block_is_found_too(text: str, code: str, whole: str) -> None:
    (block,) = code_blocks(text)
    assert not block.fenced
    assert block.code.rstrip("\n") + "\n" == code
    assert text[block.start : block.end] == whole


def test_blocks_come_in_order_and_say_whether_they_stand_in_something() -> None:
    blocks = code_blocks("```a\n```\n- ```b\n  ```\n\n> ~~~c\n> ~~~\n\n```d\n```")
    assert [(block.language, block.contained) for block in blocks] == [
        ("a", False),
        ("b", True),
        ("c", True),
        ("d", False),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a `b` c ``d ` e`` f", ["`b`", "``d ` e``"]),
        (r"a \`b` c` d", ["` c`"]),
        (r"a `b\` c` d", [r"`b\`"]),
        (r"a \\`b` c", ["`b`"]),
        ("a `b\nc` d", ["`b\nc`"]),
        ("a `b\n\nc` d", []),
        ("a `b\n```\nc` d\n```", ["```\nc` d\n```"]),
        ("- a `b\n- c` d", []),
        ("# a `b\nc` d", []),
        ("> a `b\n> c` d", ["`b\n> c`"]),
        ("| `a` | b |\n|---|---|\n| `c` | d` |", ["`a`", "`c`"]),
        ("a ``b` c", []),
        ("a\n\n    indented\n\nb", []),
        ("no code", []),
    ],
)
def test_regions_are_fences_and_code_between_backticks(text: str, found: list[str]) -> None:
    assert regions(text) == found


def test_labelled_python_is_taken_and_nothing_else() -> None:
    text = (
        "Install:\n```bash\npip install x\n```\nThen:\n```Python\na = 1\n\nb = 2\n```\n"
        "1. and\n   ```{python} echo\n   c = 3\n   ```\n\n"
        "```\nd = 4\n```\n\n```pycon\n>>> e\n```\n```ipython3\n%time f()"
    )
    assert python_blocks(text) == ["a = 1\n\nb = 2", "c = 3", "%time f()"]


def test_without_labels_only_what_python_can_read_and_is_more_than_a_value_is_taken() -> None:
    values = ["name", "42", '"text"', "[1, 2, -3]", "{'a': 1}", "a, b", "host: str", "None", "", "# a comment"]
    others = ["$ ls -l", "Some plain words.", "x = ", "a\x00b"]
    text = "".join(f"```\n{code}\n```\n\n" for code in [*values, "x = 1", *others, "print(x)\n"])
    assert python_blocks(text) == ["x = 1", "print(x)\n"]


@pytest.mark.parametrize(
    "code",
    [
        "!pip install x\nimport x",
        "import x\n! pip install y\nx.f()",
        "%matplotlib inline\nimport matplotlib",
        "!pip install \\\n  x y\nimport x",
        "if missing:\n    !pip install x\nelse:\n    %time f()",
        "files = !ls\nprint(files)",
        "%%time\nx = f()",
    ],
)
def test_lines_that_only_ipython_knows_may_stand_beside_python(code: str) -> None:
    assert python_blocks(f"```\n{code}\n```") == [code]


@pytest.mark.parametrize(
    "code",
    [
        "!pip install x",
        "!pip install x\nand then run it again",
        "!pip install x\n[1, 2]",
        "![a picture](b.png)\nprint(1)",
        "% Total    % Received",
        "%%bash\nls -l",
        "%%bash\nx = 1",
    ],
)
def test_such_lines_alone_or_beside_words_are_no_python(code: str) -> None:
    assert python_blocks(f"```\n{code}\n```") == []


def test_another_language_does_not_hide_unlabelled_python() -> None:
    assert python_blocks("```js\nlet x\n```\n```\nx = 1\n```") == ["x = 1"]


def test_an_odd_escape_in_a_blocks_code_is_not_complained_of() -> None:
    assert python_blocks('```\nx = "\\d"\n```') == ['x = "\\d"']


@given(TEXTS)
def test_blocks_are_those_of_commonmark(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": False}).disable("html_block").enable("table")
    tokens = [token for token in parser.parse(text) if token.type in ("fence", "code_block")]
    assert [block.code for block in code_blocks(text)] == [token.content for token in tokens]


@given(TEXTS)
def test_code_between_backticks_is_that_of_commonmark(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": False}).disable(["html_block", "link", "image", "autolink"])
    if "|" in text or "[" in text:
        return
    spans = [child for token in parser.parse(text) for child in token.children or () if child.type == "code_inline"]
    fenced = {(block.start, block.end) for block in code_blocks(text)}
    found = [region for region in code_regions(text) if region not in fenced]
    assert len(found) == len(spans)
    for (start, end), span in zip(found, spans, strict=True):
        inside = text[start + len(span.markup) : end - len(span.markup)]
        assert "".join(inside.split()).replace(">", "") == "".join(span.content.split()).replace(
            "\ufffd", "\x00"
        ).replace(">", "")


@given(TEXTS)
def test_regions_are_apart_and_in_order(text: str) -> None:
    ends = [end for region in code_regions(text) for end in region]
    assert ends == sorted(ends)
    assert all(0 <= end <= len(text) for end in ends)


@given(TEXTS, TEXTS)
def test_what_is_settled_stays_as_it_is_whatever_follows(text: str, more: str) -> None:
    whole = structure(text + more)
    settled = structure(text).settled
    resumed = structure(text + more, settled)
    before = [block for block in structure(text).blocks if block.start < settled]
    assert before + resumed.blocks == whole.blocks


def test_a_text_without_code_needs_no_parser() -> None:
    code = (
        "import sys; from zhipu_magic.text.markdown import code_blocks, code_regions, python_blocks\n"
        "text = 'Some words, x = 1.\\n\\n- an item\\n  that goes on'\n"
        "assert not code_blocks(text) and not code_regions(text) and not python_blocks(text)\n"
        "assert 'markdown_it' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
