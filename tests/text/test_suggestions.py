"""Which name was meant by a mistyped one, and that nothing far from it is suggested."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.suggestions import did_you_mean, nearest

KNOWN = ("history", "model", "models", "practice", "budget", "temperature", "glm-4.7-flash")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("histroy", "history"),
        ("modle", "model"),
        ("practise", "practice"),
        ("temp", "temperature"),
        ("glm4.7-flash", "glm-4.7-flash"),
        ("Budget", "budget"),
    ],
)
def test_a_slip_is_recognised(typed: str, meant: str) -> None:
    assert nearest(typed, KNOWN) == meant


@pytest.mark.parametrize("typed", ["mode1234", "storey", "gadgets", "literature", "banana", "xy", "", "glm"])
def test_what_is_merely_alike_is_not_suggested(typed: str) -> None:
    assert nearest(typed, KNOWN) == "" and did_you_mean(typed, KNOWN) == ""


@given(st.sampled_from([name for name in KNOWN if len(name) > 4]), st.data())
def test_two_letters_exchanged_are_one_slip(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 2))
    typed = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    assert nearest(typed, [name]) == name


@pytest.mark.parametrize(("typed", "known"), [("titles", "times"), ("tables", "times"), ("prices", "times")])
def test_a_short_name_is_not_meant_by_one_that_is_two_letters_off(typed: str, known: str) -> None:
    assert nearest(typed, [known]) == ""
