"""Reads a reply in a thread of its own, for those who only look at it now and then."""

from __future__ import annotations

import contextvars
import threading
import time

from .replies.reading import TICK
from .replies.reply import Reply

#: Seconds in which more may gather: nobody looks at each piece.
_GATHERING = 0.02


def read_alone(reply: Reply) -> threading.Thread:
    """Read the reply to its end in a thread, where its tools run too. Returns that thread.

    What ends it is raised for those who read the reply, and not here. Whoever looks at its progress meanwhile holds it
    (`Reply.held`).
    """
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(_read, reply), name="zhipu_magic background", daemon=True)
    thread.start()
    return thread


def _read(reply: Reply) -> None:
    while not reply.is_settled:
        has_ended = reply.ended is not None
        if not has_ended:
            _wait_for_more(reply)
        try:
            reply.step(TICK)
        except Exception:
            if has_ended:  # its end cannot be committed: those who read it try again
                return


def _wait_for_more(reply: Reply) -> None:
    news = threading.Event()
    reply.notify(news.set)
    while not news.wait(TICK) and reply.ended is None:
        pass
    if reply.ended is None:
        time.sleep(_GATHERING)
