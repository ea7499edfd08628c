"""What the front end's extension says of the page, which is data from outside."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.history.events import members
from zhipu_magic.notebook import page_says
from zhipu_magic.notebook.page_says import LONGEST_CELL, LONGEST_PAGE, MOST_CELLS, PageCell, PageSays, said_with

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=250),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)


def _said(**members: object) -> dict[str, Any]:
    return {"zhipu_magic": {"version": 1, **members}}


def test_the_cells_come_in_the_order_of_the_page_each_once() -> None:
    page = said_with(_said(cells=["b", "a", "b"]))
    assert page is not None
    assert page.cells == ("b", "a")
    assert said_with(_said(cells=["b", "a", "b"]), page) is page
    assert said_with(_said(cells=["a", "b"]), page) == PageSays(("a", "b"), raw=_said(cells=["a", "b"])["zhipu_magic"])


def test_the_cells_above_are_code_by_ids_and_markdown_with_text() -> None:
    above = [{"cell": "a", "tags": ["glm-pin", 3, "x" * 200]}, {"cell": "m", "text": "# Why"}, {"cell": 3}, "b", None]
    page = said_with(_said(above=above))
    assert page is not None
    assert page.above == (PageCell("a", tags=("glm-pin",)), PageCell("m", "# Why", is_code=False))
    for wrong in (None, "a", {}, [{"cell": "a"}] * 2_001):
        page = said_with(_said(above=wrong))
        assert page is not None and page.above is None
    page = said_with(_said(above=[{"text": "x" * 60_000}] * 40))
    assert page is not None and sum(len(cell.source) for cell in page.above or ()) == 1_000_000


@given(_JSON)
def test_whatever_is_said_of_the_cells_above_is_bounded(said: object) -> None:
    page = said_with(_said(above=said))
    assert page is not None
    for cell in page.above or ():
        assert len(cell.id) <= LONGEST_CELL and len(cell.source) <= 50_000 and cell.id.isprintable()


def test_without_the_extension_nothing_is_told() -> None:
    for metadata in ({}, {"zhipu_magic": None}, {"zhipu_magic": [1]}, {"zhipu_magic": "1"}):
        assert said_with(metadata) is None


def test_of_another_version_nothing_is_taken_but_the_version() -> None:
    for version in (2, "1", 1.0, True, None, [1]):
        page = said_with({"zhipu_magic": {"version": version, "cells": ["a"], "settings": {"model": "glm-4"}}})
        assert page is not None
        assert (page.cells, dict(page.settings), page.speaks) == (None, {}, version)


def test_what_is_no_id_is_left_out() -> None:
    said = ["a", 1, None, ["b"], "", "x" * (LONGEST_CELL + 1), "\ud800", "line\nend", "c"]
    page = said_with(_said(cells=said))
    assert page is not None
    assert page.cells == ("a", "c")


def test_a_page_has_a_name_that_is_one_line_of_text() -> None:
    for said in (None, 1, ["a"], "x" * (LONGEST_PAGE + 1), "\ud800", "line\nend"):
        page = said_with(_said(cells=["a"], page=said))
        assert page is not None
        assert page.page == ""
    page = said_with(_said(cells=["a"], page="folder/a page.ipynb"))
    assert page is not None
    assert page.page == "folder/a page.ipynb"


def test_an_id_never_holds_a_path() -> None:
    page = said_with(_said(cells=["vscode-notebook-cell:/home/me/secret.ipynb#W1s", "/home/me/secret"]))
    assert page is not None
    assert page.cells is not None
    assert not any("/" in cell or "secret" in cell for cell in page.cells)


def test_a_list_has_no_more_cells_than_the_journal_takes() -> None:
    assert (MOST_CELLS, LONGEST_CELL) == (members.MOST_CELLS, members.LONGEST_CELL)
    page = said_with(_said(cells=[str(number) for number in range(MOST_CELLS + 5)]))
    assert page is not None
    assert page.cells is not None
    assert len(page.cells) == MOST_CELLS


@given(_JSON)
def test_whatever_is_said_is_of_the_form_or_nothing(said: object) -> None:
    page = said_with({page_says.NAME: said})
    if page is not None:
        assert page.cells is None or all(isinstance(cell, str) and cell for cell in page.cells)
        assert all(isinstance(name, str) for name in page.settings)


@given(_JSON)
def test_whatever_the_cells_are_they_are_ids_or_none(said: object) -> None:
    page = said_with(_said(cells=said))
    assert page is not None
    if page.cells is not None:
        assert len(set(page.cells)) == len(page.cells)
        assert all(0 < len(cell) <= LONGEST_CELL and cell.isprintable() for cell in page.cells)
