"""Shows what code prints while it runs: its newest characters, in one place, until what it has shown takes that over.

The code has the notebook's own thread, so another one looks now and then, and has it painted where something is new.
Nothing of this is kept.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from types import TracebackType

from ...chat.undisturbed import undisturbed
from ...text.characters import without_addresses
from ...text.terminal_text import as_shown
from .recorder import MOST_TAIL, Recorder

#: Seconds between two looks; and until the last one, which may be painting, is left to itself.
_GAP, _PATIENCE = 0.2, 5.0
#: Characters and lines that are shown.
_MOST, _MOST_LINES = 8_000, 200

#: Shows this text; returns whether it did: else it is asked again.
ShowRun = Callable[[str], bool]


class Live:
    """Has what the `recorder` keeps shown within its block. `hide` takes the key out of it."""

    def __init__(self, recorder: Recorder, show: ShowRun | None, hide: Callable[[str], str]) -> None:
        self._recorder = recorder
        self._show = show
        self._hide = hide
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Live:
        if self._show is not None:
            undisturbed(self._start)
        return self

    def _start(self) -> None:
        context = contextvars.copy_context()  # that of the cell: what is shown belongs to it
        self._thread = threading.Thread(
            target=context.run, args=(self._watch,), name="zhipu_magic live output", daemon=True
        )
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        undisturbed(self._end)

    def _end(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def _watch(self) -> None:
        self._recorder.bystander = threading.get_ident()
        shown: str | None = None
        while self._show is not None and not self._over.wait(_GAP):
            try:
                text = self._newest()
                # What clears its output mostly goes on at once.
                if shown and not text and not self._over.wait(_GAP / 2):
                    text = self._newest()
                if text != shown and self._show(text):
                    shown = text
            except Exception:  # what cannot be painted is shown in the end
                return

    def _newest(self) -> str:
        return newest(self._recorder.tail(MOST_TAIL), self._hide)


def newest(printed: str, hide: Callable[[str], str]) -> str:
    """The end of what was printed, as a reader sees it."""
    if len(printed) >= MOST_TAIL:  # it begins within a line
        first = printed.find("\n", 0, MOST_TAIL - _MOST)
        printed = printed[first + 1 if first >= 0 else MOST_TAIL - _MOST :]
    text = hide(without_addresses(as_shown(printed))).rstrip("\n")
    return "\n".join(text[-_MOST:].lstrip("\n").split("\n")[-_MOST_LINES:])
