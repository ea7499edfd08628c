"""Lists of texts or records and dicts of lists as tables, and what is none."""

from __future__ import annotations

import copy
import itertools
import sqlite3
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reviews import GOOD, Review, answered, rows_of

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.frames.kinds import table_of
from zhipu_magic.values.frames.libraries import is_dask


@dataclass
class Order:
    text: str
    pieces: int = 1


class Pair(NamedTuple):
    text: str
    n: int


def test_texts_become_dicts_with_their_answers() -> None:
    texts = ["a", "b"]
    assert rows_of(texts) == [("a",), ("b",)]
    assert answered(texts, ["x", None]) == [{"text": "a", "answer": "x"}, {"text": "b", "answer": None}]
    assert answered(("a",), [GOOD], Review) == ({"text": "a", "label": "good", "stars": 5, "sure": 0.5, "spam": False},)
    assert answered([], []) == [] and table_of([]).columns == ("text",)


@pytest.mark.parametrize(
    "values", [[1, None, 2.5], ["a", 1], range(3), deque("ab"), [b"x"], [None], np.array(["a", "b"])], ids=repr
)
def test_a_list_may_hold_any_values(values: Any) -> None:
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    assert [value for (value,) in rows_of(values)] == plain
    assert answered(values, plain, Any) == [{"text": value, "answer": value} for value in plain]


def test_dicts_get_the_answers_as_new_members() -> None:
    rows: list[Any] = [{"b": 1}, {"a": 2, "b": 3}, None, {}]
    before = copy.deepcopy(rows)
    assert table_of(rows).columns == ("b", "a")
    assert rows_of(rows) == [(1, None), (3, 2), (None, None), (None, None)]
    assert answered(rows, [*"wxyz"]) == [
        *({"b": 1, "answer": "w"}, {"a": 2, "b": 3, "answer": "x"}, {"answer": "y"}, {"answer": "z"})
    ]
    assert rows == before


def test_an_answer_stands_in_the_place_of_a_member_of_its_name() -> None:
    rows = [{"answer": 1, "text": "a"}, {"text": "b"}]
    assert table_of(rows).replaced_by(["answer"]) == ("answer",)
    assert [[*row.items()] for row in answered(rows, ["x", "y"])] == [
        *([("text", "a"), ("answer", "x")], [("text", "b"), ("answer", "y")])
    ]
    assert table_of(["a"]).replaced_by(["text", "answer"]) == ("text",)


def _of_sqlite() -> list[Any]:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    rows = connection.execute("SELECT 'a' AS text, 1 AS n").fetchall()
    connection.close()
    return rows


@pytest.mark.parametrize(
    ("rows", "columns", "values"),
    [
        ([Order("a")], ("text", "pieces"), ("a", 1)),
        ([Pair("a", 1)], ("text", "n"), ("a", 1)),
        ([GOOD], ("label", "stars", "sure", "spam"), ("good", 5, 0.5, False)),
        ([MappingProxyType({"text": "a"})], ("text",), ("a",)),
        ([pd.Series({"text": "a", "n": 1})], ("text", "n"), ("a", 1)),
        (_of_sqlite(), ("text", "n"), ("a", 1)),
    ],
    ids=["a dataclass", "a named tuple", "a model", "a mapping", "a row of pandas", "a row of SQLite"],
)
def test_records_are_rows_too(rows: list[Any], columns: tuple[str, ...], values: tuple[Any, ...]) -> None:
    assert (table_of(rows).columns, rows_of(rows)) == (columns, [values])
    assert answered(rows, ["x"]) == [{**dict(zip(columns, values, strict=True)), "answer": "x"}]


@pytest.mark.parametrize(
    "column",
    [
        *(["a", "b"], ("a", "b"), np.array(["a", "b"]), pd.Series(["a", "b"], index=[7, 7]), pl.Series(["a", "b"])),
        *(pa.array(["a", "b"]), pa.chunked_array([["a"], ["b"]])),
    ],
    ids=lambda column: type(column).__name__,
)
def test_a_dict_of_columns_stays_one(column: Any) -> None:
    given_one = {"text": column, 7: [1, 2]}
    table = table_of(given_one)
    assert (table.columns, table.size, rows_of(given_one)) == (("text", "7"), 2, [("a", 1), ("b", 2)])
    result = answered(given_one, ["x", None])
    assert [*result] == ["text", 7, "answer"] and result["answer"] == ["x", None]
    assert type(result["text"]) is type(column) and [*map(str, result["text"])] == ["a", "b"]
    result[7].append(3)
    assert given_one[7] == [1, 2]
    assert [*table.first(1).rows(["text", "7"])] == [("a", 1)]
    assert "answer" not in given_one


def test_a_dict_without_columns_has_no_rows() -> None:
    assert (table_of({}).columns, table_of({}).size, answered({}, [])) == ((), 0, {"answer": []})
    assert answered({"answer": [1], "text": ["a"]}, ["x"]) == {"text": ["a"], "answer": ["x"]}


def test_nothing_that_is_added_later_changes_the_table() -> None:
    texts, columns = ["a"], {"text": ["a"]}
    tables = [table_of(texts), table_of(columns)]
    texts.append("b")
    columns["text"].append("b")
    columns["more"] = []
    assert [(table.columns, table.size, [*table.rows(["text"])]) for table in tables] == [(("text",), 1, [("a",)])] * 2


@pytest.mark.parametrize(
    ("value", "reason", "told"),
    [
        (None, "rows.none", "no rows in a value of type NoneType"),
        (7, "rows.none", "no rows in a value of type int"),
        ("text", "rows.none", "no rows in a value of type str"),
        (b"text", "rows.none", "no rows in a value of type bytes"),
        ({"a", "b"}, "rows.none", "a value of type set."),
        ({"a": 1}.keys(), "rows.none", "a value of type dict_keys"),
        (pd.Index(["a"]), "rows.none", "a value of type Index"),
        (len, "rows.none", "no rows in a function"),
        (sys, "rows.none", "no rows in a module"),
        ((text for text in "ab"), "rows.once", "A value of type generator can be read only once"),
        (iter(["a"]), "rows.once", "list_iterator"),
        (itertools.count(), "rows.once", "itertools.count"),
        ([["a", 1]], "rows.unnamed", "row of type list"),
        ([("a", 1)], "rows.unnamed", "row of type tuple"),
        ([{"a"}], "rows.unnamed", "row of type set"),
        ([pd.DataFrame({"a": [1]})], "rows.unnamed", "row of type DataFrame"),
        (["a", {"text": "b"}], "rows.mixed", "dict has named values, str has none"),
        (np.zeros((2, 2)), "rows.array", "no names"),
        (np.zeros(2, dtype=[("a", int)]), "rows.array", "no names"),
        ({"text": "a"}, "rows.no_list", "text is a value of type str, not a list"),
        ({"text": ["a"], "n": 1}, "rows.no_list", "n is a value of type int"),
        ({"text": {"a": 1}}, "rows.no_list", "a value of type dict"),
        ({"text": np.zeros((2, 2))}, "rows.no_list", "a value of type ndarray"),
        ({"text": pd.DataFrame({"a": [1]})}, "rows.no_list", "a value of type DataFrame"),
        ({"text": pl.LazyFrame({"a": [1]})}, "rows.no_list", "a value of type LazyFrame"),
        ({"a": ["x"], "b": ["y", "z"]}, "rows.lengths", "different lengths: a 1, b 2."),
        ({str(n): [0] * n for n in range(9)}, "rows.lengths", "4 4, …."),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(value: Any, reason: str, told: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        table_of(value)
    assert refused.value.reason == reason and refused.value.hint
    assert told in str(refused.value)


def test_a_column_that_is_not_there_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(InvalidRequest, match=r"no column txet\. Did you mean text\?"):
        table_of(["a"]).rows(["txet"])


def test_nothing_heavy_is_imported_before_a_table_is_opened() -> None:
    program = (
        "import sys\n"
        "import zhipu_magic.values.frames.kinds as kinds, zhipu_magic.values.frames.answers\n"
        "heavy = {'narwhals', 'pandas', 'polars', 'pyarrow', 'numpy', 'pydantic'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
        "assert not kinds.is_dask(1) and kinds.table_of(['a']).size == 1\n"
        "assert not (heavy - {'narwhals'}) & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nothing_but_dask_is_dask() -> None:
    assert not any(map(is_dask, (None, [], pd.DataFrame(), pl.DataFrame().lazy())))


@settings(max_examples=40)
@given(st.lists(st.dictionaries(st.sampled_from([*"abc"]), st.none() | st.integers(), max_size=3)), st.data())
def test_every_row_has_its_own_answer(rows: list[Any], data: Any) -> None:
    answers = data.draw(st.lists(st.none() | st.text(max_size=3), min_size=len(rows), max_size=len(rows)))
    columns = table_of(rows).columns
    if rows and any(rows):
        assert rows_of(rows) == [tuple(row.get(name) for name in columns) for row in rows]
    assert answered(rows, answers) == [{**row, "answer": each} for row, each in zip(rows, answers, strict=True)]
    as_columns = {name: [row.get(name) for row in rows] for name in columns} if any(rows) else {"text": []}
    if any(rows):
        assert answered(as_columns, answers) == {**as_columns, "answer": answers}


def test_a_table_stays_as_it_was_when_its_records_are_changed() -> None:
    records = [{"text": "a"}, {"text": "b"}]
    table = table_of(records)
    records[0]["text"] = "changed"
    assert [*table.rows(["text"])] == [("a",), ("b",)]
