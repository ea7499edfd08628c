"""What is kept and shown of a run of Python, and the code as a user reads it."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from zhipu_magic.history.events.members import is_rounds
from zhipu_magic.notebook.python.names import changed
from zhipu_magic.practice import tool_call
from zhipu_magic.values.outputs.output import DISPLAY, ERROR, RESULT, STREAM, Output
from zhipu_magic.values.tools.consent import GOES_ON, code_lines, plain_code
from zhipu_magic.values.tools.ran import MOST_SHOWN, MOST_TEXT, Changed, Ran, Shown
from zhipu_magic.values.tools.shown import shown_of


def _png() -> str:
    file = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


PNG = _png()
TEXT = st.text(max_size=20) | st.sampled_from(["<table><tr><td>1</table>", "\x1b[31mred", "a\rb", "\ud800"])
DATA = st.dictionaries(
    st.sampled_from(["text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/svg+xml", "x/y"]),
    TEXT | st.binary(max_size=5) | st.just(PNG) | st.integers() | st.none(),
    max_size=3,
)
OUTPUT = (
    st.builds(Output, st.sampled_from([DISPLAY, RESULT]), data=DATA)
    | st.builds(Output, st.just(STREAM), st.sampled_from(["stdout", "stderr"]), TEXT)
    | st.builds(lambda text: Output(ERROR, "ValueError", value=ValueError(text)), TEXT)
)


@settings(max_examples=100)
@given(st.lists(OUTPUT, max_size=8), st.lists(st.sampled_from(["a note"]), max_size=1))
def test_whatever_is_shown_passes_the_journals_check_and_comes_back_the_same(
    outputs: list[Output], notes: list[str]
) -> None:
    ran = Ran(shown_of(outputs, notes), ("x",), ("y",), seen=True)
    calls: list[Any] = [tool_call("python", {"code": "x"}, id="c")]
    body = {"choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}]}
    line = json.dumps(ran.to_json(), default=lambda image: image.to_json()).encode("utf-8", "strict")
    assert is_rounds([{"completion": body, "calls": [{"id": "c", "text": "", "ran": json.loads(line)}]}])
    assert Ran.from_json(json.loads(line)) == ran
    assert not any(
        first.kind == second.kind == "text" for first, second in zip(ran.shown, ran.shown[1:-1], strict=False)
    )


def test_there_is_an_end_to_what_is_shown() -> None:
    many = shown_of([Output(DISPLAY, data={"text/markdown": str(number)}) for number in range(1_000)], ["a note"])
    assert len(many) == MOST_SHOWN and many[-2].text.endswith("more outputs are not shown]")
    (long,) = shown_of([Output(STREAM, "stdout", "x" * 1_000_000)])
    assert len(long.text) <= MOST_TEXT and "more characters" in long.text
    (bar,) = shown_of([Output(STREAM, "stderr", "".join(f"\r{part} %" for part in range(101)))])
    assert bar.text == "100 %"
    figures = shown_of([Output(DISPLAY, data={"image/png": PNG, "text/plain": "figure"})] * 25)
    assert [one.kind for one in figures] == ["image"] * 20 + ["text"] * (len(figures) - 20)


@settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n\t \u200b"), max_size=300))
def test_code_is_read_as_it_runs(code: str) -> None:
    lines = code_lines(code)
    assert all(line.isprintable() for line in lines)
    assert all(len(line) <= 112 for line in lines), "none leads out of sight"
    shown = "\n".join(lines).replace(f"\n{GOES_ON}", "")
    if code.isascii() and all(letter.isprintable() or letter in "\r\n" for letter in code) and GOES_ON not in code:
        assert shown == plain_code(code)


NAMES = st.dictionaries(st.sampled_from(["a", "b", "c", "_", "_12", "__x__", "_glm", "In"]), st.integers(0, 2))


@given(NAMES, NAMES)
def test_which_names_have_changed(before: dict[str, int], after: dict[str, int]) -> None:
    names = changed(before, after)
    assert names.bound == tuple(name for name in after if name in "abc" and before.get(name) != after[name])
    assert names.deleted == tuple(name for name in before if name in "abc" and name not in after)


def test_names_of_a_turn_are_those_of_all_its_runs() -> None:
    first = Changed().after(Ran(bound=("a", "b"), deleted=("c",)))
    assert first == Changed(("a", "b"), ("c",))
    assert first.after(Ran(bound=("c",), deleted=("a",))) == Changed(("b", "c"), ("a",))
    assert not Changed().after(Ran((Shown("text", "x"),)))
    odd = changed({}, {"n\nm": 1, "x" * 300: 2, 3: 4})  # type: ignore[dict-item]  # code can bind even that
    assert odd.bound == ("n m", "x" * 99 + "…")


def test_beyond_what_a_journal_can_keep_tables_and_markdown_are_text() -> None:
    source = "**word** " * 50_000
    shown = shown_of([Output(DISPLAY, data={"text/markdown": source, "text/plain": "a text"})] * 6)
    assert [one.kind for one in shown] == ["markdown"] * 4 + ["text"] * 2
    assert shown[-1].text == "a text"
