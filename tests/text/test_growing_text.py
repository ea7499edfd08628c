"""A growing text is cut where nothing before the cut changes any more, and nothing after it reads differently."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from zhipu_magic.text.growing import Cut, cut
from zhipu_magic.text.markdown import closed

FAR = 1_000_000


def grown(text: str, *, step: int, least: int, near: int = FAR) -> list[str]:
    """The parts that a text is shown in when it has come piece by piece, the rest last."""
    parts: list[str] = []
    done, goes_on = 0, ""
    for end in range(step, len(text) + step, step):
        tail = goes_on + text[done:end]
        place = cut(tail, least=least, near=near)
        if place is not None:
            parts.append(place.finished)
            done += place.end - len(goes_on)
            goes_on = place.goes_on
    return [*parts, goes_on + text[done:]]


def leaves(text: str) -> list[tuple[str, str]]:
    """The blocks of a text that have words, with what they are; blank lines in code do not count."""
    tokens = MarkdownIt("commonmark", {"html": False}).disable("html_block").enable("table").parse(text)
    found, inside = [], ""
    for token in tokens:
        if token.type == "inline":
            found.append((inside, token.content))
        elif token.type in ("fence", "code_block", "hr"):
            found.append(
                (f"{token.type} {token.info}", "\n".join(line for line in token.content.split("\n") if line.strip()))
            )
        inside = f"{token.type} {token.tag}"
    return found


def joined(parts: list[str]) -> list[tuple[str, str]]:
    """The blocks of all parts; a block of code that was cut is one."""
    found: list[tuple[str, str]] = []
    for part in parts:
        for kind, words in leaves(part):
            if found and kind.startswith("fence") and found[-1][0] == kind:
                found[-1] = (kind, "\n".join(filter(None, [found[-1][1], words])))
            else:
                found.append((kind, words))
    return found


BLOCKS = st.sampled_from(
    [
        "# 标题\n\n",
        "A paragraph\nof two lines.\n\n",
        "一段中文，**重点**。\n\n",
        "- one\n- two\n\n  more of two\n- three\n\n",
        "3. three\n4. four\n   - nested\n   - again\n5. five\n\n",
        "1. a\n1. b\n1. c\n\n",
        "* * *\n\n",
        "> quoted\n> - in a list\n\n",
        "```python\nx = 1\n\ny = 2\n    z\n```\n\n",
        "~~~\ntext\n~~~\n\n",
        "- ```\n  in a list\n  ```\n\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n",
        "a | b\n--|--\n1 | 2\n\n",
        "    indented code\n\n    more of it\n\n",
        "Heading\n=======\n\n",
        "Heading\n---\n\n",
        "1. one is\n2.5 times as much\n\n",
        "- item\n\n    its second paragraph\n\n      - deep\n",
        "words directly\n- before a list\n- of two\n",
        "$$\nx = 1\n\ny\n$$\n\n",
        "\\[ x\n\n+ y \\]\n\n",
        "\n\n",
    ]
)


@given(st.lists(BLOCKS, max_size=8), st.integers(1, 9), st.integers(1, 40))
def test_the_parts_read_as_the_whole(blocks: list[str], step: int, least: int) -> None:
    text = "".join(blocks)
    parts = grown(text, step=step, least=least)
    assert [leaf for leaf in joined(parts) if leaf[1]] == [leaf for leaf in joined([text]) if leaf[1]]


@given(st.lists(st.one_of(BLOCKS, st.text("ab \n-*`~$\\[]|#>1.", max_size=20)), max_size=8), st.integers(1, 9))
def test_no_word_is_lost_or_shown_twice(blocks: list[str], step: int) -> None:
    text = "".join(blocks)
    done, goes_on, shown = 0, "", ""
    for end in range(step, len(text) + step, step):
        tail = goes_on + text[done:end]
        place = cut(tail, least=5, near=FAR)
        if place is not None:
            assert closed(place.finished) == place.finished
            assert place.end > len(goes_on)
            added = place.finished.removeprefix(tail[: place.end].rstrip())
            assert re.fullmatch(r"\s*(?:`{3,}|~{3,})?", added)
            assert re.match(r"\s*(?:`{3,}|~{3,}|\Z)", place.goes_on)
            shown += place.finished.removesuffix(added)[len(goes_on) :] + "\n"
            done += place.end - len(goes_on)
            goes_on = place.goes_on
    assert (shown + text[done:]).split() == text.split()


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 30,
        "$$\n" + "x = 1\n\n" * 30,
        "\\[\n" + "x = 1\n\n" * 30,
        "\\begin{align}\n" + "x = 1\n\n" * 30,
        "```mermaid\n" + "a --> b\n" * 30,
        "- ```\n" + "  in a list\n" * 30,
        "> " + "quoted\n> \n> " * 30,
        "one line " * 30,
    ],
)
def test_what_only_makes_sense_as_a_whole_is_not_cut(text: str) -> None:
    assert cut(text, least=10, near=FAR) is None


def test_an_open_block_of_code_goes_on_in_its_language() -> None:
    text = "Words.\n\n```python\nx = 1\ny = 2\nz"
    assert cut(text, least=10, near=FAR) == Cut("Words.\n\n```python\nx = 1\ny = 2\n```", len(text) - 1, "```python\n")


def test_a_list_is_cut_between_its_items_and_keeps_its_numbers() -> None:
    assert cut("1. one\n2. two\n3. three\n", least=5, near=FAR) == Cut("1. one\n2. two\n", 14)
    assert cut("1. one\n1. two\n1. three\n", least=5, near=FAR) is None


def test_little_moves_from_one_part_to_the_next_unless_the_part_is_long() -> None:
    text = "First.\n\n" + "words " * 10 + "\n"
    assert cut(text, least=8, near=10) is not None  # it is more than twice as long
    assert cut(text, least=40, near=10) is None
    assert cut(text + "\nSecond\n", least=40, near=10) == Cut(text + "\n", len(text) + 1)
