"""What can happen to a chat: a class for each kind of event, with its members and what it changes.

A chat changes in no other way: an event is applied when it happens, and applied again when a journal is read, so that
reading a journal restores the same state. To add a kind of event, add its class here, and list it in `_TYPES`.

    session                    a kernel's first line: the journal's version, and the settings it began with
    turn, partial, replayed, once   a reply (see `turn_event`)
    keep                       a compared reply becomes a turn
    undo, redo, reset          in one thread
    aside, restore, back       turns of deleted cells are set aside, and restored, by the user or with their cells
    order                      the page has its cells in another order
    fork, switch               threads
    system, model              of one thread
    temperature, budget        of the chat
    map                        rows of a table were asked (see `map_event`)
    read                       a document was read (see `read_event`)
    drawn                      a picture was drawn (see `drawn_event`)
    used                       texts became vectors, or were ranked (see `used_event`)
    resume                     continues what an earlier session left
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, cast

from ..budget import Budget, Unit
from ..conversation import Conversation, Thread
from ..order import Order
from . import turn_event
from .drawn_event import DrawnEvent
from .event import Event, State, event_class
from .map_event import MapEvent
from .members import Cells, Count, Id, Limit, Name, PageCells, Temperature, TemperatureOrNone, Text, Word
from .members import Unit as UnitMember
from .plain_turns import PlainTurns, read_plain_turns
from .read_event import ReadEvent
from .reader import EventReader
from .turn_event import TurnEvent
from .used_event import UsedEvent

#: How many visited links count for one that may be set aside or restored, and for a step of undo.
_LOOKS_A_MARK, _LOOKS_A_STEP = 10, 40


@event_class
class SessionEvent(Event):
    """A session begins with these settings; a forked one begins with the state of `from_` after its event `at`.

    `language` is that of what it shows, if it is not English.
    """

    event: Text = "session"
    version: Any = None
    time: Text | None = None
    language: Text | None = None
    model: Word | None = None
    system: Text | None = None
    temperature: Temperature | None = None
    from_: Id | None = None
    at: Id | None = None
    by: Text | None = None

    def state(self) -> State:
        """The state that the session begins with."""
        blank = Thread(own_system=self.system or "", model=self.model)
        return State(Conversation(blank), temperature=self.temperature)


@event_class
class ThreadEvent(Event):
    """Something that happens to one thread."""

    thread: Name

    def links(self, conversation: Conversation) -> int:
        """The number of links in its thread."""
        thread = conversation.threads.get(self.thread)
        return thread.last.number if thread is not None and thread.last is not None else 0


@event_class
class UndoEvent(ThreadEvent):
    """The latest `count` changes of a thread are taken back."""

    event: Text = "undo"
    count: Count = 1

    def apply(self, state: State) -> None:
        state.change(self.thread, lambda thread: thread.undo(self.count))

    def work(self, conversation: Conversation, events_before: int) -> int:
        thread = conversation.threads.get(self.thread)
        steps = _LOOKS_A_STEP * min(self.count, events_before)
        searched = self.links(conversation) if thread is None or thread.past is None else 0
        return super().work(conversation, events_before) + steps + searched


@event_class
class RedoEvent(UndoEvent):
    """`count` changes that were taken back are made again."""

    event: Text = "redo"

    def apply(self, state: State) -> None:
        state.change(self.thread, lambda thread: thread.redo(self.count))


@event_class
class ResetEvent(ThreadEvent):
    """All turns are taken out of a thread."""

    event: Text = "reset"

    def apply(self, state: State) -> None:
        state.change(self.thread, Thread.reset)


@event_class
class AsideEvent(Event):
    """The turns of these cells are set aside: in all threads, or in one, except those of one `run`."""

    event: Text = "aside"
    cells: Cells
    run: Id | None = None
    thread: Name | None = None

    def apply(self, state: State) -> None:
        cells, conversation = frozenset(self.cells), state.conversation
        if self.thread is not None:
            state.change(self.thread, lambda thread: thread.set_aside(cells, self.run))
        else:
            state.conversation = conversation.every(lambda thread: thread.set_aside(cells, self.run))

    def work(self, conversation: Conversation, events_before: int) -> int:
        threads = conversation.threads
        changed = list(threads.values()) if self.thread is None else [threads.get(self.thread)]
        links = sum(thread.last.number for thread in changed if thread is not None and thread.last is not None)
        return super().work(conversation, events_before) + len(self.cells) + _LOOKS_A_MARK * links


@event_class
class RestoreEvent(ThreadEvent):
    """Turns that were set aside come back: the one with this number, or those that were set aside last."""

    event: Text = "restore"
    number: Count | None = None

    def apply(self, state: State) -> None:
        state.change(self.thread, lambda thread: thread.restore(self.number))

    def work(self, conversation: Conversation, events_before: int) -> int:
        return super().work(conversation, events_before) + _LOOKS_A_MARK * self.links(conversation)


@event_class
class BackEvent(Event):
    """The turns of these cells stand again that were set aside because the cells were deleted: in all threads, or one.

    It is no `restore`, which earlier versions would read as another one.
    """

    event: Text = "back"
    cells: Cells
    thread: Name | None = None

    def apply(self, state: State) -> None:
        cells = frozenset(self.cells)
        if self.thread is not None:
            state.change(self.thread, lambda thread: thread.bring_back(cells))
        else:
            state.conversation = state.conversation.every(lambda thread: thread.bring_back(cells))

    def work(self, conversation: Conversation, events_before: int) -> int:
        return super().work(conversation, events_before) + len(self.cells) + _LOOKS_A_MARK * _links(conversation)


@event_class
class OrderEvent(Event):
    """The page has its cells in this order."""

    event: Text = "order"
    cells: PageCells

    def apply(self, state: State) -> None:
        state.conversation = state.conversation.in_order(Order(self.cells))

    def work(self, conversation: Conversation, events_before: int) -> int:
        return super().work(conversation, events_before) + len(self.cells) + _LOOKS_A_MARK * _links(conversation)


def _links(conversation: Conversation) -> int:
    """The number of links in all threads."""
    return sum(thread.last.number for thread in conversation.threads.values() if thread.last is not None)


@event_class
class ForkEvent(ThreadEvent):
    """A new thread, the current one from now on, begins with the turns of another, or those up to number `at`."""

    event: Text = "fork"
    name: Name
    at: Count | None = None

    def apply(self, state: State) -> None:
        fork = state.conversation.thread(self.thread).fork(self.name, self.at)
        state.conversation = state.conversation.with_thread(fork).switched(fork.name)

    def work(self, conversation: Conversation, events_before: int) -> int:
        searched = 0 if self.at is None else 2 * self.links(conversation)
        return super().work(conversation, events_before) + searched


@event_class
class SwitchEvent(ThreadEvent):
    """Another thread is the current one from now on."""

    event: Text = "switch"

    def apply(self, state: State) -> None:
        state.conversation = state.conversation.switched(self.thread)


@event_class
class SystemEvent(ThreadEvent):
    """A thread has another system text, whatever its turns came with."""

    event: Text = "system"
    text: Text

    def apply(self, state: State) -> None:
        state.change(self.thread, lambda thread: thread.with_system(self.text))


@event_class
class ModelEvent(ThreadEvent):
    """A thread asks another model."""

    event: Text = "model"
    name: Word

    def apply(self, state: State) -> None:
        state.change(self.thread, lambda thread: replace(thread, model=self.name))


@event_class
class TemperatureEvent(Event):
    """The temperature is set; None leaves it to the model."""

    event: Text = "temperature"
    value: TemperatureOrNone

    def apply(self, state: State) -> None:
        state.temperature = self.value


@event_class
class BudgetEvent(Event):
    """A budget is set, or taken away."""

    event: Text = "budget"
    limit: Limit | None = None
    unit: UnitMember | None = None

    together: ClassVar[frozenset[str]] = frozenset({"limit", "unit"})

    def apply(self, state: State) -> None:
        state.budget = None if self.limit is None else Budget(self.limit, cast(Unit, self.unit))


@event_class
class ResumeEvent(Event):
    """The session continues from what the session `from_` left; its own earlier events are applied on top."""

    event: Text = "resume"
    from_: Id


@event_class
class KeepEvent(ThreadEvent):
    """The reply of the event `of`, one of the latest comparisons, becomes a turn of the thread."""

    event: Text = "keep"
    of: Id

    def apply(self, state: State) -> None:
        kept = next((one for one in state.compared if one.id == self.of and one.thread == self.thread), None)
        if kept is None:
            raise LookupError("no such reply")
        state.change(self.thread, kept.kept_in)

    def work(self, conversation: Conversation, events_before: int) -> int:
        return super().work(conversation, events_before) + _LOOKS_A_MARK * self.links(conversation)


_TYPES: Mapping[str, type[Event]] = {
    **dict.fromkeys(turn_event.KINDS, TurnEvent),
    **{
        kind.event: kind
        for kind in (
            *(SessionEvent, UndoEvent, RedoEvent, ResetEvent, AsideEvent, RestoreEvent, BackEvent, OrderEvent),
            *(ForkEvent, SwitchEvent, SystemEvent, ModelEvent, TemperatureEvent, BudgetEvent, MapEvent, ResumeEvent),
            *(KeepEvent, ReadEvent, DrawnEvent, UsedEvent),
        )
    },
}
_READER = EventReader(_TYPES)


def from_json(members: dict[str, Any], size: int = sys.maxsize) -> Event:
    """The event of a journal's line of `size` bytes with these members; the event takes over the dictionary.

    Raises LookupError, TypeError or ValueError if they are not valid.
    """
    return _READER.read(members, size)


def plain_turns(rows: Sequence[dict[str, Any]], sizes: Sequence[int]) -> PlainTurns | None:
    """The turns in these lines of a journal, or None (see `read_plain_turns`)."""
    return read_plain_turns(_READER, rows, sizes)
