"""The one way in which an event of a chat happens: it changes the state in one step, and then its line is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..history.events import event as events
from ..history.events.event import Event
from ..history.history import History
from ..history.turn import Anchor
from .scheduler import Scheduler
from .undisturbed import undisturbed

E = TypeVar("E", bound=Event)


def in_one_step(history: History, scheduler: Scheduler, do: Callable[[], None]) -> None:
    """Do something short in which an event is committed; an interrupt comes before or after, and nobody in between.

    What was reserved of a budget and what is spent change together, so that nothing is admitted meanwhile. The journal
    is written afterwards, when others can make their changes.
    """
    with scheduler.admitting, history.changing:
        undisturbed(do)
    history.write_down()


def committed(history: History, scheduler: Scheduler, make: Callable[[], E]) -> E:
    """Make an event, whose id is `history.next_id()`, and commit it."""
    found: list[E] = []

    def commit() -> None:
        found.append(make())
        history.commit(found[0])

    in_one_step(history, scheduler, commit)
    return found[0]


def repeated(history: History, event: E, anchor: Anchor | None = None) -> E:
    """An event, to be committed, that repeats a recorded one for this cell, where nothing is asked."""
    anchor = anchor or Anchor()
    own = {
        "id": history.next_id(),
        "cell": anchor.cell,
        "run": history.run(anchor.run) if anchor.cell else None,
        "execution_count": anchor.execution_count,
        "forked": history.journal.forked,
    }
    return events.repeated(event, own)
