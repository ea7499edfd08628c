"""What is prose in the page is prose in the kernel, and so is Python in a reply: both are tested with one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from zhipu_magic.notebook import glm_cell
from zhipu_magic.text.markdown import python_blocks
from zhipu_magic.values.braces import between_braces
from zhipu_magic.values.expressions import parsed, slip_in

_TABLE: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "lab" / "test" / "cells.json").read_text("utf-8")
)


@pytest.mark.parametrize("case", _TABLE["cells"], ids=lambda case: repr(case["source"]))
def test_a_cell_is_taken_apart_as_in_the_page(case: dict[str, Any]) -> None:
    cell = glm_cell.find(case["source"])
    assert (None if cell is None else cell.source[cell.below :]) == case.get("prompt")
    assert (None if cell is None else cell.line) == case.get("options")


@pytest.mark.parametrize("case", _TABLE["references"], ids=lambda case: repr(case["text"]))
def test_references_are_those_of_the_page(case: dict[str, Any]) -> None:
    insides = [found.inside for found in between_braces(case["text"])]
    assert [inside for inside in insides if parsed(inside) or slip_in(inside)] == case["insides"]


@pytest.mark.parametrize("case", _TABLE["python"], ids=lambda case: repr(case["text"]))
def test_the_python_of_a_reply_is_that_of_the_page(case: dict[str, Any]) -> None:
    assert "\n\n".join(python_blocks(case["text"])) == case["code"]
