"""Which values stand for nothing, and cells of other libraries as Python's own."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from zhipu_magic.values.frames.python_values import is_missing, python_values

MISSING: list[Any] = [
    *(None, float("nan"), np.nan, np.float32("nan"), np.float64("nan"), pd.NA, pd.NaT, decimal.Decimal("nan")),
    *(np.datetime64("NaT"), np.timedelta64("NaT"), decimal.Decimal("snan"), pa.scalar(None, pa.string())),
    *(pa.NA, np.ma.masked),
]
PRESENT: list[Any] = [
    *("", "nan", "None", 0, 0.0, False, float("inf"), [], {}, (), [None], np.array([]), np.array([np.nan, 1.0])),
    *(pd.Series([None]), pd.DataFrame(), np.str_(""), np.int64(0), pd.Timestamp(0), np.datetime64("2024-01-01")),
    *(pa.scalar(0), pa.array([None]), object(), decimal.Decimal(0), datetime.date(2024, 1, 1)),
]


@pytest.mark.parametrize("value", MISSING, ids=repr)
def test_a_value_for_nothing_is_missing(value: Any) -> None:
    assert is_missing(value) is True


@pytest.mark.parametrize("value", PRESENT, ids=lambda value: type(value).__name__)
def test_every_other_value_is_not(value: Any) -> None:
    assert is_missing(value) is False


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (np.str_("a"), "a"),
        (np.int8(1), 1),
        (np.float64(0.5), 0.5),
        (np.bool_(True), True),
        (np.bytes_(b"x"), b"x"),
        (np.datetime64("2024-05-01"), datetime.date(2024, 5, 1)),
        (np.datetime64("2024-05-01T08:00", "ns"), datetime.datetime(2024, 5, 1, 8)),
        (np.timedelta64(90, "s"), datetime.timedelta(seconds=90)),
        (np.timedelta64(90_000_000_000, "ns"), datetime.timedelta(seconds=90)),
        (np.array([np.str_("a"), None], dtype=object), ["a", None]),
        (np.array(3), 3),
        (pd.Timestamp("2024-05-01"), datetime.datetime(2024, 5, 1)),
        (pd.Timedelta("90s"), datetime.timedelta(seconds=90)),
        (pa.scalar("a"), "a"),
        (pd.NA, None),
    ],
    ids=repr,
)
def test_a_cell_of_another_library_is_pythons(cell: Any, value: Any) -> None:
    (read,) = python_values([cell])
    assert read == value and type(read) is type(value)


def test_what_python_has_no_value_for_stays_as_it_is() -> None:
    far = pd.Timestamp(np.datetime64("12000-01-01", "s"))
    for cell in (np.zeros((2, 2)), pd.Period("2024-05"), pd.Timedelta(1, "ns"), far):
        assert python_values([cell])[0] is cell
