"""The IPython terminal: replies as typeset Markdown, or as plain words where standard output is no screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...chat.replies.progress import Progress
from ...chat.standing import Standing
from ...chat.watch import ComparisonPainter, Painter
from ...history.turn import Turn
from ...text.markup import Markup
from .display import BackgroundPainter, Compared, InBackground, ShowOptions
from .figures import Figures
from .plain import PlainPainter

if TYPE_CHECKING:
    from .drawing_output import DrawingPainter
    from .map_output import MapPainter
    from .screen import Screen


class Terminal:
    """Shows replies on standard output, `coloured` or not."""

    def __init__(self, *, coloured: Callable[[], bool] = lambda: True) -> None:
        self._coloured = coloured

    def show_text(self, text: Markup) -> None:
        """Show a command's answer."""
        from .typeset.page import page_lines

        screen = self._screen()
        screen.show(page_lines(text, screen.columns))

    def show_question(self, text: Markup) -> Callable[[], None]:
        """Show what the user is asked about; it stays above the answer."""
        self.show_text(text)
        return lambda: None

    def show_turn(self, turn: Turn, page: Markup, notices: Sequence[str], *, reasoning: bool) -> None:
        """Show a reply that was kept, below the notices; its `reasoning` above it, if that is asked for."""
        from .typeset.rounds import reasoning_lines, turn_lines, written_lines

        if notices:
            self.show_text(Markup("\n\n").join(notices))
        screen = self._screen()
        thoughts = reasoning_lines(turn.reasoning, screen.columns) if reasoning else []
        words = turn_lines(turn, screen.columns) if _is_screen() else written_lines(page.bare)
        screen.show([*thoughts, *words])

    def painter(self, progress: Progress, standing: Callable[[], Standing], options: ShowOptions) -> Painter:
        """What prints a reply with this progress."""

        def figures(notices: Sequence[str]) -> Figures:
            found = Figures.of(standing(), progress, notices)
            return found.told_below() if options.interrupted else found

        if not _is_screen():
            return PlainPainter(figures, options)
        from .typeset_painter import TypesetPainter

        return TypesetPainter(figures, options, self._screen())

    def comparison_painter(
        self, compared: Sequence[Compared], options: ShowOptions, note: Callable[[], str]
    ) -> ComparisonPainter:
        """What prints several replies to one question, one below the other, each as it comes once it is its turn."""
        from .comparison_terminal import TerminalComparison

        return TerminalComparison(compared, self.painter, self.show_text, options, note=note)

    def follow(self) -> None:
        """What is printed stays."""

    def map_painter(self, *, panel: bool) -> MapPainter:
        """What prints a map: a line that changes, where there is a screen, and its end."""
        from .map_terminal import TerminalMapPainter

        return TerminalMapPainter(self._screen(), panel=panel, is_screen=_is_screen())

    def drawing_painter(self, options: ShowOptions) -> DrawingPainter:
        """What prints that a picture was drawn, and where it is."""
        from .drawing_terminal import TerminalDrawingPainter

        return TerminalDrawingPainter(self._screen(), panel=options.panel != "off", is_screen=_is_screen())

    def background(
        self, progress: Progress, standing: Callable[[], Standing], options: ShowOptions, job: InBackground
    ) -> BackgroundPainter:
        """What prints it when a cell runs after it has ended."""
        from .background import ElsewherePainter

        return ElsewherePainter(self.show_text, lambda: self.painter(progress, standing, options), job)

    def _screen(self) -> Screen:
        from .screen import Screen  # with rich, which is not needed before

        return Screen(styled=_is_screen(), coloured=self._coloured())

    def advises(self, turn: str) -> bool:
        """Nothing here could be replaced later."""
        return False

    def close(self) -> None:
        """Nothing outlives a cell."""


def _is_screen() -> bool:
    """Whether standard output is a terminal on which lines can be drawn again."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in _NO_SCREEN


_NO_SCREEN = () if sys.platform == "win32" else ("", "dumb", "unknown")
