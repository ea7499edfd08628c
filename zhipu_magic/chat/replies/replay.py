"""Answers from the journal in place of the service's.

A request is identified by its key (`request.key_of`). Where the same request was sent more than once, its answers are
distinguished by occurrence: within a session, the first request gets the first answer; a cell that is run again asks
for the same occurrence; and answers of a later session take precedence over those of an earlier one. Where nothing goes
out, a request that only the turns before it distinguish from a recorded one may be answered as well (see `explained`).
"""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...history.events.event import Event, State
from ...history.events.map_event import MapEvent
from ...history.events.turn_event import TurnEvent
from ...history.journal.journal import Journal
from ...history.journal.reader import JournalReader
from ...history.rounds import Round
from ...history.turn import Anchor
from ...service.stream import DONE
from ...text.characters import shortened
from ...text.errors import NotRecorded
from ...text.notice import Notice
from ..environment import ReplayMode
from ..request import Request, deciding, key_of
from . import stream
from .occurrences import Occurrences
from .recorded_maps import Keys, RecordedMaps

if TYPE_CHECKING:
    from ...history.journal.pages import Pages
    from .explained import Below, Explained


class Recording:
    """The whole replies of a journal, by the key of the request that they answer."""

    def __init__(self, path: Path | None = None) -> None:
        """Read the journal, if there is one. Raises JournalError."""
        self._path = path
        self._answers: dict[str, dict[int, int | TurnEvent]] = {}
        self.maps = RecordedMaps()
        self._asked = array("Q")
        self._occurrences = Occurrences()
        self._newest: dict[tuple[str, int], str] = {}
        self._pages: Pages | None = None
        self._given = 0
        self._in_order = True
        self._reader = JournalReader(path) if path is not None and os.path.lexists(path) else None
        if self._reader is not None:
            self._reader.read(self._take)
            self._reader.note_senseless()

    @property
    def notes(self) -> list[str]:
        """What of the journal could not be used."""
        return self._reader.notes if self._reader else []

    def _take(self, place: int, event: Event) -> None:
        if isinstance(event, MapEvent):
            self.maps.take(event)
        if not isinstance(event, TurnEvent):
            return
        if event.holds_answer:
            self._asked.append(place)
            if event.cell is not None and event.key is not None:
                self._newest[event.cell, hash(event.prompt)] = event.key
        key = event.key
        if key is None or (event.holds_answer and not event.is_whole):
            return
        # A key is asked for anew in each session.
        index = self._occurrences.index((event.session, key), event.cell, event.run or "")
        if event.holds_answer:
            self._answers.setdefault(key, {})[index] = place

    def find(self, key: str, index: int) -> TurnEvent | None:
        """The event that holds the answer."""
        answer: int | Event | None = self._answers.get(key, {}).get(index)
        if isinstance(answer, int) and self._reader is not None:
            answer = self._reader.event_at(answer)
        return answer if isinstance(answer, TurnEvent) else None

    def is_outdated(self, answer: TurnEvent) -> bool:
        """Whether the cell that got this answer has asked the same again later, after other turns."""
        return answer.cell is not None and self._newest.get((answer.cell, hash(answer.prompt))) != answer.key

    def explained(self, request: Request, given: Mapping[str, str], below: Below | None) -> Explained | None:
        """The reply to a request that differs from a recorded one in its earlier turns, if the journal explains it."""
        from .explained import explained

        pages = self._pages_of_journal()
        return explained(pages, request, given, below) if pages is not None else None

    def held(self, request: Request, answer: TurnEvent, given: Mapping[str, str]) -> int | None:
        """The checksum of the turns that the request of this answer held, unless it is that of the turns here."""
        pages = None if self._in_order or request.options.once else self._pages_of_journal()
        if pages is None:
            return None
        from .explained import held_by

        return held_by(pages, request, answer, given)

    def note_given(self, answer: str) -> None:
        """Note that the answer of this event has been given."""
        place = self._reader.places.get(answer) if self._reader is not None else None
        is_next = self._given < len(self._asked) and place == self._asked[self._given]
        self._in_order = self._in_order and is_next
        self._given += 1

    def left_by(self, answer: str) -> State | None:
        """The state that an answer left when it was recorded, unless all so far were given in the order of the journal.

        In that order, the state of now is the same.
        """
        pages = None if self._in_order else self._pages_of_journal()
        return pages.left_by(answer) if pages is not None else None

    def _pages_of_journal(self) -> Pages | None:
        if self._pages is None and self._reader is not None:
            from ...history.journal.pages import Pages

            self._pages = Pages(self._reader)
        return self._pages

    def add(self, key: str, index: int, event: TurnEvent) -> None:
        """Add this answer, if it is complete."""
        if event.is_whole:
            self._answers.setdefault(key, {})[index] = event

    def missed(self, request: Request, key: str, index: int) -> NotRecorded:
        """The error that says what the journal knows instead."""
        from ...history.journal.nearest import nearest

        near = nearest(self._reader, self._asked, request.prompt) if self._reader else None
        known = len(self._answers.get(key, {}))
        if known:
            times = "once" if known == 1 else f"{known} times"
            detail = f"The journal has this very request {times}, and this is request number {index + 1}."
        elif near is None:
            detail = "The journal has no requests at all." if self._reader else ""
        elif not near.whole and key_of(near.body) == key:
            detail = f"Line {near.line} is this very request, but its reply was interrupted and is not complete."
        else:
            detail = f"The closest is the request of line {near.line}: {difference(near.body, request.body)}"
        return NotRecorded(
            "This request is not in the {journal}." if self._reader else "There is no {journal} to answer from.",
            hint='chat.replay = "auto" asks the service, and records the answer.',
            detail="\n".join([detail, *self.notes]).strip(),
            reason="replay.not_recorded" if self._reader else "replay.no_journal",
            outcomes=[_NOTHING_SENT],
            journal=f"journal {self._path.name}" if self._path else "journal",
        )


_NOTHING_SENT = Notice("Nothing was sent, because replay is 'only'.", reason="outcome.replay_only")


@dataclass(frozen=True)
class Known:
    """A request's key, which occurrence of it this is, and the journal's line that answers it, if there is one.

    `held` is the checksum of the turns that the recorded request held, where the turns before this one are others.
    """

    key: str
    index: int = 0
    answer: TurnEvent | None = None
    held: int | None = None


class Replay:
    """Looks requests up in a chat's journal, which is read when the first one is."""

    def __init__(
        self, mode: ReplayMode, journal: Journal, warn: Callable[[str], None], below: Below = lambda turn: False
    ) -> None:
        self.mode = mode
        self._below = below
        self._given: dict[str, str] = {}
        self._journal = journal
        self._warn = warn
        self._recording: Recording | None = None
        self._path = journal.path
        self._occurrences = Occurrences()
        self._maps = Occurrences()

    def look_up(self, request: Request) -> Known:
        """What the journal knows of this request."""
        key = key_of(request.body)
        if self.mode == "off":
            return Known(key)
        index = self._occurrences.index(key, request.anchor.cell, request.anchor.run)
        fresh = request.options.fresh and self.mode == "auto"
        answer = None if fresh else self._recorded().find(key, index)
        if self.mode == "only" and (answer is None or self._recorded().is_outdated(answer)):
            below = self._below if answer is None else None
            found = self._recorded().explained(request, self._given, below)
            if found is not None:
                return Known(key, index, found.answer, found.held)
        held = self._recorded().held(request, answer, self._given) if self.mode == "only" and answer else None
        return Known(key, index, answer, held)

    def look_up_map(self, keys: Keys, anchor: Anchor, *, peek: bool) -> MapEvent | None:
        """What the journal knows of a map, by the keys that it may have. To `peek` is not to ask it."""
        return self._recorded().maps.find(keys, anchor, Occurrences() if peek else self._maps)

    def missed(self, request: Request, known: Known) -> NotRecorded:
        """The error of a request that may not go out."""
        return self._recorded().missed(request, known.key, known.index)

    def gave(self, event: TurnEvent) -> None:
        """Note which recorded answer a turn of this session has."""
        if event.of is not None:
            if event.id not in self._given:
                self._recorded().note_given(event.of)
            self._given[event.id] = event.of

    def left_by(self, event: TurnEvent) -> State | None:
        """The state that the answer of this replayed turn left when it was recorded, where that is not as now."""
        return self._recorded().left_by(event.of) if self.mode == "only" and event.of is not None else None

    def add(self, known: Known, event: TurnEvent) -> None:
        """Add an answer of the service, if the journal has been read; else it is found when it is."""
        if self._recording is not None and self._path == self._journal.path:
            self._recording.add(known.key, known.index, event)

    def _recorded(self) -> Recording:
        path = self._journal.path
        if self._recording is None or path != self._path:
            self._recording, self._path = Recording(path), path
            for note in self._recording.notes:
                self._warn(note)
        return self._recording


def difference(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """The first message or parameter in which two requests differ, in words."""
    recorded, asked = deciding(recorded), deciding(asked)
    pairs = zip(recorded["messages"], asked["messages"], strict=False)
    for number, (old, new) in enumerate(pairs, 1):
        if key_of({"message": old}) != key_of({"message": new}):
            return f"message {number} differs. {_message_difference(old, new)}"
    count, now = len(recorded["messages"]), len(asked["messages"])
    if count != now:
        return f"it has {count} messages, this one {now}."
    for name in [*asked, *(recorded.keys() - asked.keys())]:
        if recorded.get(name) != asked.get(name):
            was, is_now = (
                json.dumps(body[name], ensure_ascii=False) if name in body else "none" for body in (recorded, asked)
            )
            return f"{name} differs. Recorded: {_cut(was)}; now: {_cut(is_now)}"
    return "there is no visible difference."


def _message_difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if old["role"] != new["role"]:
        return f"Recorded: from the {old['role']}; now: from the {new['role']}"
    was, is_now = _text(old["content"]), _text(new["content"])
    shorter = min(len(was), len(is_now))
    same = next((i for i in range(shorter) if was[i] != is_now[i]), shorter)
    start = max(0, same - 20)
    return f"Recorded ({old['role']}): {_cut(was, start)!r}; now: {_cut(is_now, start)!r}"


def _text(content: Any) -> str:
    """The text of a message, after a line for each of its images."""
    if isinstance(content, str):
        return content
    images = (part["image_url"]["url"] for part in content if "image_url" in part)
    text = "".join(part.get("text", "") for part in content)
    return "\n".join([*(f"image {image.sha256[:12]}, {image.describe()}" for image in images), text])


def _cut(text: str, start: int = 0) -> str:
    """The text from `start` on, as long as one line may be."""
    text = f"…{text[start:]}" if start else text
    return shortened(text, 60)


class Recorded:
    """A reply's source that gives it from the journal, each round in one piece (see `stream.Source`).

    No tool runs again: what the calls gave then is given now.
    """

    def __init__(self, answer: TurnEvent) -> None:
        rounds = [Round.from_json(one) for one in answer.rounds or ()]
        self._bodies = [*(one.body for one in rounds), answer.completion or {}]
        self._between: list[list[stream.StreamEvent]] = [[*one.calls, stream.Again(one.wrong)] for one in rounds]
        self._due: list[stream.StreamEvent] | None = [self._bodies.pop(0), DONE]

    def wait(self, timeout: float, linger: float) -> None:
        """Does nothing: everything has been recorded."""

    def take(self) -> list[stream.StreamEvent] | None:
        due, self._due = self._due, None
        return due

    def notify(self, call: Callable[[], None]) -> None:
        """Call this at once: everything has been recorded."""
        call()

    def wake(self) -> None:
        """Does nothing: nobody waits."""

    @property
    def is_over(self) -> bool:
        """True: everything has been recorded."""
        return True

    @property
    def runs_tools(self) -> bool:
        """What they gave is recorded."""
        return False

    def follow(self, body: Mapping[str, Any]) -> bool:
        """Whether another round was recorded."""
        if self._between:
            self._due = [*self._between.pop(0), self._bodies.pop(0), DONE]
        return self._due is not None

    def would_follow(self, body: Mapping[str, Any]) -> bool:
        """Whether another round was recorded."""
        return bool(self._between)

    def close(self) -> list[stream.StreamEvent]:
        """Nothing is open."""
        return []
