"""A thread's links: turns in their places, each of which knows the one before it.

A change makes new links from the first one that differs and shares all others, so that an earlier state is only another
end of the chain: a request, a fork and a step of undo each keep one, whatever the length of the thread. (The classes of
which every turn makes new ones are not `frozen`, which would double the time that a journal takes to load.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from zlib import crc32

from .turn import Turn

#: Bytes that a link takes in memory, its numbers with it.
LINK_BYTES = 248


class Link:
    """A turn in its place. `aside` is 0 where the turn stands, else the number of the step that set it aside.

    `number` counts all links up to here, `standing` those whose turns stand, `tokens` what these take; `latest_aside`
    is the highest `aside` up to here. `checksum` identifies the standing turns up to here, `asked_after` those that the
    turn's own request held. `same_cell` is the nearest link before this one whose turn the same cell asked, if any: so
    a search for the turns of a cell ends at its first one, and need not go on to the beginning of the thread.
    `system_before` is the nearest link before this one whose turn stands and came with a system text, if any.
    """

    __slots__ = (
        *("turn", "before", "same_cell", "aside", "latest_aside"),
        *("number", "standing", "tokens", "checksum", "asked_after", "system_before"),
    )

    def __init__(
        self,
        turn: Turn,
        before: Link | None,
        same_cell: Link | None = None,
        asked_after: int | None = None,
        *,
        aside: int = 0,
    ) -> None:
        self.turn = turn
        self.before = before
        self.same_cell = same_cell
        self.aside = aside
        number = standing = tokens = checksum = latest_aside = 0
        if before is not None:
            number, standing, tokens, checksum = before.number, before.standing, before.tokens, before.checksum
            latest_aside = before.latest_aside
            self.system_before: Link | None = before if before.gives_system else before.system_before
        else:
            self.system_before = None
        self.latest_aside: int = aside if aside > latest_aside else latest_aside
        self.number: int = number + 1
        self.standing: int = standing if aside else standing + 1
        self.tokens: int = tokens if aside else tokens + turn.tokens
        self.asked_after = checksum if asked_after is None else asked_after
        # The same in every kernel, for it is written to the journal.
        self.checksum: int = checksum if aside else crc32(f"{turn.id}\n".encode(), checksum)

    @property
    def gives_system(self) -> bool:
        """Whether its turn stands and came with a system text."""
        return self.turn.system_given is not None and not self.aside

    @property
    def stale(self) -> bool:
        """Whether the turns before it are not those that its request held."""
        return not self.aside and self.asked_after != checksum_of(self.before)


def checksum_of(link: Link | None) -> int:
    """The checksum of the turns that stand up to this link."""
    return link.checksum if link else 0


def checksum_of_turns(turns: Iterable[str]) -> int:
    """The checksum of turns with these ids."""
    checksum = 0
    for turn in turns:
        checksum = crc32(f"{turn}\n".encode(), checksum)
    return checksum


def back_from(link: Link | None) -> Iterator[Link]:
    """This link and those before it, the newest first."""
    while link is not None:
        yield link
        link = link.before


def added_link(longer: Link | None, shorter: Link | None) -> Link | None:
    """The link that a change added, by the chains with it and without it: it may stand in the middle."""
    while longer is not None and shorter is not None and longer.turn.id == shorter.turn.id:
        longer, shorter = longer.before, shorter.before
    return next((link for link in back_from(longer) if not link.aside), None)


def links_with_system(link: Link | None) -> Iterator[Link]:
    """Of this link and those before it, those whose turns stand and came with a system text, the newest first."""
    if link is not None and not link.gives_system:
        link = link.system_before
    while link is not None:
        yield link
        link = link.system_before


def next_aside(latest: int, *, deleted: bool) -> int:
    """The number of the next step that sets turns aside: odd where their cells were deleted, so that it can be told."""
    return latest + 1 + (latest % 2 if deleted else 1 - latest % 2)


def was_deleted(link: Link) -> bool:
    """Whether its turn was set aside because its cell was deleted."""
    return link.aside % 2 == 1


def chained(
    last: Link | None, links: list[Link], unchanged: Link | None, aside: Callable[[Link], int] | None = None
) -> Link | None:
    """The turns of these links in a chain after `last`; up to the link `unchanged`, the chain is as it was."""
    start = unchanged.number if unchanged is not None else 0
    newest = {last.turn.cell: last} if last is not None else {}
    for link in links:
        cell = link.turn.cell
        same_cell = newest.get(cell) if cell is not None else None
        if same_cell is None:
            same_cell = link.same_cell
            while same_cell is not None and same_cell.number > start:
                same_cell = same_cell.same_cell
        mark = link.aside if aside is None else aside(link)
        last = Link(link.turn, last, same_cell, link.asked_after, aside=mark)
        newest[cell] = last
    return last
