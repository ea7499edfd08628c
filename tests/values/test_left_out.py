"""What a rendered value says of itself that it has left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zhipu_magic.values.references import resolved
from zhipu_magic.values.rendering.renderers import render, rendered


def failing(depth: int) -> BaseException:
    try:
        if depth:
            raise RuntimeError("outer " * 50) from failing(depth - 1)
        raise ValueError("inner " * 50)
    except Exception as error:
        return error


@pytest.mark.parametrize(
    ("value", "tokens", "told"),
    [
        (pd.DataFrame({"a": range(400), "b": range(400)}), 400, r"400 × 2, \d+ rows sent"),
        (pd.DataFrame({f"c{n}": range(400) for n in range(90)}), 400, r"400 × 90, \d+ rows? of \d+ columns sent"),
        (
            pd.DataFrame({"a": ["long " * 400] * 2, "b": [1, 2]}),
            200,
            r"2 × 2, (\d rows? sent, )?cells cut to \d+ characters",
        ),
        (pd.Series(range(4000)), 400, r"4,000 values, \d+ sent"),
        (list(range(4000)), 200, r"4,000 items, \d+ sent"),
        ({"a": list(range(4000)), "b": 1}, 200, "what is long in it was shortened"),
        (["word " * 4000], 200, "what is long in it was shortened"),
        ([pd.DataFrame({"a": range(400)})], 200, "what is long in it was shortened"),
        (np.zeros((100, 100)), 200, r"shape \(100, 100\), its corners sent"),
        (np.zeros((100,) * 4), 40, r"shape \(100, 100, 100, 100\), only a summary sent"),
        ("word " * 4000, 200, "about 200 of about 5,000 tokens sent"),
        (b"\xff" * 4000, 2000, "4,000 bytes, 300 sent"),
        (b"word " * 4000, 200, "about 200 of about 5,000 tokens sent"),
        (10**5000, 200, "an integer of about 5,001 digits, of which none was sent"),
        (failing(8), 200, "not all of its traceback sent"),
        (Path(pd.__file__).parent / "core", 20, r"\d+ names, \d+ sent"),
        (pd, 100, r"about .* tokens sent; \d+ names, \d+ sent"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_is_not_whole_says_what_is_sent(value: Any, tokens: int, told: str) -> None:

    shown = rendered(value, tokens)
    assert re.fullmatch(told, shown.left_out), shown.left_out


@pytest.mark.parametrize(
    "value",
    [
        *(1, "word", [1, 2, {"a": "b"}], {"a": [1, 2]}, b"\xff\x00", {1, 2, 3}, np.zeros((3, 3)), pd.Series([1, 2])),
        *(pd.DataFrame({"a": range(20), "b": range(20)}), failing(1), print, [np.zeros(3), pd.Series([1.5])[0]]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_whole_value_says_nothing(value: Any) -> None:
    assert rendered(value, 4000).left_out == ""


class Order:
    pass


def test_a_function_of_the_users_is_told_of_as_well() -> None:
    @render.register
    def order_text(order: Order, tokens: int) -> str:
        return "order " * 4000

    assert rendered(Order(), 100).left_out == "about 100 of about 6,000 tokens sent"
    assert resolved("{{ order }}", {"order": Order()}, 100).cut == ("order: about 100 of about 6,000 tokens sent",)


def test_each_reference_is_told_once_and_a_long_one_in_short() -> None:
    names = {"long": {"a key that is quite long, as keys may be": "word " * 4000}}
    text = "{{ long['a key that is quite long, as keys may be'] | 90 }}"
    (told,) = resolved(f"{text} and {text}", names, 4000).cut
    assert told.startswith("long['a key that is quite long, as keys") and "…: about" in told
