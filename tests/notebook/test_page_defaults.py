"""What the user has set in the front end: defaults of the page's settings."""

from __future__ import annotations

import pytest
from in_process import Cell, Notebook

from zhipu_magic.practice import Answer


def run(notebook: Notebook, code: str, cell: str = "a", **settings: object) -> Cell:
    """Run a cell on a page whose front end has these settings."""
    return notebook.page.run(code, cell, told={"version": 1, "cells": ["a", "b"], "settings": settings})


def asked(notebook: Notebook, cell: str = "a", line: str = "%%glm", **settings: object) -> dict[str, object]:
    """What such a page asks."""
    notebook.server.enqueue(Answer("yes"))
    ran = run(notebook, f"{line}\nabout {cell}", cell, **settings)
    assert ran.success, ran.error
    body: dict[str, object] = notebook.server.requests[-1].body
    return body


def test_they_apply_where_nothing_else_is_set(notebook: Notebook) -> None:
    body = asked(notebook, model="glm-4.5-air", temperature=0.5, system="Be brief.")
    assert (body["model"], body["temperature"]) == ("glm-4.5-air", 0.5)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}  # type: ignore[index]  # it is JSON


def test_the_overview_says_which_they_are(notebook: Notebook) -> None:
    settings = {"model": "glm-4.5-air", "temperature": 0.5, "system": "", "stream": False}
    said = str(run(notebook, "%glm", **settings).outputs)
    assert "from JupyterLab's settings" in said.replace("&#x27;", "'").replace("\\'", "'")
    assert "model, temperature, stream" in said
    assert run(notebook, "%glm model glm-4", **settings).success
    assert "temperature, stream" in str(run(notebook, "%glm", **settings).outputs)
    assert "model, temperature" not in str(run(notebook, "%glm", **settings).outputs)
    assert "JupyterLab's settings" not in str(run(notebook, "%glm").outputs)


def test_they_follow_what_the_user_changes_there_and_take_back_what_is_gone(notebook: Notebook) -> None:
    before = asked(notebook)["model"]
    assert asked(notebook, model="glm-4.5-air")["model"] == "glm-4.5-air"
    assert asked(notebook, model="glm-4.5")["model"] == "glm-4.5"
    assert asked(notebook)["model"] == before


@pytest.mark.parametrize(
    "code", ["%config GLMMagics.model = 'glm-4'", "%glm model glm-4", "get_ipython().magics_manager"]
)
def test_what_a_cell_has_set_stays(notebook: Notebook, code: str) -> None:
    if code.startswith("get"):
        notebook.page.magics.model = "glm-4"
    else:
        assert run(notebook, code, "s", model="glm-4.5").success
    assert asked(notebook, model="glm-4.5")["model"] == "glm-4"
    assert asked(notebook, model="glm-4.5-air")["model"] == "glm-4"
    assert asked(notebook)["model"] == "glm-4"


def test_what_a_cell_says_for_its_turn_alone_goes_first(notebook: Notebook) -> None:
    assert asked(notebook, line="%%glm -m glm-4", model="glm-4.5")["model"] == "glm-4"
    assert asked(notebook, "b", model="glm-4.5")["model"] == "glm-4.5"


def test_what_a_config_file_has_set_stays(notebook: Notebook) -> None:
    notebook.page.magics.config.GLMMagics.model = "glm-4"
    before = notebook.page.magics.model
    asked(notebook, model="glm-4.5")
    assert notebook.page.magics.model == before


@pytest.mark.parametrize(
    ("name", "value"), [("model", "no name"), ("temperature", 9), ("panel", "big"), ("stream", "yes"), ("rerun", [1])]
)
def test_what_is_invalid_is_said_once_and_fails_no_cell(notebook: Notebook, name: str, value: object) -> None:
    first, second = (run(notebook, "%%glm\nhi", **{name: value}) for _ in range(2))
    assert first.success
    assert second.success
    assert f"The setting {name} of the front end is not used" in str(first.outputs)
    assert "of the front end is not used" not in str(second.outputs)


@pytest.mark.parametrize("name", ["base_url", "journal", "replay", "plain_http", "api_key", "__class__", "config"])
def test_what_may_not_be_set_there_is_passed_over(notebook: Notebook, name: str) -> None:
    before = {trait: getattr(notebook.page.magics, trait) for trait in notebook.page.magics.trait_names(config=True)}
    assert run(notebook, "1", **{name: "https://elsewhere.example"}).success
    assert before == {trait: getattr(notebook.page.magics, trait) for trait in before}


@pytest.mark.parametrize("recorded", [{}, {"model": "glm-4.5-air", "temperature": 0.5, "system": "Be brief."}])
@pytest.mark.parametrize("replayed", [{}, {"model": "glm-4.5", "system": "Else."}, {"temperature": 0.1}, None])
def test_a_replay_asks_as_the_page_was_recorded_whatever_is_set_there(
    notebook: Notebook, recorded: dict[str, object], replayed: dict[str, object] | None
) -> None:
    load = "%unload_ext zhipu_magic\n%load_ext zhipu_magic\n%config GLMMagics.replay = {!r}"
    assert run(notebook, load.format("off"), "l", **recorded).success
    asked(notebook, **recorded)
    replayed = recorded if replayed is None else replayed
    assert run(notebook, load.format("only"), "l", **replayed).success
    for _ in range(2):
        cell = run(notebook, "%%glm\nabout a", "a", **replayed)
        assert cell.success, cell.error
    assert len(notebook.server.requests) == 1


def test_they_apply_as_soon_as_the_extension_is_loaded(notebook: Notebook) -> None:
    assert run(notebook, "%unload_ext zhipu_magic\n%load_ext zhipu_magic\n%glm model", "l", model="glm-4.5-air").success
    assert notebook.page.magics.model == "glm-4.5-air"
