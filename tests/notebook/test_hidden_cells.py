"""A hidden cell never goes to the model, by whatever name, and no secret that stands in another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from in_process import Notebook
from test_shown_outputs import failure, numbered, sent  # noqa: F401  # a fixture

KEY = "0123456789abcdef0123456789abcdef.ABCDEFGHIJKLMNOP"
HIDDEN = "Cell 3 is hidden from the model"
BY_NAME = ["Out[3]", "_", "_3", "_oh[3]", "In[3]", "_i3", "_i", "_ih[3]", "In[-2]", "cell[3]"]

Saves = Callable[..., None]


@pytest.fixture
def saves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Saves:
    """Saves the notebook with these code cells, by their names: one that is hidden has the tag."""
    import nbformat.v4 as v4

    path = tmp_path / "page.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))

    def save(hidden: str, **cells: str) -> None:
        there = [
            v4.new_code_cell(source, id=name, metadata={"tags": ["glm-hide"]} if name == hidden else {})
            for name, source in cells.items()
        ]
        path.write_text(v4.writes(v4.new_notebook(cells=there)), "utf-8")

    return save


@pytest.mark.parametrize("name", BY_NAME)
def test_its_value_and_source_go_nowhere(numbered: Notebook, name: str) -> None:  # noqa: F811  # the fixture
    numbered.run("h", "# glm: hide\n{'top': 'hidden value'}")
    assert HIDDEN in failure(numbered, f"{{{{ {name} }}}}")


@pytest.mark.parametrize("name", BY_NAME)
def test_with_the_tag_neither(numbered: Notebook, saves: Saves, name: str) -> None:  # noqa: F811
    saves("h", q="%%glm\n", h="{'top': 'hidden value'}")
    numbered.run("h", "{'top': 'hidden value'}")
    assert HIDDEN in failure(numbered, f"{{{{ {name} }}}}")


def test_all_values_and_sources_go_without_it(numbered: Notebook) -> None:  # noqa: F811
    numbered.run("h", "# glm: hide\n{'top': 'hidden value'}")
    numbered.run("a", "41 + 1")
    text = sent(numbered, "{{ Out }}\n\n{{ In }}\n\n{{ _oh }}\n\n{{ In[2:5] }}\n\n{{ Out | repr }}{{ In | repr }}")
    assert "42" in text and "41 + 1" in text and "hidden" not in text
    assert sent(numbered, "{{ _ }} {{ In[4] }}", cell="b").startswith("42 41 + 1")


def test_a_name_that_it_has_bound_is_the_users_own(numbered: Notebook) -> None:  # noqa: F811
    numbered.run("h", "# glm: hide\nprice = 3")
    assert sent(numbered, "{{ price }}") == "3"


def test_its_failure_is_not_sent_to_be_fixed(numbered: Notebook) -> None:  # noqa: F811
    numbered.run("h", "# glm: hide\nrow = 'hidden value'\n1 / 0")
    before = len(numbered.server.requests)
    for command in ("fix", "fix 3", "explain", "explain 3"):
        assert HIDDEN in str(numbered.run("f", f"%glm {command}").error)
    assert len(numbered.server.requests) == before
    assert HIDDEN in failure(numbered, "{{ error }}")


def test_a_failure_within_its_function_is_told_without_its_lines(numbered: Notebook) -> None:  # noqa: F811
    numbered.run("h", "# glm: hide\ndef load(row='hidden value'):\n    return row / 0  # hidden words")
    numbered.run("a", "load()")
    for prompt in ("{{ error }}", "{{ cell[4] }}", "{{ out }}"):
        text = sent(numbered, prompt, "%%glm --once")
        assert "1 frame of a hidden cell left out" in text and "hidden words" not in text, text
    numbered.run("f", "%glm fix", "Sorry.")
    assert "load()" in numbered.sent()[-1] and "hidden v" not in numbered.sent()[-1]


def test_a_failure_within_the_function_of_a_cell_with_the_tag(numbered: Notebook, saves: Saves) -> None:  # noqa: F811
    code = "def load(row):\n    return row / 0"
    saves("h", h=code)
    numbered.run("h", code)
    numbered.run("a", "load('x')")
    assert HIDDEN in failure(numbered, "{{ error }}")
    assert HIDDEN in str(numbered.run("f", "%glm fix").error)


def test_a_tag_below_the_asking_cell_counts_though_the_page_tells_those_above(
    numbered: Notebook,  # noqa: F811
    saves: Saves,
) -> None:
    saves("h", a="1", q="%%glm\n{{ cell[3] }}", h="say('hidden')")
    numbered.run("h", "say('hidden')")
    told = {"version": 1, "cells": ["q"], "above": [{"cell": "a"}]}
    found = numbered.page.run("%%glm\n{{ cell[3] }}", "q", told=told)
    assert HIDDEN in str(found.error)


def test_a_tag_that_only_the_file_knows_counts_above_too(numbered: Notebook, saves: Saves) -> None:  # noqa: F811
    saves("h", h="say('hidden')")
    numbered.run("h", "say('hidden')")
    numbered.run("a", "say('seen')")
    numbered.server.enqueue()
    told = {"version": 1, "cells": ["q"], "above": [{"cell": "h"}, {"cell": "a"}]}
    assert numbered.page.run("%%glm --above\n?", "q", told=told).success
    assert "seen" in numbered.sent()[-1] and "hidden')" not in numbered.sent()[-1]


@pytest.mark.parametrize("name", ["above", "cell[3]", "Out[3]", "out", "In[3]", "In", "_i3"])
def test_no_form_of_it_has_the_secrets_in_it(numbered: Notebook, name: str) -> None:  # noqa: F811
    numbered.run("a", f"key = '{KEY}'\nsay(key + ' and more')")
    for form in ("", " | repr", " | 900", " | repr 900"):
        text = sent(numbered, f"{{{{ {name}{form} }}}}", "%%glm --once")
        assert KEY[:32] not in text and "[secret taken out]" in text, text


@pytest.mark.parametrize("part", ["above.pieces", "cell[3].ran.source", "out.outputs[0].text", "cell._shown"])
def test_no_part_of_it_goes_round_that(numbered: Notebook, part: str) -> None:  # noqa: F811
    numbered.run("a", f"key = '{KEY}'\nsay(key)")
    assert "is sent as a whole" in (said := failure(numbered, f"{{{{ {part} }}}}"))
    assert not part.startswith("cell[") or "{{ In[" in said
