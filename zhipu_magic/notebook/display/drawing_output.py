"""A drawing on the page: a line while it is made, then in its place the picture, and the panel below."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ...chat.undisturbed import undisturbed
from ...text.languages.joined import in_lines
from ...text.markup import html_bundle
from .drawing_panel import DrawingFigures, line_html, line_text, notes_html, panel_html, panel_text
from .output import NOTHING, Bundle, Output

if TYPE_CHECKING:
    from ...chat.drawing.drawing import Drawing

#: Seconds between two frames of the clock, from so many seconds on.
_GAPS = ((20.0, 2.0), (5.0, 1.0), (0.0, 0.5))


class DrawingPainter(Protocol):
    """Paints one drawing. It never waits."""

    def paint(self, figures: DrawingFigures) -> None:
        """Show how far it is, if it is time to."""

    def settle(self, drawing: Drawing, bundle: Bundle, figures: DrawingFigures) -> None:
        """Show the picture, by its `bundle`, and the panel."""

    def give_up(self) -> None:
        """Take away what shows that there will be a picture."""


class Clock:
    """Tells when the line is to be shown again."""

    def __init__(self) -> None:
        self._due = 0.0

    def is_time(self, seconds: float) -> bool:
        """Whether it is time, so many seconds after the beginning."""
        now = time.monotonic()
        if now < self._due:
            return False
        self._due = now + next(gap for since, gap in _GAPS if seconds >= since)
        return True


class PageDrawingPainter:
    """In a notebook. Where updates are not shown, it paints once, at the end. `clear` empties the cell, if it may."""

    def __init__(
        self, outputs: tuple[Output, Output], clear: Callable[[], bool], *, panel: bool, updates: bool
    ) -> None:
        self._picture, self._below = outputs
        self._clear = clear
        self._panel = panel
        self._updates = updates
        self._clock = Clock()

    def paint(self, figures: DrawingFigures) -> None:
        if self._updates and self._clock.is_time(figures.seconds):
            self._picture.show(html_bundle(line_html(figures), line_text(figures)))

    def settle(self, drawing: Drawing, bundle: Bundle, figures: DrawingFigures) -> None:
        def settle() -> None:
            self._picture.show(bundle)
            if self._panel:
                self._below.show(html_bundle(panel_html(figures), panel_text(figures)))
            elif figures.notes:
                self._below.show(html_bundle(notes_html(figures.notes), in_lines(figures.notes)))

        undisturbed(settle)

    def give_up(self) -> None:
        if self._picture.shown and not self._clear():
            self._picture.show(NOTHING)
