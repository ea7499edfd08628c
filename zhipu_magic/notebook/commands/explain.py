"""The command that has a cell and its output explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.languages.language import Language, language_of, prompted
from ...text.languages.messages import N_, _, for_model
from ...values.given import Given
from ...values.outputs.output import Cell
from .. import ask_cell
from ..line.cell_line import CellOptions
from .command import Command, prose

if TYPE_CHECKING:
    from ..session import Session

_SENTENCE = N_(
    "Explain this notebook cell and what it showed: what it does, what the output means, and whether anything in it "
    "looks wrong."
)
#: What the prompt and the page call the cell.
_NAME = N_("the cell")


def number_and_text(text: str) -> tuple[int | None, str]:
    """The number of a cell that a command's text begins with, if it does, and the rest."""
    first, _, rest = text.strip().partition(" ")
    is_number = first.isascii() and first.isdecimal() and len(first) <= _MOST_DIGITS
    return (int(first), rest.strip()) if is_number else (None, text.strip())


#: Digits of a cell's number: Python refuses to read thousands of them.
_MOST_DIGITS = 9


def language_for(session: Session, text: str, source: str) -> Language:
    """The language that the user writes: in this text, else in the last turn, else in the cell."""
    newest = session.chat.thread().newest
    asked = text or (newest.turn.written or newest.turn.prompt if newest is not None else source)
    return language_of(asked)


def _explain(session: Session, text: str) -> None:
    number, text = number_and_text(text)
    text = prose(text, "%glm explain")
    cell = session.outputs.shown.cell(number) if number is not None else _last(session)
    with prompted(language_for(session, text, cell.ran.source)):
        sentence, name = for_model(_SENTENCE), for_model(_NAME)
    prompt = "\n\n".join(part for part in (sentence, text) if part)
    ask_cell.ask(session, prompt, CellOptions(files=[Given(cell, name)]))


def _last(session: Session) -> Cell:
    """The last cell that has run and is not ours. Raises UsageError without one, InvalidRequest for a hidden one."""
    ran = [one for one in session.outputs.shown.ran() if not one.ours]
    if not ran:
        raise UsageError(_("There is no cell to explain: none has run in this session but those that ask."))
    return session.outputs.shown.checked(ran[-1])


COMMANDS = (
    Command(
        "explain",
        "%glm explain [N] [TEXT]",
        "have a cell and its output explained",
        _explain,
        completes="prose",
        details="Sends the last cell that has run, or cell N, with what it printed and showed, figures included where "
        "the model sees.",
        arguments={
            "N": "the number beside the cell; without one, the last cell that has run",
            "TEXT": "what you want to know of it",
        },
        examples=("%glm explain", "%glm explain 8", N_("%glm explain Why is the second row empty?")),
    ),
)
