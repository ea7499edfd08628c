"""Whether what is shown in the running cell can be replaced later: the one place where this is decided."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from IPython.core.displaypub import CapturingDisplayPublisher

from ..front_ends import running_cell
from ..shell import is_unattended, request_id, request_metadata

if TYPE_CHECKING:
    from ..shell import Shell


def are_shown(shell: Shell) -> bool:
    """Whether the front end shows updates of what is published now.

    JupyterLab, Notebook 7, VS Code and Colab do, and name the cell in each request. No name comes from nbclient (and so
    from Voilà and papermill), nbval, `jupyter console` and qtconsole: nothing tells them apart, and some of them show
    the first frame for ever. A widget's callback is in no cell. `%%capture` and an `Output` widget keep what is shown,
    and its updates don't reach them.
    """
    if running_cell(request_metadata(shell), None) is None:
        return False
    return not isinstance(shell.display_pub, CapturingDisplayPublisher) and not _is_taken(request_id(shell))


def come_later(shell: Shell) -> bool:
    """Whether what is published now can be replaced while a later cell runs, if not before.

    What runs notebooks by itself (nbclient, nbconvert, papermill) takes such updates from the cell that runs, and
    `%%capture` keeps them with the rest. A console shows what was published first for ever.
    """
    if isinstance(shell.display_pub, CapturingDisplayPublisher):
        return True
    return running_cell(request_metadata(shell), None) is None and is_unattended(shell)


def _is_taken(request: str | None) -> bool:
    """Whether an `Output` widget takes what is shown for this request."""
    if request is None or "ipywidgets" not in sys.modules:
        return False
    from ipywidgets import Output
    from ipywidgets.widgets import widget

    widgets = list(widget._instances.values())  # `Widget.widgets` is the same, and deprecated
    return any(isinstance(one, Output) and one.msg_id == request for one in widgets)
