"""What front ends tell of the page, each in its own way: the running cell, deleted cells, the notebook's file.

JupyterLab and Notebook 7 send `cellId` and `deletedCells` with every request to execute; VS Code sends a cell's URI as
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

#: Set by Jupyter Server for the kernel of a notebook: the notebook's path.
SESSION_VARIABLE = "JPY_SESSION_NAME"
#: Set by VS Code in the reader's namespace.
VSCODE_NAME = "__vsc_ipynb_file__"
#: What stands for a working directory that is gone.
_GONE = "gone"


def running_cell(shell: Any, cell_id: str | None) -> str | None:
    """The id of the cell that runs, if the front end tells it. `cell_id` is what IPython was told."""
    metadata = _metadata(shell)
    colab = metadata.get("colab")
    return _without_path(
        cell_id or metadata.get("cellId") or (colab.get("cell_id") if isinstance(colab, Mapping) else None)
    )


def deleted_cells(shell: Any) -> list[str]:
    """The ids of the cells that were deleted since the last execution."""
    deleted = _metadata(shell).get("deletedCells")
    cells = map(_without_path, deleted if isinstance(deleted, list) else [])
    return [cell for cell in cells if cell is not None]


def _without_path(cell: Any) -> str | None:
    """A cell's id without the notebook's path, which the journal must not hold.

    VS Code's id is a URI of the whole path, and what follows it tells the cell.
    """
    if not isinstance(cell, str):
        return None
    name = cell.rpartition("#")[2]
    if "/" in name or "\\" in name:
        return sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
    return name or None


def notebook_path(names: Mapping[str, Any]) -> Path | None:
    """The notebook's file, if it is known; `names` is the reader's namespace."""
    for found in (names.get(VSCODE_NAME), os.environ.get(SESSION_VARIABLE)):
        if isinstance(found, str) and found.endswith(".ipynb"):
            with suppress(OSError):
                return regular_files.absolute(Path(found))
    return None


def journal_path(names: Mapping[str, Any]) -> Path:
    """Where the journal of this page is: beside the notebook, or, where that is not known, with the user's data.

    There each working directory has one, and those that are gone share one.
    """
    notebook = notebook_path(names)
    if notebook is not None:
        return journal_of(notebook)
    from platformdirs import user_data_path

    here = regular_files.here() or Path(_GONE)
    mark = sha256(str(here).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return user_data_path("zhipu_magic", appauthor=False) / f"{here.name or 'root'}-{mark}.jsonl"


def is_nowhere(names: Mapping[str, Any]) -> bool:
    """Whether neither the notebook's folder nor the working directory is to be had."""
    return notebook_path(names) is None and regular_files.here() is None


def journal_of(notebook: Path) -> Path:
    """The journal beside a notebook."""
    return notebook.parent / regular_files.JOURNALS / f"{notebook.stem}.jsonl"


def _metadata(shell: Any) -> Mapping[str, Any]:
    """What came with the request to execute."""
    parent = shell.get_parent() if hasattr(shell, "get_parent") else None
    metadata = parent.get("metadata") if isinstance(parent, Mapping) else None
    return metadata if isinstance(metadata, Mapping) else {}
