"""When a reply is painted on a page.

Refreshes go by time, not by chunk: sending the whole text again for each of 16,000 chunks would be 643 MB. The first
words are painted at once; then the page is refreshed some 12 times a second, less often as the text grows, at least
once a second, and always at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from ...chat.progress import Progress

_SHORTEST_GAP = 0.05
LONGEST_GAP = 0.9
#: What refreshes may cost, in bytes a second, as far as the longest gap allows. One costs its text and, whatever its
#: length, about a kilobyte around it and a millisecond of the kernel's time.
_BYTES_A_SECOND = 12_000
_BYTES_AROUND = 1_000
#: Bytes of a page that is sent again before each call of a tool.
_SMALL = 8_000
#: The panel's clock: quick at first, while users look at it.
_PANEL_GAP, _LATER_PANEL_GAP, _LATER = 0.5, 1.0, 5.0


class TextOutput(Protocol):
    """Where the text of a reply stands."""

    @property
    def shown(self) -> bool:
        """Whether anything of it has been shown."""

    def wait(self) -> None:
        """Put up a mark where it will stand."""

    def grow(self, progress: Progress) -> int:
        """Show what has come so far; gives its size in bytes."""

    def settle(self, progress: Progress) -> None:
        """Show it as it stays."""


class PanelOutput(Protocol):
    """Where the figures of a reply stand."""

    def draw(self) -> None:
        """Show the figures of this moment."""

    def settle(self) -> None:
        """Show the last figures."""

    def close(self) -> None:
        """Let go of what shows them while they change."""


class PagePainter:
    """Paints a reply's text and its panel (see `watch.Painter`).

    `streamed` is whether they are painted while they grow, `alone` whether the cell shows nothing else, so that a
    waiting mark can be put up and, if no reply comes, be taken away again by `clear`.
    """

    def __init__(
        self, text: TextOutput, panel: PanelOutput, *, streamed: bool, alone: bool, clear: Callable[[], None]
    ) -> None:
        self._text = text
        self._panel = panel
        self._streamed = streamed
        self._alone = alone
        self._clear = clear
        self._text_due = self._panel_due = 0.0
        self._painted = self._size = 0

    def begin(self, progress: Progress) -> None:
        if self._streamed and self._alone:
            self._text.wait()
            self._draw_panel(progress, time.monotonic())

    def patience(self, progress: Progress) -> tuple[float, float]:
        if not self._streamed:
            return LONGEST_GAP, 0.0
        now = time.monotonic()
        patience = min(LONGEST_GAP, max(0.0, self._panel_due - now)) if self._text.shown else LONGEST_GAP
        # Before the next refresh is due, let more gather; after it, wait for something to show.
        return (0.0, min(self._text_due - now, patience)) if now < self._text_due else (patience, 0.0)

    def paint(self, progress: Progress) -> None:
        if not self._streamed:
            return
        now, in_tool = time.monotonic(), progress.calling is not None
        # Before a tool runs, the user sees which: meanwhile nothing can be shown. Of a long page, the panel tells.
        due = now >= self._text_due or (in_tool and self._size <= _SMALL)
        if progress.has_begun and progress.changes > self._painted and due:
            if self._painted == 0:
                self._panel_due = now  # it has waited until now, and says so
            self._painted = progress.changes
            self._size = self._text.grow(progress)
            gap = (_BYTES_AROUND + self._size) / _BYTES_A_SECOND
            self._text_due = now + min(LONGEST_GAP, max(_SHORTEST_GAP, gap))
        if self._text.shown and (now >= self._panel_due or in_tool):
            self._draw_panel(progress, now)

    def settle(self, progress: Progress) -> None:
        self._text.settle(progress)
        self._panel.settle()

    def break_off(self, progress: Progress, *, interrupted: bool) -> None:
        if progress.has_begun:
            self.settle(progress)
            return
        if self._text.shown:
            self._clear()
        self._panel.close()

    def _draw_panel(self, progress: Progress, now: float) -> None:
        self._panel_due = now + (_PANEL_GAP if now - progress.started < _LATER else _LATER_PANEL_GAP)
        self._panel.draw()
