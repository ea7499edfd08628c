"""A table, a batch or an array of pyarrow as a table, and what narwhals has wrapped."""

from __future__ import annotations

import datetime
import sys
from typing import Any

import narwhals as nw
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reviews import GOOD, Review, answered, rows_of

from zhipu_magic.values.frames.kinds import table_of


def test_a_table_keeps_its_columns_and_notes_and_gets_one_column_for_each_field() -> None:
    schema = pa.schema([pa.field("text", pa.string(), metadata={"in": "zh"})], metadata={"from": "shop"})
    table = pa.table({"text": ["a", "b"]}, schema=schema)
    result = answered(table, [GOOD, None], Review)
    assert result.select(["text"]).schema.equals(schema, check_metadata=True)
    assert [(field.name, str(field.type)) for field in result.schema][1:] == [
        *(("label", "string"), ("stars", "int64"), ("sure", "double"), ("spam", "bool"))
    ]
    assert result.to_pylist()[1] == {"text": "b", "label": None, "stars": None, "sure": None, "spam": None}


def test_a_batch_stays_a_batch() -> None:
    batch = pa.RecordBatch.from_pylist([{"text": "a"}, {"text": "b"}])
    result = answered(batch, ["x", None])
    assert isinstance(result, pa.RecordBatch)
    assert result.to_pylist() == [{"text": "a", "answer": "x"}, {"text": "b", "answer": None}]
    empty = answered(batch.slice(0, 0), [])
    assert isinstance(empty, pa.RecordBatch) and empty.schema.names == ["text", "answer"]
    assert isinstance(table_of(batch).first(1).joined(_one_answer()), pa.RecordBatch)


def _one_answer() -> Any:
    from zhipu_magic.values.frames.answers import answer_columns

    return answer_columns(None).of(["x"])


@pytest.mark.parametrize("column", [pa.array(["a", None]), pa.chunked_array([["a"], [None]])])
def test_an_array_becomes_the_first_column(column: Any) -> None:
    assert answered(column, ["x", "y"]).to_pylist() == [*({"text": "a", "answer": "x"}, {"text": None, "answer": "y"})]


def test_columns_of_one_name_are_kept_and_replaced_together() -> None:
    table = pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "a", "b"])
    assert answered(table, ["x"]).column_names == ["a", "a", "b", "answer"]
    twice = table.rename_columns(["answer", "answer", "b"])
    assert answered(twice, ["x"]).column_names == ["b", "answer"]


def test_times_are_pythons_whether_pandas_is_there_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = pa.array([1_700_000_000_123_456_000, None], pa.timestamp("ns", "UTC"))
    expected = datetime.datetime(2023, 11, 14, 22, 13, 20, 123456, datetime.timezone.utc)
    for there in (True, False):
        if not there:
            monkeypatch.setitem(sys.modules, "pandas", None)
        assert rows_of(exact) == [(expected,), (None,)]
        ((length,),) = rows_of(pa.array([1_000], pa.duration("ns")))
        assert length == datetime.timedelta(microseconds=1) and type(length) is datetime.timedelta


def test_a_time_that_is_finer_than_pythons_goes_whole_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [1_700_000_000_123_456_789, 1_700_000_000_123_456_000]
    for there in (True, False):
        if not there:
            monkeypatch.setitem(sys.modules, "pandas", None)
        (finer,), (exact,) = rows_of(pa.array(times, pa.timestamp("ns")))
        assert finer == "2023-11-14 22:13:20.123456789"
        assert exact == datetime.datetime(2023, 11, 14, 22, 13, 20, 123456)
        assert rows_of(pa.array([61_000_000_001, -1], pa.duration("ns"))) == [
            ("0:01:01.000000001",),
            ("-0:00:00.000000001",),
        ]
        assert rows_of(pa.array([3_600_000_000_001], pa.time64("ns"))) == [("01:00:00.000000001",)]


@pytest.mark.parametrize(
    "values", [[1, None], [datetime.date(2024, 5, 1)], [["a"], []], [{"a": 1, "b": None}], [b"x"], [None]]
)
def test_cells_are_python_values(values: list[Any]) -> None:
    assert [value for (value,) in rows_of(pa.array(values))] == values
    assert rows_of(pa.array(["a", "b", "a"]).dictionary_encode()) == [("a",), ("b",), ("a",)]


def test_what_narwhals_has_wrapped_comes_back_wrapped() -> None:
    frame = pl.DataFrame({"text": ["a"]})
    for wrapped in (
        nw.from_native(frame),
        nw.from_native(frame.lazy()),
        nw.from_native(frame["text"], series_only=True),
    ):
        result = answered(wrapped, ["x"])
        assert isinstance(result, nw.DataFrame)
        assert result.to_native().to_dict(as_series=False) == {"text": ["a"], "answer": ["x"]}


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.none() | st.text(max_size=3), max_size=4), max_size=5),
    st.data(),
)
def test_every_row_has_its_own_answer_however_the_column_is_cut(chunks: list[list[str | None]], data: Any) -> None:
    texts = [text for chunk in chunks for text in chunk]
    answers = data.draw(st.lists(st.none() | st.integers(), min_size=len(texts), max_size=len(texts)))
    column = pa.chunked_array(chunks, type=pa.string())
    assert [value for (value,) in rows_of(column)] == texts
    result = answered(column, answers, int)
    assert result["text"].to_pylist() == texts
    given_back = result["answer"].to_pylist()
    assert [int(value) if isinstance(value, str) else value for value in given_back] == answers
