"""Reasoning that a server leaves in the content is told apart from the answer, however the stream is cut."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.service.api_key import ApiKey, Hide
from zhipu_magic.service.words import Marks, Words

#: Contents, with the answer and the reasoning in each.
CONTENTS = {
    "<think>perhaps {1}</think>{2}": ("{2}", "perhaps {1}"),
    "perhaps {1}</think>{2}": ("{2}", "perhaps {1}"),
    " \n<think>\n先想一想\n</think>\n\n答案是 4。": ("答案是 4。", "先想一想\n"),
    "<think></think>\n\nHi": ("Hi", ""),
    "</think>\n\nHi": ("Hi", ""),
    "<think>a</think>\n<think>b</think>c": ("c", "ab"),
    "<think>a</think></think>b": ("b", "a"),
    f"{' ' * 2000}<think>a</think>b": (f"{' ' * 2000}<think>a</think>b", ""),
    "<think>never closed": ("", "never closed"),
    "only thoughts\n</think>": ("", "only thoughts\n"),
    "It ends with </think>": ("It ends with </think>", ""),
    "Close the block with the </think> tag, then answer.": ("Close the block with the </think> tag, then answer.", ""),
    "<think>a</think>The tag <think> begins, and </think> ends it.": (
        "The tag <think> begins, and </think> ends it.",
        "a",
    ),
    "Close it with `</think>` at the end.": ("Close it with `</think>` at the end.", ""),
    "It goes between <think> and </think> tags.": ("It goes between <think> and </think> tags.", ""),
    'It ends with "</think>".': ('It ends with "</think>".', ""),
    "它以</think>，结束。": ("它以</think>，结束。", ""),
    "```html\n<think>a</think>\n```\n": ("```html\n<think>a</think>\n```\n", ""),
    "~~~\n</think>\n": ("~~~\n</think>\n", ""),
    "~~~\n```\n</think>\n": ("~~~\n```\n</think>\n", ""),
    "Some `code` first, then\n</think>\nYes.": ("Yes.", "Some `code` first, then\n"),
    "```py\nx\n```\nSo:\n</think>\nYes.": ("Yes.", "```py\nx\n```\nSo:\n"),
    "It is <|begin_of_box|>42<|end_of_box|>.": ("It is 42.", ""),
    "<think>a</think><|begin_of_box|>B<|end_of_box|>": ("B", "a"),
    "`<|begin_of_box|>` is a mark.": ("`<|begin_of_box|>` is a mark.", ""),
    "a < b </ c <|begin": ("a < b </ c <|begin", ""),
    "<thinking>no mark of ours</thinking>": ("<thinking>no mark of ours</thinking>", ""),
    "  \n": ("  \n", ""),
    "": ("", ""),
}


def read(pieces: list[str], marks: Marks = "meant", hide: Hide | None = None) -> Words:
    words = Words(hide or Hide(), marks)
    for piece in pieces:
        words.add(piece)
    words.end()
    return words


@pytest.mark.parametrize(("content", "told"), CONTENTS.items(), ids=repr)
def test_thinking_in_the_content_is_reasoning(content: str, told: tuple[str, str]) -> None:
    for pieces in ([content], list(content)):
        words = read(pieces)
        assert (words.text, words.thoughts) == told


@given(st.data())
def test_wherever_the_content_is_cut(data: Any) -> None:
    content = "".join(data.draw(st.lists(st.sampled_from([*CONTENTS, "`", "\n\n", "<", "é", "k1"]), max_size=4)))
    marks = data.draw(st.sampled_from(["meant", "closing", "opened", "words"]))
    hide = data.draw(st.sampled_from([Hide(), Hide([ApiKey("<think>k1.and-a-secret-of-some-length")])]))
    whole = read([content], marks, hide)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=8)))
    pieces = [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    words = read(pieces, marks, hide)
    assert (words.text, words.thoughts) == (whole.text, whole.thoughts)


@given(st.lists(st.text("<>/|thinkbegn_ofx`\n ab"), max_size=6))
def test_no_word_is_lost(pieces: list[str]) -> None:
    words = read(pieces)
    kept = words.thoughts + words.text
    for mark in ("<think>", "</think>", "<|begin_of_box|>", "<|end_of_box|>"):
        kept = kept.replace(mark, "")
    content = "".join(pieces)
    for mark in ("<think>", "</think>", "<|begin_of_box|>", "<|end_of_box|>"):
        content = content.replace(mark, "")
    assert "".join(kept.split()) == "".join(content.split())


def test_what_is_opened_streams_as_reasoning_and_what_is_closed_alone_is_taken_back() -> None:
    words = Words(Hide())
    assert [words.add(piece) for piece in ("<th", "ink>so", " far")] == ["", "", ""]
    assert (words.text, words.thoughts) == ("", "so far")
    assert words.add("</think>Yes") == "Yes"
    words = Words(Hide())
    assert words.add("so far") == "so far"
    assert (words.add("</think>Yes"), words.text, words.thoughts) == ("Yes", "Yes", "so far")
    assert (words.taken_back, words.closed_unopened) == (1, True)


def test_where_replies_are_known_to_begin_so_they_stream_as_reasoning_at_once() -> None:
    words = Words(Hide(), "closing")
    assert (words.add("so far"), words.thoughts) == ("", "so far")
    assert (words.add("</think>\n\nYes"), words.end()) == ("Yes", "")
    assert (words.text, words.thoughts, words.taken_back) == ("Yes", "so far", 0)
    words = Words(Hide(), "closing")
    words.add("No reasoning this time.")
    assert words.end() == "No reasoning this time."
    assert (words.text, words.thoughts) == ("No reasoning this time.", "")


def test_a_server_that_tells_reasoning_apart_itself_has_no_more_of_it_in_its_words() -> None:
    words = Words(Hide())
    words.think("hm")
    words.add("before\n</think>\nafter")
    words.end()
    assert (words.text, words.thoughts) == ("before\n</think>\nafter", "hm")


def test_reasoning_that_was_cut_off_before_its_end_is_no_answer() -> None:
    words = Words(Hide(), "closing")
    words.add("so far")
    assert words.end(cut=True) == ""
    assert (words.text, words.thoughts) == ("", "so far")


def test_what_goes_on_from_a_reply_without_reasoning_has_none_that_only_ends() -> None:
    words = read(["b</think>\nDone ", "<|begin_of_box|>4<|end_of_box|>"], "opened")
    assert (words.text, words.thoughts) == ("b</think>\nDone 4", "")
    assert read(["<think>a</think>", "b"], "opened").thoughts == "a"


def test_a_long_piece_that_is_taken_back_brings_only_the_answer() -> None:
    words = Words(Hide())
    assert words.add("so far " * 2000 + "</think>" + "Yes. " * 2000) == "Yes. " * 2000


RUNS_OF_BACKTICKS = "".join("`" * length + " " for length in range(1, 1400))


def test_but_a_closing_tag_before_its_first_word_is_left_over() -> None:
    words = Words(Hide())
    words.think("hm")
    assert words.add("</thi") == ""
    assert (words.add("nk>\n\nYes"), words.end()) == ("Yes", "")
    assert (words.text, words.thoughts) == ("Yes", "hm")


@pytest.mark.parametrize("size", [50, 1 << 22])
@pytest.mark.parametrize(
    "content",
    [
        "ends with </think>, then <|begin_of_box|> " * 40_000,
        "x</think>, " * 100_000,
        "<think></think>" * 100_000,
        "\n" * 1_000_000,
        RUNS_OF_BACKTICKS + "<|begin_of_box|>, " * 64,
    ],
    ids=lambda content: content[:20] if isinstance(content, str) else "",
)
def test_many_marks_in_a_long_text_take_no_long_time(content: str, size: int) -> None:
    began = time.process_time()
    words = read([content[start : start + size] for start in range(0, len(content), size)])
    assert time.process_time() - began < 5
    assert content.endswith(words.text[-10:])
