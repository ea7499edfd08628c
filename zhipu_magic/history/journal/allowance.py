"""Limits on the time and memory that it takes to apply a journal's events again, in proportion to its size.

Most events cost the same however long a thread is. Those that change its middle search it and copy the links after that
place, so that a few bytes, repeated, could ask for any amount of work. The limits are far above what an honest journal
of any length needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..conversation import Conversation, Thread
from ..events.event import Event
from ..events.turn_event import TurnEvent
from ..link import LINK_BYTES, Link, back_from
from ..order import Order
from ..step import Step

#: Links that may be visited for each byte read, and how many more for a start.
_LOOKS_A_BYTE, _FIRST_LOOKS = 16, 100_000
#: How many visits a copied link counts as, and an event that is applied again.
_LOOKS_A_LINK, _LOOKS_AN_EVENT = 16, 1_500
#: Bytes of memory allowed for each byte read, not counting the turns themselves, and how many more for a start: the
#: order of a long page takes so much. And those of an event applied again.
_BYTES_A_BYTE, _FIRST_BYTES, _BYTES_AN_EVENT = 6, 2_500_000, 1_000


class TooMuch(Exception):
    """The journal asks for more than its size allows."""


@dataclass(slots=True)
class Allowance:
    """What a journal may use and has used. `size` is how many bytes of it have been read, `taken` those in memory."""

    size: int = 0
    taken: int = 0
    _looks: int = 0
    _full_until: int = 0

    def admit(self, conversation: Conversation, event: Event, events_before: int) -> bool:
        """Count the links that applying the event will visit. Returns whether it may copy any. Raises TooMuch."""
        looks = event.work(conversation, events_before)
        if looks:
            self._look(looks)
        if not isinstance(event, TurnEvent):
            return True
        thread = conversation.threads.get(event.thread or "")
        return thread is not None and event.goes_back(thread)

    def admit_plain(self, conversation: Conversation, thread: str, count: int) -> bool:
        """Count what adding `count` turns to the end of a thread will visit, as `admit` does for each of them.

        Returns False, and counts nothing, if that might be too much.
        """
        before = len(conversation.threads)
        after = before + (thread not in conversation.threads)
        looks = before // 2 + (count - 1) * (after // 2)
        if self.taken > self._most_bytes or self._looks + looks > self._most_looks:
            return False
        self._looks += looks
        return True

    def again(self, events: int) -> int:
        """Count events that are applied again. Returns the bytes that they take. Raises TooMuch."""
        self._look(events * _LOOKS_AN_EVENT)
        return events * _BYTES_AN_EVENT

    def take(self, copied: int) -> bool:
        """Count bytes that were copied. Returns whether room must be made now.

        Raises TooMuch if making room has failed a short while ago.
        """
        self._look(copied * _LOOKS_A_LINK // LINK_BYTES)
        if copied and self.size < self._full_until:
            raise TooMuch
        self.taken += copied
        return self.taken > self._most_bytes

    @property
    def share(self) -> float:
        """The share of the bytes taken that may stay when room is made."""
        return self._most_bytes / 2 / self.taken

    def made_room(self, taken: int) -> None:
        """Note how much is taken after room was made. Raises TooMuch if that is still too much."""
        self.taken = taken
        if taken > self._most_bytes * 3 // 4:
            self._full_until = self.size + self.size // 8
            raise TooMuch

    def _look(self, looks: int) -> None:
        self._looks += looks
        if self._looks > self._most_looks:
            raise TooMuch

    @property
    def _most_bytes(self) -> int:
        return _FIRST_BYTES + self.size * _BYTES_A_BYTE

    @property
    def _most_looks(self) -> int:
        return _FIRST_LOOKS + self.size * _LOOKS_A_BYTE


def copied_bytes(before: Conversation, after: Conversation, event: Event) -> int:
    """How many bytes the event has copied (see `Thread.copied`), and an order of the page takes."""
    thread = getattr(event, "thread", None)
    if thread is None:
        order = after.order.bytes if after.order is not before.order else 0
        return _copied(after) - _copied(before) + order
    old, new = (conversation.threads.get(thread) for conversation in (before, after))
    return new.copied - (old.copied if old is not None else 0) if new is not None else 0


def _copied(conversation: Conversation) -> int:
    return sum(thread.copied for thread in conversation.threads.values())


def with_less_past(conversation: Conversation, most: int) -> tuple[Conversation, int]:
    """The conversation with only as many steps of undo as fit into `most` bytes together with its threads.

    Also returns how many bytes they take.
    """
    seen: set[int] = set()

    def weigh(link: Link | None) -> int:
        """The bytes of the links up to here that have not been counted yet."""
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

    def weigh_order(order: Order) -> int:
        """Its bytes, if it has not been counted yet."""
        if id(order) in seen:
            return 0
        seen.add(id(order))
        return order.bytes

    held = weigh_order(conversation.order) + sum(weigh(thread.last) for thread in conversation.threads.values())

    def fitting(step: Step | None) -> Iterator[Step]:
        nonlocal held
        while step is not None:
            more = weigh(step.last) + weigh_order(step.order)
            if held + more > most:
                return
            held += more
            yield step
            step = step.before

    def shortened(step: Step | None) -> Step | None:
        shorter: Step | None = None
        for one in reversed(list(fitting(step))):
            shorter = replace(one, _before=shorter, count=1)
        return shorter

    def lighter(thread: Thread) -> Thread:
        return replace(thread, past=shortened(thread.past), future=shortened(thread.future))

    return conversation.every(lighter), held
