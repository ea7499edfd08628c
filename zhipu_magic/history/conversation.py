"""Conversations as pure data: turns in order, threads of them, and how they change.

A thread is a chain of links, each holding a turn and knowing the link before it. A change makes new links from the
first one that differs and shares all others, so that an earlier state is only another end of the chain: a request, a
fork and a step of undo each keep one, whatever the length of the thread. Nothing here is ever changed in place. (The
classes of which every turn makes new ones are not `frozen`, which would double the time that a journal takes to load.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from zlib import crc32

from .turn import Message, Turn, as_sent

MAIN = "main"
#: Bytes that a link takes in memory, its numbers with it.
LINK_BYTES = 224


class Link:
    """A turn in its place. `aside` is 0 where the turn stands, else the number of the step that set it aside.

    `number` counts all links up to here, `standing` those whose turns stand, `tokens` what these take. `history` stands
    for all standing turns up to here; `asked_after` is the history that the turn's own request held.
    """

    __slots__ = ("aside", "asked_after", "before", "history", "number", "standing", "tokens", "turn")

    def __init__(self, turn: Turn, before: Link | None, aside: int = 0, asked_after: int | None = None) -> None:
        self.turn = turn
        self.before = before
        self.aside = aside
        number = standing = tokens = history = 0
        if before is not None:
            number, standing, tokens, history = before.number, before.standing, before.tokens, before.history
        self.number: int = number + 1
        self.standing: int = standing if aside else standing + 1
        self.tokens: int = tokens if aside else tokens + turn.tokens
        self.asked_after = history if asked_after is None else asked_after
        # The same in every kernel, for the journal tells it.
        self.history: int = history if aside else crc32(f"{turn.id}\n".encode(), history)

    @property
    def stale(self) -> bool:
        """Whether the turns before it are not those that its request held."""
        return not self.aside and self.asked_after != history_of(self.before)

    def after(self, before: Link | None, *, aside: int | None = None) -> Link:
        """The same turn in another place."""
        return Link(self.turn, before, self.aside if aside is None else aside, self.asked_after)


def history_of(link: Link | None) -> int:
    return link.history if link else 0


def back_from(link: Link | None) -> Iterator[Link]:
    """This link and those before it, the newest first."""
    while link is not None:
        yield link
        link = link.before


@dataclass(slots=True, eq=False, repr=False)
class Step:
    """A change that can be taken back (or made again): where the thread ended otherwise, and what the change was."""

    last: Link | None
    what: str
    before: Step | None


@dataclass(slots=True, eq=False, repr=False)
class Thread:
    """One conversation. Every change gives a new thread and leaves the old one as it was.

    `cells` holds every cell that has ever asked in it: a hint, shared and only growing, that spares a search for a
    cell that is new. `copied` is about how many bytes its changes have taken beyond the turns that were added.
    """

    name: str = MAIN
    system: str = ""
    model: str | None = None
    last: Link | None = None
    past: Step | None = None
    future: Step | None = None
    cells: Set[str] = frozenset()
    copied: int = 0

    def __repr__(self) -> str:
        return f"<Thread {self.name}, {self.size} turns>"

    # What it holds

    @property
    def links(self) -> list[Link]:
        """All links in order, those set aside among them: as the history lists and numbers them."""
        return list(back_from(self.last))[::-1]

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns that stand, in order."""
        return tuple(link.turn for link in self.links if not link.aside)

    @property
    def messages(self) -> list[Message]:
        """The conversation as the service takes it."""
        system: list[Message] = [{"role": "system", "content": self.system}] if self.system else []
        return as_sent([*system, *(message for turn in self.turns for message in turn.messages())])

    @property
    def size(self) -> int:
        """How many turns stand."""
        return self.last.standing if self.last else 0

    @property
    def newest(self) -> Link | None:
        """The last link whose turn stands."""
        return next((link for link in back_from(self.last) if not link.aside), None)

    def link(self, number: int) -> Link | None:
        """The link of this number."""
        return next((link for link in back_from(self.last) if link.number == number), None)

    # How it changes

    def before(self, cell: str | None, run: str) -> Thread:
        """What the next request of this cell holds: the turns before the cell's own."""
        return replace(self, last=self._place(cell, run)[0])

    def up_to(self, turn: str) -> Thread:
        """The turns before the one with this id; all, where there is none."""
        place = next((link for link in back_from(self.last) if link.turn.id == turn), None)
        return replace(self, last=place.before) if place else self

    def commit(self, turn: Turn, *, append: bool = False, held: int | None = None) -> Thread:
        """With this turn: in the place of those of earlier runs of its cell; else after those of this run, or last.

        `held` is the history that its request held, where another may stand before it by now.
        """
        cell, cells = turn.cell, self.cells
        if cell is None or append or cell not in cells:
            if cell is not None and cell not in cells:
                cells = cells if isinstance(cells, set) else set(cells)
                cells.add(cell)
            last, past = Link(turn, self.last, 0, held), Step(self.last, "a turn", self.past)
            return Thread(self.name, self.system, self.model, last, past, None, cells, self.copied)
        before, rest = self._place(cell, turn.run)
        kept = [link for link in rest if link.turn.cell != cell or link.turn.run == turn.run]
        what = "a turn" if len(kept) == len(rest) else "a turn run again"
        return self._step(what, _chained(Link(turn, before, asked_after=held), kept), len(kept) * LINK_BYTES)

    def exchange(self, old: str, new: Callable[[Turn], Turn], *, what: str, asked_again: bool) -> Thread | None:
        """With another turn in the place of the one with the id `old`; None where there is none."""
        place = next((link for link in back_from(self.last) if link.turn.id == old), None)
        if place is None:
            return None
        asked_after = None if asked_again else place.asked_after
        turn, after = new(place.turn), self._after(place)
        link = Link(turn, place.before, asked_after=asked_after)
        return self._step(what, _chained(link, after), len(after) * LINK_BYTES + turn.bytes)

    def set_aside(self, cells: Collection[str], spare: str | None = None) -> Thread:
        """Without the turns of these cells, but for those of the run `spare`; they keep their places."""
        if self.cells.isdisjoint(cells):
            return self

        def gone(link: Link) -> bool:
            return not link.aside and link.turn.cell in cells and link.turn.run != spare

        return self._marked("a turn set aside", gone, self._latest_aside + 1)

    def restore(self, number: int | None = None) -> Thread:
        """With the turn of this number back in its place; without a number, those that were set aside last."""
        latest = self._latest_aside
        if number is None:
            return self._marked("a turn restored", lambda link: link.aside == latest > 0, 0)
        return self._marked("a turn restored", lambda link: link.aside > 0 and link.number == number, 0)

    def reset(self) -> Thread:
        """Without any turn; the system text stays."""
        return self._step("a reset", None) if self.last else self

    def undo(self) -> Thread:
        """As it was before its latest change; where none is known, without its last turn."""
        if self.past is not None:
            step = self.past
            future = Step(self.last, step.what, self.future)
            return replace(self, last=step.last, past=step.before, future=future)
        if self.newest is None:
            return self
        return replace(self, last=self.newest.before, future=Step(self.last, "a turn", self.future))

    def redo(self) -> Thread:
        """As it was before it was undone."""
        if self.future is None:
            return self
        step = self.future
        past = Step(self.last, step.what, self.past)
        return replace(self, last=step.last, past=past, future=step.before)

    def fork(self, name: str, at: int | None = None) -> Thread:
        """A thread of its own with the turns up to number `at`; what is undone there is undone there alone."""
        return replace(self, name=name, last=self.last if at is None else self.link(at), past=None, future=None)

    def _step(self, what: str, last: Link | None, copied: int = 0) -> Thread:
        past = Step(self.last, what, self.past)
        return Thread(self.name, self.system, self.model, last, past, None, self.cells, self.copied + copied)

    def _place(self, cell: str | None, run: str) -> tuple[Link | None, list[Link]]:
        """Where a turn of this cell goes: the link before it, and those after it in order."""
        if cell is None or cell not in self.cells:
            return self.last, []
        earlier = own = None
        for link in back_from(self.last):
            if link.turn.cell == cell:
                if link.turn.run != run:
                    earlier = link
                elif own is None:
                    own = link
        before = earlier.before if earlier else own or self.last
        return before, self._after(before)

    def _after(self, place: Link | None) -> list[Link]:
        after = []
        for link in back_from(self.last):
            if link is place:
                break
            after.append(link)
        return after[::-1]

    @property
    def _latest_aside(self) -> int:
        """The number of the latest step that set a turn aside."""
        return max((link.aside for link in back_from(self.last)), default=0)

    def _marked(self, what: str, chosen: Callable[[Link], bool], aside: int) -> Thread:
        first = None
        for link in back_from(self.last):
            first = link if chosen(link) else first
        if first is None:
            return self
        after = self._after(first.before)
        last = _chained(first.before, after, lambda link: aside if chosen(link) else link.aside)
        return self._step(what, last, len(after) * LINK_BYTES)


def _chained(last: Link | None, links: list[Link], aside: Callable[[Link], int] | None = None) -> Link | None:
    """The same turns after another one."""
    for link in links:
        last = link.after(last, aside=aside(link) if aside else None)
    return last


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

    def has(self, thread: Thread) -> Conversation:
        """With this thread in the place of the one of its name."""
        return Conversation(self.blank, {**self.threads, thread.name: thread}, self.current)

    def switched(self, name: str) -> Conversation:
        """With another thread as the current one."""
        return Conversation(self.blank, {**self.threads, name: self.thread(name)}, name)

    def every(self, change: Callable[[Thread], Thread]) -> Conversation:
        """With this change made to all threads."""
        threads = {name: change(thread) for name, thread in self.threads.items()}
        return Conversation(self.blank, threads, self.current)
