"""A notebook that its user renames, copies or begins anew: whose conversation is whose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from front_end import AT_LENGTH, FrontEnd, OpenNotebook

from zhipu_magic.practice import PracticeServer

pytestmark = [pytest.mark.browser, AT_LENGTH, pytest.mark.parametrize("server", [0], indirect=True)]

Open = Callable[..., OpenNotebook]

LOAD = "%load_ext zhipu_magic"
CELLS = (LOAD, "%%glm\nWhat is a mean?", "%%glm\nAnd a median?", "%glm resume Untitled", "%glm history", "%glm journal")


def under(notebook: OpenNotebook, index: int) -> str:
    """What stands under a cell once it has run."""
    notebook.finish(index)
    return "\n".join(notebook.outputs(index).all_inner_texts())


def rename(notebook: OpenNotebook, name: str) -> None:
    """File > Rename Notebook…"""
    page = notebook.page
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.get_by_role("menuitem", name="Rename Notebook…", exact=True).click()
    page.get_by_role("dialog").get_by_role("textbox").last.fill(f"{name}.ipynb")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    notebook.path = notebook.path.with_name(f"{name}.ipynb")
    notebook._wait_until(notebook.path.exists, "It is not renamed.")


def clean(lab: FrontEnd) -> Path:
    """The folder of the journals, which is emptied."""
    journals = lab.notebooks / ".glm"
    for path in journals.iterdir() if journals.exists() else []:
        if path.is_file():
            path.unlink()
    return journals


def test_after_a_rename_and_a_restart_the_conversation_is_offered_and_resumed(
    lab: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    journals = clean(lab)
    notebook = opened(lab, lab.write("Untitled", *CELLS))
    notebook.wait_for_kernel()
    notebook.finish(0, 1, 2)
    notebook.save()
    rename(notebook, "averages")
    notebook.restart()
    notebook.wait_for_kernel()
    offer = "The journal of Untitled.ipynb has this notebook's conversation: %glm resume Untitled continues it."
    assert under(notebook, 0).strip() == offer
    assert "Resumed: 2 turns in main." in under(notebook, 3)
    assert "What is a mean?" in under(notebook, 4)
    assert "averages.jsonl" in under(notebook, 5)
    notebook.finish(2)
    assert [path.name for path in sorted(journals.glob("*.jsonl"))] == ["Untitled.jsonl", "averages.jsonl"]


def test_renamed_while_the_kernel_runs_the_journal_goes_along_and_a_new_notebook_begins_anew(
    lab: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    journals = clean(lab)
    notebook = opened(lab, lab.write("Untitled", *CELLS))
    notebook.wait_for_kernel()
    notebook.finish(0, 1)
    notebook.save()
    rename(notebook, "means")
    assert "The notebook is now means.ipynb" in under(notebook, 2)
    assert [path.name for path in journals.glob("*.jsonl")] == ["means.jsonl"]
    notebook.page.close()
    other = opened(lab, lab.write("Untitled", LOAD, "%%glm\nSomething else"))
    other.wait_for_kernel()
    assert under(other, 0) == ""
    assert "earlier conversation" not in under(other, 1)


def test_a_new_notebook_under_the_name_of_a_deleted_one_is_offered_nothing(
    lab: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    clean(lab)
    notebook = opened(lab, lab.write("Untitled", *CELLS))
    notebook.wait_for_kernel()
    notebook.finish(0, 1)
    notebook.save()
    notebook.page.close()
    lab.shut_kernels_down()
    notebook.path.unlink()
    other = opened(lab, lab.write("Untitled", LOAD, "%%glm\nSomething else"))
    other.wait_for_kernel()
    assert under(other, 0) == ""
    assert "earlier conversation" not in under(other, 1)
