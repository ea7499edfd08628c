"""The conversation as the cells see it that look at it.

In a replay of a page that was not run from top to bottom, that is the conversation as it was when they were recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, NamedTuple

from ...history.conversation import Thread
from ...history.events.event import State
from ...history.link import Link
from ...text.languages.messages import _

if TYPE_CHECKING:
    from ...chat.chat import Chat
    from ...chat.replies.recording import Ran

UNSURE = _(
    "This page was not run from top to bottom, and its file does not tell when this cell was run: the turns and their "
    "numbers are those after the reply above it."
)
OTHER_TURNS = _("This page was not run from top to bottom: when it was, the same command meant other turns.")


class LookedAt(NamedTuple):
    """A state of the conversation. `kernels` are those whose cells have their numbers on this page. `origin` gives the
    id of the reply that a turn has, where the state is a recorded one; else it is the chat's own.
    """

    state: State
    kernels: Collection[str]
    origin: Callable[[str], str] | None = None
    is_sure: bool = True

    @property
    def thread(self) -> Thread:
        return self.state.conversation.here

    def replies(self, thread: Thread) -> list[str]:
        """The replies that stand in a thread, here or of the chat, by what they are in the journal."""
        return [turn.id if self.origin is None else self.origin(turn.id) for turn in thread.turns]

    def number_in(self, thread: Thread, number: int) -> int | None:
        """The number that the turn with this number has in a thread of the chat; None if it is not there."""
        link, origin = self.thread.link(number), self.origin
        if origin is None:
            return number
        return None if link is None else next((one.number for one in thread.links if _is_same(one, link, origin)), None)


def _is_same(one: Link, other: Link, origin: Callable[[str], str]) -> bool:
    return origin(one.turn.id) == origin(other.turn.id)


def looked_at(chat: Chat, ran: Callable[[], Ran | None]) -> LookedAt:
    """The conversation as the running cell sees it. `ran` gives what the notebook's file says of it."""
    seen, journal = chat.seen(ran), chat.history.journal
    if seen is None:
        return LookedAt(chat.state, (journal.session, *journal.forked_from))
    return LookedAt(seen.moment.state, (seen.moment.session,), seen.origin, is_sure=seen.is_sure)
