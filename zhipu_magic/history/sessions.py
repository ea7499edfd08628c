"""What a journal's sessions left: their events applied again, one after the other."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..text.errors import JournalError
from ..values.images.stored import from_json as image_from_told
from .allowance import Allowance, TooMuch, copied_bytes, with_less_past
from .event_members import SENSELESS
from .events import ANSWERS, Event, Kept, apply, first
from .journal_reader import Lines, fill, images_of

#: What makes a session worth going on from.
_WORTH = ANSWERS - {"once"} | {"resume"}
#: Bytes of a journal for each of its sessions, which take some memory each; one of ours is longer.
_BYTES_A_SESSION, _FIRST_SESSIONS = 100, 100
#: Of one session, the moments that are remembered for those forked from it.
_MOST_FORKS = 100_000
_NONSENSE = (*SENSELESS, AttributeError, JournalError)


@dataclass(slots=True, eq=False)
class Session:
    """What one session keeps, where its events stand in the journal, and which session it stands on.

    `kept` is None where another session has gone on from it: that holds all of it. `opening` is the place of its first
    line, `taken` what it takes in memory beside its turns. One that asked for too much is `cut`: none of its further
    events is applied. `base` is what one that was forked began with, `latest` the id of the latest event.
    """

    kept: Kept | None
    opening: int | None = None
    events: list[int] = field(default_factory=list)
    worth: bool = False
    stands_on: str | None = None
    taken: int = 0
    cut: bool = False
    base: Kept | None = None
    latest: str = ""
    at_forks: dict[str, Kept] = field(default_factory=dict)
    """What it kept when other processes were forked from it, by the latest event before."""


def session_of(event: Event) -> str:
    name: str = event["id"].rpartition("-")[0]
    return name


class Rebuilding:
    """Applies a journal's events again, one after the other.

    `found` is what each session keeps, the one active last at the end. Events that make no sense are left out.
    """

    def __init__(self, lines: Lines) -> None:
        self.found: dict[str, Session] = {}
        self._lines = lines
        self._latest = ""
        self._allowance = Allowance()
        self._openings: dict[str, int] = {}

    def take(self, place: int, event: Event) -> None:
        """Apply the next event."""
        name, kind = session_of(event), event["event"]
        self._allowance.size += len(self._lines.raw[place])
        if kind == "session":
            # It takes memory only where something follows.
            self.found.pop(name, None)
            self._openings[name] = place
            return
        try:
            session = self.found.get(name) or self._begun(name)
        except _NONSENSE:
            self._lines.leave_out(place)
            return
        if session.cut:
            return
        if "forked" in event and session.kept is not None and len(session.at_forks) < _MOST_FORKS:
            session.at_forks[session.latest] = session.kept
        session.latest = event["id"]
        try:
            if kind == "resume":
                self._resume(session, name, event["from"])
            else:
                if session.kept is not None:
                    self._apply(session, event)
                session.events.append(place)
        except _NONSENSE:
            self._lines.leave_out(place)
            return
        except TooMuch:
            self._cut(session, place)
            return
        if kind in _WORTH:
            session.worth = True
            if name != self._latest:
                self.found[name], self._latest = self.found.pop(name), name

    def kept_by(self, name: str) -> Kept:
        """What this session keeps by now, whether or not another has gone on from it; nothing, if it cannot be told."""
        session = self.found.get(name)
        try:
            return self._kept(session or self._opened(self._openings.get(name)))
        except (TooMuch, *_NONSENSE):
            return first({})

    def conversations(self, *, but: str = "") -> dict[str, Kept]:
        """What the sessions left that hold a turn and that no later one went on from; the last at the end.

        `but` is the session that asks.
        """
        others = {name: session for name, session in self.found.items() if name != but}
        taken_up = {session.stands_on for session in others.values()}
        kept = {}
        for name, session in others.items():
            if session.worth and name not in taken_up:
                try:
                    kept[name] = self._kept(session)
                except (TooMuch, *_NONSENSE):
                    self._lines.say(f"{self._lines.path.name}: one of its conversations cannot be made anew.")
        return kept

    def _begun(self, name: str) -> Session:
        """The session of this name, with its first event. One whose first line is lost begins without settings."""
        if len(self.found) > _FIRST_SESSIONS + self._allowance.size // _BYTES_A_SESSION:
            raise LookupError("more sessions than so short a journal can tell of")
        session = self.found[name] = self._opened(self._openings.pop(name, None))
        return session

    def _opened(self, place: int | None) -> Session:
        """A session at its first line: with its settings, or with what another kept when it was forked from that."""
        line = [self._opening(place)]  # of processes that were forked from each other, and had told nothing yet
        while (above := line[-1].get("from", "")) not in self.found and above in self._openings:
            self._allowance.again(1)
            if len(line) > len(self._openings):
                raise LookupError("sessions that were forked from each other in a circle")
            line.append(self._opening(self._openings[above]))
        parent, base = self.found.get(line[-1].get("from", "")), None
        if parent is not None:
            at_fork = parent.at_forks.get(line[-1].get("at", ""))
            base = self._kept(parent) if at_fork is None else at_fork
        elif len(line) > 1:
            base = first(line[-1])
        return Session(base or first(line[0]), place, base=base, latest=line[0].get("id", ""))

    def _opening(self, place: int | None) -> Event:
        return {} if place is None else self._lines.event_at(place)

    def _apply(self, session: Session, event: Event) -> None:
        """Apply a session's next event, and make room where it needs some."""
        before, allowance = session.kept, self._allowance
        assert before is not None
        changes_more = allowance.admit(before.conversation, event, len(session.events))
        if "of" in event or "images" in event:
            event = whole(self._lines, event)
        session.kept = kept = apply(before, event)
        if not changes_more:
            return
        copied = copied_bytes(before.conversation, kept.conversation, event)
        session.taken += copied
        try:
            if allowance.take(copied):
                self._make_room()
        except TooMuch:
            session.kept = before
            raise

    def _make_room(self) -> None:
        """Forget the oldest steps of undo, those of all sessions. Raises TooMuch where that is not enough."""
        share = self._allowance.share
        for session in self.found.values():
            if session.kept is not None and session.taken:
                conversation, held = with_less_past(session.kept.conversation, int(session.taken * share))
                session.kept = replace(session.kept, conversation=conversation)
                session.taken = min(session.taken, held)
                if session.at_forks:
                    session.at_forks.clear()
                    self._lines.say(
                        f"{self._lines.path.name}: what forked processes began with takes more than its size allows; "
                        "they are told as if they had begun later."
                    )
        self._allowance.made_room(sum(session.taken for session in self.found.values()))

    def _cut(self, session: Session, place: int) -> None:
        session.cut = True
        self._lines.say(
            f"{self._lines.path.name}: from line {self._lines.numbers[place]} on, a session asks for more changes than "
            "its journal's size allows; the rest of it is left out."
        )

    def _resume(self, session: Session, name: str, earlier: str) -> None:
        """Have the session go on from an earlier one, which is then not kept twice."""
        if earlier == name:
            raise LookupError("a session goes on from another one")
        found, before, taken = self.found[earlier], session.kept, session.taken
        session.kept, session.taken = self._kept(found), found.taken
        try:
            self._apply_again(session)
            if before is None:
                self._end_circle(found, name)
        except BaseException:
            session.kept, session.taken = before, taken
            raise
        found.kept, found.taken, session.stands_on = None, 0, earlier

    def _end_circle(self, session: Session, name: str) -> None:
        """Where kernels went on from each other, let the one that did so last, of this name, stand on top."""
        below: Session | None = session
        while below is not None and below.stands_on is not None:
            self._allowance.again(1)
            if below.stands_on == name:
                below.stands_on = None
            else:
                below = self.found.get(below.stands_on)

    def _apply_again(self, session: Session) -> None:
        """Apply what the session has told so far to what it keeps now."""
        taken = self._allowance.again(len(session.events))
        for place in session.events:
            self._apply(session, self._lines.event_at(place))
        session.taken += taken
        if self._allowance.take(taken):
            self._make_room()

    def _kept(self, session: Session) -> Kept:
        """What a session keeps; where another has gone on from it, made anew from its lines. Raises TooMuch."""
        chain, seen = [session], {id(session)}
        while chain[-1].kept is None and chain[-1].stands_on is not None:
            before = self.found.get(chain[-1].stands_on)
            if before is None or id(before) in seen:
                break
            chain.append(before)
            seen.add(id(before))
            self._allowance.again(1)
        kept = chain[-1].kept
        for one in reversed(chain if kept is None else chain[:-1]):
            again = Session(kept or one.base or first(self._opening(one.opening)), events=one.events)
            self._apply_again(again)
            kept = again.kept
        assert kept is not None
        return kept


def rebuilt(lines: Lines, until: int | None = None) -> Rebuilding:
    """The sessions by the events that make sense, those before this place."""
    rebuilding = Rebuilding(lines)
    for place in range(len(lines.raw))[:until]:
        try:
            event = lines.event_at(place)
        except SENSELESS:
            lines.leave_out(place)
        else:
            rebuilding.take(place, event)
    lines.say_nonsense()
    return rebuilding


def whole(lines: Lines, event: Event) -> Event:
    """The event with what it leaves to an earlier line, and with the images that the journal keeps beside itself."""
    if "of" in event and "completion" not in event:
        return {**event, **lines.answer_of(event["of"])}
    if "images" in event:
        folder = images_of(lines.path)
        return {**event, "images": tuple(image_from_told(told, folder) for told in event["images"])}
    return event


def reopen(path: Path, *, but: str) -> tuple[Lines, dict[str, Kept]]:
    """Read a journal, and find the conversations to go on from. Raises JournalError."""
    lines = Lines(path)
    rebuilding = Rebuilding(lines)
    with _no_collector():
        fill(lines, rebuilding.take)
    found = rebuilding.conversations(but=but)
    lines.say_nonsense()
    return lines, found


@contextmanager
def _no_collector() -> Iterator[None]:
    """Without the garbage collector, which would look again and again through a million objects that all stay."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()  # both: what is new counts as old
        gc.enable()
