"""A template over the columns of a table: the row's values in place, the notebook's once and first."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.frames.python_values import is_missing
from zhipu_magic.values.outputs.output import DISPLAY, STREAM, CellOutput, Output
from zhipu_magic.values.row_prompt import checked
from zhipu_magic.values.row_template import RowTemplate, row_template

#: A picture of one pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
COLUMNS = ("text", "note", "review text", "meta")


def template(text: str, names: Mapping[str, Any] | None = None, columns: tuple[str, ...] = COLUMNS) -> RowTemplate:
    return row_template(text, columns, names or {}, 4_000, is_missing=is_missing)


def prompt(text: str, row: Mapping[str, Any], names: Mapping[str, Any] | None = None) -> str:
    found = template(text, names, tuple(row))
    return found.prompt([row[column] for column in found.columns]).text


def test_a_column_stands_for_the_rows_own_value() -> None:
    assert prompt("Classify: {{ text }}!", {"text": "good"}) == "Classify: good!"


def test_a_column_goes_before_a_name_of_the_notebook() -> None:
    assert prompt("{{ text }}", {"text": "the row's"}, {"text": "the notebook's"}) == "the row's"


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("{{ review text }}", "a name with a space"),
        ('{{ row["review text"] }}', "a name with a space"),
        ("{{ row.meta }}", "{'lang': 'zh'}"),
        ('{{ meta["lang"] }}', "zh"),
        ("{{ number }}", "7"),
    ],
)
def test_other_ways_to_name_a_rows_value(reference: str, shown: str) -> None:
    row = {"review text": "a name with a space", "meta": {"lang": "zh"}, "number": 7}
    found = prompt(reference, row)
    assert found.replace('"', "'") == shown


def test_a_variable_named_row_does_not_hide_the_row() -> None:
    assert prompt("{{ row.text }}", {"text": "of the table"}, {"row": {"text": "of a loop"}}) == "of the table"


def test_a_rows_text_goes_whole_and_as_it_is_even_with_braces_and_many_lines() -> None:
    text = "{{ note }}\n" + "很长的文字。" * 20_000
    assert prompt("Read {{ text }}.", {"text": text, "note": "never"}) == f"Read {text}."


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_missing_value_fails_its_row_unless_the_template_says_what_stands_for_it(missing: Any) -> None:
    with pytest.raises(InvalidRequest, match="text }} is missing in this row") as failed:
        prompt("{{ text }}", {"text": missing})
    assert failed.value.reason == "row.missing"
    assert prompt('{{ text | default("没有") }}', {"text": missing}) == "没有"
    assert prompt("{{ text | default('-') | 500 }}", {"text": missing}) == "-"
    assert prompt("{{ text | 500 | default('-') }}", {"text": missing}) == "-"


def test_an_empty_text_is_not_missing() -> None:
    assert prompt("[{{ text | default('-') }}]", {"text": ""}) == "[]"


def test_a_budget_cuts_a_value_and_says_so() -> None:
    found = template("{{ text | 100 }}", columns=("text",)).prompt(["word " * 1_000])
    assert found.cut
    assert len(found.text) < 600


def test_what_all_rows_share_stands_first_once() -> None:
    guide = "Rule one.\nRule two."
    found = template("{{ text }}\n\nFollow {{ guide }}.", {"guide": guide})
    assert found.prompt(["a row"]).text == "`guide`:\n\nRule one.\nRule two.\n\na row\n\nFollow `guide`."


def test_a_short_shared_value_stays_in_its_place() -> None:
    assert prompt("Into {{ labels }}: {{ text }}", {"text": "x"}, {"labels": "good or bad"}) == "Into good or bad: x"
    assert prompt("{{ text }} into {{ labels }}", {"text": "x"}, {"labels": "good or bad"}) == "x into good or bad"


def test_prompts_of_different_rows_share_all_that_stands_before_the_first_column() -> None:
    names = {"guide": "A long text of instructions. " * 50, "table": [{"a": 1}, {"a": 2}]}
    found = template("{{ text }}: follow {{ guide }} and {{ table }}", names)
    one, other = (found.prompt([text]).text for text in ("first row", "second row"))
    same = next(place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    assert one[:same].count("instructions") == 50


def test_a_shared_value_that_is_cut_is_told() -> None:
    assert template("{{ guide }} {{ text }}", {"guide": "word " * 10_000}).cut


@pytest.mark.parametrize("text", ["Classify this.", "{{ guide }}", "```\n{{ text }}\n```"])
def test_a_template_without_a_column_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="names no column") as failed:
        template(text, {"guide": "x"})
    assert failed.value.reason == "rows.only_shared"
    assert "text, note" in str(failed.value)


def test_an_unknown_name_is_told_with_the_nearest_column_and_its_line() -> None:
    with pytest.raises(InvalidRequest, match="Line 2 of the prompt:") as failed:
        template("{{ text }}\n{{ txet }}")
    assert failed.value.near == "text"


def test_all_that_cannot_be_resolved_is_told_at_once() -> None:
    with pytest.raises(InvalidRequest) as failed:
        template("{{ text }} {not one} {{ f(x) }}\n{{ txet }}\n{{ text | upper }}\n{{ txet }}", {"guide": "x"})
    assert str(failed.value).splitlines()[:2] == [
        "Lines 2 and 4 of the prompt: There is neither a column nor a value named txet. Did you mean text?",
        "Line 3 of the prompt: {{ text | upper }} is no reference to a value.",
    ]


@pytest.mark.parametrize(
    "reference",
    [
        "{{ text | upper }}",
        "{{ text | default(none) }}",
        "{{ text | default('a') | default('b') }}",
        '{{ text | default: "x" }}',
        "{{ text.strip() }}",
        "{{ text + 1 }}",
        "{{ text, note }}",
        "{{ text if text else 'none' }}",
        "{{ f(text) }}",
        "{{ review text | upper }}",
        "{{ text of the review }}",
        "{{ row | json }}",
        "{{ row.text | 5oo }}",
        '{{ row["text"] | 5oo }}',
        "{{ text | 5oo }}",
        "{{ text | 500 | 600 }}",
        "{{ text | 500 | default('a') | 600 }}",
    ],
)
def test_braces_that_are_meant_as_a_reference_and_are_none_are_refused(reference: str) -> None:
    with pytest.raises(InvalidRequest, match="Line 2 of the prompt:") as failed:
        template("{{ text }}\n" + reference, {"guide": "x", "clean": str.strip})
    assert failed.value.reason == "row.no_reference"
    first = str(failed.value).splitlines()[0].removesuffix(" Did you mean 500?")
    assert first.endswith(f"{reference} is no reference to a value.")
    assert '{{ column | default("…") }}' in failed.value.hint
    assert template(f"{{{{ text }}}} `{reference}`").prompt(["x"]).text == f"x `{reference}`"


def test_what_was_probably_meant_after_the_bar_of_a_column_is_told() -> None:
    with pytest.raises(InvalidRequest) as failed:
        template("{{ row.text | 5oo }}")
    assert failed.value.near == "500"


def test_only_the_reference_is_wrong_where_it_is_the_only_one() -> None:
    with pytest.raises(InvalidRequest, match="no reference"):
        template("Q {{ text.strip() }}")


@pytest.mark.parametrize("words", ["{{ % macro % }}", "{{ f() }}", "{{ other | upper }}", "{{ guide to reviews }}"])
def test_other_braces_are_words(words: str) -> None:
    found = template("{{ text }} " + words, {"guide": "x"})
    assert found.prompt(["x"]).text == "x " + words
    assert not found.notes


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("f(guide)", "Run f = f(guide) first, then write {{ f }}."),
        ("guide.upper() | 50", "Run u = guide.upper() first, then write {{ u | 50 }}."),
        ("clean(guide)", "Run c = clean(guide) first, then write {{ c }}."),
        ("guide | upper", "upper is no way to send one."),
        ("guide | 5oo", "Did you mean 500?"),
        ("Path('x.pdf') | seite 2", "seite 2 is no way to send one."),
    ],
)
def test_code_with_a_value_of_the_notebook_is_refused(code: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match="Line 1 of the prompt:") as failed:
        template(f"{{{{ text }}}} {{{{ {code} }}}}", {"guide": "x", "clean": str.strip})
    assert said in str(failed.value)


def test_a_value_may_be_sent_as_its_repr() -> None:
    found = template("{{ text | repr }} {{ guide | repr }} {{ text | repr | default('none') }}", {"guide": "x"})
    assert found.prompt(["a"]).text == "'a' 'x' 'a'"


def test_a_picture_that_is_no_reference_is_refused_as_one() -> None:
    with pytest.raises(InvalidRequest) as failed:
        row_template("{{ text }}", COLUMNS, {}, 100, images=["{{ text | upper }}"], is_missing=is_missing)
    assert failed.value.reason == "row.no_reference"


@given(st.text(), st.text(), st.text())
def test_values_are_never_expanded_and_nothing_of_them_is_lost(before: str, value: str, after: str) -> None:
    before, after = (
        text.replace("{", "(").replace("`", "'").replace("$", "€").replace("\\", "/") for text in (before, after)
    )
    lines = [f"x{line}" for line in before.splitlines()] or ["x"]
    before = "\n".join(lines)
    found = template(before + " {{ text }}" + after, columns=("text",))
    assert found.prompt([value]).text == f"{before} {value}{after}"


def test_pictures_that_all_rows_share_stand_in_the_text_once() -> None:
    picture = base64.b64decode(PNG)
    output = CellOutput((Output(STREAM, "stdout", "a\nb\n"), Output(DISPLAY, data={"image/png": PNG})))
    found = template("{{ text }}: {{ out }} and {{ out }}", {"out": output}).prompt(["t"])
    assert found.text.startswith("`out`:\n\n```text\na\nb\n```\n\n[image 1: out]\n\nt: `out` and `out`")
    many = template("{{ text }}: {{ pictures }}", {"pictures": [picture] * 6})
    assert many.prompt(["t"]).text == f"t: {' '.join(f'[image {number}: pictures]' for number in range(1, 7))}"
    assert len(many.shared) == 6


def test_the_attribute_of_another_name_is_none_of_the_row() -> None:
    names = {"day": date(2026, 1, 2)}
    assert prompt("{{ row.text }} {{ day.year }}", {"text": "in"}, names) == "in 2026"
    assert prompt("{{ row.day.month }}", {"day": date(2026, 3, 2)}, names) == "3"


def test_a_picture_in_braces_that_are_not_closed_is_a_path() -> None:
    with pytest.raises(InvalidRequest, match=r"\{\{ text"):
        row_template("{{ text }}", COLUMNS, {}, 4_000, is_missing=is_missing, images=["{{ text"])


def test_a_value_that_no_budget_brings_whole_is_refused() -> None:
    found = template("{{ text }}")
    with pytest.raises(InvalidRequest, match=r"\{\{ text \}\} does not go whole into this row's prompt") as refused:
        found.prompt([{"table": polars.LazyFrame({"a": [1]}), "rows": list(range(3))}])
    assert "{{ text | 4000 }} says how many" in str(refused.value)
    for empty in ("", " \n"):
        with pytest.raises(InvalidRequest, match="This row's prompt is empty"):
            checked(found.prompt([empty]))
