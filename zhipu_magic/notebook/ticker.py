"""Calls a function from the kernel's event loop, between cells and while a cell awaits something."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..chat.undisturbed import undisturbed


class Ticker:
    """Calls `step`, again after as many seconds as it returns, until that is None.

    It is called in the context of the cell that made this, so that what it shows belongs to that cell.
    """

    def __init__(self, step: Callable[[], float | None]) -> None:
        self._step = step
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, delay: float) -> None:
        """Begin, on the loop that runs in this thread. Does nothing where there is none."""
        if self.is_possible():
            self._loop = asyncio.get_running_loop()
            self._loop.call_later(delay, self._tick)

    @staticmethod
    def is_possible() -> bool:
        """Whether an event loop runs in this thread."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return False
        return True

    def _tick(self) -> None:
        undisturbed(self._once)

    def _once(self) -> None:
        delay = self._step()
        if delay is not None and self._loop is not None:
            self._loop.call_later(delay, self._tick)
