"""What an interrupt must not split: the interrupt is delivered right after it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType


def undisturbed(do: Callable[[], None]) -> None:
    """Do something short; an interrupt that comes meanwhile is delivered afterwards.

    Python interrupts only the main thread; a handler that was not set from Python could not be put back.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        do()
        return
    came: list[tuple[int, FrameType | None]] = []

    def wait(number: int, frame: FrameType | None) -> None:
        came.append((number, frame))

    try:
        signal.signal(signal.SIGINT, wait)
        do()
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(*came[-1])
