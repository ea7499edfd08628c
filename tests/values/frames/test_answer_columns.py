"""Answers of any type as columns of any library: of a type that fits, the same for any rows, and nothing lost."""

from __future__ import annotations

import dataclasses
import enum
import json
import typing
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Optional
from uuid import UUID

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, RootModel
from reviews import GOOD, Review, answered
from typing_extensions import TypeAliasType, TypedDict

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.columns.column import Column
from zhipu_magic.values.columns.in_arrow import arrow_column
from zhipu_magic.values.columns.in_pandas import pandas_column
from zhipu_magic.values.columns.in_polars import polars_column
from zhipu_magic.values.frames.answers import answer_columns
from zhipu_magic.values.types.answer_type import DataFrame, Shape


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Part(BaseModel):
    name: str
    mood: Mood = Mood.GOOD


@dataclasses.dataclass
class Point:
    x: int
    parts: list[Part] = dataclasses.field(default_factory=list)


class Pair(NamedTuple):
    text: str
    n: int


class Loose(TypedDict, total=False):
    text: str
    n: int


class Tree(BaseModel):
    name: str
    children: list[Tree] = []


class Hidden(BaseModel):
    open: str
    secret: str = Field(exclude=True)


class Tags(RootModel[list[str]]):
    pass


def _names(as_type: Any) -> tuple[str, ...]:
    return answer_columns(as_type).names


def _cells(as_type: Any, *values: Any) -> dict[str, list[Any]]:
    return dict(answer_columns(as_type).of(values).values)


Renamed = typing.NewType("Renamed", Review)


@pytest.mark.parametrize(
    ("as_type", "names"),
    [
        (None, ("answer",)),
        (str, ("answer",)),
        (list[Review], ("answer",)),
        (Review | Point, ("answer",)),
        (dict[str, int], ("answer",)),
        (Tags, ("answer",)),
        (Review, ("label", "stars", "sure", "spam")),
        (Optional[Review], ("label", "stars", "sure", "spam")),  # noqa: UP045  # both ways to write it are read
        (Annotated[Review | None, "a note"], ("label", "stars", "sure", "spam")),
        (Renamed, ("label", "stars", "sure", "spam")),
        (Point, ("x", "parts")),
        (Pair, ("text", "n")),
        (Loose, ("text", "n")),
    ],
    ids=str,
)
def test_a_record_makes_a_column_for_each_field_and_anything_else_makes_one(as_type: Any, names: Any) -> None:
    assert _names(as_type) == names


def test_cells_are_plain_and_a_row_that_failed_has_none() -> None:
    assert _cells(None, "a", None) == {"answer": ["a", None]}
    assert _cells(Point, Point(1, [Part(name="a", mood=Mood.BAD)]), None) == {
        "x": [1, None],
        "parts": [[{"name": "a", "mood": "bad"}], None],
    }
    assert _cells(Pair, Pair("a", 1)) == {"text": ["a"], "n": [1]}
    assert _cells(Loose, {"n": 1}, {"text": "a"}) == {"text": [None, "a"], "n": [1, None]}
    assert _cells(Mood, Mood.BAD) == {"answer": ["bad"]}
    assert _cells(set[str], {"b", "a"}) == {"answer": [["a", "b"]]}
    assert _cells(Tags, Tags(["a"])) == {"answer": [["a"]]}
    assert _cells(list[Pair], [Pair("a", 1)]) == {"answer": [[{"text": "a", "n": 1}]]}
    assert _cells(dict[Mood, Part], {Mood.BAD: Part(name="a")}) == {"answer": [{"bad": {"name": "a", "mood": "good"}}]}
    assert _cells(Hidden, Hidden(open="a", secret="b")) == {"open": ["a"], "secret": ["b"]}
    assert _cells(str, "\ud800") == {"answer": ["\ufffd"]}


@pytest.mark.parametrize("as_type", [DataFrame, DataFrame[Review], pd.DataFrame, pl.DataFrame])
def test_an_answer_to_a_row_is_no_frame(as_type: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        answer_columns(as_type)
    assert refused.value.reason == "rows.answer_frame" and "list[Review]" in str(refused.value)


def test_a_type_that_json_cannot_hold_is_told_as_elsewhere() -> None:
    for as_type in (Callable[[], int], list[DataFrame[Review]]):
        with pytest.raises(InvalidRequest) as refused:
            answer_columns(as_type)
        assert refused.value.reason == "type.unreadable"


UTC, SHANGHAI = timezone.utc, timezone(timedelta(hours=8))
#: By the type of an answer: some values of it, and the types of the column in polars and in pyarrow.
TYPES: list[tuple[Any, list[Any], Any, str]] = [
    (str, ["a"], pl.String, "string"),
    (Literal["a", "b"], ["a", "b"], pl.String, "string"),
    (Literal["a"], ["a"], pl.String, "string"),
    (Literal[1, 2], [1, 2], pl.Int64, "int64"),
    (Mood, [Mood.GOOD], pl.String, "string"),
    (int, [1], pl.Int64, "int64"),
    (float, [0.5], pl.Float64, "double"),
    (int | float, [1, 0.5], pl.Float64, "double"),
    (bool, [True], pl.Boolean, "bool"),
    (Optional[bool], [True], pl.Boolean, "bool"),  # noqa: UP045  # both ways to write it are read
    (date, [date(2024, 5, 1)], pl.Date, "date32[day]"),
    (datetime, [datetime(2024, 5, 1, 8)], pl.Datetime("us"), "timestamp[us]"),
    (time, [time(8)], pl.Time, "time64[us]"),
    (timedelta, [timedelta(seconds=1)], pl.Duration("us"), "duration[us]"),
    (list[str], [["a"], []], pl.List(pl.String), "list<item: string>"),
    (set[int], [{2, 1}], pl.List(pl.Int64), "list<item: int64>"),
    (list[list[float]], [[[1.0]]], pl.List(pl.List(pl.Float64)), "list<item: list<item: double>>"),
    (
        list[Part],
        [[Part(name="a")]],
        pl.List(pl.Struct({"name": pl.String, "mood": pl.String})),
        "list<item: struct<name: string, mood: string>>",
    ),
]


def _type_of(series: Any) -> Any:
    return str(series.type).replace("element: ", "item: ") if isinstance(series, pa.Array) else series.dtype


@pytest.mark.parametrize(("as_type", "values", "polars", "arrow"), TYPES, ids=[str(each[0]) for each in TYPES])
def test_a_column_has_the_same_fitting_type_with_any_rows(as_type: Any, values: Any, polars: Any, arrow: str) -> None:
    columns = answer_columns(as_type)
    (column,) = columns.columns
    for answers in (values, [*values, None], [None], []):
        cells = columns.of(answers).values["answer"]
        assert _type_of(polars_column(column, cells)) == polars
        assert _type_of(arrow_column(column, cells)) == arrow
        assert polars_column(column, cells).to_list() == cells == arrow_column(column, cells).to_pylist()
        assert len(pandas_column(column, cells)) == len(cells)


@pytest.mark.parametrize(
    ("as_type", "value", "whole", "with_nulls"),
    [
        (int, 1, "int64", "Int64"),
        (bool, True, "bool", "boolean"),
        (float, 1.5, "float64", "float64"),
        (int | float, 1, "float64", "float64"),
        (list[str], ["a"], "object", "object"),
        (Part, None, "", ""),
        (timedelta, timedelta(1), "timedelta64", "timedelta64"),
        (date, date(2024, 5, 1), "datetime64", "datetime64"),
        (datetime, datetime(2024, 5, 1, tzinfo=UTC), "datetime64", "datetime64"),
    ],
    ids=str,
)
def test_a_pandas_column_fits_its_type(as_type: Any, value: Any, whole: str, with_nulls: str) -> None:
    column = answer_columns(as_type).columns[0]
    assert str(pandas_column(column, [value]).dtype).startswith(whole)
    assert str(pandas_column(column, [value, None]).dtype).startswith(with_nulls)


ANYTHING, NUMBER = Column("x", "", True), Column("x", "number", False)
#: Cells that libraries would change or refuse if they were let.
ODD: list[tuple[Column, list[Any]]] = [
    (ANYTHING, [{"a": 1}, {"b": 2}]),
    (ANYTHING, [[1], [2.5]]),
    (ANYTHING, [1, True]),
    (ANYTHING, [1, "a", None]),
    (ANYTHING, [{"a": [1]}, {"a": ["x"]}]),
    (NUMBER, [0.5, 2**53 + 1]),
    (NUMBER, [0.5, 10**400]),
    (Column("x", "integer", False), [1, 2**70]),
    (Column("x", "object", False), [{"a": 1}, {}]),
    (Column("x", "object", False, items=Column("", "integer", False)), [{"a": 1}, {"b": 2, "c": 3}]),
    (Column("x", "date-time", False), [datetime(2024, 5, 1), datetime(2024, 5, 1, tzinfo=UTC)]),
    (Column("x", "array", False), [["a", 1], []]),
]


@pytest.mark.parametrize(("column", "cells"), ODD, ids=lambda value: str(value)[:60])
def test_cells_that_fit_into_no_type_are_kept_whole(column: Column, cells: list[Any]) -> None:
    for build in (pandas_column, polars_column):
        held = build(column, cells).to_list()
        assert held == cells and [*map(repr, held)] == [*map(repr, cells)]
    held = arrow_column(column, cells).to_pylist()
    assert [_read(each, cell) for each, cell in zip(held, cells, strict=True)] == cells


def _read(held: Any, cell: Any) -> Any:
    """A cell of pyarrow's, perhaps from a map, or from JSON where nothing else holds it."""
    if isinstance(held, str):
        written = json.loads(held)
        return datetime.fromisoformat(written) if isinstance(cell, datetime) else written
    return dict(held) if isinstance(cell, dict) else held


def test_times_of_several_zones_are_the_same_moments() -> None:
    column = answer_columns(datetime).columns[0]
    cells = [datetime(2024, 5, 1, 8, tzinfo=SHANGHAI), datetime(2024, 5, 1, tzinfo=UTC), None]
    assert polars_column(column, cells).dtype == pl.Datetime("us", "UTC")
    assert str(arrow_column(column, cells).type) == "timestamp[us, tz=UTC]"
    assert str(pandas_column(column, cells).dtype).endswith("UTC]")
    for held in (polars_column(column, cells).to_list(), arrow_column(column, cells).to_pylist()):
        assert held == cells
    assert pandas_column(column, cells).tolist()[:2] == cells[:2]


def test_a_decimal_is_exact_and_other_objects_are_kept() -> None:
    column = answer_columns(Decimal).columns[0]
    cells = [Decimal("1.10"), None]
    for held in (polars_column(column, cells), pandas_column(column, cells)):
        assert held.to_list() == cells
    assert arrow_column(column, cells).to_pylist() == cells
    key = UUID(int=7)
    of_keys = answer_columns(UUID).columns[0]
    assert pandas_column(of_keys, [key]).tolist() == polars_column(of_keys, [key]).to_list() == [key]
    assert str(arrow_column(of_keys, [key]).to_pylist()[0]) == str(key)


def test_numbers_that_are_none_are_kept() -> None:
    cells = [float("nan"), None, float("inf")]
    assert polars_column(NUMBER, cells).dtype == pl.Float64
    assert str(arrow_column(NUMBER, cells).type) == "double"


def test_a_type_that_contains_itself_is_read() -> None:
    tree = Tree(name="a", children=[Tree(name="b")])
    plain = [{"name": "b", "children": []}]
    for given_one in (pd.DataFrame({"text": ["x"]}), pl.DataFrame({"text": ["x"]})):
        assert answered(given_one, [tree], Tree)["children"].to_list() == [plain]
    assert "b" in str(answered(pa.table({"text": ["x"]}), [tree], Tree)["children"])


def test_a_frame_of_answers_has_every_field_of_its_records() -> None:
    answer = json.dumps([{"open": "a", "secret": "b"}])
    assert Shape(DataFrame[Hidden]).read(answer).values.tolist() == [["a", "b"]]


@settings(max_examples=60)
@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=2),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
            max_leaves=5,
        ),
        max_size=4,
    )
)
def test_no_answer_is_changed_by_the_column_that_holds_it(values: Sequence[Any]) -> None:
    cells = answer_columns(Any).of(values).values["answer"]
    for build in (pandas_column, polars_column):
        assert build(ANYTHING, cells).to_list() == cells
    assert arrow_column(ANYTHING, cells).to_pylist() == cells or all(
        held is None or isinstance(held, str) for held in arrow_column(ANYTHING, cells).to_pylist()
    )
    assert answered(["x"] * len(values), values, Any) == [{"text": "x", "answer": cell} for cell in cells]


def test_answers_to_rows_of_any_kind_are_the_same() -> None:
    texts = ["a", "b"]
    records = answered([{"text": text} for text in texts], [GOOD, None], Review)
    assert answered(texts, [GOOD, None], Review) == records
    assert answered(pl.DataFrame({"text": texts}), [GOOD, None], Review).to_dicts() == records
    assert answered(pa.table({"text": texts}), [GOOD, None], Review).to_pylist() == records
    frame = answered(pd.DataFrame({"text": texts}), [GOOD, None], Review)
    assert frame.astype(object).where(frame.notna(), None).to_dict("records") == records


def test_an_alias_of_a_record_has_its_columns() -> None:
    alias = TypeAliasType("Alias", Annotated[Point, "a note"] | None)  # type: ignore[misc]  # made as it runs
    assert [column.name for column in answer_columns(alias).columns] == ["x", "parts"]


def test_a_tuple_is_a_list_of_its_cells() -> None:
    result = answered(pd.DataFrame({"text": ["a"]}), [[(1, Mood.GOOD)]], list[tuple[int, Mood]])
    assert [list(map(list, row)) for row in result["answer"]] == [[[1, "good"]]]
