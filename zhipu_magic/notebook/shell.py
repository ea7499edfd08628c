"""What a session needs of an IPython shell, in a kernel or in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:

    class Shell(Protocol):
        """The part of IPython's `InteractiveShell` that is used here."""

        #: Publishes output in the running cell; %%capture replaces it.
        display_pub: Any
        #: Has the ways in which values show themselves.
        display_formatter: Any
        #: Has each cell as it was typed.
        history_manager: Any
        #: The number of the running cell, or of the next one.
        execution_count: int
        #: The names that IPython itself has put into `user_ns`, with their values.
        user_ns_hidden: dict[str, Any]

        @property
        def user_ns(self) -> dict[str, Any]:
            """The user's variables."""

        def push(self, variables: dict[str, Any], interactive: bool = True) -> None:
            """Bind variables; those that are not `interactive` are hidden from %who."""

        def run_cell(self, raw_cell: str, store_history: bool = False) -> Any:
            """Run code as a cell; gives IPython's `ExecutionResult`."""

        def set_next_input(self, s: str, replace: bool = False) -> None:
            """Put a new cell with this text below the running one."""


def is_terminal(shell: Shell) -> bool:
    """Whether this is the IPython terminal."""
    # In a kernel that module is not imported, and importing it would delay the first cell by 0.1 s.
    terminal = sys.modules.get("IPython.terminal.interactiveshell")
    return terminal is not None and isinstance(shell, terminal.TerminalInteractiveShell)


def is_coloured(shell: Shell) -> bool:
    """Whether the shell's own output is in colours (`--colors`, `%colors`)."""
    return str(getattr(shell, "colors", "")).lower() != "nocolor"


def request_metadata(shell: Shell) -> Mapping[str, Any]:
    """The metadata of the front end's request to execute the cell; empty outside a kernel."""
    return _part_of_request(shell, "metadata")


def request_id(shell: Shell) -> str | None:
    """The id of the front end's request; None outside a kernel."""
    found = _part_of_request(shell, "header").get("msg_id")
    return found if isinstance(found, str) else None


def is_unattended(shell: Shell) -> bool:
    """Whether the front end says that nobody can answer a question, as what runs notebooks by itself does."""
    return _part_of_request(shell, "content").get("allow_stdin") is False


def _part_of_request(shell: Shell, name: str) -> Mapping[str, Any]:
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if get_parent is not None else None
    part = parent.get(name) if isinstance(parent, Mapping) else None
    return part if isinstance(part, Mapping) else {}


class Caller(NamedTuple):
    """The function that called a magic: its `variables`, and whether it was defined in the notebook (`is_own`)."""

    variables: Mapping[str, Any] = MappingProxyType({})
    is_own: bool = False


#: IPython's functions that run a magic, and those that some versions and shells put around them.
_RUN, _AROUND = frozenset({"run_cell_magic", "run_line_magic"}), frozenset({"run_magic", "magic"})


def caller(shell: Shell) -> Caller:
    """The function that called the running magic, whose variables IPython's own expansion takes first; or no function.

    (`needs_local_scope` would give a cell magic the notebook's variables, wherever it is called.)
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name not in _RUN:
        frame = frame.f_back
    while frame is not None and frame.f_code.co_name in _RUN | _AROUND:
        frame = frame.f_back
    if frame is None:
        return Caller()
    variables = frame.f_locals
    if variables is shell.user_ns:
        return Caller()
    return Caller(dict(variables), frame.f_globals is shell.user_ns and frame.f_globals is not variables)
