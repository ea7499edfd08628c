"""References that are hostile by their size or depth: each is resolved, sent as it stands, or refused in a message."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import pytest
from in_process import Page

from zhipu_magic.practice import PracticeServer
from zhipu_magic.text import regular_files
from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.text.markdown import code_regions
from zhipu_magic.values.references import has_references, resolved

NAMES: dict[str, Any] = {"x": 7, "a": {"b": "deep"}, "numbers": [1, 2]}


def sent(text: str) -> str:
    return resolved(text, NAMES, 4_000).text


@pytest.mark.parametrize("digits", ["9" * 8, "9" * 11, "9" * 5_000, "1" + "_0" * 300])
def test_a_budget_beyond_all_contexts_is_refused_with_its_line(digits: str) -> None:
    with pytest.raises(
        InvalidRequest, match=r"Line 2 of the prompt: The budget of \{\{ x \}\} is too large.\nNothing was sent. It is"
    ):
        sent(f"one\n{{{{ x | {digits} }}}}")


def test_a_cell_with_such_a_budget_is_one_message(page: Page, server: PracticeServer) -> None:
    page.run("x = 1")
    cell = page.run(f"%%glm\n{{{{ x | {'9' * 5_000} }}}}")
    assert isinstance(cell.error, InvalidRequest)
    assert len(str(cell.error)) < 300
    assert server.requests == []


@pytest.mark.parametrize(
    "inside",
    [
        "x" + ".real" * 10_000,
        "x" + ".real" * 190,
        "numbers" + "[0]" * 10_000,
        "x[" + "[" * 10_000 + "]" * 10_000 + "]",
        "x[" + "-" * 900 + "1]",
        "x[" + "9" * 900_000 + "]",
        "(" * 400 + "x" + ")" * 400,
        "x" + " " * 100_000 + ".real",
    ],
    ids=lambda inside: f"{inside[:9]} … {inside[-9:]}",
)
def test_what_is_too_deep_or_too_long_is_refused_in_a_short_message_or_sent_as_it_stands(inside: str) -> None:
    written = f"{{{{ {inside} }}}}"
    assert not has_references(written)
    try:
        assert resolved(written, NAMES, 100).text == written
    except InvalidRequest as error:
        assert error.reason == "reference.code"
        assert len(str(error)) < 500


def test_the_deepest_that_is_resolved_fails_in_a_message() -> None:
    with pytest.raises(InvalidRequest, match="has no value"):
        sent("{{ x" + ".real" * 90 + ".unreal }}")


def test_references_by_the_thousand_are_refused() -> None:
    assert sent("{{ x }}" * 1_000) == "7" * 1_000
    with pytest.raises(InvalidRequest, match="has 1,001 references"):
        sent("{{ x }}" * 1_001)


def test_what_is_told_is_told_ten_times_and_then_counted() -> None:
    with pytest.raises(InvalidRequest, match="490 more cannot be resolved") as refused:
        resolved("".join(f"{{{{ x + {number} }}}}" for number in range(500)), NAMES, 100)
    assert str(refused.value).count("is code") == 10


BLOCKS = {
    "braces": "{{",
    "braces and a name": "{{ a ",
    "references": "{{ x }} ",
    "references on lines": "{{ x }}\n",
    "references in code": "`{{ x }}` ",
    "expressions": "{{ x+1 }} ",
    "bars": "{{ x |",
    "round formulas": "\\( ",
    "square formulas": "\\[ ",
    "formulas": "$$ ",
    "prices": "$a ",
    "escaped prices": "\\$",
    "environments": "\\begin{a}",
    "ends": "\\end{a}",
    "commands": "\\a[",
    "exponents": "_{{",
    "backticks": "` ",
    "tildes": "~~~\n",
    "fences": "```\n",
    "brackets": "[",
    "quotations": "> > ",
    "items": "- ",
}
SHAPES = {
    "one word": lambda size: "{{ x" + "y" * size,
    "spaces": lambda size: "{{ x" + " " * size,
    "spaces and a bar": lambda size: "{{ x" + " " * size + "|" + " " * size + "5 }}",
    "environments of many names": lambda size: "".join(
        f"\\begin{{{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676 % 26)}}}" for n in range(size // 12)
    ),
    "runs of backticks": lambda size: "".join("`" * n + " " for n in range(1, int((2 * size) ** 0.5))),
}
SHAPES |= {name: lambda size, block=block: (block * size)[:size] for name, block in BLOCKS.items()}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_time_for_a_text_grows_as_the_text_does(shape: Any) -> None:
    def seconds(size: int) -> float:
        text = shape(size)
        times = []
        for _ in range(3):
            began = process_time()
            has_references(text)
            code_regions(f"{text}`")
            with suppress(InvalidRequest):
                resolved(text, NAMES, 100)
            times.append(process_time() - began)
        return min(times)

    # Below a tenth of a second, a collection of garbage or another process weighs more than the text.
    assert seconds(80_000) <= max(0.2, 3 * seconds(40_000))
    assert seconds(40_000) < 2


@pytest.mark.parametrize("block", ["{{", "{{ x ", "\\(", "`"])
def test_a_cell_of_a_megabyte_is_read_in_a_moment(block: str) -> None:
    text = (block * 1_000_000)[:1_000_000]
    began = perf_counter()
    assert resolved(text, NAMES, 100).text == text
    assert perf_counter() - began < 5


@pytest.mark.parametrize("head", [b"", b"\x89PNG\r\n\x1a\n", b"text"], ids=["zeros", "a picture", "text"])
def test_a_file_that_claims_to_be_huge_is_read_in_part_or_refused(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(10**11)
    with pytest.raises(InvalidRequest, match=r"not text|larger than|cannot be sent"):
        resolved("{{ path }}", {"path": path}, 100)
    with pytest.raises(InvalidRequest, match=r"larger than|cannot be sent"):
        resolved("look", {}, 100, images=[path])


def test_a_file_that_would_have_to_be_waited_for_is_refused() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with open(reading, "rb") as file, open(writing, "wb"), pytest.raises(OSError, match="there is nothing to read"):
        regular_files.some(file, 100)
