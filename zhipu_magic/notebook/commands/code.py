"""The commands that insert code from a reply, and that send an exception to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.errors import GLMError
from ...text.markdown import fenced
from ...text.markup import Markup
from .. import ask_cell
from ..cell_line import CellOptions
from ..cell_tracker import Failure
from .command import Command, prose
from .turns import wanted_link

if TYPE_CHECKING:
    from ..session import Session

_FIX = """\
This notebook cell raised an exception. Give the whole cell, repaired, as one Python code block, and say before it in a
sentence or two what was wrong."""


def _insert(session: Session, text: str) -> None:
    link = wanted_link(session, text, "%glm insert N takes a turn's number in %glm history.")
    inserted = Markup("The reply's Python is in a new cell below. It has not run.")
    session.answer(inserted if ask_cell.insert(session, link.turn.reply) else ask_cell.NO_PYTHON)


def _fix(session: Session, text: str) -> None:
    failure = session.cells.failure
    if failure is None:
        raise UsageError("There is no exception to fix: no cell has raised one in this session.")
    prompt = _prompt(failure, prose(text, "%glm fix"), session.settings.value_tokens)
    ask_cell.ask(session, prompt, CellOptions(raw=True, insert=True))


def _prompt(failure: Failure, text: str, tokens: int) -> str:
    """The cell, the exception, and the values of the names in the failing lines."""
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
        except GLMError:
            continue
        if not shown.images:
            parts.append(f"`{name}`:\n\n{shown.text}" if shown.block else f"`{name}`: {shown.text}")
    return "\n\n".join(parts)


#: Values that are sent with an exception, each with a quarter of a reference's tokens.
_MOST_VALUES = 8


COMMANDS = (
    Command(
        "insert", "%glm insert [N]", "put the Python of a reply into a new cell below, without running it", _insert
    ),
    Command("fix", "%glm fix [TEXT]", "send the last exception and its cell; the repaired cell goes below", _fix),
)
