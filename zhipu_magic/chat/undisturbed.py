"""Runs a short step that an interrupt must not split: the interrupt is delivered right after it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType


class _Later:
    """The handler while an interrupt is held back: it notes the latest."""

    came: tuple[int, FrameType | None] | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came = (number, frame)


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
    later = _Later()
    try:
        signal.signal(signal.SIGINT, later)
        do()
    finally:
        signal.signal(signal.SIGINT, handler)
        if later.came is not None:
            handler(*later.came)
