"""What each front end reports about the page: the running cell, deleted cells, the notebook's file.

JupyterLab and Notebook 7 send `cellId` and `deletedCells` with every request to execute. VS Code sends a cell's URI as
its id, Colab an id of its own; nbclient, nbval and the terminal send none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..text import regular_files
from ..text.open_folder import JOURNALS

#: Set by Jupyter Server for the kernel of a notebook: the notebook's path.
SESSION_VARIABLE = "JPY_SESSION_NAME"
#: A variable that VS Code sets in the kernel.
VSCODE_NAME = "__vsc_ipynb_file__"
#: Stands for a working directory that has been deleted.
_DELETED = "gone"


def running_cell(metadata: Mapping[str, Any], cell_id: str | None) -> str | None:
    """The id of the running cell, if the front end sends one. `cell_id` is IPython's own id for it."""
    colab = metadata.get("colab")
    return without_path(
        cell_id or metadata.get("cellId") or (colab.get("cell_id") if isinstance(colab, Mapping) else None)
    )


def deleted_cells(metadata: Mapping[str, Any]) -> list[str]:
    """The ids of the cells that were deleted since the last execution."""
    deleted = metadata.get("deletedCells")
    cells = map(without_path, deleted if isinstance(deleted, list) else [])
    return [cell for cell in cells if cell is not None]


def without_path(cell: Any) -> str | None:
    """A cell's id without the notebook's path, which must not get into the journal.

    VS Code's id is a URI: the notebook's full path, with the cell's own id as the fragment.
    """
    if not isinstance(cell, str):
        return None
    name = cell.rpartition("#")[2]
    if "/" in name or "\\" in name:
        return sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
    return name or None


def notebook_name(names: Mapping[str, Any]) -> str | None:
    """What the front end calls the notebook's file; None if it does not say. `names` are the user's variables."""
    for found in (names.get(VSCODE_NAME), os.environ.get(SESSION_VARIABLE)):
        if isinstance(found, str) and found.endswith(".ipynb"):
            return found
    return None


def notebook_path(names: Mapping[str, Any]) -> Path | None:
    """The notebook's file; None if it is unknown."""
    name = notebook_name(names)
    with suppress(OSError):
        return None if name is None else regular_files.absolute(Path(name))
    return None


def has_been_saved(names: Mapping[str, Any]) -> bool:
    """Whether the notebook must have had a file once: VS Code names notebooks that have none."""
    return not isinstance(names.get(VSCODE_NAME), str)


def journal_path(names: Mapping[str, Any]) -> Path:
    """Where this page's journal is: beside the notebook, or in the user's data directory if that is unknown.

    There each working directory has its own journal, and all deleted ones share one.
    """
    notebook = notebook_path(names)
    if notebook is not None:
        return journal_of(notebook)
    from platformdirs import user_data_path

    here = regular_files.here() or Path(_DELETED)
    digest = sha256(str(here).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return user_data_path("zhipu_magic", appauthor=False) / f"{here.name or 'root'}-{digest}.jsonl"


def has_no_folder(names: Mapping[str, Any]) -> bool:
    """Whether the notebook's folder is unknown and the working directory has been deleted."""
    return notebook_path(names) is None and regular_files.here() is None


def journal_of(notebook: Path) -> Path:
    """The journal beside a notebook."""
    return notebook.parent / JOURNALS / f"{notebook.stem}.jsonl"
