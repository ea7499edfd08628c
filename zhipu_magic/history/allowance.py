"""What a journal's events may take to be applied again, in proportion to its size: time, and memory.

Most events cost the same however long a thread is. Those that change its middle look through it and make the links
after that place anew, so that a few bytes, again and again, could ask for any amount of work. A journal is allowed far
more than pages of any honest length need, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .conversation import Conversation, Thread
from .event import Event
from .link import LINK_BYTES, Link, Step, back_from
from .turn_event import TurnEvent

#: Links that may be looked at for each byte that was read, and to begin with.
_LOOKS_A_BYTE, _FIRST_LOOKS = 16, 100_000
#: What else counts as so many looks: a link that is made anew, an event that is applied once more.
_LOOKS_A_LINK, _LOOKS_AN_EVENT = 16, 1_500
#: Bytes in memory for each that was read, beside what the turns take themselves; and those of an event applied again.
_BYTES_A_BYTE, _BYTES_AN_EVENT = 6, 1_000


class TooMuch(Exception):
    """The journal asks for more than its size allows."""


@dataclass(slots=True)
class Allowance:
    """What a journal may take, by the `size` in bytes of what was read of it, and what it has taken."""

    size: int = 0
    taken: int = 0
    _looks: int = 0
    _full_until: int = 0

    def admit(self, conversation: Conversation, event: Event, events_before: int) -> bool:
        """Count what applying the event will look at. Gives whether it may copy links. Raises TooMuch."""
        looks = event.work(conversation, events_before)
        if looks:
            self._look(looks)
        return looks > 0 or not isinstance(event, TurnEvent)

    def admit_plain(self, conversation: Conversation, thread: str, count: int) -> bool:
        """Count what so many turns that are only added to a thread will look at, as `admit` counts each of them.

        Returns False, and counts nothing, where one of them might ask for too much.
        """
        before = len(conversation.threads)
        after = before + (thread not in conversation.threads)
        looks = before // 2 + (count - 1) * (after // 2)
        if self.taken > self.size * _BYTES_A_BYTE or self._looks + looks > self._most_looks:
            return False
        self._looks += looks
        return True

    def again(self, events: int) -> int:
        """Count so many events that are applied once more; gives the bytes that they take. Raises TooMuch."""
        self._look(events * _LOOKS_AN_EVENT)
        return events * _BYTES_AN_EVENT

    def take(self, copied: int) -> bool:
        """Count bytes that were copied. Gives whether there is no room for more. Raises TooMuch where none was made."""
        self._look(copied * _LOOKS_A_LINK // LINK_BYTES)
        if copied and self.size < self._full_until:
            raise TooMuch
        self.taken += copied
        return self.taken > self.size * _BYTES_A_BYTE

    @property
    def share(self) -> float:
        """How much of what was taken may stay, where room is made."""
        return self.size * _BYTES_A_BYTE / 2 / self.taken

    def made_room(self, taken: int) -> None:
        """Know what is taken after room was made. Raises TooMuch where it is too much still."""
        self.taken = taken
        if taken > self.size * _BYTES_A_BYTE * 3 // 4:
            self._full_until = self.size + self.size // 8
            raise TooMuch

    def _look(self, looks: int) -> None:
        self._looks += looks
        if self._looks > self._most_looks:
            raise TooMuch

    @property
    def _most_looks(self) -> int:
        return _FIRST_LOOKS + self.size * _LOOKS_A_BYTE


def copied_bytes(before: Conversation, after: Conversation, event: Event) -> int:
    """What the event has copied (see `Thread.copied`)."""
    thread = getattr(event, "thread", None)
    if thread is None:
        return _copied(after) - _copied(before)
    old, new = (conversation.threads.get(thread) for conversation in (before, after))
    return new.copied - (old.copied if old is not None else 0) if new is not None else 0


def _copied(conversation: Conversation) -> int:
    return sum(thread.copied for thread in conversation.threads.values())


def with_less_past(conversation: Conversation, most: int) -> tuple[Conversation, int]:
    """The threads as they stand, and of their latest changes as many as fit into so many bytes with them.

    Gives also how many bytes that is.
    """
    seen: set[int] = set()

    def weigh(link: Link | None) -> int:
        """What the links up to here take that have not been counted yet."""
        taken = 0
        for one in back_from(link):
            if id(one) in seen:
                break
            seen.add(id(one))
            taken += LINK_BYTES
            if id(one.turn) not in seen:
                seen.add(id(one.turn))
                taken += one.turn.bytes
        return taken

    held = sum(weigh(thread.last) for thread in conversation.threads.values())

    def fitting(step: Step | None) -> Iterator[Step]:
        nonlocal held
        while step is not None:
            more = weigh(step.last)
            if held + more > most:
                return
            held += more
            yield step
            step = step.before

    def shortened(step: Step | None) -> Step | None:
        shorter: Step | None = None
        for one in reversed(list(fitting(step))):
            shorter = Step(one.last, one.what, shorter)
        return shorter

    def lighter(thread: Thread) -> Thread:
        return replace(thread, past=shortened(thread.past), future=shortened(thread.future))

    return conversation.every(lighter), held
