"""The history of a chat: its state, the events that change it, and the journal that records them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..service.forks import register_at_fork
from ..text.errors import InvalidRequest, JournalError
from .change import Change, back_and_forth
from .conversation import Thread
from .events.changes import ResumeEvent
from .events.checked import check_name, checked_event
from .events.event import Event, State
from .events.members import LONGEST_CELL, MOST_CELLS
from .journal.checks import named
from .journal.journal import Journal
from .link import Link
from .order import Order
from .records import Records
from .turn import Anchor

if TYPE_CHECKING:
    from .journal.resuming import Found, IsMine


class History:
    """Everything that has happened in a chat, and the resulting `state`. Each change is an event and a journal line.

    The session begins with these `settings`. `finish` is called before turns are changed: it reads the reply that is
    under way in a thread, or in all of them, to its end. Looking at the state never waits.
    """

    def __init__(self, journal: Journal, settings: Mapping[str, Any], finish: Callable[[str | None], None]) -> None:
        self.journal = journal
        self.records = Records(journal)
        self.changing = threading.RLock()
        """Held while an event happens: there is one change at a time."""
        checked_event({"event": "session", "id": "", **settings})
        self.state = journal.begin(settings).state()
        self._page: Order | None = None
        """The order of the page as it was told last."""
        self._finish = finish
        register_at_fork(self)

    def do(self, kind: str, **members: Any) -> None:
        """Apply an event that is not a reply, and write it. Raises InvalidRequest for invalid members."""
        with self._one_change():
            self._apply(kind, **members)

    @contextmanager
    def _one_change(self) -> Iterator[None]:
        """Whatever is done within is one change; its line is written afterwards, when others can make theirs."""
        with self.changing:
            yield
        self.write_down()

    def _apply(self, kind: str, **members: Any) -> None:
        self.commit(checked_event({"id": self.next_id(), "event": kind, **members, "forked": self.journal.forked}))

    def next_id(self) -> str:
        """The id of the next event. Hold `changing` until that event is committed, so that no other gets in between."""
        if self.state.event is not None:
            self.journal.note(self.state.event)
        return self.journal.next_id()

    def commit(self, event: Event) -> None:
        """Apply this event, whose id is `next_id`; `write_down` writes it."""
        self.state = replace(event.applied_to(self.state), event=event)

    def has(self, event: Event) -> bool:
        """Whether this very event has happened."""
        return event is self.state.event or any(event is known for known in reversed(self.journal.events))

    def write_down(self) -> None:
        """Write to the journal what is missing there: after an interrupt, that can be more than the latest event."""
        with self.changing:
            if self.state.event is not None:
                self.journal.note(self.state.event)
        self.journal.write()  # without the lock: a slow disk holds up no change

    def after_fork(self, *, in_child: bool) -> None:
        """A forked child continues from the same state, in a session of its own."""
        if in_child:
            self.changing = threading.RLock()
            self.journal.fork(self.state.event)
            self.state = replace(self.state, event=None)
        else:
            self.journal.was_forked = True

    # Looking

    @property
    def kept(self) -> State:
        """The same as `state`, by its earlier name."""
        return self.state

    def thread(self, name: str | None = None) -> Thread:
        """The thread of this name, or the current one."""
        conversation = self.state.conversation
        return conversation.here if name is None else conversation.thread(name)

    @property
    def threads(self) -> tuple[Thread, ...]:
        """The threads that have begun, and the current one."""
        return self.state.conversation.begun

    def newest(self, purpose: str, thread: str | None = None) -> Link:
        """The last turn that stands in a thread. Raises InvalidRequest if there is none to do this with (`purpose`)."""
        newest = self.thread(thread).newest
        if newest is None:
            raise InvalidRequest("There is no turn to {purpose}.", reason="turn.none", purpose=purpose)
        return newest

    def run(self, number: int) -> str:
        """The name of a cell's execution, which differs from those of earlier sessions."""
        return f"{self.journal.session}.{number}"

    def before(self, name: str | None, anchor: Anchor) -> Thread:
        """The thread as the next request of this cell sees it."""
        thread = self.thread(name)
        return thread if anchor.append else thread.before(anchor.cell, self.run(anchor.run))

    def holds_earlier(self, anchor: Anchor, name: str | None = None) -> bool:
        """Whether a turn stands that an earlier run of this cell made."""
        thread, run = self.thread(name), self.run(anchor.run)
        return not anchor.append and thread.holds_earlier(anchor.cell, run)

    def has_asked(self, cell: str | None) -> bool:
        """Whether this cell may have asked in the current thread."""
        return cell in self.state.conversation.here.cells

    # Going back, and elsewhere

    def undo(self, count: int = 1) -> list[Change]:
        """Take back the latest changes of the current thread. Returns what they were, the latest first.

        A turn that was added is named by its number: `turn 3`.
        """
        return self._back_and_forth("undo", count)

    def redo(self, count: int = 1) -> list[Change]:
        """Make undone changes again. Returns what they were."""
        return self._back_and_forth("redo", count)

    def reset(self) -> int:
        """Remove all turns from the current thread; the system text and the ledger stay. Returns their number."""
        self._finish(self.thread().name)
        with self._one_change():
            thread = self.thread()
            if thread.last is not None:
                self._apply("reset", thread=thread.name)
        return thread.size

    def set_aside(
        self, cells: Collection[str], *, except_run: int | None = None, thread: str | None = None
    ) -> dict[str, int]:
        """Set the turns of these cells aside; `restore` brings them back. Returns how many there were, by thread.

        With the name of a `thread`, only that one is changed; so is the current one with `except_run`, the number of a
        run whose turns stay.
        """
        run = None if except_run is None else self.run(except_run)
        only = self.thread().name if thread is None and run is not None else thread
        self._finish(only)
        with self._one_change():
            before = self.threads if only is None else (self.thread(only),)
            if all(each.set_aside(cells, run) is each for each in before):
                return {}
            where = {"run": run, "thread": only}
            self._apply("aside", cells=sorted(cells), **{name: value for name, value in where.items() if value})
        gone = {each.name: each.size - self.thread(each.name).size for each in before}
        return {name: count for name, count in gone.items() if count}

    def restore(self, number: int | None = None) -> int:
        """Restore the turn with this number in the history, which was set aside; by default, those set aside last.

        Returns how many were restored.
        """
        self._finish(self.thread().name)
        with self._one_change():
            thread = self.thread()
            if thread.restore(number) is not thread:
                self._apply("restore", thread=thread.name, **({} if number is None else {"number": number}))
        return self.thread().size - thread.size

    def bring_back(self, cells: Collection[str], *, thread: str | None = None) -> dict[str, int]:
        """Restore the turns of these cells that were set aside because they were deleted: they are there again.

        With the name of a `thread`, only there. Returns how many there were, by thread.
        """
        self._finish(thread)
        with self._one_change():
            before = self.threads if thread is None else (self.thread(thread),)
            if all(each.bring_back(cells) is each for each in before):
                return {}
            self._apply("back", cells=sorted(cells), **({} if thread is None else {"thread": thread}))
        back = {each.name: self.thread(each.name).size - each.size for each in before}
        return {name: count for name, count in back.items() if count}

    def arrange(self, cells: Iterable[str], asking: Collection[str] | None = None) -> bool:
        """Have turns stand in the order of the page, whose asking cells are these; others follow those before them.

        `asking` are the cells that may leave a turn before the order is told again, by default all: one that runs, or
        whose reply is on its way. Nothing happens where the order makes no difference. Returns whether it made one.
        What is no cell's id is left out, and so is what comes after the first 10,000.
        """
        known = [cell for cell in dict.fromkeys(cells) if len(cell) <= LONGEST_CELL][:MOST_CELLS]
        with self._one_change():
            self._page = Order(known)
            return self._arrange(asking)

    def _arrange(self, asking: Collection[str] | None = ()) -> bool:
        """Have turns stand in the page's order; without `asking`, those that there are."""
        if self._page is None or not self.state.conversation.needs(self._page, asking):
            return False
        self._apply("order", cells=list(self._page.cells))
        return True

    def fork(self, name: str, at: int | None = None) -> None:
        """Continue in a new thread that begins with the turns of this one, or those up to number `at` in its history.

        Raises InvalidRequest if there already is such a thread, or no such turn.
        """
        self._finish(self.thread().name)
        with self._one_change():
            thread = self.thread()
            if name in (known.name for known in self.threads):
                raise InvalidRequest(
                    "There is already a thread named {name}.",
                    hint="Pass another name.",
                    reason="thread.exists",
                    name=name,
                )
            if at is not None and thread.link(at) is None:
                raise InvalidRequest(
                    "There is no turn {number} to fork at.",
                    hint="chat.thread().links lists the turns with their numbers.",
                    reason="turn.none_to_fork_at",
                    number=at,
                )
            self._apply("fork", thread=thread.name, name=check_name(name), **({} if at is None else {"at": at}))

    def switch(self, name: str) -> None:
        """Continue in the thread of this name; a new one begins empty."""
        if name != self.thread().name:
            self.do("switch", thread=check_name(name))

    def _back_and_forth(self, kind: Literal["undo", "redo"], count: int) -> list[Change]:
        self._finish(self.thread().name)
        with self._one_change():
            thread = self.thread()
            done, _ = back_and_forth(thread, kind, count)
            if done:
                self._apply(kind, thread=thread.name, count=len(done))
                self._arrange()  # what is back may be of a time when the page was another
        return done

    # The journal

    def resume(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        earlier: bool = False,
        copy: bool = False,
        is_mine: IsMine | None = None,
    ) -> list[str]:
        """Continue from what an earlier session left in the journal: threads, settings, ledger, undo and redo.

        What this session has done already is applied on top. With a `path`, that file is the journal from now on, or,
        with `copy`, its conversation is copied to the journal that there is.
        A journal holds several conversations if one was begun without resuming the last; `earlier` takes the one
        before, and of those that are the caller's, by `is_mine`, others are left out. Returns notes on what could not
        be used. Raises JournalError.
        """
        self._finish(None)
        file = self.journal.path if path is None else named(path)
        if file is None:
            raise JournalError(
                "There is no journal to resume.",
                hint="chat.history.resume(PATH) names one.",
                reason="resume.no_journal",
            )
        return self.go_on_from(file, earlier=earlier, here=not copy, is_mine=is_mine)

    def go_on_from(self, file: Path, *, earlier: bool = False, here: bool, is_mine: IsMine | None = None) -> list[str]:
        """Apply what this session has done on top of what another one left in this file.

        With `here`, the file is the journal from now on; otherwise it is only read.
        """
        from .journal import resuming  # what reads journals, which a chat that begins does not need

        with self.changing:
            self.write_down()
            found = resuming.find(self.journal, file, earlier=earlier, is_mine=is_mine)
            return self._go_on_from(found, file, here=here)

    def _go_on_from(self, found: Found, file: Path, *, here: bool) -> list[str]:
        from .journal import resuming

        state = found.state
        for event in self.journal.own_events[1:]:
            state = state if isinstance(event, ResumeEvent) else event.applied_to(state)
        event = ResumeEvent(id=self.journal.next_id(), from_=found.session)
        if here or file == self.journal.path:
            self.records.move(file)
        else:
            self.records.bring(found.lines, file)
        self.state = replace(state, event=event)
        self._arrange()
        self.write_down()
        if here and found.other is not None:
            found.reader.notes.append(resuming.note_on(found.other))
        return found.reader.notes

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything that has happened to a journal for `Chat.load` and `resume`. Raises JournalError."""
        self._finish(None)
        with self.changing:
            self.records.save(self.threads, named(path))
