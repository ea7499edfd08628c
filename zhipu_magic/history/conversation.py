"""Conversations as pure data: turns in order, threads of them, and how they change.

A thread is a chain of links (see `link`). Every change gives a new thread, which shares with the old one what is the
same in both; nothing here is ever changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from .link import LINK_BYTES, Link, Step, back_from, chained
from .messages import as_sent, system_message
from .turn import Message, Turn

MAIN = "main"


@dataclass(slots=True, eq=False, repr=False)
class Thread:
    """One conversation. Every change gives a new thread and leaves the old one as it was.

    `system` is the text that is in force: the one that the last standing turn came with, of those that do; else the one
    that `own_system` is, which was set for the thread and overrules all turns up to number `overruled` of `tellings`. A
    reset leaves the turn whose text is in force in `kept`, until its cell is run again.

    `cells` holds every cell that has ever asked in it: a hint, shared and only growing, that spares a search for a
    cell that is new. `copied` is about how many bytes its changes have taken beyond the turns that were added.
    """

    name: str = MAIN
    own_system: str = ""
    model: str | None = None
    last: Link | None = None
    past: Step | None = None
    future: Step | None = None
    cells: Set[str] = frozenset()
    copied: int = 0
    kept: Turn | None = None
    tellings: int = 0
    overruled: int = 0

    def __repr__(self) -> str:
        return f"<Thread {self.name}, {self.size} turns>"

    # What it holds

    @property
    def system(self) -> str:
        """The system text that is in force; empty where there is none."""
        telling = self._telling
        return self.own_system if telling is None or telling.told is None else telling.told.text

    @property
    def _telling(self) -> Turn | None:
        """The turn whose system text is in force, if it is a turn's."""
        link = self.last
        if link is not None and (link.turn.told is None or link.aside):
            link = link.telling
        while link is not None and _number(link.turn) <= self.overruled:
            link = link.telling
        return self.kept if link is None else link.turn

    @property
    def links(self) -> list[Link]:
        """All links in order, including those set aside, as the history lists and numbers them."""
        return list(back_from(self.last))[::-1]

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns that stand, in order."""
        return tuple(link.turn for link in self.links if not link.aside)

    @property
    def messages(self) -> list[Message]:
        """The conversation as it is sent to the service. Raises JournalError where an image's file is missing."""
        return as_sent([*system_message(self.system), *(message for turn in self.turns for message in turn.messages())])

    @property
    def size(self) -> int:
        """How many turns stand."""
        return self.last.standing if self.last else 0

    @property
    def newest(self) -> Link | None:
        """The last link whose turn stands."""
        return next((link for link in back_from(self.last) if not link.aside), None)

    def link(self, number: int) -> Link | None:
        """The link with this number."""
        return next((link for link in back_from(self.last) if link.number == number), None)

    def number_of(self, turn: str) -> int | None:
        """The number of the turn with this id."""
        link = self._with_id(turn)
        return link.number if link else None

    # How it changes

    def before(self, cell: str | None, run: str) -> Thread:
        """The thread as the next request of this cell sees it: the turns before the cell's own."""
        return replace(self, last=self._place(cell, run)[0], kept=self._kept_but({cell}, run))

    def up_to(self, turn: str) -> Thread:
        """The turns before the one with this id; all of them if there is no such turn."""
        place = self._with_id(turn)
        return replace(self, last=place.before) if place else self

    def holds_earlier(self, cell: str | None, run: str) -> bool:
        """Whether a turn stands that another run of this cell made."""
        return any(link.turn.run != run and not link.aside for link in self._links_of(cell))

    def commit(self, turn: Turn, *, append: bool = False, asked_after: int | None = None) -> Thread:
        """With this turn: in place of those from earlier runs of its cell, else after those of this run, else last.

        `asked_after` is the checksum of the turns in its request, if others may stand before it by now.
        """
        cell, cells = turn.cell, self.cells
        tellings = self.tellings
        if turn.told is not None:
            tellings += 1
            turn = turn._replace(told=turn.told._replace(number=tellings))
        if cell is None or append or cell not in cells:
            same_cell = next(self._links_of(cell), None) if cell in cells else None
            if cell is not None and cell not in cells:
                cells = cells if isinstance(cells, set) else set(cells)
                cells.add(cell)
            thread = self._step("a turn", Link(turn, self.last, same_cell, asked_after))
            thread.cells, thread.tellings = cells, tellings
            return thread
        before, same_cell = self._place(cell, turn.run)
        rest = self._after(before)
        kept = [link for link in rest if link.turn.cell != cell or link.turn.run == turn.run]
        what = "a turn" if len(kept) == len(rest) else "a turn run again"
        link = Link(turn, before, same_cell, asked_after)
        thread = self._step(what, chained(link, kept, before), len(kept) * LINK_BYTES)
        thread.kept, thread.tellings = self._kept_but({cell}, turn.run), tellings
        return thread

    def with_turns(self, turns: Sequence[Turn], asked_after: Sequence[int | None]) -> Thread:
        """With more turns at the end, as if `commit` had added them one after the other.

        Each of their cells is new to the thread, and asked only one of them. There is at least one turn.
        """
        before = last = self.last
        for turn, after in zip(turns, asked_after, strict=True):
            before, last = last, Link(turn, last, None, after)
        past = Step(before, "a turn", self.past, len(turns), kept=self.kept)
        cells = self.cells if isinstance(self.cells, set) else set(self.cells)
        cells.update(turn.cell for turn in turns if turn.cell is not None)
        return replace(self, last=last, past=past, future=None, cells=cells)

    def replace_turn(self, old: str, new: Callable[[Turn], Turn], *, what: str, asked_again: bool) -> Thread | None:
        """With another turn in place of the one with the id `old`; None if there is no such turn."""
        place = self._with_id(old)
        if place is None:
            return None
        asked_after = None if asked_again else place.asked_after
        turn, after = new(place.turn), self._after(place)
        link = Link(turn, place.before, place.same_cell, asked_after)
        return self._step(what, chained(link, after, place.before), len(after) * LINK_BYTES + turn.bytes)

    def set_aside(self, cells: Collection[str], except_run: str | None = None) -> Thread:
        """With the turns of these cells set aside, except those of one run; they keep their places."""
        chosen = {link for link in self._links_of(*cells) if not link.aside and link.turn.run != except_run}
        thread = self._marked("a turn set aside", chosen, self.latest_aside + 1)
        kept = self._kept_but(cells, except_run)
        if kept is not self.kept:
            thread = self._step("a system text", self.last) if thread is self else thread
            thread.kept = kept
        return thread

    def restore(self, number: int | None = None) -> Thread:
        """With the turn of this number restored; without a number, those that were set aside last."""
        latest = self.latest_aside
        if not latest:
            return self
        links = back_from(self.last)
        if number is None:
            return self._marked("a turn restored", {link for link in links if link.aside == latest}, 0)
        return self._marked("a turn restored", {link for link in links if link.aside and link.number == number}, 0)

    def reset(self) -> Thread:
        """Without any turn; the system text stays."""
        if self.last is None:
            return self
        thread = self._step("a reset", None)
        thread.kept = self._telling
        return thread

    def with_system(self, text: str) -> Thread:
        """With this system text, whatever its turns came with."""
        return replace(self, own_system=text, overruled=self.tellings, kept=None)

    def undo(self) -> Thread:
        """As it was before its latest change, or without its last turn if no change is known."""
        if self.past is not None:
            step = self.past
            future = Step(self.last, step.what, self.future, kept=self.kept)
            return replace(self, last=step.last, past=step.before, future=future, kept=self._standing(step.kept))
        if self.newest is None:
            return self
        return replace(self, last=self.newest.before, future=Step(self.last, "a turn", self.future, kept=self.kept))

    def redo(self) -> Thread:
        """As it was before it was undone."""
        if self.future is None:
            return self
        step = self.future
        past = Step(self.last, step.what, self.past, kept=self.kept)
        return replace(self, last=step.last, past=past, future=step.before, kept=self._standing(step.kept))

    def fork(self, name: str, at: int | None = None) -> Thread:
        """A thread of its own with the turns up to number `at`; what is undone there is undone there alone."""
        return replace(self, name=name, last=self.last if at is None else self.link(at), past=None, future=None)

    def _step(self, what: str, last: Link | None, copied: int = 0) -> Thread:
        thread = Thread.__new__(Thread)  # by hand, for `replace` takes five times as long
        thread.name, thread.own_system, thread.model, thread.cells = self.name, self.own_system, self.model, self.cells
        thread.last, thread.past, thread.future = last, Step(self.last, what, self.past, kept=self.kept), None
        thread.copied = self.copied + copied
        thread.kept, thread.tellings, thread.overruled = self.kept, self.tellings, self.overruled
        return thread

    def _kept_but(self, cells: Collection[str | None], run: str | None) -> Turn | None:
        """The turn that a reset has left its system text of, unless another run of one of these cells made it."""
        kept = self.kept
        return None if kept is not None and kept.cell is not None and kept.cell in cells and kept.run != run else kept

    def _standing(self, kept: Turn | None) -> Turn | None:
        """This turn, unless the system text that was set meanwhile overrules it."""
        return None if kept is not None and _number(kept) <= self.overruled else kept

    @property
    def latest_aside(self) -> int:
        """The number of the latest step that set a turn aside."""
        return self.last.latest_aside if self.last else 0

    def _with_id(self, turn: str) -> Link | None:
        return next((link for link in back_from(self.last) if link.turn.id == turn), None)

    def _links_of(self, *cells: str | None) -> Iterator[Link]:
        """The links whose turns these cells asked; those of one cell with the newest first."""
        missing = {cell for cell in cells if cell in self.cells}
        link = self.last
        while missing and link is not None:
            if link.turn.cell in missing:
                missing.discard(link.turn.cell)
                same: Link | None = link
                while same is not None:
                    yield same
                    same = same.same_cell
            link = link.before

    def _place(self, cell: str | None, run: str) -> tuple[Link | None, Link | None]:
        """Where a turn of this cell goes: the link before it, and the nearest one before it of the same cell."""
        own = earlier = newest = None
        for link in self._links_of(cell):
            newest = newest or link
            if link.turn.run != run:
                earlier = link
            elif own is None:
                own = link
        if earlier is not None:
            return earlier.before, earlier.same_cell
        return own or self.last, own

    def _after(self, place: Link | None) -> list[Link]:
        after = []
        for link in back_from(self.last):
            if link is place:
                break
            after.append(link)
        return after[::-1]

    def _marked(self, what: str, chosen: Set[Link], aside: int) -> Thread:
        """With these links set aside by a step of this number, or back in their places where it is 0."""
        if not chosen:
            return self
        before = min(chosen, key=lambda link: link.number).before
        after = self._after(before)
        last = chained(before, after, before, lambda link: aside if link in chosen else link.aside)
        return self._step(what, last, len(after) * LINK_BYTES)


def _number(turn: Turn) -> int:
    return turn.told.number if turn.told is not None else 0


@dataclass(slots=True, eq=False)
class Conversation:
    """All threads of a chat. `blank` is what a new thread begins as."""

    blank: Thread = field(default_factory=Thread)
    threads: Mapping[str, Thread] = field(default_factory=dict)
    current: str = MAIN

    @property
    def here(self) -> Thread:
        return self.thread(self.current)

    def thread(self, name: str) -> Thread:
        """The thread of this name, which begins empty."""
        return self.threads.get(name) or replace(self.blank, name=name)

    def with_thread(self, thread: Thread) -> Conversation:
        """With this thread in place of the one with its name."""
        return Conversation(self.blank, {**self.threads, thread.name: thread}, self.current)

    def switched(self, name: str) -> Conversation:
        """With another thread as the current one."""
        return Conversation(self.blank, {**self.threads, name: self.thread(name)}, name)

    def every(self, change: Callable[[Thread], Thread]) -> Conversation:
        """With this change made to all threads."""
        threads = {name: change(thread) for name, thread in self.threads.items()}
        return Conversation(self.blank, threads, self.current)
