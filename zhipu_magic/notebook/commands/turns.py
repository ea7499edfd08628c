"""The commands that show turns, undo them, and ask them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...history.link import Link
from ...history.markdown import turn_page
from ...text.errors import GLMError
from ...text.html import block, code
from ...text.markup import Markup
from ...text.numbers import plural
from .. import ask_cell
from .command import Command, number

if TYPE_CHECKING:
    from ..session import Session


def _show(session: Session, text: str) -> None:
    turn = wanted_link(session, text, "%glm show N takes a turn's number in %glm history.").turn
    page = turn_page(turn, remote_images=session.settings.remote_images)
    session.show_turn(turn, Markup.vouched(page.rich, turn.reply))


def wanted_link(session: Session, text: str, usage: str) -> Link:
    """The turn with this number, or the newest. Raises UsageError if there is none."""
    thread = session.chat.thread()
    wanted = number(text, usage)
    link = thread.newest if wanted is None else thread.link(wanted)
    if link is None:
        raise UsageError(
            "There is no such turn; %glm history shows the numbers." if wanted else "There is no turn yet."
        )
    return link


def _undo(session: Session, text: str) -> None:
    count = number(text, "%glm undo N undoes the last N changes.") or 1
    before = session.chat.thread()
    done = session.chat.history.undo(count)
    after = session.chat.thread()
    if not done:
        session.answer(Markup("There is nothing to undo."))
        return
    undone = Markup(
        "Undone: {done}. {now} {redo} brings {it} back.",
        done=", ".join(done),
        now=_now(after.size),
        it="it" if len(done) == 1 else "them",
        redo=code(f"%glm redo {len(done)}" if len(done) > 1 else "%glm redo"),
    )
    removed = [turn for turn in before.turns if turn not in after.turns]
    prompts = [block(turn.written or turn.prompt) for turn in removed[-1:]]
    session.answer(Markup("\n\n").join([undone, *prompts]))


def _redo(session: Session, text: str) -> None:
    count = number(text, "%glm redo N redoes the last N undone changes.") or 1
    done = session.chat.history.redo(count)
    if not done:
        session.answer(Markup("There is nothing to redo."))
        return
    session.answer(f"Redone: {', '.join(done)}. {_now(session.chat.thread().size)}")


def _now(count: int) -> str:
    return f"The thread now has {plural(count, 'turn')}."


def _reset(session: Session, text: str) -> None:
    if session.chat.thread().last is None:
        session.answer(Markup("The thread is empty already."))
        return
    count = session.chat.history.reset()
    session.answer(
        Markup(
            "The thread is empty: {turns} removed. The system text and the figures stay; `%glm undo` brings the turns "
            "back.",
            turns=plural(count, "turn"),
        )
    )


def _restore(session: Session, text: str) -> None:
    wanted = number(text, "%glm restore N takes a turn's number in %glm history.")
    count = session.chat.history.restore(wanted)
    if not count:
        session.answer("No such turn is set aside." if wanted else "No turn is set aside.")
        return
    session.answer(f"{plural(count, 'turn')} restored. {_now(session.chat.thread().size)}")


def _retry(session: Session, text: str) -> None:
    session.renew_tools()
    try:
        ask_cell.show(session, lambda: session.chat.ask_again(session.anchor()))
    except GLMError as error:
        newest = session.chat.thread().newest
        if newest is not None and not newest.turn.interrupted:
            error.outcomes.append("The turn stays in the conversation as it was.")
        raise


def _continue(session: Session, text: str) -> None:
    session.renew_tools()
    ask_cell.show(session, lambda: session.chat.go_on(session.anchor()))


COMMANDS = (
    Command("show", "%glm show [N]", "show a reply again, by its number in the history", _show),
    Command("retry", "%glm retry", "ask the last turn again; the new reply replaces the old one", _retry),
    Command("continue", "%glm continue", "continue a reply that was cut short, as one turn", _continue),
    Command("undo", "%glm undo [N]", "undo the last changes: a turn, a rerun, a reset", _undo),
    Command("redo", "%glm redo [N]", "redo undone changes", _redo),
    Command("reset", "%glm reset", "remove all turns from the thread", _reset),
    Command("restore", "%glm restore [N]", "bring back a turn that was set aside", _restore),
)
