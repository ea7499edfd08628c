"""What values of libraries read as where they are empty, broken, of another shape, or not what they usually are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import geopandas
import ipywidgets
import numpy as np
import pandas as pd
import plotnine
import polars as pl
import pyarrow as pa
import pytest
import requests
import shapely
import xarray as xr
from bokeh.models import ColumnDataSource, GraphRenderer, Title
from bokeh.plotting import figure
from IPython.display import HTML, JSON
from library_values import TABLE

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.rendering.renderers import rendered


def response(content: bytes, kind: str = "") -> requests.Response:
    made = requests.Response()
    made.status_code, made.url, made._content = 200, "https://x.org/", content
    made.headers.update({"content-type": kind} if kind else {})
    return made


def plot(factors: Any, range_: Any) -> Any:
    made = figure(x_range=factors, y_range=range_)
    made.line(factors, [1, 2])
    return made


def graph() -> Any:
    made = figure()
    made.renderers.append(GraphRenderer())
    made.scatter("a", "k", source={"a": list(range(20)), "k": list("abcdefghijklmnopqrst")})
    return made


def layered() -> Any:
    points, lines = (alt.Chart(TABLE[[name]]) for name in "xy")
    return points.mark_point().encode(x="x") + lines.mark_line().encode(y="y")


def at_times() -> Any:
    times = pd.date_range("2026-01-01", periods=9)
    return xr.DataArray(
        np.arange(9.0), dims="t", coords={"t": times, "when": pd.Timestamp("2026-01-02"), "height": 2.5}
    )


@pytest.mark.parametrize(
    ("value", "reads"),
    [
        (response(b"plain words"), "HTTP response: 200\nfrom https://x.org/\n```text\nplain words\n```"),
        (response(b"\xff\xfe\x00"), "HTTP response: 200\nfrom https://x.org/\n3 bytes, not text"),
        (response(b"a\0b"), "HTTP response: 200\nfrom https://x.org/\n3 bytes, not text"),
        (
            response(b'{"a": ', "application/json"),
            'HTTP response: 200\nfrom https://x.org/\ncontent-type: application/json\n```json\n{"a":\n```',
        ),
        (
            plot(["a", "b"], (0, 5)),
            "bokeh figure\n```text\nx_range: ['a', 'b']\ny_range: 0 to 5\nLine(x=x, y=y)\n  x: ['a', 'b']\n"
            "  y: [1, 2]\n```",
        ),
        (
            graph(),
            "bokeh figure\n```text\nScatter(x=a, y=k)\n  a: list of 20 items, from 0 to 19\n  k: list of 20 items\n```",
        ),
        (ColumnDataSource({"a": [1, 2]}), '{"a": [1, 2]}'),
        (Title(text="Tea"), '{"Title": {"text": "Tea"}}'),
        (geopandas.GeoSeries([shapely.Point(), shapely.Point(1, 2)])[:1], "POINT EMPTY"),
        (JSON({"a": 1}), '{"a": 1}'),
        (ipywidgets.SelectMultiple(options=["a", "b"], value=["a"], description="Pick"), '["a"]'),
        (TABLE.groupby([1, 1, 2, 2, 3]), "pandas DataFrameGroupBy, 3 groups of 5 rows, 3 columns\n```text\n1: 2 rows"),
        (at_times(), "]: 2026-01-01, 2026-01-02, 2026-01-03, …, 2026-01-07, 2026-01-08, 2026-01-09\n"),
        (at_times(), "]: 2026-01-02\ncoordinate 'height' () float64: 2.5\n"),
        (
            xr.Dataset(attrs={"a": np.zeros((4, 5)), "m": memoryview(b"abc"), "t": int, "s": {2, 1}}),
            "attribute 'a': ndarray of shape (4, 5), float64\nattribute 'm': memoryview of shape (3,)\n"
            "attribute 't': int\nattribute 's': {1, 2}\n",
        ),
        (pd.RangeIndex(2, 9, 3), "range(2, 9, 3)"),
        (pa.table({"a": [1, 2], "b": ["x", None]}), "All 2 rows:\n| a | b |\n| --- | --- |\n| 1 | x |\n| 2 | None |"),
    ],
)
def test_each_reads_as_what_it_is(value: Any, reads: str) -> None:
    assert reads in rendered(value, 500).text


def test_json_that_is_too_long_to_be_laid_out_is_sent_as_it_is() -> None:
    found = rendered(response(b'{"a": "' + b"x" * 1_000_001 + b'"}', "application/json"), 400)
    assert '```json\n{"a": "xxx' in found.text
    assert "250,000 tokens sent" in found.left_out


def test_the_charts_of_a_chart_have_their_own_rows() -> None:
    text = rendered(layered(), 500).text
    assert text.count('"rows": 5') == 2 and '"first": [{"x": 1}' in text and '"first": [{"y": 1.0}' in text


def test_the_first_columns_of_a_table_that_is_not_computed_are_told() -> None:
    found = rendered(pl.LazyFrame({f"column_{place}": [1] for place in range(300)}), 100)
    assert "\n| column_0 | Int64 |\n" in found.text
    assert found.left_out.startswith("columns sent, no rows") and "300 columns, " in found.left_out


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (requests.Session, "has no text that tells a model anything"),
        (Title, "has no text that tells a model anything"),
        (lambda: JSON({}), "has no text that tells a model anything"),
        (lambda: HTML(" "), "has no text that tells a model anything"),
        (lambda: alt.Chart(TABLE).mark_point().encode(x="nosuch"), '"nosuch"; verify'),
        (
            lambda: plotnine.ggplot(TABLE, plotnine.aes("nosuch", "y")) + plotnine.geom_point(),
            "(?s)plotnine cannot draw this figure.*nosuch",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        rendered(make(), 300)


class Model:
    """An object without a `repr` of its own."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


def test_an_object_with_an_array_or_a_table_in_it_reads_by_its_attributes() -> None:
    model = Model(weights=np.array([1, 2]), rows=pd.DataFrame({"a": [1, 2]}), name="m")
    assert '"weights": "numpy ndarray, shape (2,), int64: [1, 2]"' in rendered(model, 500).text
    hidden = rendered(Model(password=np.array([1, 2]), token="", api_key=None, secret="x"), 500).text
    assert '"token": "",\n  "api_key": null' in hidden and hidden.count("left out: it may be a secret") == 2
