"""Several replies to one question in a terminal: one below the other, each as it comes once it is its turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...chat.replies.progress import Progress
from ...chat.standing import Standing
from ...chat.watch import Painter
from ...text.markup import Markup
from .answer import FAILED_BELOW
from .display import Compared, ShowOptions


class TerminalComparison:
    """Prints a comparison (see `watch.ComparisonPainter`).

    Only the newest lines of a terminal can be drawn again, so one reply is printed at a time; those below it have come
    meanwhile.
    """

    def __init__(
        self,
        compared: Sequence[Compared],
        painter: Callable[[Progress, Callable[[], Standing], ShowOptions], Painter],
        show_text: Callable[[Markup], None],
        options: ShowOptions,
        *,
        note: Callable[[], str],
    ) -> None:
        self._left = [*compared]
        self._painter = painter
        self._show_text = show_text
        self._options = options
        self._note = note
        self._current: Painter | None = None

    def begin(self) -> None:
        self.paint()

    def patience(self) -> float:
        return 0.05

    def paint(self) -> None:
        while self._left:
            one, progress = self._left[0], self._left[0].progress
            if self._current is None:
                self._begin(one)
            assert self._current is not None
            if progress.ended is None:
                self._current.paint(progress)
                return
            self._end(self._current, progress)

    def settle(self) -> None:
        """Print what is left: all have ended."""
        self.paint()
        if notes := [*self._options.notices, *filter(None, [self._note()])]:
            self._show_text(Markup("\n\n").join(notes))

    def _begin(self, one: Compared) -> None:
        self._show_text(Markup("**{model}**", model=one.model))
        self._current = self._painter(one.progress, one.standing, self._options._replace(notices=()))
        self._current.begin(one.progress)

    def _end(self, painter: Painter, progress: Progress) -> None:
        self._left.pop(0)
        self._current = None
        if progress.state == "complete":
            painter.settle(progress)
            return
        painter.break_off(progress, interrupted=progress.state == "interrupted")
        if not progress.has_begun:
            self._show_text(Markup("{failed}", failed=FAILED_BELOW))
