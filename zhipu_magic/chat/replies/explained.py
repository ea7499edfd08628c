"""A recorded reply for a request whose earlier turns are others than when it was recorded, as the journal explains.

A page is not always run from top to bottom: a cell is put in between, moved, deleted, or run again. What stands below
is stale then, and keeps its reply, which a replay has to show. That of a recorded request is given where only the
earlier turns differ, and these are the ones that the journal has above it in the end. A front end that does not tell
the order of its cells leaves a turn where it was asked; then a turn that is above now stands behind it there, and one
that is missing above has to be asked further down on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from ...history.attached import went_along
from ...history.conversation import Thread
from ...history.events.turn_event import TurnEvent
from ...history.journal.pages import Asked, Pages
from ...history.link import checksum_of, checksum_of_turns
from ...history.messages import instructed, request_messages
from ...history.turn import Turn
from ...text.errors import InvalidRequest
from ..request import Request, key_of
from ..window import fit

#: Whether a turn is asked further down on the page than the cell that runs.
Below = Callable[[Turn], bool]
#: How many requests with the same prompt are looked at closer.
_MOST_COMPARED = 100


class Explained(NamedTuple):
    """The event that holds the answer, and the checksum of the turns that the recorded request held."""

    answer: TurnEvent
    held: int


class _Likeness(NamedTuple):
    """How many turns above differ from those in the journal: missing, more, and whether others have moved."""

    missing: int
    more: int
    moved: bool


def explained(pages: Pages, request: Request, given: Mapping[str, str], below: Below | None) -> Explained | None:
    """The recorded reply to this request, if the journal explains the turns before it; else None.

    `given` are the recorded turns behind those of this session, by their ids. Without `below`, only a reply is found
    that has the very same turns above it in the end.
    """
    if request.options.once:
        return None
    above = _above(pages, request, given)
    for conversation in pages.conversations:
        thread = conversation.threads.get(request.before.name)
        if thread is None:
            continue
        page = _Page(pages, thread, below)
        found = sorted(page.candidates(request, above), key=lambda one: one[0])
        for _, asked in found:
            answer = _answer(pages, request, asked)
            if answer is not None:
                return Explained(answer, _held(pages, request, asked, above))
    return None


def held_by(pages: Pages, request: Request, answer: TurnEvent, given: Mapping[str, str]) -> int | None:
    """The checksum of the turns that the recorded request held, which has this answer; None if its turn is no more.

    A request may be the same after other turns: where those that differ did not fit into it, or say the same.
    """
    threads = [one.threads.get(request.before.name) for one in pages.conversations]
    standing = {turn.id for thread in threads if thread is not None for turn in thread.turns}
    for asked in reversed(pages.asking(request.prompt)):
        if pages.origin(asked.id) == answer.id and (asked.joins or pages.stands_as(asked.id)) in standing:
            return _held(pages, request, asked, _above(pages, request, given))
    return None


def _above(pages: Pages, request: Request, given: Mapping[str, str]) -> list[str]:
    """The recorded turns behind those before this request."""
    return [pages.origin(given.get(turn.id, turn.id)) for turn in request.before.turns]


class _Page:
    """A thread of the journal as it is in the end."""

    def __init__(self, pages: Pages, thread: Thread, below: Below | None) -> None:
        self._pages = pages
        self._below = below
        self._turns = thread.turns
        self._ids = [pages.origin(turn.id) for turn in self._turns]
        self._numbers = {turn: number for number, turn in enumerate(self._ids)}
        self._numbers_here = {turn.id: number for number, turn in enumerate(self._turns)}

    def candidates(self, request: Request, above: Sequence[str]) -> Iterator[tuple[_Likeness, Asked]]:
        """The requests with this prompt that stand here, and would have these turns above them, with how alike."""
        wanted = (asked for asked in reversed(self._pages.asking(request.prompt)) if self._number(asked) is not None)
        for asked in islice(wanted, _MOST_COMPARED):
            likeness = self._likeness(asked, above)
            if likeness is not None:
                yield likeness, asked

    def _number(self, asked: Asked) -> int | None:
        """The place in the thread of what it has asked: of the turn that it goes on from, if it does."""
        return self._numbers_here.get(asked.joins or self._pages.stands_as(asked.id))

    def _likeness(self, asked: Asked, above: Sequence[str]) -> _Likeness | None:
        """How alike the turns above it here are to these; None where the difference is not explained."""
        number = self._number(asked)
        assert number is not None
        recorded = self._ids[: number + (asked.joins is not None)]
        if asked.joins is None and self._ids[number] in above:
            return None  # another cell has this reply
        if self._below is None:
            return _Likeness(0, 0, moved=False) if recorded == above else None
        now, then = set(above), set(recorded)
        more = [turn for turn in above if turn not in then]
        missing = [turn for turn in recorded if turn not in now]
        if not all(turn in self._numbers for turn in more):  # it stands behind: the request did not hold it
            return None
        if not all(self._below(self._turns[self._numbers[turn]]) for turn in missing):
            return None
        # Those that have moved among each other were accepted in this order, one by one.
        moved = [turn for turn in recorded if turn in now] != [turn for turn in above if turn in then]
        return _Likeness(len(missing), len(more), moved=moved)


def _answer(pages: Pages, request: Request, asked: Asked) -> TurnEvent | None:
    """The event that holds the answer, if the request differs from this recorded one in its earlier turns alone."""
    event = pages.event(asked.id)
    answer = pages.event(pages.origin(asked.id))
    if event is None or answer is None or not answer.holds_answer or not answer.is_whole:
        return None
    kinds = [(one.replaces is None, one.joins is None) for one in (event, request)]
    if kinds[0] != kinds[1] or event.system != request.options.system:
        return None
    if asked.own_system != request.before.own_system:
        return None
    left_out = dict.fromkeys((answer.left_out or 0, *_fitting(request, asked)))
    matches = any(_key(request, asked, answer, count) == event.key for count in left_out)
    return answer if matches else None


def _key(request: Request, asked: Asked, answer: TurnEvent, left_out: int) -> str:
    """The key that this request had after the turns of the recorded one, without the oldest of them."""
    turns = asked.before.turns[left_out:]
    messages = request_messages(
        turns,
        request.prompt,
        request.images,
        system=request.hide(instructed(asked.system, request.instruction)),
        going=went_along(turns[::-1], request.images, answer.unseen),
        thinking=request.keeps_thinking,
    )
    return key_of({**request.body, "messages": messages})


def _fitting(request: Request, asked: Asked) -> Iterator[int]:
    """How many turns the recorded request left out at first: a service that found it too long got a smaller one."""
    with suppress(InvalidRequest):
        yield fit(replace(request, before=asked.before, system=asked.system, renew=None)).left_out


def _held(pages: Pages, request: Request, asked: Asked, above: Sequence[str]) -> int:
    """The checksum of the turns that the recorded request held: by their ids here, if all of them are here."""
    here = dict(zip(above, (turn.id for turn in request.before.turns), strict=True))
    held = [pages.origin(turn.id) for turn in asked.before.turns]
    if all(turn in here for turn in held):
        return checksum_of_turns(here[turn] for turn in held)
    return checksum_of(asked.before.last)
