"""What a journal's sessions left: their events applied again, one after the other."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from .conversation import Thread
from .errors import JournalError
from .events import ANSWERS, Event, Kept, apply, first, is_whole
from .images import Image
from .lines import TOLD_ONCE, Lines, images_of, read, some
from .turn import Message, user_message

#: What makes a session worth going on from.
_WORTH = ANSWERS - {"once"} | {"resume"}
#: Requests among which the nearest is looked for.
_MOST_COMPARED = 500
#: Of one session, the moments that are remembered for those forked from it.
_MOST_FORKS = 1_000
_NONSENSE = (LookupError, TypeError, ValueError, AttributeError, JournalError)


@dataclass
class Session:
    """What one session keeps, where its events stand in the journal, and which session it stands on."""

    kept: Kept
    events: list[int] = field(default_factory=list)
    worth: bool = False
    stands_on: str | None = None
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

    def __init__(self) -> None:
        self.found: dict[str, Session] = {}
        self._latest = ""
        self._nonsense: list[int] = []

    def take(self, lines: Lines, place: int, event: Event) -> None:
        """Apply the next event."""
        name, kind = session_of(event), event["event"]
        try:
            if kind == "session":
                self.found[name] = Session(self._begun(event), latest=event["id"])
                return
            # One whose first line is lost begins without settings.
            session = self.found.get(name) or self.found.setdefault(name, Session(first({})))
            if "forked" in event and len(session.at_forks) < _MOST_FORKS:
                session.at_forks[session.latest] = session.kept
            session.latest = event["id"]
            if kind == "resume":
                session.kept = on_top(lines, self.found[event["from"]].kept, session)
                session.stands_on = event["from"]
            else:
                session.kept = apply(session.kept, _whole(lines, event))
                session.events.append(place)
        except _NONSENSE:
            self._nonsense.append(lines.numbers[place])
            return
        if kind in _WORTH:
            session.worth = True
            if name != self._latest:
                self.found[name], self._latest = self.found.pop(name), name

    def _begun(self, event: Event) -> Kept:
        """What a session begins with: its settings, or what a session kept at the moment it was forked from it."""
        parent = self.found.get(event.get("from", ""))
        if parent is None:
            return first(event)
        return parent.at_forks.get(event.get("at", ""), parent.kept)

    def notes(self, lines: Lines) -> list[str]:
        """What was left out."""
        numbers = some(self._nonsense)
        return [f"{lines.path.name}: line {numbers} makes no sense there and is left out."] if numbers else []


def rebuild(lines: Lines, until: int | None = None) -> dict[str, Session]:
    """What each session keeps, by the events that were kept (those before number `until`)."""
    rebuilding = Rebuilding()
    for place, event in enumerate(lines.events[:until]):
        rebuilding.take(lines, place, event)
    lines.notes += rebuilding.notes(lines)
    return rebuilding.found


def on_top(lines: Lines, kept: Kept, session: Session) -> Kept:
    """What the session has told so far, on top of what another one left."""
    for place in session.events:
        kept = apply(kept, _whole(lines, lines.event_at(place)))
    return kept


def _whole(lines: Lines, event: Event) -> Event:
    """The event with what it leaves to an earlier line, and with the images that the journal keeps beside itself."""
    if "of" in event and "completion" not in event:
        earlier = lines.event(event["of"])
        event = {**{name: earlier[name] for name in TOLD_ONCE if name in earlier}, **event}
    if "images" in event:
        folder = images_of(lines.path)
        event = {**event, "images": [Image.from_told(told, folder) for told in event["images"]]}
    return event


def reopen(path: Path, *, but: str) -> tuple[Lines, dict[str, Kept]]:
    """Read a journal, and find the conversations to go on from. Raises JournalError."""
    rebuilding = Rebuilding()
    with _no_collector():
        lines = read(path, rebuilding.take)
    lines.notes += rebuilding.notes(lines)
    return lines, conversations(rebuilding.found, but=but)


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


def conversations(found: Mapping[str, Session], *, but: str) -> dict[str, Kept]:
    """What the sessions left that hold a turn and that no later one went on from; the last at the end.

    `but` is the session that asks.
    """
    others = {name: session for name, session in found.items() if name != but}
    taken_up = {session.stands_on for session in others.values()}
    return {name: session.kept for name, session in others.items() if session.worth and name not in taken_up}


@dataclass(frozen=True)
class Nearest:
    """A recorded request: the number of its line, whether its reply is whole, and its body, as far as it decides."""

    line: int
    whole: bool
    body: Mapping[str, Any]


def nearest(lines: Lines, prompt: str) -> Nearest | None:
    """The recorded request with the same prompt, or the one most like it; of several, the last."""
    asked = [
        place
        for place, event in enumerate(lines.events)
        if event["event"] in ANSWERS and isinstance(event.get("prompt"), str) and "model" in event
    ]
    if not asked:
        return None

    def likeness(place: int) -> float:
        text: str = lines.events[place]["prompt"]
        return 2.0 if text == prompt else SequenceMatcher(None, text[:500], prompt[:500], autojunk=False).ratio()

    place = max(reversed(asked[-_MOST_COMPARED:]), key=likeness)
    event = _whole(lines, lines.events[place])
    session = rebuild(lines, until=place).get(session_of(event))
    thread = session.kept.conversation.thread(event.get("thread", "")) if session else Thread()
    body = {"model": event["model"], "messages": messages_of(thread, event), **(event.get("members") or {})}
    return Nearest(lines.numbers[place], is_whole(event), body)


def messages_of(thread: Thread, event: Event) -> list[Message]:
    """The messages of a recorded request, from the thread as it stood before."""
    if event["event"] == "once":
        thread = Thread(system=event.get("system") or "")
    elif "replaces" in event:
        thread = thread.up_to(event["replaces"])
    elif not ("joins" in event or event.get("append")):
        thread = thread.before(event.get("cell"), event.get("run", ""))
    system = "\n\n".join(text for text in (event.get("system", thread.system), event.get("instruction")) if text)
    turns = thread.turns[event.get("left_out", 0) :]
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    seeing = "unseen" not in event
    messages += [message for turn in turns for message in turn.messages(seeing=seeing)]
    return [*messages, user_message(event["prompt"], event.get("images", ()))]
