"""A value of each kind of library that `rendering/libraries` knows, made anew; as a program, prints how each reads."""

from __future__ import annotations

import io
import sys
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import altair as alt
import dask.array
import dask.dataframe
import duckdb
import geopandas
import httpx
import ipywidgets
import networkx as nx
import numpy as np
import pandas as pd
import plotnine
import polars as pl
import requests
import shapely
import sqlalchemy as sa
import statsmodels.api as sm
import sympy
import xarray as xr
from bokeh.plotting import figure
from IPython.display import HTML, SVG, Audio, IFrame, Markdown
from scipy import optimize, sparse, stats
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TABLE = pd.DataFrame({"y": [1.0, 2.0, 3.0, 4.0, 5.5], "x": [1, 3, 2, 5, 4], "kind": list("aabab")})


def values() -> dict[str, Any]:
    """By what each is called in a notebook."""
    return dict(
        [
            *_statistics(),
            *_learned(),
            *_mathematics(),
            *_tables(),
            *_databases(),
            *_shown(),
        ]
    )


def _statistics() -> Iterator[tuple[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels warns of so few observations
        fit = sm.OLS(TABLE["y"], sm.add_constant(TABLE["x"])).fit()
        yield "fit", fit
        yield "summary", fit.summary()
        yield "summary2", fit.summary2()
        yield "model", fit.model
        yield "fits", [fit, fit]
    yield "ttest", stats.ttest_ind([1, 2, 3], [2, 3, 5])
    yield "line", stats.linregress([1, 2, 3], [2, 3, 5])
    yield "found", optimize.minimize(_square, [1.0, 2.0])
    yield "normal", stats.norm(0, scale=2)
    yield "small", sparse.eye_array(3, format="csr")
    yield "large", sparse.random_array((1000, 1000), density=0.001, format="csr", rng=np.random.default_rng(1))
    yield "lil", sparse.lil_matrix((100, 200))


def _square(at: Any) -> float:
    return float((at**2).sum())


def _learned() -> Iterator[tuple[str, Any]]:
    wide = pd.DataFrame(np.random.default_rng(1).normal(size=(50, 3)), columns=list("abc")).assign(d=["u", "v"] * 25)
    answers = (wide["a"] > 0).astype(int)
    yield "unfitted", LogisticRegression(C=0.5)
    yield "fitted", LogisticRegression(C=0.5).fit(wide[["a", "b"]], answers)
    columns = ColumnTransformer([("numbers", StandardScaler(), ["a", "b"]), ("words", OneHotEncoder(), ["d"])])
    yield "pipeline", make_pipeline(columns, LogisticRegression()).fit(wide, answers)
    yield "search", GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(wide[["a"]], answers)


def _mathematics() -> Iterator[tuple[str, Any]]:
    x, z = sympy.Symbol("x", positive=True), sympy.Symbol("z")
    yield "integral", sympy.integrate(sympy.exp(-(z**2)) * x, (z, 0, sympy.oo))
    yield "roots", sympy.solve(z**2 - 2, z)
    yield "matrix", sympy.Matrix([[x, 1], [2, z]])
    graph = nx.DiGraph([("a", "b", {"weight": 2}), ("a", "c")], name="trips")
    graph.add_node("d", kind="stop")
    yield "graph", graph
    yield "hubs", nx.barabasi_albert_graph(500, 3, seed=1)
    yield "no_graph", nx.Graph()


def _tables() -> Iterator[tuple[str, Any]]:
    yield "style", TABLE.style.highlight_max(subset=["x"])
    yield "groups", TABLE.groupby("kind")
    yield "many_groups", pd.DataFrame({"n": range(2_000)}).groupby("n")["n"]
    yield "flat_groups", TABLE.groupby(["kind", "x"], as_index=False)
    yield "lazy", pl.LazyFrame({"a": [1]})
    yield "dask", dask.dataframe.from_pandas(TABLE[["x"]], npartitions=1)
    yield "relation", duckdb.connect().sql("select 1 as a, 'x' as b")
    data = xr.Dataset(
        {"t": (("time", "lat"), np.arange(12.0).reshape(4, 3), {"units": "K"})},
        coords={"time": pd.date_range("2026-01-01", periods=4), "lat": [1.0, 2.0, 3.0]},
        attrs={"title": "Heights"},
    )
    yield "dataset", data
    yield "array", data.t
    yield "unread", data.chunk({"time": 2})
    shapes = [shapely.Point(1.123456789, 2), shapely.Point(3, 4).buffer(1), None]
    places = geopandas.GeoDataFrame({"n": ["a", "b", "c"], "geometry": shapes}, crs=4326)
    yield "places", places
    yield "outlines", places.geometry
    yield "point", shapely.Point(1, 2)


def _databases() -> Iterator[tuple[str, Any]]:
    engine = sa.create_engine("sqlite://")
    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer))
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select 1 as a, 'x' as b union select 2, 'y'")).all()
    engine.dispose()
    yield "row", rows[0]
    yield "rows", rows
    yield "select", sa.select(table).where(table.c.a > 1)
    yield "table", table
    yield "engine", engine


def _shown() -> Iterator[tuple[str, Any]]:
    yield "chart", alt.Chart(TABLE[["x", "y"]]).mark_point().encode(x="x", y="y")
    plot = figure(title="Prices", x_axis_label="day")
    plot.line([1, 2, 3], [3, 4, 5])
    plot.scatter("a", "b", source={"a": [*range(20)], "b": [*range(20)]})
    yield "bokeh", plot
    yield "html", HTML("<b>x</b>")
    yield "markdown", Markdown("**x**")
    yield "svg", SVG("<svg xmlns='http://www.w3.org/2000/svg'/>")
    yield "sound", Audio(np.ones(10), rate=10)
    yield "frame", IFrame("https://x.org/page?token=secret", 10, 10)
    yield "slider", ipywidgets.IntSlider(5, description="n")
    yield "box", ipywidgets.HBox([ipywidgets.IntSlider(5), ipywidgets.Text("a")])
    got = requests.Response()
    got.status_code, got.reason, got.url = 200, "OK", "https://user:secret@x.org/a?token=secret"
    got._content = b'{"a": 1}'
    got.headers.update({"Content-Type": "application/json", "Set-Cookie": "secret", "Date": "today: secret"})
    yield "got", got
    yield "missing", httpx.Response(404, text="no such", request=httpx.Request("GET", "https://x.org/b?key=secret"))
    with zipfile.ZipFile(io.BytesIO(), "w") as archive:
        archive.writestr("a.txt", "hello")
    yield "archive", archive
    yield "buffer", io.StringIO("a\nb")
    yield "bytes", io.BytesIO(b"abc")
    yield "element", ElementTree.fromstring("<a><b>1</b></a>")
    yield "not_computed", dask.array.ones(10)


def drawn() -> Any:
    return plotnine.ggplot(TABLE, plotnine.aes("x", "y")) + plotnine.geom_point()


if __name__ == "__main__":
    from zhipu_magic.values.rendering.renderers import rendered

    for name, value in values().items():
        sys.stdout.write(f"{name} {rendered(value, 600).text!r}\n")
