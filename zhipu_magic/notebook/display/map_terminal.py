"""A map in a terminal: one line that is drawn again in place, then the first rows of its table, and the figures."""

from __future__ import annotations

import time

from rich.text import Text

from ...chat.rows.figures import MapFigures
from .map_output import FRAME
from .map_panel import MapNotes, line_text, notes_text
from .output import Bundle
from .screen import Screen


class TerminalMapPainter:
    """On a screen; where there is none, only the end is printed."""

    def __init__(self, screen: Screen, *, panel: bool, is_screen: bool) -> None:
        self._screen = screen
        self._panel = panel
        self._is_screen = is_screen
        self._due = 0.0

    @property
    def stays(self) -> bool:
        return False

    def begin_apart(self, figures: MapFigures) -> None:
        """Do nothing: a terminal shows it when it has ended."""

    def paint(self, figures: MapFigures) -> None:
        now = time.monotonic()
        if not self._is_screen or now < self._due:
            return
        self._due = now + FRAME
        line = Text(line_text(figures), style="dim")
        line.truncate(self._screen.columns, overflow="ellipsis")
        self._screen.show([], [line])

    def settle(self, figures: MapFigures, rows: Bundle | None, notes: MapNotes) -> None:
        lines = [Text(line) for line in (rows or {}).get("text/plain", "").splitlines()]
        lines += [Text(note) for note in notes_text(notes)]
        if self._panel:
            lines.append(Text(line_text(figures), style="dim"))
        self._screen.show(lines)
