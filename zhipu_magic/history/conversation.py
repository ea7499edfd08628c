"""Conversations as pure data: turns in order, threads of them, and how they change.

A thread is a chain of links (see `link`). Every change gives a new thread, which shares with the old one what is the
same in both; nothing here is ever changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import takewhile

from ..text.languages.messages import _
from .link import LINK_BYTES, Link, back_from, chained, links_with_system, next_aside, was_deleted
from .messages import as_sent, system_message
from .order import NO_ORDER, Order
from .step import A_TURN, Step
from .system_texts import SystemTexts
from .turn import Message, Turn

MAIN = "main"
#: What a link counts as, in bytes, that is only looked at.
_LOOK_BYTES = LINK_BYTES // 16


@dataclass(slots=True, eq=False, repr=False)
class Thread:
    """One conversation. Every change gives a new thread and leaves the old one as it was.

    `system` is the text that is in force: the one that the last standing turn came with, of those that do (see
    `SystemTexts`); else `own_system`, which was set for the whole thread.

    `cells` holds every cell that has ever asked in it: a hint, shared and only growing, that spares a search for a
    cell that is new. `copied` is about how many bytes its changes have taken beyond the turns that were added.
    `order` is that of the page's cells, as far as it is known: the links of cells that it lists stand in it.
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
    order: Order = NO_ORDER

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

    def links_behind(self, cell: str | None) -> int:
        """How many links stand behind the place of a cell that is new here."""
        place = self.order.place(self.last, cell)
        return (self.last.number if self.last else 0) - (place.number if place else 0)

    # How it changes

    def before(self, cell: str | None, run: str) -> Thread:
        """The thread as the next request of this cell sees it: the turns before the cell's own."""
        thread = self._with_place_of(cell)
        last = thread._place(cell, run)[0]
        return replace(thread, last=last, system_texts=self.system_texts.without({cell}, run))

    def up_to(self, turn: str) -> Thread:
        """The turns before the one with this id; all of them if there is no such turn."""
        place = self._with_id(turn)
        return replace(self, last=place.before) if place else self

    def holds_earlier(self, cell: str | None, run: str) -> bool:
        """Whether a turn stands that another run of this cell made."""
        return any(link.turn.run != run and not link.aside for link in self._links_of(cell))

    def commit(self, turn: Turn, *, append: bool = False, asked_after: int | None = None) -> Thread:
        """Add this turn: in place of turns from earlier runs of its cell, else after those of this run, else where
        its cell stands on the page, else last.

        `append` adds it last. `asked_after` is the checksum of the turns in its request, if others may stand before it
        by now.
        """
        cell, cells = turn.cell, self.cells
        texts, turn = self.system_texts.numbered(turn)
        if append:
            turn = turn._replace(appended=True)
        if cell is None or append or (cell not in cells and cell not in self.order):
            same_cell = next(self._links_of(cell), None) if cell in cells else None
            thread = self._step(A_TURN, Link(turn, self.last, same_cell, asked_after))
            thread.cells, thread.system_texts = self._cells_and(cell), texts
            return thread
        placed = self._with_place_of(cell)
        before, same_cell = placed._place(cell, turn.run)
        rest = placed._after(before)
        others = [link for link in rest if link.turn.cell != cell or link.turn.run == turn.run]
        what = A_TURN if len(others) == len(rest) else _("a turn run again")
        link = Link(turn, before, same_cell, asked_after)
        copied = len(others) * LINK_BYTES + placed.copied - self.copied
        thread = self._step(what, chained(link, others, before), copied)
        thread.cells, thread.system_texts = self._cells_and(cell), texts.without({cell}, turn.run)
        return thread

    def insert(self, turn: Turn, after: str | None, asked_after: int | None) -> Thread:
        """Add a turn that was asked earlier: in the place of its cell if that has one, else right after the turn with
        the id `after`, which was the last then, or last if that is no more. Without one, it was the first of its
        session: it goes after those of the sessions that this one continues.
        """
        has_place = turn.cell in self.order or next(self._links_of(turn.cell), None) is not None
        before = self._with_id(after) if after else self._left_by_others(turn)
        rest = [] if has_place or (after and before is None) else self._after(before)
        if not rest:
            return self.commit(turn, asked_after=asked_after)
        texts, turn = self.system_texts.numbered(turn)
        last = chained(Link(turn, before, None, asked_after), rest, before)
        thread = self._step(A_TURN, last, len(rest) * LINK_BYTES)
        thread.cells, thread.system_texts = self._cells_and(turn.cell), texts
        return thread

    def _left_by_others(self, turn: Turn) -> Link | None:
        """The last of the links at the beginning whose turns are of other sessions than this one."""
        links = takewhile(lambda link: link.turn.session != turn.session, self.links)
        return next(reversed([*links]), None)

    def with_turns(self, turns: Sequence[Turn], asked_after: Sequence[int | None]) -> Thread:
        """With more turns at the end, as if `commit` had added them one after the other.

        Each of their cells is new to the thread, and asked only one of them. There is at least one turn.
        """
        before = last = self.last
        for turn, after in zip(turns, asked_after, strict=True):
            before, last = last, Link(turn, last, None, after)
        left = self.system_texts.left_by_reset
        past = Step(before, A_TURN, self.past, count=len(turns), left_by_reset=left, order=self.order)
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
        """With the turns of these cells set aside, except those of one run; they keep their places.

        Without a run, the cells were deleted, and `bring_back` undoes it.
        """
        chosen = {link for link in self._links_of(*cells) if not link.aside and link.turn.run != except_run}
        thread = self._marked(_("a turn set aside"), chosen, next_aside(self.latest_aside, deleted=except_run is None))
        texts = self.system_texts.without(cells, except_run)
        if texts is not self.system_texts:
            thread = self._step(_("a system text"), self.last) if thread is self else thread
            thread.system_texts = texts
        return thread

    def restore(self, number: int | None = None) -> Thread:
        """With the turn of this number restored; without a number, those that were set aside last."""
        latest = self.latest_aside
        if not latest:
            return self
        links = back_from(self.last)
        if number is None:
            return self._marked(_("a turn restored"), {link for link in links if link.aside == latest}, 0)
        return self._marked(_("a turn restored"), {link for link in links if link.aside and link.number == number}, 0)

    def bring_back(self, cells: Collection[str]) -> Thread:
        """With the turns of these cells restored that were set aside because the cells were deleted."""
        return self._marked(_("a turn restored"), {link for link in self._links_of(*cells) if was_deleted(link)}, 0)

    def in_order(self, order: Order) -> Thread:
        """With its links in this order of the page. That is no change to be undone."""
        return replace(self, order=order)._arranged()

    def reset(self) -> Thread:
        """Without any turn; the system text stays."""
        if self.last is None:
            return self
        thread = self._step(_("a reset"), None)
        thread.system_texts = self.system_texts.with_left(self._system_turn)
        return thread

    def with_system(self, text: str) -> Thread:
        """With this system text, whatever its turns came with."""
        return replace(self, own_system=text, system_texts=self.system_texts.all_overruled())

    def undo(self, count: int = 1) -> Thread:
        """As it was before its latest changes, or without its last turn if no change is known; in the page's order."""
        return self._repeated(Thread._undone, count)

    def redo(self, count: int = 1) -> Thread:
        """As it was before that was undone, in the page's order."""
        return self._repeated(Thread._redone, count)

    def _repeated(self, change: Callable[[Thread], Thread], count: int) -> Thread:
        """The thread after so many steps, each to a chain in the order of its time; arranged once, at the end."""
        thread = self
        for _step in range(count):
            before, thread = thread, change(thread)
            if thread is before:
                break
        return thread if thread.order is self.order else thread.in_order(self.order)

    def _undone(self) -> Thread:
        if self.past is not None:
            step = self.past
            texts = self.system_texts.with_left(step.left_by_reset)
            now = self._now(step.what, self.future)
            return replace(self, last=step.last, past=step.before, future=now, system_texts=texts, order=step.order)
        if self.newest is None:
            return self
        return replace(self, last=self.newest.before, future=self._now(A_TURN, self.future))

    def _redone(self) -> Thread:
        if self.future is None:
            return self
        step = self.future
        texts = self.system_texts.with_left(step.left_by_reset)
        now = self._now(step.what, self.past)
        return replace(self, last=step.last, past=now, future=step.before, system_texts=texts, order=step.order)

    def fork(self, name: str, at: int | None = None) -> Thread:
        """A thread of its own with the turns up to number `at`; what is undone there is undone there alone."""
        return replace(self, name=name, last=self.last if at is None else self.link(at), past=None, future=None)

    def _step(self, what: str, last: Link | None, copied: int = 0) -> Thread:
        thread = Thread.__new__(Thread)  # by hand, for `replace` takes five times as long
        thread.name, thread.own_system, thread.model, thread.cells = self.name, self.own_system, self.model, self.cells
        thread.last, thread.past, thread.future = last, self._now(what, self.past), None
        thread.copied = self.copied + copied
        thread.system_texts, thread.order = self.system_texts, self.order
        return thread

    def _now(self, what: str, before: Step | None) -> Step:
        """The step that leads back here, from where `what` is done or undone."""
        return Step(self.last, what, before, left_by_reset=self.system_texts.left_by_reset, order=self.order)

    def _arranged(self) -> Thread:
        """With its links in its order; those before the first that moves are shared with the old ones."""
        links = self.order.arranged(self.last)
        old = list(back_from(self.last))[::-1]
        same = next((place for place, link in enumerate(links) if link is not old[place]), len(links))
        shared, copied = (links[same - 1] if same else None), len(links) * _LOOK_BYTES
        if same == len(links):
            return replace(self, copied=self.copied + copied)
        last = chained(shared, links[same:], shared)
        return replace(self, last=last, copied=self.copied + copied + (len(links) - same) * LINK_BYTES)

    def _with_place_of(self, cell: str | None) -> Thread:
        """With the turns in the cell's place that it has appended, if it is listed: another one may replace them."""
        if cell not in self.order or not any(link.turn.appended for link in self._links_of(cell)):
            return self
        links = [
            Link(link.turn._replace(appended=False), None, None, link.asked_after, aside=link.aside)
            if link.turn.cell == cell
            else link
            for link in self.links
        ]
        copied = self.copied + len(links) * LINK_BYTES
        return replace(self, last=chained(None, links, None), copied=copied)._arranged()

    def _cells_and(self, cell: str | None) -> Set[str]:
        if cell is None or cell in self.cells:
            return self.cells
        cells = self.cells if isinstance(self.cells, set) else set(self.cells)
        cells.add(cell)
        return cells

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
        return own or self.order.place(self.last, cell), own

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
    def order(self) -> Order:
        """The order of the page's cells, as far as it is known."""
        return self.blank.order

    def needs(self, order: Order, asking: Collection[str] | None = None) -> bool:
        """Whether this order makes a difference to a thread, or to the place of what cells `asking` ask next."""
        if order.cells == self.order.cells:
            return False
        return any(order.matters(thread.last, self.order, asking) for thread in self.threads.values())

    def in_order(self, order: Order) -> Conversation:
        """With this order of the page, in every thread."""
        return replace(self.every(lambda thread: thread.in_order(order)), blank=replace(self.blank, order=order))

    @property
    def here(self) -> Thread:
        return self.thread(self.current)

    @property
    def begun(self) -> tuple[Thread, ...]:
        """The threads that have begun, and the current one."""
        return tuple(self.thread(name) for name in dict.fromkeys((*self.threads, self.current)))

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
