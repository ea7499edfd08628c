"""How DataFrames and Series read to a model: size, columns, what is missing, and a sample of the rows."""

from __future__ import annotations

import datetime
import re
import tracemalloc
import warnings
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhipu_magic.text.tokens import estimate
from zhipu_magic.values.rendering.renderers import rendered

BUDGET = 1_000


def text_of(value: Any, tokens: int = BUDGET) -> str:
    return rendered(value, tokens).text


def rows_of(shown: str) -> list[str]:
    """The last table, without its head."""
    return [line for line in shown.split("\n\n")[-1].split("\n") if line.startswith("|")][2:]


def test_a_dataframe_is_its_columns_and_rows() -> None:
    df = pd.DataFrame(
        {
            "price": [1.5, np.nan, 3.123456789],
            "count": [1, 2, 3],
            "name": ["a|b", None, "x\ny"],
            "day": pd.to_datetime(["2026-01-01", "2026-01-02", None]),
        }
    )
    dtypes = [str(dtype) for dtype in df.dtypes]
    shown = rendered(df, BUDGET)
    assert shown.block
    assert shown.text.split("\n") == [
        "pandas DataFrame, 3 rows × 4 columns",
        "",
        "| column | dtype | missing | min | mean | max | distinct |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| price | float64 | 1 | 1.5 | 2.31173 | 3.12346 |  |",
        "| count | int64 | 0 | 1 | 2 | 3 |  |",
        f"| name | {dtypes[2]} | 1 |  |  |  | 2 |",
        f"| day | {dtypes[3]} | 1 | 2026-01-01 |  | 2026-01-02 |  |",
        "",
        "All 3 rows, numbers rounded:",
        "| price | count | name | day |",
        "| --- | --- | --- | --- |",
        "| 1.5 | 1 | a\\|b | 2026-01-01 |",
        f"| NaN | 2 | {df['name'][1]} | 2026-01-02 |".replace("nan", "NaN"),
        "| 3.12346 | 3 | x\\ny | NaT |",
    ]


def test_a_polars_dataframe_reads_alike() -> None:
    df = pl.DataFrame({"a": [1, None], "day": [datetime.date(2026, 1, 1), None], "l": [[1, 2], []]})
    shown = text_of(df)
    assert shown.startswith("polars DataFrame, 2 rows × 3 columns\n")
    assert "| a | Int64 | 1 | 1 | 1 | 1 |\n| day | Date | 1 | 2026-01-01 |  | 2026-01-01 |\n" in shown
    assert "| l | List(Int64) | 0 |" in shown
    assert rows_of(shown) == ["| 1 | 2026-01-01 | [1, 2] |", "| None | None | [] |"]


def test_a_lazy_frame_is_its_columns_and_is_not_computed() -> None:
    def computed(frame: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("computed")

    lazy = pl.LazyFrame({"a": [1], "b": ["x"]}).map_batches(computed, schema={"a": pl.Int64, "b": pl.String})
    assert text_of(lazy) == (
        "polars LazyFrame, 2 columns, rows not computed\n\n"
        "| column | dtype |\n| --- | --- |\n| a | Int64 |\n| b | String |"
    )


def test_what_narwhals_has_wrapped_is_unwrapped() -> None:
    df = pl.DataFrame({"a": [1, 2]})
    assert text_of(nw.from_native(df)) == text_of(df)
    assert text_of(nw.from_native(df.lazy())) == text_of(df.lazy())
    assert text_of(nw.from_native(df)["a"]) == text_of(df["a"])


def test_of_many_rows_the_first_and_the_last_are_shown() -> None:
    shown = text_of(pd.DataFrame({"a": range(10_000)}), 200)
    rows = rows_of(shown)
    assert rows[:3] == ["| 0 |", "| 1 |", "| 2 |"]
    assert rows[-4:] == ["| … |", "| 9997 |", "| 9998 |", "| 9999 |"]
    assert f"The first {len(rows) - 4} rows and the last 3 of 10,000:" in shown
    assert 170 < estimate(shown) <= 200


def test_of_many_columns_the_first_are_shown_and_the_others_counted() -> None:
    df = pd.DataFrame(np.zeros((50, 1_000), dtype=np.int8)).astype({999: float})
    shown = text_of(df, 400)
    assert "pandas DataFrame, 50 rows × 1,000 columns" in shown
    assert " more columns | " in shown
    assert "int8, 1 float64 |" in shown
    assert " of 1,000 columns:" in shown
    assert len(rows_of(shown)) >= 3
    assert estimate(shown) <= 400


def test_an_index_that_says_something_comes_first() -> None:
    df = pd.DataFrame({"a": [1, 2]})
    assert rows_of(text_of(df.set_index(pd.Index(["x", "y"], name="key")))) == ["| x | 1 |", "| y | 2 |"]
    assert "| key | a |" in text_of(df.set_index(pd.Index(["x", "y"], name="key")))
    assert rows_of(text_of(df[1:])) == ["| 1 | 2 |"]
    levels = pd.MultiIndex.from_product([["x"], [1, 2]], names=["one", None])
    shown = text_of(df.set_index(levels))
    assert "| one | (index) | a |" in shown
    assert rows_of(shown) == ["| x | 1 | 1 |", "| x | 2 | 2 |"]


def test_column_names_are_as_code_writes_them() -> None:
    pairs = pd.MultiIndex.from_tuples([("a", "x"), ("a", 1)])
    assert "| ('a', 'x') | ('a', 1) |" in text_of(pd.DataFrame([[1, 2]], columns=pairs))
    twice = text_of(pd.DataFrame([[1, 2.5]], columns=["a", "a"]))
    assert "| a | int64 | 0 |\n| a | float64 | 0 |" in twice
    assert rows_of(twice) == ["| 1 | 2.5 |"]
    assert "| 7 | a\\|b\\nc | None |" in text_of(pd.DataFrame([[1, 2, 3]], columns=[7, "a|b\nc", None]))


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (pd.DataFrame(), "pandas DataFrame, 0 rows × 0 columns"),
        (pl.DataFrame(), "polars DataFrame, 0 rows × 0 columns"),
        (pd.DataFrame(index=range(3)), "pandas DataFrame, 3 rows × 0 columns"),
        (
            pd.DataFrame({"a": np.zeros(0)}),
            "pandas DataFrame, 0 rows × 1 column\n\n"
            "| column | dtype | missing |\n| --- | --- | --- |\n| a | float64 | 0 |",
        ),
        (
            pd.DataFrame(index=["x"]),
            "pandas DataFrame, 1 row × 0 columns\n\nThe only row:\n| (index) |\n| --- |\n| x |",
        ),
    ],
    ids=["pandas", "polars", "no columns", "no rows", "an index alone"],
)
def test_an_empty_frame_is_told_too(frame: Any, text: str) -> None:
    assert text_of(frame) == text


def test_long_cells_are_cut_and_deep_ones_told_in_short() -> None:
    shown = text_of(pd.DataFrame({"a": ["word " * 1_000, list(range(10_000)), {"a": {"b": [1]}}, object()]}))
    rows = rows_of(shown)
    assert rows[0].endswith("… |")
    assert "Cells are cut to " in shown
    assert rows[1].startswith("| [0, 1, 2, 3, 4, 5, 6, ") and rows[1].endswith("… |")
    assert rows[3] == "| <object object> |"


MOMENTS = pd.Series(pd.to_datetime(["2026-01-01", None, "2026-01-03"]), name="at")


@pytest.mark.parametrize(
    ("series", "summary"),
    [
        (pd.Series([1.0, None, 4.0], name="x"), "min 1, mean 2.5, max 4"),
        (pd.Series([1, None, 4], dtype="Int64"), "min 1, mean 2.5, max 4"),
        (pl.Series("x", [1, None, 4]), "min 1, mean 2.5, max 4"),
        (MOMENTS, "min 2026-01-01, max 2026-01-03"),
        (pd.Series(pd.to_timedelta([1, 3], "h")), "min 0 days 01:00:00, max 0 days 03:00:00"),
        (pd.Series(["a", "b", "a", None]), "most frequent: a (2); 2 distinct"),
        (pl.Series(["a", "b", "a", None]), "most frequent: a (2); 2 distinct"),
        (pd.Series(["a", "b", "a"], dtype="category"), "most frequent: a (2); 2 distinct"),
        (pd.Series([True, False, True]), "True: 2, False: 1"),
        (pd.Series([True, None, True], dtype="boolean"), "True: 2, False: 0"),
        (pl.Series([True, None, True]), "True: 2, False: 0"),
    ],
    ids=lambda value: "" if isinstance(value, str) else f"{type(value).__module__} {value.dtype}",
)
def test_a_series_is_summed_up(series: Any, summary: str) -> None:
    first, second, *_ = text_of(series).split("\n\n")
    missing = int(series.isna().sum() if isinstance(series, pd.Series) else series.null_count())
    name = f" {series.name}" if series.name else ""
    assert first == (
        f"{type(series).__module__.split('.')[0]} Series{name}, {len(series)} values, {series.dtype}, {missing} missing"
    ), second
    assert second.startswith(summary)


def test_a_series_shows_its_index_and_values() -> None:
    shown = text_of(pd.Series([1.0, 2.0], index=["x", "y"], name="price"))
    assert "| (index) | price |" in shown
    assert rows_of(shown) == ["| x | 1 |", "| y | 2 |"]
    assert rows_of(text_of(pl.Series("a", range(1_000)), 100))[-1] == "| 999 |"


@pytest.mark.parametrize(
    "series",
    [
        pd.Series(pd.period_range("2026", periods=3)),
        pd.Series(pd.arrays.SparseArray([1, 0, 0])),
        pd.Series(pd.interval_range(0, 3)),
        pd.Series([1 + 2j]),
        pd.Series([[1], [2]]),
        pd.Series([1, "a", None, 2.5]),
        pd.Series([], dtype=object),
        pd.Series([None, None]),
        pd.Series([np.nan, np.nan]),
        pd.Series([Decimal("1.5"), None]),
        pd.Series(pd.date_range("2026", periods=2, tz="Asia/Shanghai")),
        pd.Series(["a", None], dtype="string"),
        pd.Series([b"x"]),
        pd.Series([np.zeros(3), None]),
        pl.Series([[1], None]),
        pl.Series([{"a": 1}, None]),
        pl.Series([Decimal("1.5"), None]),
        pl.Series([datetime.time(1, 2), None]),
        pl.Series([datetime.timedelta(1), None]),
        pl.Series([b"x", None]),
        pl.Series([None, None]),
        pl.Series(["a", None], dtype=pl.Categorical),
        pl.Series([1.0, float("nan")]),
        pl.Series([object()], dtype=pl.Object),
        pl.Series([], dtype=pl.Int64),
    ],
    ids=lambda series: f"{type(series).__module__} {series.dtype}",
)
def test_columns_of_every_type_are_told(series: Any) -> None:
    frame = pd.DataFrame({"a": series}) if isinstance(series, pd.Series) else pl.DataFrame({"a": series})
    for value in series, frame:
        shown = text_of(value, 300)
        assert str(series.dtype).split("(")[0] in shown
        assert estimate(shown) <= 302
        assert " at 0x" not in shown


def test_what_is_missing_in_many_objects_is_counted_in_a_sample_and_said_to_be() -> None:
    words = np.tile(np.array(["a", None, "b", "c"], dtype=object), 1_500_000)
    # Of objects: where pyarrow is installed, pandas would make text of its own of them, and that is counted at once.
    df = pd.DataFrame({"exact": np.tile([1.0, np.nan], 3_000_000), "words": pd.Series(words, dtype=object)})
    shown = text_of(df)
    assert "| exact | float64 | 3,000,000 |" in shown
    assert " | 24,590 in 98,361 sampled |" in shown  # every 61st: not in step with what repeats
    assert "| words | " in text_of(df[:1_000_000])
    assert "| 250,000 |" in text_of(df[:1_000_000])


def test_the_data_is_not_copied() -> None:
    count = 2_000_000
    numbers = np.zeros(count)
    frames = [
        pd.DataFrame({"a": numbers, "b": np.arange(count), "c": np.arange(count).astype("M8[s]")}, copy=False),
        pd.DataFrame(np.zeros((count, 3))),
        pd.DataFrame({"a": pd.Series(["x", None] * (count // 2), dtype=object)}),
        pl.DataFrame({"a": numbers}),
    ]
    for frame in frames:
        text_of(frame)
        tracemalloc.start()
        text_of(frame)
        text_of(frame[frame.columns[0]])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < numbers.nbytes, frame.dtypes


def test_a_frame_is_not_changed_and_nothing_is_warned_of() -> None:
    df = pd.DataFrame({"a": [1.0, None], "b": ["x", "y"]}, index=["i", "j"])
    before = df.copy(deep=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text_of(df)
        text_of(df["a"])
    pd.testing.assert_frame_equal(df, before)


def test_a_subclass_reads_as_what_it_is() -> None:
    class Sales(pd.DataFrame):
        pass

    assert text_of(Sales({"a": [1]})).startswith("pandas Sales, 1 row × 1 column")


CELLS = st.one_of(st.none(), st.text(), st.floats(), st.integers(-(10**12), 10**12), st.lists(st.text()), st.booleans())


@settings(deadline=None, max_examples=100)
@given(
    columns=st.lists(st.lists(CELLS, min_size=20, max_size=20), min_size=1, max_size=30),
    names=st.lists(st.text(max_size=100), min_size=30, max_size=30),
    index=st.lists(CELLS.map(str), min_size=20, max_size=20),
    tokens=st.integers(50, 2_000),
)
def test_a_frame_stays_within_its_budget(
    columns: list[list[Any]], names: list[str], index: list[str], tokens: int
) -> None:
    cells = [pd.Series(column, index=index, dtype=object) for column in columns]
    df = pd.concat(cells, axis=1, keys=range(len(columns)))
    df.columns = names[: len(columns)]
    shown = text_of(df, tokens)
    assert estimate(shown) <= tokens + 2
    assert shown == text_of(df, tokens)
    shown.encode()


@settings(deadline=None, max_examples=50)
@given(rows=st.integers(0, 3_000), columns=st.integers(1, 40), tokens=st.integers(100, 3_000))
def test_what_is_told_of_rows_and_columns_adds_up(rows: int, columns: int, tokens: int) -> None:
    df = pl.DataFrame({f"c{number}": range(rows) for number in range(columns)})
    shown = text_of(df, tokens)
    assert shown.startswith(f"polars DataFrame, {rows:,} row{'s' * (rows != 1)} × {columns} column")
    listed = [int(row.split("|")[1]) for row in rows_of(shown) if row[2].isdigit()]
    if f"All {rows:,} rows" in shown:
        assert listed == list(range(rows))
    elif listed:
        last = 3 if "the last 3" in shown else 0
        assert listed == [*range(len(listed) - last), *range(rows - last, rows)]


REVIEW = "The battery lasted two days, and then the charger broke. " * 6


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"review": [REVIEW] * 5}),
        pl.DataFrame({"review": [REVIEW] * 5}),
        pd.Series([REVIEW] * 5, name="review"),
        pl.Series("review", [REVIEW] * 5),
    ],
    ids=lambda value: f"{type(value).__module__} {type(value).__name__}",
)
def test_long_texts_go_out_whole_where_the_budget_holds_them(value: Any) -> None:
    shown = text_of(value, 4_000)
    assert shown.count(REVIEW.strip()) == 5
    assert "Cells are cut" not in shown


def test_where_it_does_not_the_text_says_how_long_its_cells_are() -> None:
    shown = text_of(pd.DataFrame({"review": [REVIEW] * 100}), 600)
    found = re.search(r"Cells are cut to (\d+) characters", shown)
    assert found is not None
    assert int(found[1]) >= 60
    assert len(rows_of(shown)) > 5
    assert estimate(shown) < 650


def test_a_long_series_is_its_summary_and_a_few_values() -> None:
    shown = text_of(pd.Series(range(300_000), name="x"), 4_000)
    assert "min 0, mean 149999.5, max 299999; quartiles" in shown
    assert len(rows_of(shown)) < 40
    assert estimate(shown) < 500


def test_a_tiny_budget_leaves_the_heading() -> None:
    assert text_of(pd.DataFrame({"t": range(100)}), 4) == "pandas DataFrame, 100 rows × 1 column"
    assert text_of(pd.DataFrame({"t": range(100)}), 0).startswith("pandas DataFrame")


def test_an_index_reads_as_its_values() -> None:
    assert text_of(pd.Index(["a", "b"], name="k")) == '["a", "b"]'
