"""The tool `python`: the model runs code in this notebook, each time after the user has read it.

A cell asks for it by `--tool python`. `--tool python!` is for the trusting: within that cell, nothing is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...text.errors import InvalidRequest
from ...text.languages.messages import _, for_model
from ..line.values import PYTHON, TRUSTED
from .consent import AskAboutCode

if TYPE_CHECKING:
    from ...values.tools.tool import Tool
    from ..session import Session
    from .run import PythonRun

#: A part of each request that offers the tool, and so of what a replay finds it by: it stays as it is.
_DESCRIPTION = _(
    "Run Python code in the user's own notebook kernel. Its variables, imports and files are the user's, and names "
    "that the code binds stay. The result has what it printed, the value of its last expression, its figures, "
    "and its error if it failed. The user sees the code and all of this in the notebook. input() is not possible."
)
_PARAMETERS: Mapping[str, Any] = {
    "type": "object",
    "properties": {"code": {"type": "string", "description": _("The code, as a cell of the notebook would hold it.")}},
    "required": ["code"],
    "additionalProperties": False,
}
#: Characters of code: more is not written by hand, nor read.
_LONGEST = 100_000


def python_tool(session: Session, *, trusted: bool) -> Tool:
    """The tool for a cell of this session; one that is `trusted` runs code without asking."""
    from ...values.tools.tool import Tool

    return Tool(
        name=PYTHON,
        description=_DESCRIPTION,
        parameters=_PARAMETERS,
        function=RunPython(session),
        asks_first=not trusted,
        ask=AskAboutCode(session),
        code="code",
        trusted=trusted,
    )


def is_python(tool: Any) -> bool:
    """Whether this is the tool, and not a function of the user's."""
    return isinstance(getattr(tool, "function", None), RunPython)


class RunPython:
    """Runs code as a cell would, in the thread that runs the cells."""

    __name__ = PYTHON

    def __init__(self, session: Session) -> None:
        self._session = session
        self._thread = threading.get_ident()

    def __call__(self, code: str) -> PythonRun:
        """Run the code."""
        from ...values.tools.consent import plain_code
        from .run import run

        if threading.get_ident() != self._thread:
            raise RuntimeError(
                for_model("code runs in the notebook's own thread alone, and this reply is read in another")
            )
        if len(code) > _LONGEST:
            raise ValueError(for_model("the code is longer than {most:,} characters: run it in parts", most=_LONGEST))
        session = self._session
        seconds, hide = session.settings.python_seconds, session.chat.service.hide
        return run(session.shell, plain_code(code), seconds, show=session.show_run, hide=hide)


def refuse_in_every_turn(names: list[str], own: Mapping[str, Any]) -> None:
    """Raise InvalidRequest where `%glm tools add` names it: it is offered cell by cell."""
    for name in names:
        if name == TRUSTED or (name in (PYTHON, f"confirm({PYTHON})") and PYTHON not in own):
            raise InvalidRequest(
                "{name} is offered to the model cell by cell, and not in every turn.",
                hint="Give the cell --tool python.",
                reason="python.every_turn",
                name=name,
            )
