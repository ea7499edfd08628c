"""A pandas DataFrame or Series as a table: its cells as Python's values, and answers beside it as it was."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reviews import BAD, GOOD, Review, answered, rows_of

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.frames.kinds import table_of
from zhipu_magic.values.frames.python_values import is_missing


def test_a_frame_keeps_its_columns_and_index_and_gets_one_column_for_each_field() -> None:
    frame = pd.DataFrame({"text": ["a", "b"], "n": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    result = answered(frame, [GOOD, BAD], Review)
    pd.testing.assert_frame_equal(result[["text", "n"]], frame)
    assert list(result.columns) == ["text", "n", "label", "stars", "sure", "spam"]
    assert result["label"].tolist() == ["good", "bad"]
    kinds = {name: str(dtype) for name, dtype in result.dtypes.items()}
    assert (kinds["stars"], kinds["sure"], kinds["spam"]) == ("int64", "float64", "bool")
    assert kinds["label"] == str(pd.Series(["a"]).dtype)


def test_a_row_that_failed_is_null_and_the_types_still_fit() -> None:
    result = answered(pd.DataFrame({"text": ["a", "b"]}), [GOOD, None], Review)
    assert result.iloc[1, 1:].isna().all()
    kinds = {name: str(dtype) for name, dtype in result.dtypes.items()}
    assert (kinds["stars"], kinds["sure"], kinds["spam"]) == ("Int64", "float64", "boolean")
    none = answered(pd.DataFrame({"text": ["a"]}), [None], Review)
    assert str(none.dtypes["label"]) == str(pd.Series(["a"]).dtype)


INDEXES: dict[str, Any] = {
    "the same label twice": pd.Index([1, 1, 2]),
    "labels that are missing": pd.Index([np.nan, np.nan, 1.0]),
    "several levels": pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", np.nan)], names=["p", "q"]),
    "days": pd.date_range("2024-01-01", periods=3, freq="D", tz="Asia/Shanghai", name="day"),
    "categories": pd.CategoricalIndex(["x", "y", "x"]),
    "a range": pd.RangeIndex(5, 11, 2),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_any_index_is_kept(index: Any) -> None:
    for given_one in (pd.DataFrame({"text": ["a", "b", "c"]}, index=index), pd.Series([*"abc"], index=index)):
        result = answered(given_one, ["x", None, "z"])
        pd.testing.assert_index_equal(result.index, index)
        assert result["text"].tolist() == ["a", "b", "c"]
        assert result["answer"].isna().tolist() == [False, True, False]


def test_columns_of_one_name_are_kept_and_cannot_be_asked_for() -> None:
    frame = pd.DataFrame([["a", "b", "c"]], columns=["x", "x", "y"])
    assert rows_of(frame, "y") == [("c",)]
    with pytest.raises(InvalidRequest, match="2 columns are named x") as refused:
        table_of(frame).rows(["x"])
    assert refused.value.reason == "rows.same_name"
    assert answered(frame, ["d"]).values.tolist() == [["a", "b", "c", "d"]]


def test_columns_may_have_any_names() -> None:
    frame = pd.DataFrame([["a", "b", "c"]], columns=[0, None, "0"])
    assert table_of(frame).columns == ("0", "None", "0")
    assert list(answered(frame, ["d"]).columns)[0::3] == [0, "answer"]
    assert rows_of(pd.DataFrame([["a"]]), "0") == [("a",)]
    dated = pd.DataFrame([[1]], columns=pd.DatetimeIndex(["2024-01-01"], name="day"))
    assert list(answered(dated, ["d"]).columns) == [pd.Timestamp("2024-01-01"), "answer"]


def test_columns_of_several_levels_stay_so() -> None:
    columns = pd.MultiIndex.from_tuples([("text", ""), ("count", "a")], names=["p", "q"])
    frame = pd.DataFrame([["words", 1]], columns=columns)
    assert rows_of(frame, "text") == [("words",)]
    result = answered(frame, ["yes"])
    assert list(result.columns) == [("text", ""), ("count", "a"), ("answer", "")]
    assert result.columns.names == ["p", "q"]
    again = answered(result, ["no"])
    assert list(again.columns) == list(result.columns) and again["answer"].tolist() == ["no"]


def test_an_answer_stands_in_the_place_of_a_column_of_its_name() -> None:
    frame = pd.DataFrame({"label": [1, 2], "text": ["a", "b"]})
    assert table_of(frame).replaced_by(["label", "stars"]) == ("label",)
    result = answered(frame, [GOOD, BAD], Review)
    assert list(result.columns) == ["text", "label", "stars", "sure", "spam"]
    assert list(frame.columns) == ["label", "text"]


def test_a_series_becomes_the_first_column() -> None:
    named = pd.Series(["a", "b"], index=[7, 7], name="review")
    result = answered(named, ["x", "y"])
    assert list(result.columns) == ["review", "answer"] and list(result.index) == [7, 7]
    for name in (None, 3, ""):
        assert table_of(pd.Series(["a"], name=name)).columns == ("text",)
        assert list(answered(pd.Series(["a"], name=name), ["x"]).columns) == ["text", "answer"]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (pd.Series([1, 2]), [1, 2]),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        (pd.Series([0.5, 2.0]), [0.5, 2.0]),
        (pd.Series([True, None], dtype="boolean"), [True, None]),
        (pd.Series(["a", None], dtype="string"), ["a", None]),
        (pd.Series(["a", None], dtype=object), ["a", None]),
        (pd.Series(["b", "a"], dtype="category"), ["b", "a"]),
        (pd.Series([np.int64(1), np.str_("x")], dtype=object), [1, "x"]),
        (pd.Series([decimal.Decimal("1.10")]), [decimal.Decimal("1.10")]),
        (pd.Series(pd.to_datetime(["2024-05-01 08:00", None])), [datetime.datetime(2024, 5, 1, 8), None]),
        (pd.Series(pd.to_timedelta(["90s", None])), [datetime.timedelta(seconds=90), None]),
        (pd.Series([np.array(["a", "b"]), ["c"], {"d": 1}]), [["a", "b"], ["c"], {"d": 1}]),
        (pd.Series(["a", None], dtype="string[pyarrow]"), ["a", None]),
        (pd.Series([1, None], dtype="int64[pyarrow]"), [1, None]),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_cells_are_python_values(column: pd.Series[Any], values: list[Any]) -> None:
    read = [value for (value,) in rows_of(column)]
    assert read == values
    assert [type(value) for value in read] == [type(value) for value in values]


def test_times_keep_their_zone_and_what_python_has_no_room_for() -> None:
    (early,), (late,) = rows_of(pd.Series(pd.to_datetime(["2024-05-01", "2024-05-02"]).tz_localize("Asia/Shanghai")))
    assert type(early) is datetime.datetime and early.utcoffset() == datetime.timedelta(hours=8) and late > early
    ((exact,),) = rows_of(pd.Series([pd.Timestamp("2024-05-01 00:00:00.000000001")], dtype=object))
    assert str(exact).endswith("000000001")


def test_nothing_that_is_done_to_the_frame_later_changes_the_table() -> None:
    frame = pd.DataFrame({"text": ["a", "b"]})
    table = table_of(frame)
    frame["more"] = 1
    frame.loc[5] = ["c", 1]
    assert (table.columns, [*table.rows(["text"])]) == (("text",), [("a",), ("b",)])


def test_the_input_stays_as_it_was_and_apart_from_the_result() -> None:
    frame = pd.DataFrame({"text": ["a", "b"], "n": [1, 2]})
    before = frame.copy(deep=True)
    result = answered(frame, ["x", "y"])
    result.loc[0, "n"] = 9
    result["text"] = ""
    pd.testing.assert_frame_equal(frame, before)
    part = frame[frame["n"] > 1]
    assert answered(part, ["x"]).values.tolist() == [["b", 2, "x"]]


def test_a_subclass_and_its_notes_are_kept() -> None:
    class Sales(pd.DataFrame):
        @property
        def _constructor(self) -> type:
            return Sales

    sales = Sales({"text": ["a"]})
    sales.attrs.update({"from": "shop", "places": np.array([1, 2])})
    result = answered(sales, [GOOD], Review)
    assert isinstance(result, Sales)
    assert result.attrs["from"] == "shop" and result.attrs["places"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(), pd.DataFrame({"text": []}), pd.DataFrame(index=[1, 2]), pd.Series([], dtype=object)]
)
def test_empty_tables(frame: Any) -> None:
    table = table_of(frame)
    assert table.size == len(frame) and len([*table.rows([])]) == len(frame)
    result = answered(frame, [None] * len(frame), Review)
    assert list(result.columns) == [*table.columns, "label", "stars", "sure", "spam"]
    assert len(result) == len(frame)


def test_some_of_a_frame_is_its_first_rows() -> None:
    frame = pd.DataFrame({"text": [*"abc"]}, index=[3, 2, 1])
    some = table_of(frame).first(2)
    assert (some.size, [*some.rows(["text"])]) == (2, [("a",), ("b",)])
    assert table_of(frame).first(9).size == 3


@settings(max_examples=40)
@given(
    texts=st.lists(st.none() | st.text(max_size=3) | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)),
    answers=st.data(),
)
def test_every_row_has_its_own_answer(texts: list[Any], answers: Any) -> None:
    labels = answers.draw(st.lists(st.integers(0, 3), min_size=len(texts), max_size=len(texts)))
    given_answers = answers.draw(
        st.lists(st.none() | st.integers(), min_size=len(texts), max_size=len(texts)), label="answers"
    )
    frame = pd.DataFrame({"text": pd.Series(texts, dtype=object).to_numpy()}, index=labels)
    assert [None if is_missing(value) else value for (value,) in rows_of(frame)] == texts
    result = answered(frame, given_answers, int)
    assert list(result.index) == labels
    assert [None if pd.isna(value) else value for value in result["answer"]] == given_answers


@pytest.mark.parametrize(
    "value", [datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2), datetime.timedelta(days=1)], ids=str
)
def test_a_column_of_times_has_one_unit_whether_there_are_answers_or_not(value: Any) -> None:
    frame = pd.DataFrame({"text": ["a"]})
    found = [answered(frame, [answer], type(value))["answer"].dtype for answer in (value, None)]
    assert str(found[0]).endswith("64[us]")
    assert found[0] == found[1]
