"""Conversations as pure data: turns in order, threads of them, and how they change.

A thread is a chain of links (see `link`). Every change gives a new thread, which shares with the old one what is the
same in both; nothing here is ever changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from .link import A_TURN, LINK_BYTES, Link, Step, back_from, chained, links_with_system
from .messages import as_sent, system_message
from .system_texts import SystemTexts
from .turn import Message, Turn

MAIN = "main"


@dataclass(slots=True, eq=False, repr=False)
class Thread:
    """One conversation. Every change gives a new thread and leaves the old one as it was.

    `system` is the text that is in force: the one that the last standing turn came with, of those that do (see
    `SystemTexts`); else `own_system`, which was set for the whole thread.

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
    system_texts: SystemTexts = field(default_factory=SystemTexts)

    def __repr__(self) -> str:
        return f"<Thread {self.name}, {self.size} turns>"

    # What it holds

    @property
    def system(self) -> str:
        """The system text that is in force; empty where there is none."""
        turn = self._system_turn
        return self.own_system if turn is None or turn.system_given is None else turn.system_given.text

    @property
    def _system_turn(self) -> Turn | None:
        """The turn whose system text is in force, if it is a turn's."""
        return self.system_texts.in_force(link.turn for link in links_with_system(self.last))

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
        return replace(self, last=self._place(cell, run)[0], system_texts=self.system_texts.without({cell}, run))

    def up_to(self, turn: str) -> Thread:
        """The turns before the one with this id; all of them if there is no such turn."""
        place = self._with_id(turn)
        return replace(self, last=place.before) if place else self

    def holds_earlier(self, cell: str | None, run: str) -> bool:
        """Whether a turn stands that another run of this cell made."""
        return any(link.turn.run != run and not link.aside for link in self._links_of(cell))

    def commit(self, turn: Turn, *, append: bool = False, asked_after: int | None = None) -> Thread:
        """Add this turn: in place of turns from earlier runs of its cell, else after those of this run, else last.

        `asked_after` is the checksum of the turns in its request, if others may stand before it by now.
        """
        cell, cells = turn.cell, self.cells
        texts, turn = self.system_texts.numbered(turn)
        if cell is None or append or cell not in cells:
            same_cell = next(self._links_of(cell), None) if cell in cells else None
            if cell is not None and cell not in cells:
                cells = cells if isinstance(cells, set) else set(cells)
                cells.add(cell)
            thread = self._step(A_TURN, Link(turn, self.last, same_cell, asked_after))
            thread.cells, thread.system_texts = cells, texts
            return thread
        before, same_cell = self._place(cell, turn.run)
        rest = self._after(before)
        others = [link for link in rest if link.turn.cell != cell or link.turn.run == turn.run]
        what = A_TURN if len(others) == len(rest) else "a turn run again"
        link = Link(turn, before, same_cell, asked_after)
        thread = self._step(what, chained(link, others, before), len(others) * LINK_BYTES)
        thread.system_texts = texts.without({cell}, turn.run)
        return thread

    def with_turns(self, turns: Sequence[Turn], asked_after: Sequence[int | None]) -> Thread:
        """With more turns at the end, as if `commit` had added them one after the other.

        Each of their cells is new to the thread, and asked only one of them. There is at least one turn.
        """
        before = last = self.last
        for turn, after in zip(turns, asked_after, strict=True):
            before, last = last, Link(turn, last, None, after)
        past = Step(before, A_TURN, self.past, count=len(turns), left_by_reset=self.system_texts.left_by_reset)
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
        texts = self.system_texts.without(cells, except_run)
        if texts is not self.system_texts:
            thread = self._step("a system text", self.last) if thread is self else thread
            thread.system_texts = texts
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
        thread.system_texts = self.system_texts.with_left(self._system_turn)
        return thread

    def with_system(self, text: str) -> Thread:
        """With this system text, whatever its turns came with."""
        return replace(self, own_system=text, system_texts=self.system_texts.all_overruled())

    def undo(self) -> Thread:
        """As it was before its latest change, or without its last turn if no change is known."""
        if self.past is not None:
            step = self.past
            texts = self.system_texts.with_left(step.left_by_reset)
            future = self._now(step.what, self.future)
            return replace(self, last=step.last, past=step.before, future=future, system_texts=texts)
        if self.newest is None:
            return self
        return replace(self, last=self.newest.before, future=self._now(A_TURN, self.future))

    def redo(self) -> Thread:
        """As it was before it was undone."""
        if self.future is None:
            return self
        step = self.future
        texts = self.system_texts.with_left(step.left_by_reset)
        past = self._now(step.what, self.past)
        return replace(self, last=step.last, past=past, future=step.before, system_texts=texts)

    def fork(self, name: str, at: int | None = None) -> Thread:
        """A thread of its own with the turns up to number `at`; what is undone there is undone there alone."""
        return replace(self, name=name, last=self.last if at is None else self.link(at), past=None, future=None)

    def _step(self, what: str, last: Link | None, copied: int = 0) -> Thread:
        thread = Thread.__new__(Thread)  # by hand, for `replace` takes five times as long
        thread.name, thread.own_system, thread.model, thread.cells = self.name, self.own_system, self.model, self.cells
        thread.last, thread.past, thread.future = last, self._now(what, self.past), None
        thread.copied = self.copied + copied
        thread.system_texts = self.system_texts
        return thread

    def _now(self, what: str, before: Step | None) -> Step:
        """The step that leads back here, from where `what` is done or undone."""
        return Step(self.last, what, before, left_by_reset=self.system_texts.left_by_reset)

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
        """With this change applied to every thread."""
        threads = {name: change(thread) for name, thread in self.threads.items()}
        return Conversation(self.blank, threads, self.current)
