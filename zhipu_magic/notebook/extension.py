"""Loads the extension into a shell, and unloads it."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from IPython.core.extensions import ExtensionManager

from ..service.forks import importing
from ..text.languages.console import show_all
from ..text.languages.messages import _, told
from ..text.own_version import OWN_VERSION
from ..text.wrapping import wrapped
from . import input_transforms
from .completer import completer
from .magics import GLMMagics
from .shell import is_terminal

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Give the shell the magics ``%%glm`` and ``%glm`` (called by ``%load_ext zhipu_magic``).

    What the first cell will need is imported in the background. A shell that has the magics keeps them, and with them
    the conversation.
    """
    if GLMMagics.__name__ in shell.magics_manager.registry:
        if other := _other_version():
            print(told(other))
        return
    if is_terminal(shell):
        show_all()
    magics = GLMMagics(shell)
    session = magics.session
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", session.begin_cell)
    shell.events.register("post_run_cell", session.end_cell)
    input_transforms.install(shell)
    completer.install(shell, session)
    if offer := session.page_journal.offer():
        said = told(offer)
        lines = wrapped(said, shutil.get_terminal_size().columns - 1) if is_terminal(shell) else [said]
        print("\n".join(lines))
    needed = (*_NEEDED, *(_IN_A_TERMINAL if is_terminal(shell) else _IN_A_NOTEBOOK))
    threading.Thread(
        target=_warm_up, args=(session.cells.idle, needed), name="zhipu_magic warm-up", daemon=True
    ).start()


def _other_version() -> str:
    """Says that another version has been installed since; nothing, if none was.

    Only what is imported anew would be of that one, so that it would run beside the old one.
    """
    installed = sys.modules["zhipu_magic"].__version__  # which `%reload_ext` has just read again
    if installed == OWN_VERSION:
        return ""
    return _(
        "zhipu_magic {installed} is installed now. This kernel goes on with {own}: restart it to use the new one.",
        installed=installed,
        own=OWN_VERSION,
    )


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away again, and close their session (called by ``%unload_ext zhipu_magic``).

    For ``%reload_ext``, which unloads and loads, all stays: the conversation, its settings, what is under way.
    """
    if _is_reloading():
        return
    magics = shell.magics_manager.registry.pop(GLMMagics.__name__)
    session = magics.session
    session.close()
    shell.events.unregister("pre_run_cell", session.begin_cell)
    shell.events.unregister("post_run_cell", session.end_cell)
    input_transforms.uninstall(shell)
    completer.uninstall(shell)
    shell.configurables.remove(magics)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("glm", None)


def _is_reloading() -> bool:
    """Whether IPython unloads only to load again at once. It tells an extension no more than who calls."""
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code is not ExtensionManager.unload_extension.__code__:
        frame = frame.f_back
    return frame.f_back is not None and frame.f_back.f_code is ExtensionManager.reload_extension.__code__


#: Seconds: Run All starts the next cell within the first; if no cell has run by the second, the extension was loaded
#: at start-up, before any cell.
_LULL, _EARLY = 0.05, 1.0


#: What the first cell needs, in the order in which it is imported.
_NEEDED = (
    ".outputs.recorder",
    *("httpx", "httpcore", "pydantic", "..service.sdk"),
    *("..service.client", "..chat.chat", ".line.cell_line"),
)
_IN_A_NOTEBOOK = ("ipywidgets", ".display.notebook")
_IN_A_TERMINAL = ("rich.console", ".display.screen", ".display.typeset_painter")


def _warm_up(idle: threading.Event, needed: Sequence[str]) -> None:
    """Import what the first cell will need while no cell runs; it takes half a second.

    Modules are imported one by one, so that a cell that begins meanwhile waits for one at most. An import that fails is
    left for that first cell to report.
    """
    if not idle.wait(_EARLY):
        idle.set()
    with suppress(Exception):
        for name in needed:
            time.sleep(_LULL)
            while not idle.is_set():
                idle.wait()
                time.sleep(_LULL)
            with importing:
                import_module(name, __package__)
