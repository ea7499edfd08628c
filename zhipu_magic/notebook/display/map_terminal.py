"""A map in a terminal: one line that is drawn again in place, then the first rows of its table, and the figures."""

from __future__ import annotations

import time

from rich.text import Text

from ...chat.rows.figures import MapFigures
from ...text.markup import Markup
from .map_output import FirstRows
from .map_panel import MapNotes, line_parts, line_within, notes_text
from .pace import SHORTEST
from .screen import Screen
from .typeset.page import page_lines
from .typeset.rounds import parts_lines
from .typeset.words import clean, lines_of

#: Columns of a line that goes to no screen, and is not broken.
_UNBROKEN = 1_000_000


class TerminalMapPainter:
    """On a screen; where there is none, only the end is printed."""

    def __init__(self, screen: Screen, *, panel: bool, is_screen: bool) -> None:
        self._screen = screen
        self._panel = panel
        self._is_screen = is_screen
        self._due = 0.0
        self._said = ""

    @property
    def stays(self) -> bool:
        return False

    def begin_apart(self, figures: MapFigures) -> None:
        """Do nothing: a terminal shows it when it has ended."""

    def say(self, text: str) -> None:
        if self._is_screen and text != self._said:
            self._said = text
            self._show_line(text)

    def paint(self, figures: MapFigures) -> None:
        now = time.monotonic()
        if not self._is_screen or now < self._due:
            return
        self._due = now + SHORTEST
        self._show_line(line_within(figures, self._screen.columns))

    def _show_line(self, text: str) -> None:
        line = Text(clean(text), style="dim")
        line.truncate(self._screen.columns, overflow="ellipsis")
        self._screen.show([], [line])

    def settle(self, figures: MapFigures, rows: FirstRows | None, notes: MapNotes) -> None:
        columns = self._screen.columns if self._is_screen else _UNBROKEN
        if isinstance(rows, Markup):
            lines = page_lines(rows, columns)
        else:
            lines = [Text(line) for line in (rows or {}).get("text/plain", "").splitlines()]
        lines += [line for note in notes_text(notes) for line in lines_of(Text(clean(note), end=""), columns)]
        if self._panel:
            lines += parts_lines(line_parts(figures), columns)
        self._screen.show(lines)
