"""Rebuilding what a journal's sessions left, by applying their events again in order."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...text.errors import JournalError
from ...text.languages.messages import _
from ..events import turn_event
from ..events.changes import ResumeEvent, SessionEvent
from ..events.event import Event, State
from ..events.members import SENSELESS
from ..events.plain_turns import PlainTurns, entries
from ..events.turn_event import TurnEvent
from .allowance import Allowance, TooMuch, copied_bytes, with_less_past
from .reader import JournalReader
from .session import Session

#: The kinds of events that make a session worth resuming.
_WORTH = turn_event.KINDS - {"once"} | {"resume"}
#: The fewest bytes of a journal for each of its sessions, which take some memory; those of ours are longer.
_BYTES_A_SESSION, _FIRST_SESSIONS = 100, 100
#: The most states of one session that are kept for sessions forked from it.
_MOST_FORKS = 100_000
#: From how many new objects on it is worth it to make them count as old.
_MANY_OBJECTS = 10_000
_NONSENSE = (*SENSELESS, AttributeError, JournalError)
#: The first line of a session whose own is lost.
_UNKNOWN = SessionEvent(id="")


class Rebuilding:
    """Applies a journal's events again, one after the other.

    `found` is what each session keeps, the one active last at the end; `allowance` is what all of them have taken.
    Events that are not valid are left out.
    """

    def __init__(self, reader: JournalReader) -> None:
        self.found: dict[str, Session] = {}
        self._reader = reader
        self._latest = ""
        self.allowance = Allowance()
        self._openings: dict[str, int] = {}

    def take(self, place: int, event: Event) -> None:
        """Apply the next event."""
        name = event.session
        self.allowance.size += len(self._reader.raw[place])
        if event.event == "session":
            # It takes memory only where something follows.
            self.found.pop(name, None)
            self._openings[name] = place
            return
        try:
            session = self.found.get(name) or self._begun(name)
        except _NONSENSE:
            self._reader.leave_out(place)
            return
        if session.cut:
            return
        if event.forked is not None and session.state is not None and len(session.at_forks) < _MOST_FORKS:
            session.at_forks[session.latest] = session.state.copy()
        session.latest = event.id
        try:
            if isinstance(event, ResumeEvent):
                self._resume(session, name, event.from_)
            else:
                if session.state is not None:
                    self._apply(session, event)
                session.events.append(place)
        except _NONSENSE:
            self._reader.leave_out(place)
            return
        except TooMuch:
            self._cut(session, place)
            return
        if event.event in _WORTH:
            self._mark_worth(session, name)

    def _mark_worth(self, session: Session, name: str) -> None:
        """The session is worth resuming, and the one active last."""
        session.worth = True
        if name != self._latest:
            self.found[name], self._latest = self.found.pop(name), name

    def take_plain(self, first: int, turns: PlainTurns, sizes: Sequence[int]) -> int:
        """Apply turns up to the first that does more than add to its thread. Returns how many.

        `first` is the place of the first turn; the lines are of these `sizes` in bytes.
        """
        session = self.found.get(turns.session)
        if session is None or session.cut or session.state is None:
            return 0
        conversation = session.state.conversation
        thread = conversation.thread(turns.thread)
        turns = turns.of_cells_not_in(thread.cells).of_cells_not_in(thread.order.listed)
        count = len(turns.turns)
        if not count or not self.allowance.admit_plain(conversation, turns.thread, count):
            return 0
        session.state.put(thread.with_turns(turns.turns, turns.asked_after))
        session.state.ledger = session.state.ledger.add_all(partial(entries, turns.costs, turns.turns))
        self.allowance.size += sum(sizes[:count])
        session.latest = turns.turns[-1].id
        session.events.extend(range(first, first + count))
        self._mark_worth(session, turns.session)
        return count

    def now(self, name: str) -> State | None:
        """The state that this session's next event is applied to; None where none is applied, or another goes on."""
        session = self.found.get(name)
        if session is None:
            return self.state_of(name)
        return None if session.cut else session.state

    def state_of(self, name: str) -> State:
        """The state of this session now, whether or not another has resumed it; a blank state if it is unknown."""
        session = self.found.get(name)
        try:
            return self._state_of(session or self._opened(self._openings.get(name)))
        except (TooMuch, *_NONSENSE):
            return _UNKNOWN.state()

    def conversations(self, *, but: str = "") -> dict[str, State]:
        """What was left by the sessions that hold a turn and that no later one has resumed, the last at the end.

        `but` is the session that asks, which is left out.
        """
        others = {name: session for name, session in self.found.items() if name != but}
        resumed = {session.stands_on for session in others.values()}
        states = {}
        for name, session in others.items():
            if session.worth and name not in resumed:
                try:
                    states[name] = self._state_of(session)
                except (TooMuch, *_NONSENSE):
                    self._reader.note(
                        _("{journal}: one of its conversations cannot be rebuilt.", journal=self._reader.path.name)
                    )
        return states

    def _begun(self, name: str) -> Session:
        """Begin the session of this name at its first event. If its first line is lost, it has no settings."""
        if len(self.found) > _FIRST_SESSIONS + self.allowance.size // _BYTES_A_SESSION:
            raise LookupError("more sessions than so short a journal can hold")
        session = self.found[name] = self._opened(self._openings.pop(name, None))
        return session

    def _opened(self, place: int | None) -> Session:
        """A session at its first line: with its settings, or with the state of the session that it was forked from."""
        line = [self._opening(place)]  # of processes that were forked from each other and had done nothing yet
        while (above := line[-1].from_ or "") not in self.found and above in self._openings:
            self.allowance.again(1)
            if len(line) > len(self._openings):
                raise LookupError("sessions that were forked from each other in a circle")
            line.append(self._opening(self._openings[above]))
        parent, base = self.found.get(above), None
        if parent is not None:
            at_fork = parent.at_forks.get(line[-1].at or "")
            base = self._state_of(parent).copy() if at_fork is None else at_fork
        elif len(line) > 1:
            base = line[-1].state()
        state = line[0].state() if base is None else base.copy()
        return Session(state, place, base=base, latest=line[0].id)

    def _opening(self, place: int | None) -> SessionEvent:
        event = None if place is None else self._reader.event_at(place)
        return event if isinstance(event, SessionEvent) else _UNKNOWN

    def _apply(self, session: Session, event: Event) -> None:
        """Apply a session's next event, and make room if needed."""
        before, allowance = session.state, self.allowance
        assert before is not None
        may_copy = allowance.admit(before.conversation, event, len(session.events))
        if isinstance(event, TurnEvent):
            event = self._reader.with_answer(event)
        if not may_copy:
            event.apply(before)
            return
        session.state = state = event.applied_to(before)
        copied = copied_bytes(before.conversation, state.conversation, event)
        session.taken += copied
        try:
            if allowance.take(copied):
                self._make_room()
        except TooMuch:
            session.state = before
            raise

    def _make_room(self) -> None:
        """Forget the oldest steps of undo of all sessions. Raises TooMuch if that is not enough."""
        share = self.allowance.share
        for session in self.found.values():
            if session.state is not None and session.taken:
                conversation, held = with_less_past(session.state.conversation, int(session.taken * share))
                session.state = replace(session.state, conversation=conversation)
                session.taken = min(session.taken, held)
                if session.at_forks:
                    session.at_forks.clear()
                    self._reader.note(
                        _(
                            "{journal}: what forked processes began with takes more than its size allows; they are "
                            "read as if they had begun later.",
                            journal=self._reader.path.name,
                        )
                    )
        self.allowance.made_room(sum(session.taken for session in self.found.values()))

    def _cut(self, session: Session, place: int) -> None:
        session.cut = True
        self._reader.note(
            _(
                "{journal}: from line {line} on, a session asks for more changes than its journal's size allows; the "
                "rest of it is left out.",
                journal=self._reader.path.name,
                line=self._reader.numbers[place],
            )
        )

    def _resume(self, session: Session, name: str, earlier: str) -> None:
        """Let the session continue an earlier one, whose state is then no longer kept separately."""
        if earlier == name:
            raise LookupError("a session cannot resume itself")
        found, before, taken = self.found[earlier], session.state, session.taken
        session.state, session.taken = self._state_of(found).copy(), found.taken
        try:
            self._apply_again(session)
            if before is None:
                self._end_circle(found, name)
        except BaseException:
            session.state, session.taken = before, taken
            raise
        found.state, found.taken, session.stands_on = None, 0, earlier

    def _end_circle(self, session: Session, name: str) -> None:
        """Break the circle of kernels that resumed each other: the one that did so last, of this name, is on top."""
        below: Session | None = session
        while below is not None and below.stands_on is not None:
            self.allowance.again(1)
            if below.stands_on == name:
                below.stands_on = None
            else:
                below = self.found.get(below.stands_on)

    def _apply_again(self, session: Session) -> None:
        """Apply the session's events so far to the state that it has now."""
        taken = self.allowance.again(len(session.events))
        for place in session.events:
            self._apply(session, self._reader.event_at(place))
        session.taken += taken
        if self.allowance.take(taken):
            self._make_room()

    def _state_of(self, session: Session) -> State:
        """The state of a session, rebuilt from its lines if another has resumed it. Raises TooMuch."""
        chain, seen = [session], {id(session)}
        while chain[-1].state is None and chain[-1].stands_on is not None:
            before = self.found.get(chain[-1].stands_on)
            if before is None or id(before) in seen:
                break
            chain.append(before)
            seen.add(id(before))
            self.allowance.again(1)
        state = chain[-1].state
        for one in reversed(chain if state is None else chain[:-1]):
            below = state or one.base
            below = self._opening(one.opening).state() if below is None else below.copy()
            again = Session(below, events=one.events)
            self._apply_again(again)
            state = again.state
        assert state is not None
        return state


def rebuilt(reader: JournalReader, until: int | None = None) -> Rebuilding:
    """The sessions, rebuilt from all valid events, or those before the place `until`."""
    rebuilding = Rebuilding(reader)
    for place in range(len(reader.raw))[:until]:
        try:
            event = reader.event_at(place)
        except SENSELESS:
            reader.leave_out(place)
        else:
            rebuilding.take(place, event)
    reader.note_senseless()
    return rebuilding


def reopen(path: Path, *, but: str) -> tuple[JournalReader, dict[str, State]]:
    """Read a journal, and find the conversations that can be resumed. Raises JournalError."""
    reader = JournalReader(path)
    rebuilding = Rebuilding(reader)
    with _no_collector():
        reader.read(rebuilding.take, rebuilding.take_plain)
    found = rebuilding.conversations(but=but)
    reader.note_senseless()
    return reader, found


@contextmanager
def _no_collector() -> Iterator[None]:
    """Pause the garbage collector, which would search a million objects again and again, and free none."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        # In this order: where somebody has frozen objects, counting those takes longer than a short journal.
        if gc.get_count()[0] > _MANY_OBJECTS and not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()  # the two together make new objects count as old
        gc.enable()
