"""What a recorded request held: the thread before it, and its messages."""

from __future__ import annotations

from ..attached import went_along
from ..conversation import Thread
from ..events.turn_event import TurnEvent
from ..messages import instructed, request_messages
from ..turn import Message


def thread_before(thread: Thread, event: TurnEvent) -> Thread:
    """The thread as the request saw it, from what it was until then. With `replaces`, the turns are those before that.

    The system text is to be taken from `system_before`.
    """
    if event.event == "once":
        return Thread(event.thread or "")
    if event.replaces is not None:
        return thread.up_to(event.replaces)
    if event.joins is None and event.append is None:
        return thread.before(event.cell, event.run or "")
    return thread


def system_before(thread: Thread, event: TurnEvent) -> str:
    """The system text of the request, from what the thread was until then."""
    if event.system is not None:
        return event.system
    return thread.system if event.replaces is not None else thread_before(thread, event).system


def messages_of(thread: Thread, event: TurnEvent) -> list[Message]:
    """The messages of a recorded request, from the thread as it was until then."""
    turns = thread_before(thread, event).turns[event.left_out or 0 :]
    return request_messages(
        turns,
        event.prompt or "",
        event.images or (),
        system=instructed(system_before(thread, event), event.instruction or ""),
        going=went_along(turns[::-1], event.images or (), event.unseen),
    )
