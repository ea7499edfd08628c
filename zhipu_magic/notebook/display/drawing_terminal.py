"""A drawing in a terminal, which shows no pictures: what was drawn, and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ...text.languages.messages import _
from .drawing_output import Clock
from .drawing_panel import DrawingFigures, line_parts, line_text
from .output import Bundle
from .screen import Screen
from .typeset.rounds import parts_lines
from .typeset.words import clean, lines_of

if TYPE_CHECKING:
    from ...chat.drawing.drawing import Drawing

#: Columns of a line that goes to no screen, and is not broken.
_UNBROKEN = 1_000_000
_NOWHERE = _("No journal keeps the picture: -o NAME binds it.")


class TerminalDrawingPainter:
    """On a screen; where there is none, only the end is printed."""

    def __init__(self, screen: Screen, *, panel: bool, is_screen: bool) -> None:
        self._screen = screen
        self._panel = panel
        self._is_screen = is_screen
        self._clock = Clock()

    def paint(self, figures: DrawingFigures) -> None:
        if self._is_screen and self._clock.is_time(figures.seconds):
            line = Text(clean(line_text(figures)), style="dim")
            line.truncate(self._screen.columns, overflow="ellipsis")
            self._screen.show([], [line])

    def settle(self, drawing: Drawing, bundle: Bundle, figures: DrawingFigures) -> None:
        columns = self._screen.columns if self._is_screen else _UNBROKEN
        where = [_("The picture is {file}", file=figures.file) if figures.file else _NOWHERE]
        lines = [line for text in (*where, *figures.notes) for line in lines_of(Text(clean(text), end=""), columns)]
        if self._panel:
            lines += parts_lines(line_parts(figures), columns)
        self._screen.show(lines)

    def give_up(self) -> None:
        """Leave the last line as it is: an error below tells the rest."""
        self._screen.show([])
