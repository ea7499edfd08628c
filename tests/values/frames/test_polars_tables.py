"""A polars frame or Series as a table."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reviews import GOOD, Review, answered, rows_of

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.frames.kinds import table_of


def test_a_frame_keeps_its_columns_and_gets_one_for_each_field() -> None:
    frame = pl.DataFrame({"text": ["a", "b"], "n": [1, None]})
    result = answered(frame, [GOOD, None], Review)
    assert_frame_equal(result[["text", "n"]], frame)
    assert dict(result.schema) == {
        **{"text": pl.String, "n": pl.Int64},
        **{"label": pl.String, "stars": pl.Int64, "sure": pl.Float64, "spam": pl.Boolean},
    }
    assert result.row(1) == ("b", None, None, None, None, None)


def test_the_types_are_the_same_with_any_rows() -> None:
    frame = pl.DataFrame({"text": ["a", "b"]})
    schemas = [answered(frame, answers, Review).schema for answers in ([GOOD, GOOD], [GOOD, None], [None, None])]
    assert schemas[0] == schemas[1] == schemas[2] == answered(frame.clear(), [], Review).schema


def test_a_series_becomes_the_first_column() -> None:
    assert answered(pl.Series("review", ["a"]), ["x"]).to_dict(as_series=False) == {"review": ["a"], "answer": ["x"]}
    assert table_of(pl.Series(["a"])).columns == ("text",)


def test_a_lazy_frame_is_computed_once() -> None:
    runs: list[int] = []

    def computed(frame: pl.DataFrame) -> pl.DataFrame:
        runs.append(frame.height)
        return frame

    table = table_of(pl.LazyFrame({"text": ["a", "b"]}).map_batches(computed))
    assert [*table.rows(["text"])] == [("a",), ("b",)] == [*table.rows(["text"])]
    assert table.first(1).size == 1 and table.size == 2
    assert runs == [2]


def test_a_lazy_frame_that_cannot_be_computed_says_why() -> None:
    with pytest.raises(InvalidRequest, match=r"could not be computed: ColumnNotFoundError.*wrong") as refused:
        table_of(pl.LazyFrame({"text": ["a"]}).select("wrong"))
    assert refused.value.reason == "rows.not_computed"
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "values",
    [
        [1, None],
        [datetime.date(2024, 5, 1)],
        [datetime.datetime(2024, 5, 1, 8, tzinfo=datetime.timezone.utc)],
        [datetime.timedelta(seconds=90)],
        [decimal.Decimal("1.10")],
        [["a", "b"], []],
        [{"a": 1, "b": None}],
        [b"bytes"],
        [None],
    ],
)
def test_cells_are_python_values(values: list[Any]) -> None:
    assert [value for (value,) in rows_of(pl.Series(values))] == values


def test_choices_are_texts() -> None:
    series = pl.Series(["a", None, "b"])
    assert rows_of(series.cast(pl.Categorical)) == rows_of(series.cast(pl.Enum(["a", "b"]))) == rows_of(series)


def test_an_answer_stands_in_the_place_of_a_column_of_its_name_and_a_subclass_stays() -> None:
    class Sales(pl.DataFrame):
        pass

    sales = Sales({"answer": [1], "text": ["a"]})
    result = answered(sales, ["x"])
    assert isinstance(result, Sales)
    assert result.to_dict(as_series=False) == {"text": ["a"], "answer": ["x"]}
    assert sales.columns == ["answer", "text"]
    assert table_of(sales).replaced_by(["text", "label"]) == ("text",)


def test_nothing_that_is_done_to_the_frame_later_changes_the_table() -> None:
    frame = pl.DataFrame({"text": ["a", "b"]})
    table = table_of(frame)
    frame[0, "text"] = "changed"
    frame.drop_in_place("text")
    assert [*table.rows(["text"])] == [("a",), ("b",)]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.none() | st.text(max_size=3), st.none() | st.integers())))
def test_every_row_has_its_own_answer(pairs: list[tuple[Any, Any]]) -> None:
    texts = pl.Series("text", [text for text, _ in pairs], dtype=pl.String)
    assert [value for (value,) in rows_of(texts)] == [text for text, _ in pairs]
    assert answered(texts, [answer for _, answer in pairs], int).rows() == pairs


def test_a_time_that_is_finer_than_pythons_goes_whole_as_text() -> None:
    counts = pl.Series([1_700_000_000_123_456_789, 1_700_000_000_123_456_000, None], dtype=pl.Int64)
    finer, exact, none = rows_of(pl.DataFrame({"at": counts.cast(pl.Datetime("ns"))}))
    assert (finer, none) == (("2023-11-14 22:13:20.123456789",), (None,))
    assert exact == (datetime.datetime(2023, 11, 14, 22, 13, 20, 123456),)
    assert rows_of(pl.DataFrame({"for": pl.Series([61_000_000_001], dtype=pl.Duration("ns"))})) == [
        ("0:01:01.000000001",)
    ]
    times = pl.Series([3_600_000_000_001], dtype=pl.Int64).cast(pl.Time)
    assert rows_of(pl.DataFrame({"at": times})) == [("01:00:00.000000001",)]


def test_times_in_nanoseconds_are_pythons_own_where_they_can_be() -> None:
    whole = pl.Series("at", [datetime.timedelta(microseconds=1), None], pl.Duration("ns"))
    assert rows_of(whole.to_frame()) == [(datetime.timedelta(microseconds=1),), (None,)]
    between = pl.Series("at", [1_001, None, -1]).cast(pl.Duration("ns"))
    assert rows_of(between.to_frame()) == [("0:00:00.000001001",), (None,), ("-0:00:00.000000001",)]
