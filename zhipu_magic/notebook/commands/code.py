"""The commands that bring code out of a reply, and an error in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.errors import GLMError
from ...text.markdown import fenced
from ...text.markup import Markup
from ..ask_cell import NO_PYTHON, insert
from ..cell_tracker import Failure
from .command import Command, prose
from .turns import wanted_link

if TYPE_CHECKING:
    from ..magics import GLMMagics

_FIX = """\
This notebook cell raised an exception. Give the whole cell, repaired, as one Python code block, and say before it in a
sentence or two what was wrong."""


def _insert(magics: GLMMagics, text: str) -> None:
    link = wanted_link(magics, text, "%glm insert N takes a turn's number in %glm history.")
    done = insert(magics, link.turn.reply)
    magics.tell(Markup("The reply's Python is in a new cell below. It has not run.") if done else NO_PYTHON)


def _fix(magics: GLMMagics, text: str) -> None:
    from ..cell_line import CellOptions

    failure = magics.page.failure
    if failure is None:
        raise UsageError("There is no exception to fix: no cell has raised one in this session.")
    magics.ask(_prompt(failure, prose(text, "%glm fix"), magics.value_tokens), CellOptions(raw=True, insert=True))


def _prompt(failure: Failure, text: str, tokens: int) -> str:
    """What is asked: the cell, the exception, and the values that the failing lines name."""
    from ...values.rendering.renderers import named_values, rendered

    parts = [_FIX]
    if text:
        parts.append(text)
    if failure.source.strip():
        parts.append(f"The cell:\n\n{fenced(failure.source.strip(), 'python')}")
    parts.append(f"The exception:\n\n{rendered(failure.error, tokens).text}")
    for name, value in named_values(failure.error, _MOST_VALUES).items():
        try:
            shown = rendered(value, tokens // 4)
        except GLMError:  # a value that cannot be shown helps nobody
            continue
        if not shown.images:
            parts.append(f"`{name}`:\n\n{shown.text}" if shown.block else f"`{name}`: {shown.text}")
    return "\n\n".join(parts)


#: Values that go with an exception, each with a quarter of a reference's tokens.
_MOST_VALUES = 8


COMMANDS = (
    Command(
        "insert", "%glm insert [N]", "put the Python of a reply into a new cell below, which does not run", _insert
    ),
    Command("fix", "%glm fix [TEXT]", "send the last exception with its cell, and have the cell repaired below", _fix),
)
