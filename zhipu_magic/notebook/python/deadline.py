"""Stops code that takes too long, as the stop button does."""

from __future__ import annotations

import _thread
import ctypes
import signal
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType

#: Seconds until code that goes on is stopped once more: it may have caught the first interrupt.
_AGAIN = 2.0
#: Seconds in which an interrupt that came with the end of the code is met here, and nowhere else.
_LATE = 0.05


class Deadline:
    """Interrupts the thread that has entered it after so many seconds, until it leaves. 0 is no deadline."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._over = threading.Event()
        self._deciding = threading.Lock()
        self.passed = False

    def __enter__(self) -> Deadline:
        thread = threading.get_ident()
        if self._seconds > 0:
            threading.Thread(target=self._watch, args=(thread,), name="zhipu_magic deadline", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._deciding:
            self._over.set()
        if self.passed:
            with suppress(KeyboardInterrupt):
                time.sleep(_LATE)

    def _watch(self, thread: int) -> None:
        wait = self._seconds
        while not self._over.wait(wait):
            with self._deciding:
                if self._over.is_set():
                    return
                self.passed = True
                interrupt(thread)
            wait = _AGAIN


def interrupt(thread: int) -> None:
    """Raise KeyboardInterrupt in this thread: in the main one as a signal, which also ends a wait in the system."""
    if thread != threading.main_thread().ident:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt))
    elif sys.platform == "win32":  # pragma: no cover  # Windows has no such signal
        _thread.interrupt_main()
    else:
        signal.pthread_kill(thread, signal.SIGINT)
