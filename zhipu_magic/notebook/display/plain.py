"""A reply where there is no screen, such as in a pipe: the words as they come, then one line of figures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from ...chat.replies.progress import Progress
from ...chat.undisturbed import undisturbed
from ...history.markdown import call_line, sources
from ...history.rounds import Called
from ...service.response_members import objects
from ...text.characters import without_controls
from ...text.languages.messages import told
from .answer import WAS_REASONING
from .display import ShowOptions
from .figures import Figures
from .panel import line_text

_CLOCK = 0.25


class PlainPainter:
    """Prints a reply (see `watch.Painter`)."""

    def __init__(self, figures: Callable[[Sequence[str]], Figures], options: ShowOptions) -> None:
        self._figures = figures
        self._options = options
        self._rounds = self._printed = self._calls = self._taken_back = 0
        self._line_is_open = False

    def begin(self, progress: Progress) -> None:
        """Print nothing: what is printed stays."""

    def patience(self, progress: Progress) -> tuple[float, float]:
        return _CLOCK, 0.0

    def paint(self, progress: Progress) -> None:
        self._print(progress, words=self._options.streamed)

    def settle(self, progress: Progress) -> None:
        self._print(progress, words=True)
        found = sources(objects(progress.body().get("web_search")))
        if found:
            self._end_line()
            self._write(f"\n{found.bare}\n")
        self._close(progress, self._figures(self._options.notices).notes)

    def break_off(self, progress: Progress, *, interrupted: bool) -> None:
        self._print(progress, words=True)
        if interrupted and progress.has_begun:
            self._line_is_open = True  # a terminal shows ^C where the line stands
        self._close(progress, self._figures(self._options.notices).others)

    def _print(self, progress: Progress, *, words: bool) -> None:
        undisturbed(lambda: self._print_new(progress, words))  # or an interrupt in between would print it twice

    def _print_new(self, progress: Progress, words: bool) -> None:
        for one in progress.rounds[self._rounds :]:
            self._print_words("" if one.wrong else progress.words_of(one))
            self._end_line()
            self._print_calls(one.calls)
            self._rounds, self._printed, self._calls, self._taken_back = self._rounds + 1, 0, 0, 0
        if progress.taken_back > self._taken_back:
            self._taken_back = progress.taken_back
            if self._printed:
                self._printed = 0
                self._write(f"\n[{told(WAS_REASONING)}]\n")
        if words or progress.calls:
            self._print_words(progress.joined_text if progress.has_text else "")
        self._print_calls(progress.calls)

    def _print_words(self, words: str) -> None:
        """Print the new characters of the words."""
        new = words[self._printed :]
        if new:
            # Some models begin with an empty line, which a terminal would show.
            self._write(new if self._printed else new.lstrip("\n"))
            self._printed += len(new)

    def _print_calls(self, calls: Sequence[Called]) -> None:
        """Print a line for each new call of a tool."""
        for call in calls[self._calls :]:
            self._end_line()
            self._write(f"[{told(call_line(call))}]\n")
            self._calls += 1

    def _close(self, progress: Progress, notes: Sequence[str]) -> None:
        if not progress.has_begun:
            return
        self._end_line()
        for note in notes:
            self._write(f"{told(note)}\n")
        if self._options.panel != "off":
            self._write(f"[{line_text(self._figures(()))}]\n")

    def _end_line(self) -> None:
        if self._line_is_open:
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            sys.stdout.write(without_controls(text))
            sys.stdout.flush()
            self._line_is_open = not text.endswith("\n")
