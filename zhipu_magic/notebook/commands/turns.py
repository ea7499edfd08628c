"""The commands that show turns, undo them, and ask them again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from IPython.core.error import UsageError

from ...history.change import Change, back_and_forth
from ...history.conversation import Thread
from ...history.events.map_event import MapEvent
from ...history.link import Link
from ...history.markdown import turn_page
from ...history.turn import Turn
from ...text.errors import GLMError
from ...text.html import block, code
from ...text.languages.joined import all_of, comma
from ...text.languages.messages import _, ngettext
from ...text.languages.numbers import plural
from ...text.markup import Markup
from .. import ask_cell
from ..page.looked_at import OTHER_TURNS, LookedAt
from .command import Command, number, unquoted

if TYPE_CHECKING:
    from ...chat.comparisons import Kept
    from ..session import Session


#: Names that are listed of those that code has changed.
_MOST_NAMES = 30
_A_TABLE_STAYS = Markup("The table that was asked last is not a turn: its answers stay.")


def _show(session: Session, text: str) -> None:
    words = text.split()
    reasoning = "--reasoning" in words
    wanted = " ".join(word for word in words if word != "--reasoning")
    turn = wanted_link(session, wanted, _("%glm show N takes a turn's number in %glm history.")).turn
    if reasoning and not turn.reasoning:
        session.notify(_("The service sent no reasoning for this reply."))
    page = turn_page(turn, remote_images=session.settings.remote_images, opened=reasoning)
    session.show_turn(turn, Markup.vouched(page.rich, turn.reply), reasoning=reasoning)


def wanted_link(session: Session, text: str, usage: str) -> Link:
    """The turn with this number, or the newest. Raises UsageError if there is none."""
    thread = session.look().thread
    wanted = number(text, usage)
    link = thread.newest if wanted is None else thread.link(wanted)
    if link is None:
        raise UsageError(
            _("There is no such turn; %glm history shows the numbers.") if wanted else _("There is no turn yet.")
        )
    return link


def _undo(session: Session, text: str) -> None:
    count = number(text, _("%glm undo N undoes the last N changes.")) or 1
    tables = [_A_TABLE_STAYS] if isinstance(session.chat.state.event, MapEvent) else []
    done, before, after = _went(session, "undo", count)
    if not done:
        session.answer(Markup.sentences(Markup("There is nothing to undo."), *tables))
        return
    undone = Markup(
        "Undone: {done}. {now} {redo} brings it back."
        if len(done) == 1
        else "Undone: {done}. {now} {redo} brings them back.",
        done=_changes(done[::-1]),
        now=_now(after.size),
        redo=code(f"%glm redo {len(done)}" if len(done) > 1 else "%glm redo"),
    )
    removed = [turn for turn in before.turns if turn not in after.turns]
    prompts = [block(turn.written or turn.prompt) for turn in removed[-1:]]
    names = [sentence] if (sentence := _names_that_stay(session, removed)) else []
    session.answer(Markup("\n\n").join([Markup.sentences(undone, *tables), *names, *prompts]))


def _names_that_stay(session: Session, removed: Sequence[Turn]) -> Markup:
    """A sentence on the names that the code of these turns has changed in this kernel; nothing if there are none.

    A page that is replayed as a whole shows what it has shown.
    """
    own, as_recorded = session.chat.history.journal.session, session.chat.replay == "only"
    here = [turn.changed for turn in removed if turn.id.rpartition("-")[0] == own]
    changed = [one for one in here if as_recorded or not one.replayed]
    bound = _some_of(dict.fromkeys(name for one in changed for name in one.bound))
    deleted = _some_of(dict.fromkeys(name for one in changed for name in one.deleted))
    if bound and deleted:
        return Markup(
            "Its code set {bound} and deleted {deleted}. Undo does not revert that, or anything else the code changed.",
            bound=bound,
            deleted=deleted,
        )
    if bound:
        return Markup(
            "Its code set {bound}. Undo does not revert that, or anything else the code changed.", bound=bound
        )
    if deleted:
        return Markup(
            "Its code deleted {deleted}. Undo does not revert that, or anything else the code changed.",
            deleted=deleted,
        )
    return Markup()


def _some_of(names: Collection[str]) -> Markup:
    """The names, or the first of them and how many more there are."""
    more = [_("{count:,} more", count=len(names) - _MOST_NAMES)] if len(names) > _MOST_NAMES else []
    return Markup(", ").join([*map(code, list(names)[:_MOST_NAMES]), *more])


def _redo(session: Session, text: str) -> None:
    count = number(text, _("%glm redo N redoes the last N undone changes.")) or 1
    done, _before, after = _went(session, "redo", count)
    if not done:
        session.answer(Markup("There is nothing to redo."))
        return
    session.answer(_("Redone: {done}. {now}", done=_changes(done), now=_now(after.size)))


def _went(session: Session, kind: Literal["undo", "redo"], count: int) -> tuple[Sequence[Change], Thread, Thread]:
    """Undo or redo. Returns what changed, and the thread before and after, as the page had them when recorded."""
    looked, history = session.look(), session.chat.history
    before = history.thread()
    done = history.undo(count) if kind == "undo" else history.redo(count)
    if looked.origin is None:
        return done, before, history.thread()
    then, after = back_and_forth(looked.thread, kind, count)
    changed = set(looked.replies(before)) ^ set(looked.replies(history.thread()))
    if changed != set(looked.replies(looked.thread)) ^ set(looked.replies(after)):
        session.notify(OTHER_TURNS)
        return done, before, history.thread()
    return then, looked.thread, after


def _changes(done: Sequence[Change]) -> str:
    """Changes in the order in which they were made; the same ones in a row, and turns in a row, are one part."""
    runs = groupby(done, key=lambda change: "" if change.turn is not None else str(change))
    return all_of([_in_a_row(list(changes)) for _change, changes in runs])


def _in_a_row(changes: Sequence[Change]) -> str:
    """One change, or several of a kind, in words."""
    if len(changes) == 1:
        return changes[0]
    numbers = [change.turn for change in changes if change.turn is not None]
    if not numbers:
        return _("{change} ({count:,} times)", change=changes[0], count=len(changes))
    return _("{turns} ({numbers})", turns=plural(len(numbers), "turn"), numbers=_listed(numbers))


def _listed(numbers: Sequence[int]) -> str:
    """Numbers of turns, in their order."""
    if len(numbers) == 1 or list(numbers) != list(range(numbers[0], numbers[0] + len(numbers))):
        return comma(map(str, numbers))
    if len(numbers) == 2:
        return _("{first} and {last}", first=numbers[0], last=numbers[1])
    return _("{first} to {last}", first=numbers[0], last=numbers[-1])


def _now(count: int) -> str:
    return _("The thread now has {turns}.", turns=plural(count, "turn"))


def _reset(session: Session, text: str) -> None:
    here = session.chat.thread().name
    session.jobs.stop([job for job in session.jobs.running if job.work.thread == here])
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
    wanted = number(text, _("%glm restore N takes a turn's number in %glm history."))
    looked = session.look()
    count = session.chat.history.restore(None if wanted is None else looked.number_in(session.chat.thread(), wanted))
    if not count:
        session.answer(_("No such turn is set aside.") if wanted else _("No turn is set aside."))
        return
    size = looked.thread.restore(wanted).size if looked.origin else session.chat.thread().size
    session.answer(_("{turns} restored. {now}", turns=plural(count, "turn"), now=_now(size)))


def _retry(session: Session, text: str) -> None:
    session.renew_tools()
    try:
        ask_cell.show(session, lambda: session.chat.ask_again(session.anchor()))
    except GLMError as error:
        newest = session.chat.thread().newest
        if newest is not None and not newest.turn.interrupted:
            error.outcomes.append(_("The turn stays in the conversation as it was."))
        raise


def _continue(session: Session, text: str) -> None:
    session.renew_tools()
    ask_cell.show(session, lambda: session.chat.go_on(session.anchor()))


def _keep(session: Session, text: str) -> None:
    if not text:
        names = comma(session.chat.compared)
        raise UsageError(
            _("%glm keep NAME takes a model's name: the newest comparison has {models}.", models=names)
            if names
            else _("%glm keep NAME takes a model's name: no models have been compared yet.")
        )
    for thread in {one.thread for one in session.chat.state.compared}:
        session.jobs.make_way(thread)
    looked = session.look()
    kept = session.chat.keep(unquoted(text))
    if kept.thread == session.chat.thread().name:
        said = Markup(
            "The reply of **{model}** is a turn of the conversation now. `%glm undo` takes it back.", model=kept.model
        )
    else:
        said = Markup(
            "The reply of **{model}** is a turn of the thread **{thread}** now, in which it was asked. There, "
            "`%glm undo` takes it back.",
            model=kept.model,
            thread=kept.thread,
        )
    session.answer(Markup.sentences(said, *_made_stale(looked, kept)))


def _made_stale(looked: LookedAt, kept: Kept) -> Sequence[str]:
    """A sentence on the turns of the thread that were asked without the reply that was just kept; none if none were.

    `looked` is the conversation before that, as the page had it when it was recorded.
    """
    before = looked.state.conversation.threads.get(kept.thread)
    of = kept.id if looked.origin is None else looked.origin(kept.id)
    reply = next((one for one in looked.state.compared if one.id == of), None)
    if reply is None or before is None:
        return []
    earlier = {link.turn.id for link in before.links if link.stale}
    stale = [link.number for link in reply.kept_in(before).links if link.stale and link.turn.id not in earlier]
    if not stale:
        return []
    return [
        ngettext(
            "Turn {numbers} is stale now, as it was asked without this one; its cell, run again, asks it anew.",
            "{count:,} turns ({numbers}) are stale now, as they were asked without this one; their cells, run again, "
            "ask them anew.",
            len(stale),
            numbers=_listed(stale) if stale[1:] else stale[0],
        )
    ]


COMMANDS = (
    Command(
        "keep",
        "%glm keep NAME",
        "make a compared reply the turn",
        _keep,
        completes="compared",
        details="Where a cell has asked several models, none of their replies is a turn before this makes one of them "
        "the turn of that cell, in place of another that was kept before.",
        arguments={"NAME": "the model of the reply, or the beginning of its name"},
        examples=("%glm keep glm-5.3", "%glm keep glm-4"),
    ),
    Command(
        "show",
        "%glm show [N]",
        "show a reply again",
        _show,
        completes="--reasoning",
        details="Shows a reply of this thread as its cell did, without asking the model.",
        arguments={
            "N": "the turn's number in %glm history; without one, the newest",
            "--reasoning": "with all of the model's reasoning above it, also in a terminal",
        },
        examples=("%glm show", "%glm show 1", "%glm show --reasoning"),
    ),
    Command(
        "retry",
        "%glm retry",
        "ask the last turn again",
        _retry,
        details="Sends the prompt of the thread's last turn once more. The new reply takes the place of the old one, "
        "which %glm undo brings back.",
        examples=("%glm retry",),
    ),
    Command(
        "continue",
        "%glm continue",
        "continue a reply that was cut short",
        _continue,
        details="The model goes on where the last reply stopped, because it was interrupted or had reached its maximum "
        "length. Both parts become one turn.",
        examples=("%glm continue",),
    ),
    Command(
        "undo",
        "%glm undo [N]",
        "undo the last changes of the thread",
        _undo,
        details="Takes back what was done last in this thread: a turn, the rerun of a cell, a reset. The cells on the "
        "page stay as they are, and %glm redo makes the changes again.",
        arguments={"N": "how many changes; without one, a single one"},
        examples=("%glm undo", "%glm undo 2"),
    ),
    Command(
        "redo",
        "%glm redo [N]",
        "redo what was undone",
        _redo,
        details="Makes changes again that %glm undo has taken back.",
        arguments={"N": "how many changes; without one, a single one"},
        examples=("%glm redo", "%glm redo 2"),
    ),
    Command(
        "reset",
        "%glm reset",
        "remove all turns from the thread",
        _reset,
        details="The model forgets the conversation of this thread. The system text stays, and so does the count of "
        "what was spent; %glm undo brings the turns back.",
        examples=("%glm reset",),
    ),
    Command(
        "restore",
        "%glm restore [N]",
        "bring back turns that were set aside",
        _restore,
        details="When a cell is deleted, or run again with something else in it, its turn is set aside and no longer "
        "sent. This command brings it back.",
        arguments={"N": "the turn's number in %glm history; without one, those that were set aside last"},
        examples=("%glm restore", "%glm restore 2"),
    ),
)
