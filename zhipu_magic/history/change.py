"""What was undone or redone."""

from __future__ import annotations

from typing import Literal

from ..text.languages.facts import settled
from ..text.languages.messages import N_, Message, filled
from .conversation import Thread
from .link import added_link
from .step import A_TURN

_TURN = N_("turn {number}")


class Change(Message):
    """A change in words, such as `a reset`; that of a turn which was added is `turn 3`, with its number as `turn`."""

    turn: int | None

    def __new__(cls, what: str, turn: int | None = None) -> Change:
        template = "{what}" if turn is None else _TURN
        facts = settled({"what": what} if turn is None else {"number": turn}, template)
        change = str.__new__(cls, filled(template, facts))
        change.template, change.facts, change.turn = template, facts, turn
        return change


def back_and_forth(thread: Thread, kind: Literal["undo", "redo"], count: int) -> tuple[list[Change], Thread]:
    """The latest changes of a thread that an undo takes back, or a redo makes again, and the thread after that."""
    change = Thread.undo if kind == "undo" else Thread.redo
    done: list[Change] = []
    for _ in range(count):
        step = thread.past if kind == "undo" else thread.future
        changed = change(thread)
        if changed is thread:
            break
        what, chains = step.what if step else A_TURN, (thread.last, changed.last)
        added = added_link(*(chains if kind == "undo" else chains[::-1])) if what == A_TURN else None
        done.append(Change(what, added.number if added else None))
        thread = changed
    return done, thread
