"""The commands that insert code from a reply, and that send an exception to the model."""

from __future__ import annotations

import linecache
import re
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.characters import shorten, without_addresses
from ...text.errors import GLMError
from ...text.languages.joined import sentences
from ...text.languages.language import prompted
from ...text.languages.messages import N_, _, for_model, told
from ...text.markdown import fenced
from ...text.markup import Markup
from ...text.secrets import taken_out, without_secrets
from .. import ask_cell
from ..cell_tracker import Failure
from ..line.cell_line import CellOptions
from .command import Command, prose
from .explain import language_for, number_and_text
from .turns import wanted_link

if TYPE_CHECKING:
    from ...values.outputs.output import CellOutput
    from ..session import Session


#: The sentences around an exception that is sent to the model.
_CELL_FAILED = N_(
    "This notebook cell raised an exception. Give the whole cell, repaired, as one Python code block, and "
    "say before it in a\nsentence or two what was wrong."
)
_SCRIPT_FAILED = N_(
    "This notebook cell ran a script, which raised an exception. Give the whole script, repaired, as one "
    "Python code block,\nand say before it in a sentence or two what was wrong."
)


def _insert(session: Session, text: str) -> None:
    link = wanted_link(session, text, _("%glm insert N takes a turn's number in %glm history."))
    inserted = Markup("The reply's Python is in a new cell below. It has not run.")
    session.answer(inserted if ask_cell.insert(session, link.turn.reply) else ask_cell.NO_PYTHON)


def _fix(session: Session, text: str) -> None:
    number, text = number_and_text(text)
    session.cells.begin_repair()
    text = prose(text, "%glm fix")
    if number is None:
        failure = _to_fix(session)
        session.outputs.shown.check_failure(failure)
        language = language_for(session, text, failure.source)
        with prompted(language):
            prompt, named = _prompt(failure, text, session.settings.value_tokens), _named(failure.error)
    else:
        ran = session.outputs.shown.cell(number).ran
        language = language_for(session, text, ran.source)
        with prompted(language):
            prompt, named = _prompt_for(ran, number, text, session.settings.value_tokens)
    with prompted(language):
        prompt, secrets = without_secrets(prompt)
    named = session.chat.service.hide(named)
    notice = _("Sent to be fixed: {error}.", error=named)
    if secrets:
        notice = _("Sent to be fixed: {error}. {secrets}.", error=named, secrets=taken_out(secrets))
    session.notify(notice)
    try:
        ask_cell.ask(session, prompt, CellOptions(raw=True, insert=True))
    except GLMError:
        session.withdraw(notice)
        raise


def _prompt_for(ran: CellOutput, number: int, text: str, tokens: int) -> tuple[str, str]:
    """The prompt that has the failure of this cell repaired, and the failure in a few words. Raises UsageError."""
    from ...values.outputs.output import ERROR, NOT_AT_HAND
    from ...values.rendering.renderers import rendered

    error = next((output for output in reversed(ran.outputs) if output.kind == ERROR), None)
    if error is None:
        raise UsageError(
            _("Cell {number} has raised no exception: there is nothing to fix. Nothing was sent.", number=number)
        )
    if error.value is not NOT_AT_HAND:
        return _prompt(Failure(error.value, ran.source), text, tokens), _named(error.value)
    shown = rendered(error, tokens).text
    parts = [for_model(_CELL_FAILED), text, _the_cell(ran.source), _the_exception(shown)]
    last = next((line for line in reversed(shown.splitlines()) if line.strip("` ")), "")
    return "\n\n".join(part for part in parts if part), shorten(last, _LONGEST_ERROR)


def _to_fix(session: Session) -> Failure:
    """The newest failure. Raises UsageError if it is put right, or if only our own messages have failed a cell."""
    cells = session.cells
    failure = cells.failure
    if failure is not None and not cells.put_right:
        return failure
    message = cells.message
    if message is not None and (failure is None or message.run > failure.run):
        words = shorten(told(sentences(*str(message.error).splitlines())), _LONGEST_MESSAGE)
        raise UsageError(
            _(
                "There is no exception to fix. What failed last is no fault in code: the message itself says what to "
                "do (“{words}”).",
                words=words,
            )
        )
    if failure is None:
        raise UsageError(_("There is no exception to fix: no cell has raised one in this session."))
    where = _("its cell") if cells.put_right_by is None else _("cell [{number}]", number=cells.put_right_by)
    raise UsageError(
        _(
            "The newest failure ({error}) has been put right: {cell} ran again without it. Nothing was sent.",
            error=_named(failure.error),
            cell=where,
        )
    )


def _named(error: BaseException) -> str:
    """An error in a few words."""
    try:
        words = shorten(without_addresses(str(error)), _LONGEST_ERROR)
    except Exception:  # the user's own exception may raise another
        words = ""
    return f"{type(error).__name__}: {words}".removesuffix(": ")


def _prompt(failure: Failure, text: str, tokens: int) -> str:
    """The cell, the exception, and the values of the names in the failing lines."""
    from ...values.rendering.renderers import named_values, rendered

    script = _script(failure, tokens)
    parts = [for_model(_SCRIPT_FAILED if script else _CELL_FAILED)]
    if text:
        parts.append(text)
    source = failure.source or _source(failure.error)
    if source.strip():
        parts.append(_the_cell(source))
    if script:
        parts.append(script)
    parts.append(_the_exception(rendered(failure.error, tokens).text))
    for name, value in named_values(failure.error, _MOST_VALUES).items():
        try:
            shown = rendered(value, tokens // 4)
        except GLMError:
            continue
        if not shown.images:
            parts.append(f"`{name}`:\n\n{shown.text}" if shown.block else f"`{name}`: {shown.text}")
    return "\n\n".join(parts)


def _the_cell(source: str) -> str:
    return for_model("The cell:\n\n{code}", code=fenced(source.strip(), "python"))


def _the_exception(shown: str) -> str:
    return for_model("The exception:\n\n{traceback}", traceback=shown)


def _source(error: BaseException) -> str:
    """The source of the cell that raised an error, by its traceback; empty if there is none in it."""
    from ...values.rendering.stack_frames import frames, is_cell

    cells = [frame.filename for frame in frames(error) if is_cell(frame.filename)]
    return "".join(linecache.getlines(cells[0])) if cells else ""


def _script(failure: Failure, tokens: int) -> str:
    """The script that the cell ran, if that raised the error, and is no longer than so many tokens."""
    if not _RUN.search(failure.source):
        return ""
    from ...text.tokens import weight
    from ...values.rendering.stack_frames import is_cell, own_frames

    script = next((frame for frame in own_frames(failure.error) if not is_cell(frame.filename)), None)
    code = "".join(linecache.getlines(script.filename)).strip() if script is not None else ""
    if script is None or not code or weight(code) > tokens:
        return ""
    return for_model("The script, {where}:\n\n{code}", where=script.where, code=fenced(code, "python"))


_RUN = re.compile(r"^[ \t]*%run\b", re.MULTILINE)
#: Values that are sent with an exception, each with a quarter of a reference's tokens.
_MOST_VALUES = 8
#: Characters of an error that the panel repeats.
_LONGEST_ERROR = 80
#: Characters of a message of our own that `%glm fix` repeats.
_LONGEST_MESSAGE = 240


COMMANDS = (
    Command(
        "insert",
        "%glm insert [N]",
        "put a reply's Python into a new cell",
        _insert,
        details="All Python of the reply goes into one new cell below. It does not run before you run it.",
        arguments={"N": "the turn's number in %glm history; without one, the newest"},
        examples=("%glm insert", "%glm insert 1"),
    ),
    Command(
        "fix",
        "%glm fix [N] [TEXT]",
        "have the last exception repaired",
        _fix,
        details="Sends the last exception that a cell has raised, or that of cell N, with that cell and the values in "
        "the failing lines. "
        "The repaired cell goes into a new one below, and does not run before you run it.",
        arguments={
            "N": "the number beside the cell that failed; without one, the newest that did",
            "TEXT": "what the model should know besides, or keep to",
        },
        examples=("%glm fix", "%glm fix 8", N_("%glm fix Keep the loop.")),
    ),
)
