"""What a model reads of a value is what the value says: no digit, word or member of it is another, or silently gone."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import socket
import sys
import threading
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from unittest.mock import MagicMock, Mock

import altair as alt
import httpx
import ipywidgets
import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pytest
import requests
import scipy.optimize
import scipy.sparse
import sqlalchemy as sa
import sympy
import xarray as xr
from bokeh.layouts import column
from bokeh.plotting import figure
from hypothesis import example, given
from hypothesis import strategies as st
from IPython.display import IFrame
from sklearn.linear_model import LogisticRegression

from zhipu_magic.text.characters import without_addresses
from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.text.languages.numbers import estimated, in_short, is_rounded
from zhipu_magic.text.tokens import estimate
from zhipu_magic.values.references import resolved
from zhipu_magic.values.rendering.libraries.of_http import _indented
from zhipu_magic.values.rendering.renderers import rendered


def text_of(value: Any, tokens: int = 2_000) -> str:
    return rendered(value, tokens).text


def sent(text: str, **names: Any) -> str:
    return resolved(text, names, 2_000).text


# Numbers


def test_labels_places_and_parameters_keep_their_digits() -> None:
    grouped = pd.DataFrame({"k": [1234567.0, 1234568.0], "v": 1}).groupby("k")
    assert "1234567: 1 row\n1234568: 1 row" in text_of(grouped)
    graph = nx.Graph()
    graph.add_edge(20240101.0, 20240102.0, amount=1234567.89)
    assert "20240101 -- 20240102: amount=1234567.89" in text_of(graph)
    places = xr.DataArray([1.0, 2.0], dims="x", coords={"x": [4649776.22, 4649781.88]})
    assert "(x) float64: 4649776.22, 4649781.88" in text_of(places)
    assert "'x' (x) float64: 4649776.22, 4649781.88" in text_of(places.coords)
    narrow = places.assign_coords(x=np.array([0.1, 0.2], "float32"))
    assert "(x) float32: 0.1, 0.2" in text_of(narrow)
    assert "C=0.123456789" in text_of(LogisticRegression(C=0.123456789))
    found = scipy.optimize.OptimizeResult(x=np.array([1234567.891, 0.1234567890123]))
    assert "x: [1234567.891, 0.1234567890123]" in text_of(found)
    stored = scipy.sparse.coo_array(([1234567.891], ([3], [4])), shape=(100, 100))
    assert "(3, 4): 1234567.891" in text_of(stored)
    assert "1234567.891" in text_of(scipy.sparse.coo_array(np.array([[1234567.891]])))
    assert "POINT (121.473701234 31.230416)" in text_of(_places())


def _places() -> Any:
    import geopandas
    from shapely.geometry import Point

    return geopandas.GeoDataFrame({"n": [1]}, geometry=[Point(121.473701234, 31.230416)])


def test_what_is_rounded_says_so() -> None:
    assert text_of(np.array([1234567.891, 4649776.226])).endswith("float64, rounded: [1234567.89, 4649776.23]")
    assert text_of(np.array([0.5, 2.0])).endswith("float64: [0.5, 2]")
    assert text_of(np.array([0.1, 0.2], "float32")).endswith("float32: [0.1, 0.2]")
    table = text_of(pd.DataFrame({"a": [1234567.0, 1 / 3]}, index=[4649776.22, 4649781.88]))
    assert "All 2 rows, numbers rounded:" in table and "| 4649776.22 | 1234567 |" in table
    assert estimated(1 / 3) == "≈ 0.333333" and estimated(2.5) == "2.5" and estimated(0.1 + 0.2) == "0.3"


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(35184372088832.875)  # the float nearest to it with two decimals is further away than these decimals are
def test_a_short_number_is_near_and_never_loses_what_is_before_the_point(number: float) -> None:
    assert float(in_short(number)) == pytest.approx(number, rel=1e-5)
    if 1 <= abs(number) < 1e15:
        assert abs(Decimal(in_short(number)) - Decimal(number)) <= Decimal("0.0051")
    assert not is_rounded(float(in_short(number)))


# Texts that came from elsewhere


def response(content: bytes) -> requests.Response:
    found = requests.Response()
    found.status_code, found._content = 200, content
    found.headers["content-type"] = "application/json"
    return found


def test_json_of_a_response_is_as_it_was_written() -> None:
    text = text_of(response(b'{"id": 1234567890.123456789012, "e": 1E400, "p": 0.10, "k": 1, "k": [], "w": "\\u4e2d"}'))
    assert "None" not in text
    assert text.endswith(
        '{\n  "id": 1234567890.123456789012,\n  "e": 1E400,\n  "p": 0.10,\n  "k": 1,\n  "k": [],\n  "w": "中"\n}\n```'
    )
    assert "{1: 2}" in text_of(response(b"{1: 2}"))  # no JSON


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists) | st.dictionaries(
    st.text(), st.lists(st.dictionaries(st.text(), st.integers()))))  # fmt: skip
def test_laid_out_json_is_the_same_json(value: Any) -> None:
    written = json.dumps(value)
    assert repr(json.loads(_indented(written))) == repr(json.loads(written))


def test_a_response_without_a_request_and_an_empty_one_can_be_read() -> None:
    assert text_of(httpx.Response(200, json={"a": 1})).startswith("HTTP response: 200 OK\ncontent-type")
    assert text_of(requests.Response()) == "HTTP response: no status\nIts content has not been read."


def test_a_statement_has_the_values_that_it_was_made_with() -> None:
    orders = sa.table("orders", sa.column("id"), sa.column("state"), sa.column("password"))
    text = text_of(sa.select(orders.c.id).where(orders.c.id == 42, orders.c.state.in_(["open", "late"])))
    assert "orders.id = :id_1" in text and "POSTCOMPILE" not in text
    assert text.endswith("\n-- id_1 = 42\n-- state_1_1 = 'open'\n-- state_1_2 = 'late'\n```")
    assert "list of 100 items" in text_of(sa.select(orders).where(orders.c.id.in_(range(100))))
    assert "state = None" in text_of(sa.insert(orders).values(state=None))
    assert "--" not in text_of(sa.insert(orders))
    assert "-- id_1 = 42" in text_of([sa.select(orders.c.id).where(orders.c.id == 42), 1])
    many = rendered(sa.insert(orders).values([{"id": place} for place in range(500)]), 200)
    assert many.left_out and " more" in many.text and estimate(many.text) <= 212
    assert "hunter2" not in text_of(sa.select(orders).where(orders.c.password == "hunter2"))


def test_of_columns_with_one_name_none_is_lost() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        row = connection.execute(sa.text("select 1 as x, 2 as x")).one()
    engine.dispose()
    assert text_of(row) == '{"x": 1, "x (2)": 2}' and text_of([row]) == '[{"x": 1, "x (2)": 2}]'


def test_a_large_graph_is_sent_as_far_as_there_is_room_and_the_rest_is_counted() -> None:
    graph = nx.Graph()
    graph.add_nodes_from((place, {"v": place}) for place in range(3_000))
    assert "\n2999: v=2999" in text_of(graph, 100_000)
    shown = rendered(graph, 200)
    _, _, more = shown.text.partition("… and ")
    count = shown.text.count(": v=")
    assert more.startswith(f"{3_000 - count:,} more lines")
    assert shown.left_out == f"3,000 lines, {count} sent"


def test_symbols_that_share_a_name_are_told_apart_and_a_selection_of_columns_is_counted() -> None:
    assert text_of(sympy.Symbol("x") + sympy.Symbol("x", positive=True)) == "x + x_2, where x_2 is positive"
    grouped = pd.DataFrame({"k": [1], "a": 1, "b": 2}).groupby("k")
    assert ", 1 column\n" in text_of(grouped[["a"]]) and "a Series\n" in text_of(grouped["a"])


# Secrets


class Client(LogisticRegression):
    def __init__(self, password: str = "", C: float = 1.0) -> None:
        super().__init__(C=C)
        self.password = password


def secretive() -> Iterator[Any]:
    yield sa.make_url("postgresql://u:hunter2@h/db?password=hunter2")
    yield httpx.Request("GET", "https://u:hunter2@h/p?token=hunter2", headers={"authorization": "Bearer hunter2"})
    yield requests.Request("GET", "https://u:hunter2@h/p?token=hunter2")
    yield requests.Request("GET", "https://u:hunter2@h/p?token=hunter2").prepare()
    yield httpx.URL("https://u:hunter2@h/p?token=hunter2")
    yield httpx.Headers({"authorization": "Bearer hunter2"})
    yield requests.structures.CaseInsensitiveDict(authorization="Bearer hunter2")
    yield requests.structures.CaseInsensitiveDict({"X-Api-Key": "hunter2"})
    yield urllib.request.Request("https://u:hunter2@h/p?token=hunter2")
    yield requests.cookies.cookiejar_from_dict({"sid": "hunter2"})
    yield IFrame("https://u:hunter2@h/x?token=hunter2", 1, 1)
    yield alt.Chart("https://h/x.csv?token=hunter2").mark_point().encode(x="x:Q")
    yield Client(password="hunter2")
    yield xr.DataArray([1.0], dims="x", attrs={"password": "hunter2"})
    graph = nx.Graph()
    graph.add_node("a", api_key="hunter2")
    yield graph


@pytest.mark.parametrize("value", [*secretive()], ids=lambda value: type(value).__name__)
def test_what_a_library_hides_is_not_sent(value: Any) -> None:
    assert "hunter2" not in text_of(value)
    assert "hunter2" not in text_of({"n": 1, "value": value})
    assert text_of(value)


def test_a_password_is_told_apart_from_what_says_nothing() -> None:
    for value in ({"p": ipywidgets.Password(value="hunter2")}, ipywidgets.VBox([ipywidgets.Password(value="hunter2")])):
        assert "… (left out: it may be a secret)" in text_of(value) and "hunter2" not in text_of(value)


# Words and places


@dataclasses.dataclass
class Fault:
    where: str = "fault at 0x4000"


@pytest.mark.parametrize(
    ("value", "text"),
    [("segfault at 0x4000 in main", "'segfault at 0x4000 in main'"), (["loaded at 0x7fff"], "['loaded at 0x7fff']"),
     ({"<x at 0x4000>": 1}, "{'<x at 0x4000>': 1}"), (Fault(), "Fault(where='fault at 0x4000')"),
     (ValueError("bad page at 0x4000"), "ValueError('bad page at 0x4000')")],
)  # fmt: skip
def test_ones_own_words_stay(value: Any, text: str) -> None:
    assert sent("{{ x | repr }}", x=value) == text


def test_the_words_of_an_exception_and_of_a_cell_in_a_table_stay() -> None:
    assert sent("{{ x }}", x=ValueError("bad page at 0x4000")) == "ValueError: bad page at 0x4000"
    assert sent("{{ x }}", x={"a": ValueError("bad at 0x4000")}) == '{"a": "ValueError(\'bad at 0x4000\')"}'
    assert "| bad page at 0x4000 |" in text_of(pd.DataFrame({"a": ["bad page at 0x4000"], "b": [1]}))


@pytest.mark.parametrize(
    ("text", "without"),
    [("<a.B object at 0x7f00>", "<a.B object>"), ("<method f of <A object at 0x7F>>", "<method f of <A object>>"),
     ("<A name='x' at 0x7f>", "<A name='x'>"), ("<weakref at 0x7; to 'B' at 0x8>", "<weakref; to 'B'>"),
     ("<function <lambda> at 0x7f>", "<function <lambda>>"), ("'<a at 0x7f>'", "'<a at 0x7f>'"),
     ("it can't be <A object at 0x7f>", "it can't be <A object>"), ("jump at 0x7f -> here>", "jump at 0x7f -> here>"),
     ("a <b at 0x7f", "a <b at 0x7f")],
)  # fmt: skip
def test_addresses_are_those_of_objects(text: str, without: str) -> None:
    assert without_addresses(text) == without


class Numbered:
    def __repr__(self) -> str:
        return f"Numbered(id={id(self)}, n=3)"


class Placed:
    def __repr__(self) -> str:
        return f"Placed(0x{id(self):x})"


def test_no_id_of_this_run_is_sent() -> None:
    assert text_of(Numbered()) == "Numbered(, n=3)"
    assert text_of([MagicMock(name="m"), 1]).startswith("[\"<MagicMock name='m'>\"")
    assert sent("{{ x | repr }}", x=[Mock()]) == "[<Mock>]"
    for value in (Placed(), Mock()):
        with pytest.raises(InvalidRequest, match="no text that tells"):
            text_of(value)
    assert str(threading.get_ident()) not in text_of(threading.current_thread())
    with socket.socket() as one:
        assert "fd=" not in text_of(one)
    frame = sys._getframe()
    assert text_of(frame).startswith("frame of test_no_id_of_this_run_is_sent, test_values_stay_as_they_are.py, line ")
    assert "/" not in text_of(frame.f_code)


def test_of_a_task_its_result_is_named() -> None:
    async def work() -> None:
        task = asyncio.ensure_future(asyncio.sleep(0))
        with pytest.raises(InvalidRequest, match=r"result = await value, then \{\{ result \}\}"):
            text_of(task)
        await task

    asyncio.run(work())


def test_parts_of_bokeh_have_no_ids() -> None:
    plot = figure(title="Prices")
    line = plot.line([1, 2], [3, 4])
    assert text_of(column(plot)) == '{"Column": {"children": ["bokeh figure \'Prices\'"]}}'
    assert text_of(line) == "bokeh GlyphRenderer\n```text\nLine(x=x, y=y)\n  x: [1, 2]\n  y: [3, 4]\n```"


# What is no value, and what is


@pytest.mark.parametrize("value", [pl.Int64(), pd.offsets.Day(), pl.DataFrame({"a": [1]}).schema, {"a": pl.Int64()}])
def test_a_type_of_a_column_is_its_name(value: Any) -> None:
    assert "Int64" in text_of(value) or text_of(value) == "<Day>"


def test_a_value_whose_own_code_fails_says_so() -> None:
    class Broken:
        __class__ = property(lambda self: 1 / 0)  # type: ignore[assignment]  # as some stand-ins do

    with pytest.raises(InvalidRequest, match="its own code failed") as refused:
        sent("{{ x }}", x=Broken())
    assert "ZeroDivisionError" in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["{{ _('Sign in') }}", "{{ __(1) + ___ }}", "{{ In(3) }}", "{{ exit() }}", "{{ get_ipython().x() }}",
     "{{ cite | title }}", "{{ unknown | upper }}"],
)  # fmt: skip
def test_a_template_is_sent_as_it_stands(text: str) -> None:
    names = {"_": "last", "__": 1, "___": 2, "In": [""], "exit": 0, "get_ipython": print, "title": "t", "upper": 1}
    assert sent(text, **names) == text


@pytest.mark.parametrize("text", ["{{ date | title }}", "{{ date|length }}", "{{ date | default('x') }}"])
def test_a_filter_is_called_what_it_is(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is no way to send one") as refused:
        sent(text, date="d", title="t")
    assert "Run" not in str(refused.value)
    with pytest.raises(InvalidRequest, match="is code, which is not run"):
        sent("{{ date + 1 }}", date=1)
