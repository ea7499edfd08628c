"""Decides when a reply is painted on a page.

Refreshes go by time, not by chunk: sending the whole text again for each of 16,000 chunks would be 643 MB. The first
words are painted at once. After that, the page is refreshed some 8 times a second, less often if what is sent is long
but at least once a second, and always at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from ...chat.replies.progress import Progress
from .growing import waiting

_SHORTEST_GAP = 0.05
LONGEST_GAP = 0.9
#: The bytes a second that refreshes may cost, as far as the longest gap allows. Besides its text, each refresh costs
#: about a kilobyte and a millisecond of the kernel's time.
_BYTES_A_SECOND = 8_500
_BYTES_AROUND = 1_000
#: Bytes: a page up to this size is sent again before each tool call.
_SMALL = 8_000
#: Bytes: a page up to this size is sent again whenever the code that runs has printed something.
_STILL_SMALL = 30_000
#: Seconds between two ticks of the panel's clock, from so many seconds on: it is watched most at first.
_PANEL_GAPS = ((20.0, 2.0), (5.0, 1.0), (0.0, 0.5))


def gap_after(size: int) -> float:
    """Seconds until the next refresh, after one of so many bytes."""
    return min(LONGEST_GAP, max(_SHORTEST_GAP, (_BYTES_AROUND + size) / _BYTES_A_SECOND))


class TextOutput(Protocol):
    """The outputs that hold the text of a reply."""

    @property
    def shown(self) -> bool:
        """Whether anything has been shown."""

    def wait(self, words: str) -> None:
        """Say in its place what it waits for."""

    def grow(self, progress: Progress) -> int:
        """Show the text so far. Returns its size in bytes: the larger, the later is the next refresh."""

    def settle(self, progress: Progress) -> None:
        """Show the complete text."""

    def give_up(self) -> bool:
        """Take away what shows that there will be a text. Returns whether the cell is as if nothing had been shown."""


class PanelOutput(Protocol):
    """The output that holds the figures of a reply."""

    @property
    def shown(self) -> bool:
        """Whether they are shown."""

    def draw(self) -> None:
        """Show the current figures."""

    def settle(self, *, told: bool = False) -> None:
        """Show the final figures; why it ended, an error below may have `told`."""

    def give_up(self, *, cleared: bool) -> None:
        """Take the figures away, unless the cell was `cleared`: no reply has come."""


class PagePainter:
    """Paints a reply's text and its panel (see `watch.Painter`).

    `streamed` and `alone` are as in `ShowOptions`. `settled` is called once the reply stays as it is.
    """

    def __init__(
        self, text: TextOutput, panel: PanelOutput, settled: Callable[[], None], *, streamed: bool, alone: bool
    ) -> None:
        self._settled = settled
        self._text = text
        self._panel = panel
        self._streamed = streamed
        self._alone = alone
        self._text_due = self._panel_due = 0.0
        self._painted = self._size = 0
        self._waits_for = ""

    def begin(self, progress: Progress) -> None:
        if self._streamed and self._alone:
            self._wait(progress)
            self._draw_panel(progress, time.monotonic())

    def patience(self, progress: Progress) -> tuple[float, float]:
        if not self._streamed:
            return LONGEST_GAP, 0.0
        now = time.monotonic()
        patience = min(LONGEST_GAP, max(0.0, self._panel_due - now)) if self._text.shown else LONGEST_GAP
        # Until the next refresh is due, let more gather; from then on, wait for something to show.
        return (0.0, min(self._text_due - now, patience)) if now < self._text_due else (patience, 0.0)

    def paint(self, progress: Progress) -> None:
        if not self._streamed:
            return
        now, in_tool = time.monotonic(), progress.calling is not None
        # While a tool runs nothing can be painted, so show which tool it is before; for a long page only in the panel.
        due = now >= self._text_due or (in_tool and self._size <= _SMALL)
        if progress.has_begun and progress.changes > self._painted and due:
            if self._painted == 0:
                self._panel_due = now  # the panel has shown the waiting time, and shows the first word at once
            self._painted = progress.changes
            self._size = self._text.grow(progress)
            self._text_due = now + gap_after(self._size)
        elif self._text.shown and not progress.has_begun:
            self._wait(progress)
        if self._text.shown and (now >= self._panel_due or in_tool or not self._panel.shown):
            self._draw_panel(progress, now)

    def paint_run(self, progress: Progress, printed: str) -> bool:
        """Show what the code that runs has printed so far (see `watch.RunPainter`); of a long page, now and then."""
        now = time.monotonic()
        if not self._streamed or (self._size > _STILL_SMALL and now < self._text_due):
            return False
        progress.printed = printed
        self._size = self._text.grow(progress)
        self._text_due = now + gap_after(self._size)
        return True

    def _wait(self, progress: Progress) -> None:
        words = waiting(progress)
        if words != self._waits_for:
            self._waits_for = words
            self._text.wait(words)

    def settle(self, progress: Progress) -> None:
        self._settle(progress)

    def break_off(self, progress: Progress, *, interrupted: bool) -> None:
        if progress.has_begun:
            self._settle(progress, told=True)
            return
        self._panel.give_up(cleared=self._text.give_up())

    def _settle(self, progress: Progress, *, told: bool = False) -> None:
        self._text.settle(progress)
        self._panel.settle(told=told)
        self._settled()

    def _draw_panel(self, progress: Progress, now: float) -> None:
        seconds = max(0.0, now - progress.started)
        self._panel_due = now + next(gap for since, gap in _PANEL_GAPS if seconds >= since)
        self._panel.draw()
