"""The IPython terminal: replies as typeset Markdown, or as plain words where standard output is no screen."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence

from ...chat.replies.progress import Progress
from ...chat.standing import Standing
from ...chat.watch import Painter
from ...history.turn import Turn
from ...text.characters import without_controls
from ...text.markup import Markup
from ...text.wrapping import wrapped
from .display import ShowOptions
from .figures import Figures
from .plain import PlainPainter


class Terminal:
    """Shows replies on standard output, `coloured` or not."""

    def __init__(self, *, coloured: Callable[[], bool] = lambda: True) -> None:
        self._coloured = coloured

    def show_text(self, text: Markup) -> None:
        """Show a command's answer."""
        columns = shutil.get_terminal_size().columns - 1
        shown = text.in_columns(columns) if sys.stdout.isatty() else text.bare
        _write(on_lines(shown, lambda line: wrapped(line, columns)))

    def show_turn(self, turn: Turn, page: Markup, notices: Sequence[str]) -> None:
        """Show a reply that was kept, below the notices."""
        if not _is_screen():
            self.show_text(Markup("\n\n").join([*notices, page]))
            return
        if notices:
            self.show_text(Markup("\n\n").join(notices))
        from .screen import Screen
        from .typeset.rounds import turn_lines

        screen = Screen(coloured=self._coloured())
        screen.show(turn_lines(turn, screen.columns))

    def painter(self, progress: Progress, standing: Callable[[], Standing], options: ShowOptions) -> Painter:
        """What prints a reply with this progress."""

        def figures(notices: Sequence[str]) -> Figures:
            found = Figures.of(standing(), progress, notices)
            return found.without_ending if options.interrupted else found

        if not _is_screen():
            return PlainPainter(figures, options)
        from .screen import Screen  # with rich, which is not needed before
        from .typeset_painter import TypesetPainter

        return TypesetPainter(figures, options, Screen(coloured=self._coloured()))

    def close(self) -> None:
        """Nothing outlives a cell."""


def _is_screen() -> bool:
    """Whether standard output is a terminal on which lines can be drawn again."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in _NO_SCREEN


_NO_SCREEN = () if sys.platform == "win32" else ("", "dumb", "unknown")


def _write(text: str) -> None:
    sys.stdout.write(without_controls(f"{text}\n"))
    sys.stdout.flush()


def on_lines(text: str, broken: Callable[[str], list[str]]) -> str:
    """The text with each line broken by `broken`, except in tables and fenced texts."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        opening = _FENCE.match(line)
        if fence or line.startswith("|") or opening:
            lines.append(line)
            fence = "" if line == fence else fence or (opening[0] if opening else "")
        else:
            lines += broken(line)
    return "\n".join(lines)


#: The fence that `fenced` puts around a text.
_FENCE = re.compile("`{3,}")
