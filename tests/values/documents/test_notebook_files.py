"""A notebook's file reads as its cells, and a file of values says how it is loaded."""

from __future__ import annotations

import json
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.text.tokens import estimate
from zhipu_magic.values.documents.reading import Reading
from zhipu_magic.values.outputs.notebook_file import cells_of
from zhipu_magic.values.rendering.renderers import rendered

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def code(source: str, *outputs: dict[str, Any], tags: list[str] | None = None) -> dict[str, Any]:
    metadata = {"tags": tags or []}
    return {"cell_type": "code", "source": source, "outputs": outputs, "execution_count": 3, "metadata": metadata}


def saved(folder: Path, *cells: dict[str, Any]) -> Path:
    path = folder / "study.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": cells}), encoding="utf-8")
    return path


def test_cells_and_outputs_are_read(tmp_path: Path) -> None:
    prints = {"output_type": "stream", "name": "stdout", "text": ["hun", "ter2\n"]}
    plots = {"output_type": "display_data", "data": {"image/png": PNG, "text/plain": ["<Figure>"]}}
    fails = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mE\x1b[0m: v", "there"]}
    cells = (
        {"cell_type": "markdown", "source": ["# Why\n", "it is"]},
        code("password = 'hunter2'", prints),
        code("plot()", plots, fails),
        code("# glm: hide\nmine = 1"),
        code("mine = 2", tags=["glm-hide"]),
    )
    found = rendered(saved(tmp_path, *cells), 3_000)
    assert found.text.startswith(
        "study.ipynb, a notebook:\n\nMarkdown cell:\n\n# Why\nit is\n\nCode cell [3]:\n\n```python"
    )
    assert "mine" not in found.text and "hunter2" not in found.text and "nbformat" not in found.text
    assert len(found.images) == 1 and "E: v\nthere" in found.text
    assert found.left_out == "3 cells, 2 hidden, 1 secret taken out"


def test_of_a_notebook_that_goes_along_whole_nothing_is_noted(tmp_path: Path) -> None:
    found = rendered(saved(tmp_path, code("x = 1")), 1_000)
    assert (found.text.count("x = 1"), found.left_out) == (1, "")


@pytest.mark.parametrize("tokens", [200, 1_000])
def test_it_stays_within_its_budget(tmp_path: Path, tokens: int) -> None:
    path = saved(tmp_path, *(code(f"run({n})" + " # why" * 100) for n in range(300)))
    found = rendered(path, tokens)
    assert estimate(found.text) <= tokens + 10 and "left out" in found.left_out
    assert "run(0)" in found.text and "run(299)" in found.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "source", "outputs", "data", "text", "output_type", "cell_type", "metadata", "tags"]
            ),
            inner | st.sampled_from(["stream", "error", "display_data", "markdown"]),
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(JSON)
def test_no_file_fails_it(page: Any) -> None:
    cells_of(json.dumps(page).encode())
    cells_of(json.dumps({"cells": [page, {"cell_type": "code", "outputs": [page], "source": page}]}).encode())


def test_too_few_tokens_for_anything_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("day,units\n" + "Fri,12\n" * 500, encoding="utf-8")
    reading = Reading(name="tea.pdf", text="Green tea. " * 100, reader="local")
    for read, tokens in (
        (lambda tokens: rendered(tmp_path / "sales.csv", tokens), 10),
        (lambda tokens: rendered(saved(tmp_path, code("x = 1\n" * 99)), tokens), 10),
        (lambda tokens: reading.told(tokens), 30),
    ):
        with pytest.raises(InvalidRequest) as refused:
            read(tokens)
        least = re.search(r"about (\d+) are needed", str(refused.value))
        assert least is not None and "all of it" in str(refused.value)
        assert read(int(least[1]))
    (tmp_path / "short.txt").write_text("ok", encoding="utf-8")
    assert "ok" in rendered(tmp_path / "short.txt", 30).text


def test_a_file_of_values_is_to_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "df.pkl").write_bytes(pickle.dumps({"a": b"\xff"}))
    with pytest.raises(InvalidRequest) as refused:
        rendered(tmp_path / "df.pkl", 100)
    assert 'value = pd.read_pickle("df.pkl")' in str(refused.value) and "{{ value }}" in str(refused.value)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.bin", b"\0\xff")
    with pytest.raises(InvalidRequest, match="ZipFile"):
        rendered(tmp_path / "a.zip", 100)
