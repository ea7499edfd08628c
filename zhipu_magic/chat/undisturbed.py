"""Runs a short step that an interrupt must not split: the interrupt is delivered right after it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType


class _Later:
    """The signal handler while interrupts are held back, in place of `handler`: it notes the latest one."""

    def __init__(self, handler: Callable[[int, FrameType | None], object]) -> None:
        self.handler = handler
        self.came: tuple[int, FrameType | None] | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came = (number, frame)


def _in_child() -> None:
    """Put the handler back in a child that another thread forks meanwhile: the main thread is not there to do it."""
    handler = signal.getsignal(signal.SIGINT)
    if isinstance(handler, _Later):
        signal.signal(signal.SIGINT, handler.handler)


if hasattr(os, "register_at_fork"):  # pragma: no branch  # Windows cannot fork
    os.register_at_fork(after_in_child=_in_child)


def undisturbed(do: Callable[[], None]) -> None:
    """Do something short; an interrupt that comes meanwhile is delivered afterwards.

    Python interrupts only the main thread; a handler that was not set from Python could not be put back.
    """
    if threading.current_thread() is not threading.main_thread():
        do()
        return
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or isinstance(handler, _Later):  # this is part of something that holds it back
        do()
        return
    later = _Later(handler)
    try:
        signal.signal(signal.SIGINT, later)
        do()
    finally:
        signal.signal(signal.SIGINT, handler)
        if later.came is not None:
            handler(*later.came)
