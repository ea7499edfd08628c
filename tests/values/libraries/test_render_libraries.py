"""Values of libraries: each reads as what it is, within its budget, the same in every run, and is left as it was."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import dask
import duckdb
import ipywidgets
import pandas as pd
import polars as pl
import pytest
import requests
import sqlalchemy as sa
import xarray as xr
from IPython.display import DisplayHandle
from library_values import TABLE, drawn, values
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.text.tokens import estimate
from zhipu_magic.values.references import resolved
from zhipu_magic.values.rendering.renderers import rendered

VALUES = values()

#: Each value's whole text, or what its text begins with; a line of three dots stands for lines that vary by version.
TEXTS = {
    "fits": '```json\n[\n  "statsmodels RegressionResults: OLS of y by const, x, 5 observations",\n',
    "model": "statsmodels OLS, not fitted: of y by const, x, 5 observations",
    "ttest": "scipy TtestResult\n```text\nstatistic: -1.264911064067352\npvalue: 0.2745766290948",
    "line": "scipy LinregressResult\n```text\nslope: 1.5\nintercept: 0.33333333333333",
    "found": "scipy OptimizeResult\n```text\n",
    "normal": "scipy.stats norm(0, scale=2)",
    "small": "scipy csr_array, shape (3, 3), float64, 3 stored elements (≈ 0.333333 of all)\n```text\n[[1. 0. 0.]\n",
    "large": "scipy csr_array, shape (1000, 1000), float64, 1,000 stored elements (0.001 of all)\n```text\n"
    "stored: least ",
    "lil": "scipy lil_matrix, shape (100, 200), float64, 0 stored elements (0 of all)",
    "unfitted": "sklearn LogisticRegression(C=0.5), not fitted",
    "fitted": "sklearn LogisticRegression(C=0.5), fitted\n```text\n"
    "  feature_names_in_: ['a', 'b']\n  n_features_in_: 2\n",
    "pipeline": "sklearn Pipeline(), fitted\n```text\n- columntransformer: ColumnTransformer()\n",
    "search": "sklearn GridSearchCV(cv=2, param_grid={'C': [0.1, 1]}), fitted\n```text\n",
    "integral": "sqrt(pi)*x/2, where x is positive",
    "roots": '["-sqrt(2)", "sqrt(2)"]',
    "matrix": "Matrix([[x, 1], [2, z]])",
    "graph": "networkx DiGraph 'trips', directed, 4 nodes, 2 edges\n```text\n"
    "degree: least 0, mean 1, greatest 2\nhighest degrees: 'a' (2), 'b' (1), 'c' (1), 'd' (0)\n"
    "attributes of the nodes: 'kind'\nattributes of the edges: 'weight'\n"
    "'d': kind='stop'\n'a' -> 'b': weight=2\n'a' -> 'c'\n```",
    "hubs": "networkx Graph, undirected, 500 nodes, 1,491 edges\n```text\ndegree: least ",
    "no_graph": "networkx Graph, undirected, 0 nodes, 0 edges",
    "style": "pandas DataFrame, 5 rows × 3 columns\n\n| column |",
    "groups": "pandas DataFrameGroupBy by kind, 2 groups of 5 rows, 3 columns\n```text\n'a': 3 rows\n'b': 2 rows\n```",
    "many_groups": "pandas SeriesGroupBy by n, 2,000 groups of 2,000 rows, a Series\n```text\n0: 1 row\n",
    "flat_groups": "pandas DataFrameGroupBy by kind, x, 5 groups of 5 rows, 3 columns\n```text\n'a', 1: 1 row\n",
    "lazy": "polars LazyFrame, 1 column, rows not computed\n\n",
    "dask": "dask DataFrame, 1 column, rows not computed\n\n",
    "relation": "duckdb DuckDBPyRelation, 2 columns, rows not computed\n\n"
    "| column | dtype |\n| --- | --- |\n| a | Int32 |",
    "dataset": "xarray Dataset, 1 variable, time: 4, lat: 3\n```text\ncoordinate 'time' (time) datetime64[",
    "array": "xarray DataArray 't', time: 4, lat: 3\n```text\n"
    "(time, lat) float64, in K, least 0, mean 5.5, greatest 11\ncoordinate 'time' (time) datetime64[",
    "unread": "xarray Dataset, 1 variable, time: 4, lat: 3\n",
    "places": "geopandas GeoDataFrame\n"
    "geometry: 1 Point, 1 Polygon, 1 missing; coordinate system EPSG:4326; bounds 1.123456789, 2, 4, 5\n"
    "pandas DataFrame, 3 rows × 2 columns\n",
    "outlines": "geopandas GeoSeries\ngeometry: 1 Point, 1 Polygon, 1 missing; ",
    "point": "POINT (1 2)",
    "row": '{"a": 1, "b": "x"}',
    "rows": '[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]',
    "select": "```sql\nSELECT t.a \nFROM t \nWHERE t.a > :a_1\n-- a_1 = 1\n```",
    "table": "Table('t', MetaData(), Column('a', Integer(), table=<t>), schema=None)",
    "engine": "Engine(sqlite://)",
    "chart": 'altair Chart, as a Vega-Lite specification:\n```json\n{\n  "mark": {"type": "point"',
    "bokeh": "bokeh figure 'Prices'\n```text\naxis below: 'day'\nLine(x=x, y=y)\n  x: [1, 2, 3]\n  y: [3, 4, 5]\n"
    "Scatter(x=a, y=b)\n  a: list of 20 items, from 0 to 19\n  b: list of 20 items, from 0 to 19\n```",
    "html": "```html\n<b>x</b>\n```",
    "markdown": "**x**",
    "svg": "```xml\n<svg ",
    "sound": "IPython Audio of 64 bytes",
    "frame": "IPython IFrame of https://x.org/page",
    "slider": "IntSlider 'n': 5",
    "box": '["IntSlider: 5", "Text: \'a\'"]',
    "got": 'HTTP response: 200 OK\nfrom https://x.org/a\ncontent-type: application/json\n```json\n{\n  "a": 1\n}\n```',
    "missing": "HTTP response: 404 Not Found\nfrom https://x.org/b\n"
    "content-type: text/plain; charset=utf-8\n```text\nno such\n```",
    "archive": "ZIP archive of 1 file\n```text\na.txt: 5 bytes\n```",
    "buffer": "a\nb",
    "bytes": "3 bytes of text: abc",
    "element": "<a><b>1</b></a>",
    "not_computed": "dask.array<",
}


def text_of(value: Any, tokens: int = 600) -> str:
    return rendered(value, tokens).text


@pytest.mark.parametrize("name", TEXTS)
def test_each_reads_as_what_it_is(name: str) -> None:
    assert text_of(VALUES[name]).startswith(TEXTS[name])


@pytest.mark.parametrize("name", VALUES)
def test_each_stays_within_its_budget_and_has_no_address_and_no_secret(name: str) -> None:
    for tokens in (60, 150, 600):
        text = text_of(VALUES[name], tokens)
        assert estimate(text) <= tokens + 12, text
        assert not re.search(r"at 0x|secret|<object|display_id", text)
    brief = text_of([VALUES[name], 1])
    assert len(brief) < 1_000 and not re.search(r" at 0x|\"```", brief)


def test_each_reads_the_same_in_another_process() -> None:
    """With other hashes, other ids and another clock."""
    program = Path(__file__).with_name("library_values.py")
    tests = Path(__file__).parents[2]
    path = os.pathsep.join([str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(program)], env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    different = [name for name, value in VALUES.items() if found[name] != repr(text_of(value))]
    assert different == []


def test_a_summary_says_nothing_of_when_it_was_made() -> None:
    for name in ("fit", "summary", "summary2"):
        text = text_of(VALUES[name], 2_000)
        assert "0.592" in text and "Log-Likelihood:" in text and "Df Residuals:" in text
        assert not re.search(r"Date|Time|20\d\d|\d\d:\d\d", text)


def test_an_estimator_tells_what_was_chosen_and_what_was_fitted() -> None:
    text = text_of(VALUES["pipeline"])
    assert "- numbers on ['a', 'b']: StandardScaler()\n" in text
    assert "- words on ['d']: OneHotEncoder()\n" in text
    assert re.search(r"- logisticregression: LogisticRegression\(\)\n(    .*\n)*    coef_: \[\[", text)
    searched = text_of(VALUES["search"])
    assert "best_params_: {'C': " in searched and "refit_time_" not in searched


def test_what_is_not_in_memory_is_not_computed() -> None:
    ran: list[int] = []

    def counted(part: Any) -> Any:
        ran.append(1)
        return part

    unread = xr.DataArray(dask.array.ones(10).map_blocks(counted, dtype=float), name="u")
    lazy = pl.LazyFrame({"a": [1]}).map_batches(counted, schema={"a": pl.Int64})
    delayed = dask.delayed(counted)(1)
    ran.clear()  # dask tries a function on nothing to learn its type
    assert "not in memory" in text_of(unread)
    assert "rows not computed" in text_of(lazy)
    with pytest.raises(InvalidRequest, match=r"result = value\.compute\(\), then \{\{ result \}\}"):
        rendered(delayed, 100)
    assert text_of([delayed, 1]) == '["[a value of type dask.Delayed]", 1]'
    assert ran == []


def test_a_relation_is_not_run_and_it_is_said_how_to_get_rows() -> None:
    prompt = resolved("{{ r }}", {"r": duckdb.connect().sql("select error('was run') as a")}, 200)
    assert "was run" not in prompt.text
    assert prompt.cut == ("r: columns sent, no rows, which are not computed: .limit(20).df() has some",)


def test_a_result_that_reading_would_use_up_is_refused_and_stays_whole() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        result = connection.execute(sa.text("select 1 as a"))
        with pytest.raises(InvalidRequest, match=r"rows = result\.all\(\), then \{\{ rows \}\}"):
            resolved("{{ result }}", {"result": result}, 100)
        assert text_of({"n": 1, "r": result}) == '{"n": 1, "r": "[a value of type sqlalchemy.CursorResult]"}'
        assert len(result.all()) == 1
        with pytest.raises(InvalidRequest, match=r"pandas\.read_sql"):
            rendered(connection, 100)
    engine.dispose()


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def test_a_mapped_object_is_its_columns_and_a_session_is_refused() -> None:
    assert text_of(User(id=1, name="Ada")) == 'User: {"id": 1, "name": "Ada"}'
    with pytest.raises(InvalidRequest, match=r"session\.scalars\(sqlalchemy\.select\(…\)\)\.all\(\)"):
        rendered(Session(), 100, called="session")


def test_databases_of_python_say_what_to_name() -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(InvalidRequest, match=r'rows = pandas\.read_sql\("SELECT …", con\), then \{\{ rows \}\}'):
        rendered(connection, 100, called="con")
    with pytest.raises(InvalidRequest, match=r"rows = cur\.fetchall\(\), then \{\{ rows \}\}"):
        rendered(connection.execute("select 1"), 100, called="cur")
    connection.close()


def test_a_file_is_not_read_and_not_moved(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("hello")
    with path.open() as file:
        with pytest.raises(InvalidRequest, match=r"path = pathlib\.Path\(file\.name\), then \{\{ path \}\}"):
            rendered(file, 100, called="file")
        assert file.read() == "hello"


def test_a_response_that_is_still_to_be_read_is_not() -> None:
    response = requests.Response()
    response.status_code, response.url = 200, "https://x.org/"
    assert text_of(response) == "HTTP response: 200\nfrom https://x.org/\nIts content has not been read."


def test_widgets_and_places_without_a_value_are_refused_and_a_password_is_not_told() -> None:
    for value in (ipywidgets.Output(), ipywidgets.Button(), DisplayHandle(), ipywidgets.Password("secret")):
        with pytest.raises(InvalidRequest, match="has no text that tells a model anything") as refused:
            rendered(value, 100)
        assert "secret" not in str(refused.value)


def test_of_very_many_geometries_their_kinds_are_told_and_columns_may_share_a_name() -> None:
    import geopandas
    import shapely

    points = shapely.points([[float(place), 0.0] for place in range(20_001)])
    many = geopandas.GeoDataFrame({"n": range(20_001), "geometry": points})
    text = text_of(many)
    assert (
        "20,001 Point; coordinate system none; bounds 0, 0, 20000, 0\npandas DataFrame, 20,001 rows × 1 column" in text
    )
    assert "The first of 20,001:\nPOINT (0 0)\nPOINT (1 0)" in text_of(many.geometry)
    twice = many.iloc[:2, [0, 0, 1]]
    assert "| n | n | geometry |" in text_of(twice)
    assert str(many.dtypes["geometry"]) == "geometry"


def test_plotnine_draws_itself_and_shows_nothing() -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    (image,) = rendered(drawn(), 100).images
    assert image.type == "image/png"
    assert plt.get_fignums() == before


def test_of_a_chart_with_many_rows_the_first_are_sent() -> None:
    import altair as alt

    many = pd.DataFrame({"x": range(20_000)})
    prompt = resolved("{{ chart }}", {"chart": alt.Chart(many).mark_bar().encode(x="x")}, 500)
    assert '"rows": 20000' in prompt.text
    assert "vl-convert" in prompt.cut[0]


def test_grouping_is_not_changed_and_its_keys_are_told_as_far_as_they_go() -> None:
    shown = rendered(VALUES["many_groups"], 200)
    assert shown.text.endswith("… and more\n```")
    assert "lines of its description sent" in shown.left_out
    with pytest.raises(InvalidRequest, match=r"sizes = value\.len\(\)"):
        rendered(pl.DataFrame({"a": [1]}).group_by("a"), 100)
    assert list(TABLE.columns) == ["y", "x", "kind"]
