"""Typed answers: what the model is told of a type, and its words read as a value of it."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import subprocess
import sys
import time
import typing
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict

import pandas
import polars
import pytest
import typing_extensions
from hypothesis import example, given, settings
from hypothesis import strategies as st
from in_process import Page
from pydantic import BaseModel, Field, RootModel, field_validator

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.types.answer_type import DataFrame, Mismatch, Shape, type_from
from zhipu_magic.values.types.markdown import value_markdown
from zhipu_magic.values.types.recorded import recorded_markdown
from zhipu_magic.values.types.schema import JsonType


class Kind(enum.Enum):
    GOODS = "goods"
    WORK = "work"


class Grade(str, enum.Enum):
    GOOD = "good"


class Line(BaseModel):
    name: str
    count: int = 1


class Invoice(BaseModel):
    """A bill that was paid."""

    title: str
    total: float = Field(gt=0, description="in yuan")
    paid: date
    kind: Kind = Kind.GOODS
    note: Optional[str] = None  # noqa: UP045  # both ways to write it are read
    lines: list[Line] = []

    @field_validator("title")
    @classmethod
    def _not_empty(cls, title: str) -> str:
        if not title:
            raise ValueError("a title has letters")
        if title == "boom":
            raise RuntimeError("the check itself is broken")
        return title


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0


class Place(TypedDict):
    name: str
    people: int


class Range(NamedTuple):
    low: int
    high: int = 9


PAPER = {"title": "Paper", "total": 12.5, "paid": "2024-05-01"}


def schema_of(shape: Shape) -> dict[str, Any]:
    fence = shape.instruction.partition("```json\n")[2].removesuffix("\n```")
    return dict(json.loads(fence))


@pytest.mark.parametrize(
    ("wanted", "name", "text", "value"),
    [
        (int, "int", '{"value": 3}', 3),
        (int, "int", "3", 3),
        (int, "int", '{"value": "3"}', 3),
        (float, "float", '{"value": 2}', 2.0),
        (bool, "bool", '{"value": true}', True),
        (str, "str", '{"value": "a `b` | c"}', "a `b` | c"),
        (None, "None", '{"value": null}', None),
        (Optional[int], "int | None", '{"value": null}', None),  # noqa: UP045  # both ways to write it are read
        (int | str, "int | str", '{"value": "x"}', "x"),
        (Literal["good", "bad"], "Literal['good', 'bad']", '{"value": "bad"}', "bad"),
        (Literal[Grade.GOOD], "Literal[Grade.GOOD]", '{"value": "good"}', Grade.GOOD),
        (Kind, "Kind", '"work"', Kind.WORK),
        (datetime, "datetime", '{"value": "2024-05-01T09:30:00"}', datetime(2024, 5, 1, 9, 30)),
        (Decimal, "Decimal", '{"value": "1.10"}', Decimal("1.10")),
        (list[int], "list[int]", '{"items": [1, 2]}', [1, 2]),
        (list[int], "list[int]", "[1, 2]", [1, 2]),
        (typing.List[int], "list[int]", "[]", []),  # noqa: UP006  # both ways to write it are read
        (tuple[int, ...], "tuple[int, ...]", "[1, 2]", (1, 2)),
        (set[int], "set[int]", '{"items": [1, 1]}', {1}),
        (dict[str, int], "dict[str, int]", '{"a": 1}', {"a": 1}),
        (dict[str, int], "dict[str, int]", '{"value": 1}', {"value": 1}),
        (Annotated[int, Field(gt=3)], "int", '{"value": 4}', 4),
        (Any, "Any", '{"value": [1]}', [1]),
        (Line, "Line", '{"name": "a"}', Line(name="a")),
        (Point, "Point", '{"x": 1}', Point(1.0)),
        (Place, "Place", '{"name": "Ulm", "people": 5}', {"name": "Ulm", "people": 5}),
        (list[Place], "list[Place]", '{"items": [{"name": "Ulm", "people": 5}]}', [{"name": "Ulm", "people": 5}]),
        (Place | None, "Place | None", '{"value": {"name": "Ulm", "people": 5}}', {"name": "Ulm", "people": 5}),
        (Range, "Range", '{"low": 1}', Range(1)),
        (list[Range], "list[Range]", '{"items": [{"low": 1, "high": 2}]}', [Range(1, 2)]),
        (RootModel[list[int]], "RootModel[list[int]]", "[1]", RootModel[list[int]]([1])),
    ],
)
def test_an_answer_becomes_a_value_of_the_type(wanted: Any, name: str, text: str, value: Any) -> None:
    shape = Shape(wanted)
    read = shape.read(text)
    assert (shape.name, read, type(read)) == (name, value, type(value))


def test_the_model_is_told_the_schema_without_noise() -> None:
    told = schema_of(Shape(Invoice))
    assert told == {
        "$defs": {
            "Kind": {"enum": ["goods", "work"], "type": "string"},
            "Line": {
                "properties": {"name": {"type": "string"}, "count": {"default": 1, "type": "integer"}},
                "required": ["name"],
                "type": "object",
            },
        },
        "description": "A bill that was paid.",
        "properties": {
            "title": {"type": "string"},
            "total": {"description": "in yuan", "exclusiveMinimum": 0, "type": "number"},
            "paid": {"format": "date", "type": "string"},
            "kind": {"$ref": "#/$defs/Kind", "default": "goods"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "lines": {"default": [], "items": {"$ref": "#/$defs/Line"}, "type": "array"},
        },
        "required": ["title", "total", "paid"],
        "type": "object",
    }


@pytest.mark.parametrize("wanted", [int, list[Invoice], dict[str, int], Line | Point, Range, list[Range], Place])
def test_json_mode_is_asked_for_an_object(wanted: Any) -> None:
    told = schema_of(Shape(wanted))
    assert told["type"] == "object"
    assert "Range" not in told.get("$defs", {}) or told["$defs"]["Range"]["properties"]["low"] == {"type": "integer"}


def test_the_instruction_is_the_same_on_every_run() -> None:
    program = (
        "from zhipu_magic.values.types.answer_type import Shape\n"
        "from pydantic import BaseModel\n"
        "class Tags(BaseModel):\n    tags: set[str] = {'a', 'b', 'c', 'd', 'e'}\n"
        "shape = Shape(list[Tags])\n"
        "print(shape.instruction, shape.markdown([Tags(), Tags()]))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in "1234"
    }
    assert len(told) == 1


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "  \n{}\n",
        "\ufeff{}",
        "```json\n{}\n```",
        "Here you are:\n\n```\n{}\n```\nAnything else?",
        "~~~~json\n{}\n~~~~",
        "Surely! {} That was it.",
        "The list [as asked] of {{things}} is {} and [no more].",
        "Not this:\n```python\nprint(1)\n```\nbut this:\n```json\n{}\n```",
    ],
)
def test_json_is_found_among_words(around: str) -> None:
    answer = json.dumps([PAPER, {**PAPER, "title": 'a "}]" and ``` and { within'}], indent=1)
    read = Shape(list[Invoice]).read(around.replace("{}", answer).replace("{{", "{").replace("}}", "}"))
    assert [each.title for each in read] == ["Paper", 'a "}]" and ``` and { within']


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"b": 1}',
        '{"a": {"b": 1}, "c": ',
        'So: {"a": {"b": 1}, "c": "',
        '```json\n{"a": {"b": 1}, "c": \n```',
        '{"a": {"b": 1}}',
        "{'a': {\"b\": 1}}",
    ],
)
def test_a_part_of_an_answer_is_not_the_answer(text: str) -> None:
    with pytest.raises(Mismatch) as mismatch:
        Shape(dict[str, int]).read(text)
    assert mismatch.value.text == text
    assert mismatch.value.problems


@pytest.mark.parametrize(
    ("wanted", "text", "problems"),
    [
        (int, "", ["the answer is empty"]),
        (int, " \n", ["the answer is empty"]),
        (int, '{"value": 4', ["it is not JSON: EOF while parsing an object at line 1 column 11"]),
        (int, '{"value": "twelve"}', ["value: a whole number is wanted, not 'twelve'"]),
        (int, '{"value": 1.5}', ["value: a whole number is wanted, not 1.5"]),
        (int, "{}", ["a whole number is wanted, not {}"]),
        (bool, '{"value": "perhaps"}', ["value: true or false is wanted, not 'perhaps'"]),
        (list[str], '["a", 3]', ["[1]: a text is wanted, not 3"]),
        (Kind, '"gift"', ["it should be 'goods' or 'work', not 'gift'"]),
        (Line, '{"name": "a", "count": null}', ["count: a whole number is wanted, not null"]),
        (dict[str, Line], '{"a": []}', ["a: an object is wanted, not []"]),
        (Range, '{"low": 1, "hi": 2}', ["hi: it is not known"]),
        (
            list[Invoice],
            json.dumps({"items": [PAPER, {"title": "", "total": -1, "paid": "soon", "lines": [{}]}]}),
            [
                "items[1].title: a title has letters, found ''",
                "items[1].total: it should be greater than 0, not -1",
                "items[1].paid: a date such as 2024-05-31 is wanted, not 'soon'",
                "items[1].lines[0].name: it is missing",
            ],
        ),
        (
            int | list[int],
            '{"value": ["x"]}',
            ['value: a whole number is wanted, not ["x"] (to be int)', "value[0]: a whole number is wanted, not 'x'"],
        ),
        (
            Invoice,
            json.dumps({**PAPER, "title": "boom"}),
            ["its check failed: RuntimeError: the check itself is broken"],
        ),
        (str, json.dumps({"value": ["x" * 500]}), [f'value: a text is wanted, not ["{"x" * 57}…']),
    ],
)
def test_what_does_not_fit_is_told_in_plain_words(wanted: Any, text: str, problems: list[str]) -> None:
    shape = Shape(wanted)
    with pytest.raises(Mismatch) as mismatch:
        shape.read(text)
    assert list(mismatch.value.problems) == problems
    told = shape.request_for_repair(mismatch.value)
    assert all(f"- {problem}\n" in told for problem in problems)
    assert "pydantic" not in told


ONE, OTHER = '{"x": 1.0}', '{"x": 2.0}'


@pytest.mark.parametrize(
    "text",
    [
        f"A draft: {ONE}\nThe final version: {OTHER}",
        f"First try:\n```json\n{ONE}\n```\nActually, that is off. The corrected one:\n```json\n{OTHER}\n```\n",
        f"初稿：{ONE}。最终答案：{OTHER}",
        f"{ONE}\nAnswer: {OTHER}",
        f"{OTHER} and once more: {OTHER}",
    ],
)
def test_of_several_values_the_last_is_the_answer_if_the_words_before_it_say_so(text: str) -> None:
    assert Shape(Point).read(text) == Point(2.0)


@pytest.mark.parametrize(
    "text",
    [
        f"{ONE}\n{OTHER}",
        f"{ONE} is correct, unlike {OTHER}",
        f"Answer: {ONE} is correct. The seller has: {OTHER}",
        f"My final answer: {ONE}\nNot the final answer: {OTHER}",
        f"{ONE}\nI considered, instead of this: {OTHER}",
        f"You asked about the draft. Mine: {ONE}\nThe old one: {OTHER}",
        f"答案：{ONE}\n这是不正确的：{OTHER}",
    ],
)
def test_otherwise_none_of_them_is_taken(text: str) -> None:
    with pytest.raises(Mismatch, match="2 matching values"):
        Shape(Point).read(text)


@pytest.mark.parametrize("text", ['{"page": "' + '<a href=\\"x\\">' * 30_000, "`" * 20_000 + "\n" + "x\n" * 20_000])
def test_a_long_answer_that_was_cut_off_is_read_in_no_long_time(text: str) -> None:
    began = time.process_time()
    with pytest.raises(Mismatch):
        Shape(Point).read(text)
    assert time.process_time() - began < 2


def test_a_quotation_mark_that_nothing_closes_begins_no_text() -> None:
    assert Shape(list[int]).read('a [5" pipe], and [1, 2]') == [1, 2]


def test_at_most_ten_problems_are_told() -> None:
    with pytest.raises(Mismatch) as mismatch:
        Shape(list[int]).read(json.dumps(["x"] * 13))
    assert len(mismatch.value.problems) == 11
    assert mismatch.value.problems[-1] == "… and 3 more"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (5, "5 is a value of type int"),
        ("int", "'int' is a value of type str"),
        (lambda: 1, "a function"),
        (json, "json is a module"),
        (type("Odd", (), {}), "JSON cannot hold Odd"),
        (list[type("Odd", (), {})], "JSON cannot hold Odd"),  # type: ignore[misc]  # such a class is what is refused
        (typing.Callable[[int], int], "JSON cannot hold a function"),
        (list["Nowhere"], "it names a type that is not defined"),  # noqa: F821  # that is the case
        (DataFrame, "what its rows are"),
        (pandas.DataFrame, "what its rows are"),
        (DataFrame[int], "int has no fields"),
        (list[DataFrame[Line]], "A reply cannot be read as list[DataFrame[Line]]"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is_sent(wanted: Any, words: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        Shape(wanted)
    assert words in str(refusal.value)
    assert " at 0x" not in str(refusal.value)


def test_a_typed_dict_within_another_type_is_refused_clearly_where_pydantic_cannot_take_it() -> None:
    holder = dataclasses.make_dataclass("Holder", [("place", Place)])
    if sys.version_info >= (3, 12):
        assert Shape(holder).read('{"place": {"name": "Ulm", "people": 5}}').place["people"] == 5
    else:
        with pytest.raises(InvalidRequest, match="typing_extensions"):
            Shape(holder)


def test_types_that_were_defined_in_cells_are_read(bare_page: Page) -> None:
    cell = bare_page.run(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from typing import TypedDict\n"
        "from zhipu_magic.values.types.answer_type import Shape, type_from\n"
        "class Where(TypedDict, total=False):\n    city: str\n    zone: Zone\n"
        "class Zone(TypedDict):\n    number: int\n"
        "@dataclass\nclass Trip:\n    ends: list[End]\n"
        "@dataclass\nclass End:\n    name: str | None = None\n"
        'trip = Shape(type_from(\'Trip\', globals())).read(\'{"ends": [{"name": "Ulm"}]}\')\n'
        'where = Shape(list[Where]).read(\'[{"zone": {"number": "3"}}]\')\n'
    )
    assert cell.success, cell.error
    assert bare_page.names["trip"].ends[0].name == "Ulm"
    assert bare_page.names["where"] == [{"zone": {"number": 3}}]


# DataFrames


class Sale(BaseModel):
    shop: str
    pieces: int
    price: float
    paid: bool
    day: date
    kind: Kind = Kind.GOODS
    again: Optional[int] = None  # noqa: UP045  # both ways to write it are read
    note: Optional[str] = None  # noqa: UP045  # both ways to write it are read


SALES = json.dumps(
    {
        "items": [
            {"shop": "A|B", "pieces": 2, "price": 1, "paid": True, "day": "2024-05-01", "kind": "work", "again": 7},
            {"shop": "C", "pieces": 3, "price": 0.5, "paid": False, "day": "0001-01-01"},
        ]
    }
)


@pytest.mark.parametrize("text", [SALES, '{"items": []}', json.dumps({"items": [json.loads(SALES)["items"][0]]})])
def test_a_pandas_frame_has_the_fields_as_columns_and_the_same_types_with_any_rows(text: str) -> None:
    frame = Shape(DataFrame[Sale]).read(text)
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == list(Sale.model_fields)
    kinds = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert kinds.pop("day").startswith("datetime64") or text == SALES  # older pandas knows no year 1
    words = str(pandas.Series([""]).dtype)
    assert kinds == {
        "shop": words,
        "pieces": "int64",
        "price": "float64",
        "paid": "bool",
        "kind": words,
        "again": "Int64",
        "note": words if text != SALES else kinds["note"],
    }


def test_a_polars_frame_is_made_where_polars_is_named() -> None:
    shape = Shape(type_from("pl.DataFrame[Sale]", {"pl": polars, "Sale": Sale}))
    full, empty = shape.read(SALES), shape.read("[]")
    assert isinstance(full, polars.DataFrame)
    assert full.schema == empty.schema
    assert full.schema["day"] == polars.Date
    assert full["kind"].to_list() == ["work", "goods"]
    assert full["again"].to_list() == [7, None]


@pytest.mark.parametrize("row", [Point, Place, Range, Line])
def test_any_record_makes_a_frame(row: Any) -> None:
    values: dict[Any, dict[str, Any]] = {
        Point: {"x": 1.0, "y": 2.0},
        Place: {"name": "Ulm", "people": 5},
        Range: {"low": 1, "high": 2},
        Line: {"name": "a", "count": 1},
    }
    for library in (pandas, polars):
        shape = Shape(type_from("lib.DataFrame[Row]", {"lib": library, "Row": row}))
        frame = shape.read(json.dumps([values[row]]))
        assert isinstance(frame, library.DataFrame)
        assert {name: list(frame[name]) for name in frame.columns} == {k: [v] for k, v in values[row].items()}


class Odd(BaseModel):
    big: int
    moments: datetime
    nested: list[Line]
    anything: Any


def test_a_frame_holds_what_its_types_cannot() -> None:
    rows = [
        {"big": 2**70, "moments": "2024-05-01T00:00:00+08:00", "nested": [{"name": "a"}], "anything": 1},
        {"big": 1, "moments": "2024-05-01T00:00:00", "nested": [], "anything": "x"},
    ]
    for library in (pandas, polars):
        shape = Shape(type_from("lib.DataFrame[Odd]", {"lib": library, "Odd": Odd}))
        frame = shape.read(json.dumps(rows))
        assert list(frame["big"]) == [2**70, 1]
        assert list(frame["anything"]) == [1, "x"]
        assert "| 1180591620717411303424 |" in shape.markdown(frame)


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_only_a_library_that_is_imported_makes_frames() -> None:
    told = run(
        "import sys\n"
        "from zhipu_magic.text.errors import InvalidRequest\n"
        "from zhipu_magic.values.types.answer_type import DataFrame, Shape\n"
        "assert not {'pydantic', 'docstring_parser'} & sys.modules.keys()\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Row:\n    a: int\n"
        "try:\n    Shape(DataFrame[Row])\nexcept InvalidRequest as error:\n    print(error)\n"
        "Shape(list[Row]).markdown(Shape(list[Row]).read('[]'))\n"
        "assert not {'pandas', 'polars', 'numpy'} & sys.modules.keys()\n"
        "import polars\nprint(type(Shape(DataFrame[Row]).read('[]')).__module__)\n"
        "import pandas\nprint(type(Shape(DataFrame[Row]).read('[]')).__module__)\n"
    )
    refusal, hint, first, second = told.splitlines()
    assert refusal == "DataFrame[Row] needs pandas or polars, and neither has been imported."
    assert "import pandas" in hint
    assert first.startswith("polars")
    assert second.startswith("pandas")


# How a value is shown


def test_records_show_as_a_table() -> None:
    shape = Shape(list[Invoice])
    paper = {**PAPER, "title": "a|b\nc `d` $5 *f*", "note": "snake_case <b>"}
    told = shape.markdown(shape.read(json.dumps([paper, PAPER])))
    assert told.splitlines() == [
        "| title | total | paid | kind | note | lines |",
        "| --- | --- | --- | --- | --- | --- |",
        r"| a\|b c \`d\` \$5 \*f\* | 12.5 | 2024-05-01 | goods | snake_case <b> | \[\] |",
        r"| Paper | 12.5 | 2024-05-01 | goods |  | \[\] |",
    ]


@pytest.mark.parametrize(
    ("text", "cell"),
    [("$5 to $6", "` $5 to $6 `"), (r"\(x\) `y|z`", r"`` \(x\) `y\|z` ``"), ("a_b _c_ [d](e)", r"a_b \_c\_ \[d\](e)")],
)
def test_words_in_a_table_are_neither_markdown_nor_mathematics(text: str, cell: str) -> None:
    assert Shape(list[Line]).markdown([Line(name=text)]).endswith(f"\n| {cell} | 1 |")


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        (list[Place], [{"name": "Ulm", "people": 5}]),
        (list[dict[str, Any]], [{"name": "Ulm", "people": 5}]),
        (tuple[Place, ...], ({"people": 5, "name": "Ulm"},)),
    ],
)
def test_records_of_any_kind_show_as_a_table(wanted: Any, value: Any) -> None:
    assert "| --- | --- |" in Shape(wanted).markdown(value)


def test_records_of_different_fields_show_as_json() -> None:
    assert Shape(list[Any]).markdown([{"a": 1}, {"b": 2}]).startswith("```json\n[\n")


@pytest.mark.parametrize(("wanted", "value"), [(Point, Point(1.0)), (Place, {"x": 1.0, "y": 0.0})])
def test_one_record_shows_a_row_for_each_field(wanted: Any, value: Any) -> None:
    assert Shape(wanted).markdown(value) == "| field | value |\n| --- | --- |\n| x | 1.0 |\n| y | 0.0 |"


@pytest.mark.parametrize(
    ("wanted", "value", "shown"),
    [
        (int, 3, "3"),
        (bool, True, "True"),
        (str, "words, *as they are*", "words, *as they are*"),
        (Kind, Kind.WORK, "work"),
        (date, date(2024, 5, 1), "2024-05-01"),
        (dict[str, int], {"猫": 1}, '```json\n{\n  "猫": 1\n}\n```'),
        (list[int], [], "```json\n[]\n```"),
        (RootModel[list[int]], RootModel[list[int]]([1]), "```json\n[\n  1\n]\n```"),
    ],
)
def test_other_values_show_as_json_and_short_ones_as_they_are(wanted: Any, value: Any, shown: str) -> None:
    assert Shape(wanted).markdown(value) == shown


def test_a_long_table_ends_with_the_number_of_rows_that_are_left_out() -> None:
    lines = Shape(list[Line]).markdown([Line(name=str(number)) for number in range(1062)]).splitlines()
    assert lines[-2:] == ["", "… and 1,012 more rows"]
    assert len(lines) == 2 + 50 + 2
    frame = Shape(DataFrame[Line]).read(json.dumps([{"name": "a"}] * 51))
    assert Shape(DataFrame[Line]).markdown(frame).endswith("| a | 1 |\n\n… and 1 more row")


@pytest.mark.parametrize("library", [pandas, polars])
def test_a_frame_shows_as_a_table_with_gaps_where_nothing_is(library: Any) -> None:
    shape = Shape(type_from("lib.DataFrame[Sale]", {"lib": library, "Sale": Sale}))
    row = json.loads(SALES)["items"][0]
    assert shape.markdown(shape.read(json.dumps([row, {**row, "again": None}]))).splitlines() == [
        "| shop | pieces | price | paid | day | kind | again | note |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        r"| A\|B | 2 | 1.0 | True | 2024-05-01 | work | 7 |  |",
        r"| A\|B | 2 | 1.0 | True | 2024-05-01 | work |  |  |",
    ]


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.text() | st.text(alphabet="$`|\\\\(a ") | st.floats(), min_size=3),
        min_size=1,
    )
)
@settings(deadline=None)
def test_no_value_breaks_its_table(rows: list[dict[str, Any]]) -> None:
    from markdown_it import MarkdownIt

    told = Shape(list[dict[str, Any]]).markdown(rows)
    tokens = MarkdownIt("commonmark").enable("table").parse(told)
    assert sum(token.type == "td_open" for token in tokens) == 3 * min(len(rows), 50)


# Round trips

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
PEOPLE = st.builds(Line, name=st.text(), count=st.integers(0, 9))


@given(JSON, st.booleans())
@settings(deadline=None)
@example({"value": 1}, False)
def test_any_json_comes_back_as_it_went(value: Any, ascii_only: bool) -> None:
    answer = json.dumps({"value": value}, ensure_ascii=ascii_only)
    for text in (answer, f"```json\n{answer}\n```", f"Here: {answer}."):
        assert Shape(Any).read(text) == value


@given(st.lists(PEOPLE), st.sampled_from(["{}", "```json\n{}\n```", "Well, {} it is."]))
@settings(deadline=None)
def test_records_come_back_wrapped_and_bare(people: list[Line], around: str) -> None:
    shape = Shape(list[Line])
    bare = json.dumps([each.model_dump() for each in people], ensure_ascii=False)
    for answer in (bare, f'{{"items": {bare}}}'):
        assert shape.read(around.replace("{}", answer)) == people


@given(st.floats())
@settings(deadline=None)
def test_numbers_without_an_end_come_back_too(number: float) -> None:
    read = Shape(float).read(json.dumps({"value": number}))
    assert read == number or (math.isnan(read) and math.isnan(number))


@given(st.text() | st.text(alphabet='{}[]",:\\`\n 01ae\ud800'))
@settings(deadline=None)
@example("[" * 100_000)
@example('{"value":' * 5_000)
@example("{}" * 5_000)
def test_any_text_is_read_or_a_mismatch(text: str) -> None:
    try:
        Shape(dict[str, int]).read(text)
    except Mismatch as mismatch:
        assert mismatch.text == text
        assert mismatch.problems


# The type that a text names


@pytest.fixture
def names() -> Iterator[dict[str, Any]]:
    yield {
        "Invoice": Invoice, "Kind": Kind, "pd": pandas, "pl": polars, "json": json, "number": 3,
        "Frame": pandas.DataFrame, "here": sys.modules[__name__], "func": run,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Invoice", "Invoice"),
        (" list[Invoice]\n", "list[Invoice]"),
        ("here.Invoice", "Invoice"),
        ("dict[str, list[int]]", "dict[str, list[int]]"),
        ("tuple[int, ...]", "tuple[int, ...]"),
        ("Invoice | None", "Invoice | None"),
        ("Optional[Union[float, bool]]", "float | bool | None"),
        ("Literal['good', -1, True, None]", "Literal['good', -1, True, None]"),
        ("Literal[Kind.WORK]", "Literal[Kind.WORK]"),
        ("Annotated[int, 'how many']", "int"),
        ("None", "None"),
        ("Any", "Any"),
        ("datetime", "datetime"),
        ("Decimal", "Decimal"),
        ("DataFrame[Invoice]", "DataFrame[Invoice]"),
        ("pd.DataFrame[Invoice]", "DataFrame[Invoice]"),
        ("Frame[Invoice]", "DataFrame[Invoice]"),
    ],
)
def test_a_text_names_a_type(text: str, name: str, names: dict[str, Any]) -> None:
    assert Shape(type_from(text, names)).name == name


def test_the_users_own_names_go_first() -> None:
    assert type_from("Decimal", {"Decimal": Invoice}) is Invoice


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a type"),
        ("Invoce", "Did you mean Invoice?"),
        ("Nowhere", "Define it first"),
        ("number", "number is a value of type int, not a type"),
        ("list[number]", "number is a value of type int, not a type"),
        ("func", "func is a function, not a type"),
        ("print", "print is a function, not a type"),
        ("json", "json is a module, not a type"),
        ("Kind.WORK", "Kind.WORK is a value of type Kind, not a type"),
        ("json.nothing", "json has no type nothing"),
        ("Invoice.__class__", "no type"),
        ("func()", "func() is not a type"),
        ("list[func()]", "func() is not a type"),
        ("[int]", "not a type"),
        ("int + str", "not a type"),
        ("'Invoice'", "without quotes"),
        ("list['Invoice']", "without quotes"),
        ("int[str]", "int cannot be used like that"),
        ("Literal", "Literal needs something in brackets"),
        ("Literal[number]", "number is not allowed in Literal"),
        ("Literal[Kind.FREE]", "Kind.FREE is not allowed in Literal"),
        ("Kind.FREE", "Kind has no type FREE"),
        ("number[int]", "number is a value of type int, not a type"),
        ("DataFrame", "DataFrame[Invoice]"),
        ("pd.DataFrame", "pd.DataFrame[Invoice]"),
        ("Frame | None", "what its rows are"),
        ("list[", "not a type"),
        ("int\nstr", "not a type"),
        ("a" * 600, "too long"),
        ("(" * 300, "not a type"),
        ("\0", "not a type"),
    ],
)
def test_what_names_no_type_is_refused(text: str, words: str, names: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        type_from(text, names)
    assert words in str(refusal.value)


PARTS = st.lists(
    st.sampled_from(
        [
            "list",
            "dict",
            "Literal",
            "Optional",
            "Union",
            "Any",
            "Annotated",
            "DataFrame",
            "int",
            "None",
            "Invoice",
            "number",
            "pd",
            "Kind",
            "func",
        ]
    )
    | st.sampled_from("..[][](),,|:-1*= \n\\")
    | st.sampled_from(["...", "'a'", "lambda", "await ", "yield ", "not ", "**", ":="]),
    max_size=12,
).map("".join)


@given(st.text() | PARTS)
@settings(max_examples=400, deadline=None)
@example("|".join(["int"] * 120))
@example("list[" * 80 + "int" + "]" * 80)
@example("not " * 120 + "1")
def test_any_text_names_a_type_or_is_refused(text: str) -> None:
    known = {"Invoice": Invoice, "Kind": Kind, "pd": pandas, "json": json, "number": 3, "func": run}
    try:
        named = type_from(text, known)
    except InvalidRequest as refusal:
        assert refusal.message
    else:
        try:
            Shape(named)
        except InvalidRequest as refusal:
            assert refusal.message


def test_nothing_of_the_users_is_run_to_name_a_type() -> None:
    ran = []

    class Meta(type):
        @property
        def inner(cls) -> Any:
            ran.append("inner")
            return int

    class Holder(metaclass=Meta):
        pass

    class Value:
        def __getattr__(self, name: str) -> Any:
            ran.append(name)
            return int

    for text in ("Holder.inner", "value.thing"):
        with pytest.raises(InvalidRequest):
            type_from(text, {"Holder": Holder, "value": Value()})
    assert ran == []


# What a model is told


@dataclasses.dataclass
class Tagged:
    share: Annotated[float, Field(ge=0.0, le=1.5)]
    tags: frozenset[str] = frozenset({"c", "a", "b"})


def test_a_schema_is_the_same_in_every_run_and_in_every_version() -> None:
    share, tags = JsonType(Tagged).schema["properties"].values()
    assert share == {"maximum": 1.5, "minimum": 0, "type": "number"}
    assert str(share["minimum"]) == "0"
    assert tags["default"] == ["a", "b", "c"]


def test_the_markdown_of_an_answer_has_sets_in_order() -> None:
    assert value_markdown([Tagged(0.5, frozenset("cab"))], is_record=False).endswith('| 0.5 | \\["a", "b", "c"\\] |')


class Tree(TypedDict):
    below: list[Tree]


class Piece(TypedDict):
    name: str
    size: typing_extensions.NotRequired[int]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from Python 3.12 on pydantic reads those of typing")
def test_a_dict_of_typing_is_read_unless_it_contains_itself() -> None:
    assert JsonType(Piece).schema["required"] == ["name"]
    with pytest.raises(InvalidRequest, match="a TypedDict that contains itself must come from typing_extensions"):
        Shape(Tree)


# As a journal has it


def instruction(schema: object) -> str:
    return f"Answer as JSON:\n```json\n{json.dumps(schema)}\n```"


def test_of_a_recorded_answer_the_last_json_that_fits_is_shown() -> None:
    schema = {"properties": {"a": {"type": "integer"}}, "required": ["a"], "type": "object"}
    assert "1" in recorded_markdown('{"a": 1} or rather {"b": 2}', instruction(schema))
    assert recorded_markdown('{"b": 2}', instruction(schema)) == ""


def test_a_recorded_schema_that_refers_to_itself_ends() -> None:
    schema = {"$defs": {"A": {"$ref": "#/$defs/A"}}, "properties": {"a": {"$ref": "#/$defs/A"}}, "type": "object"}
    assert "7" in recorded_markdown('{"a": 7}', instruction(schema))
