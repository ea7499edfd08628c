"""The settings page of the front end offers the traits of `%%glm` as the kernel has them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from zhipu_magic.notebook.settings import BadSetting, Settings

_LAB = Path(__file__).parents[2] / "lab"
_PROPERTIES: dict[str, Any] = json.loads((_LAB / "schemas" / "plugin.json").read_text("utf-8"))["properties"]
_TRAITS = re.findall(r"'(\w+)'", (_LAB / "src" / "traits.js").read_text("utf-8").partition("]);")[0])


@pytest.mark.parametrize("name", _TRAITS)
def test_a_trait_has_the_default_and_the_bounds_of_the_kernel(name: str) -> None:
    offered = _PROPERTIES[name]
    settings = Settings()
    if "default" in offered:
        assert offered["default"] == getattr(settings, name)
    else:
        assert name in ("model", "system", "temperature")  # empty means that the kernel decides
    for value in offered.get("enum", [offered[bound] for bound in ("minimum", "maximum") if bound in offered]):
        setattr(settings, name, value)
    if "maximum" in offered:
        with pytest.raises(BadSetting):
            setattr(settings, name, offered["maximum"] + 1)
    low = offered.get("minimum", offered.get("exclusiveMinimum"))
    if low is not None:
        with pytest.raises(BadSetting):
            setattr(settings, name, low - 1)


def test_the_form_has_the_switches_of_the_parts_first() -> None:
    places = [name in _TRAITS for name in _PROPERTIES]
    assert places == sorted(places)


def test_no_trait_that_a_notebook_decides_is_offered() -> None:
    assert not {"base_url", "plain_http", "journal", "replay"} & (set(_TRAITS) | set(_PROPERTIES))
