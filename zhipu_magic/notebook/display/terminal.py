"""A reply in the IPython terminal: the words as they come, then one line of figures.

All text goes through `_write`, so that nothing from outside reaches the terminal as a command.
"""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence

from ...chat.replies.progress import Progress
from ...chat.standing import Standing
from ...chat.undisturbed import undisturbed
from ...chat.watch import Painter
from ...history.markdown import call_line, call_text, sources
from ...service.response_members import objects
from ...text.characters import shorten, without_controls
from ...text.markup import Markup
from .display import ShowOptions
from .panel import Figures, line_text

_CLOCK = 0.25
_WAS_REASONING = "\n[The text above was the model's reasoning. Its answer:]\n"
_ERASE = "\r\x1b[K"


class Terminal:
    """Shows replies on standard output."""

    def show_text(self, text: Markup) -> None:
        """Show a command's answer."""
        _write(_wrapped(text.bare, shutil.get_terminal_size().columns - 1) + "\n")

    def painter(self, progress: Progress, standing: Callable[[], Standing], options: ShowOptions) -> Painter:
        """What prints a reply with this progress."""

        def figures(notices: Sequence[str]) -> Figures:
            return Figures.of(standing(), progress, notices)

        return _Painter(figures, options)


class _Painter:
    """Prints a reply (see `watch.Painter`)."""

    def __init__(self, figures: Callable[[Sequence[str]], Figures], options: ShowOptions) -> None:
        self._figures = figures
        self._options = options
        self._rounds = self._printed = self._calls = self._taken_back = 0

    def begin(self, progress: Progress) -> None:
        _status(self._figures(()))

    def patience(self, progress: Progress) -> tuple[float, float]:
        return _CLOCK, 0.0

    def paint(self, progress: Progress) -> None:
        self._print(progress, words=self._options.streamed)
        if progress.calling is not None:
            _announce(progress)
        elif not self._printed:
            _status(self._figures(()))

    def settle(self, progress: Progress) -> None:
        self._print(progress, words=True)
        has_sources = _print_sources(progress)
        open_line = _line_is_open(progress) and not has_sources
        self._close(progress, open_line=open_line, notes=self._figures(self._options.notices).notes)

    def break_off(self, progress: Progress, *, interrupted: bool) -> None:
        self._print(progress, words=True)
        # A terminal shows ^C where the line stands.
        self._close(progress, open_line=_line_is_open(progress) or interrupted)

    def _print(self, progress: Progress, *, words: bool) -> None:
        undisturbed(lambda: self._print_new(progress, words))  # or an interrupt in between would print it twice

    def _print_new(self, progress: Progress, words: bool) -> None:
        if len(progress.rounds) > self._rounds:
            self._rounds, self._printed, self._calls, self._taken_back = len(progress.rounds), 0, 0, 0
        if progress.taken_back > self._taken_back:
            self._taken_back = progress.taken_back
            if self._printed:  # what is printed cannot be taken back
                self._printed = 0
                _write(_WAS_REASONING)
        if words:
            self._printed += _print_on(progress, self._printed)
        self._calls += _print_calls(progress, self._calls)

    def _close(self, progress: Progress, *, open_line: bool, notes: Sequence[str] = ()) -> None:
        """End the open line, whether it holds words or the status, and print the figures."""
        if not progress.has_text:
            _erase()
        if not progress.has_begun:
            return
        if open_line:
            _write("\n")
        for note in notes:
            _write(f"{note}\n")
        if self._options.panel != "off":
            _write(f"[{line_text(self._figures(()))}]\n")


def _write(text: str) -> None:
    sys.stdout.write(without_controls(text))
    sys.stdout.flush()


def _erase() -> None:
    """Erase the current line, which holds the status."""
    if sys.stdout.isatty():
        sys.stdout.write(_ERASE)


def _wrapped(text: str, columns: int) -> str:
    """The text with its lines broken between words; tables and fenced texts stay as they are."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        opening = _FENCE.match(line)
        if fence or line.startswith("|") or opening:
            lines.append(line)
            fence = "" if line == fence else fence or (opening[0] if opening else "")
        else:
            lines += textwrap.wrap(line, columns) or [""]
    return "\n".join(lines)


#: The fence that `fenced` puts around a text.
_FENCE = re.compile("`{3,}")


def _line_is_open(progress: Progress) -> bool:
    return progress.has_text and not progress.text.endswith("\n")


def _print_on(progress: Progress, printed: int) -> int:
    """Print the new characters of the text. Returns how many there were."""
    words = progress.text[printed:]
    if not words:
        return 0
    if not printed:
        _erase()
    # Some models begin with an empty line, which a terminal would show.
    _write(words if printed else words.lstrip("\n"))
    return len(words)


def _print_calls(progress: Progress, printed: int) -> int:
    """Print a line for each new tool call. Returns how many there were."""
    for call in progress.calls[printed:]:
        _erase()
        _write(f"[{call_line(call)}]\n")
    return len(progress.calls) - printed


def _announce(progress: Progress) -> None:
    """Say which tool runs, and end the line: the tool may print, or ask."""
    if sys.stdout.isatty() and progress.calling is not None:
        if _line_is_open(progress) and not progress.calls:
            _write("\n")
        _erase()
        _write(f"[{call_text(progress.calling.name, progress.calling.arguments)} …]\n")


def _print_sources(progress: Progress) -> bool:
    """Print what the service found on the web. Returns whether there was anything."""
    found = sources(objects(progress.body().get("web_search")))
    if found:
        _write(f"{chr(10) * (1 + _line_is_open(progress))}{found.bare}\n")
    return bool(found)


def _status(figures: Figures) -> None:
    """Show a line of figures, which the first words replace."""
    if sys.stdout.isatty():
        _erase()
        # A longer line would wrap, and only its last row could be erased.
        _write(shorten(line_text(figures), shutil.get_terminal_size().columns - 1))
