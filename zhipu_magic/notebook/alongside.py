"""Paints the jobs of a page while a cell waits for its own reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .jobs import LOOK

if TYPE_CHECKING:
    from ..chat.replies.progress import Progress
    from ..chat.watch import Painter
    from .jobs import Jobs


class Alongside:
    """The painter of a reply that is waited for, and the jobs that go on meanwhile (see `watch.Painter`)."""

    def __init__(self, painter: Painter, jobs: Jobs) -> None:
        self._painter = painter
        self._jobs = jobs

    def begin(self, progress: Progress) -> None:
        self._painter.begin(progress)

    def patience(self, progress: Progress) -> tuple[float, float]:
        timeout, linger = self._painter.patience(progress)
        return min(timeout, LOOK), linger

    def paint(self, progress: Progress) -> None:
        self._jobs.step()
        self._painter.paint(progress)

    def settle(self, progress: Progress) -> None:
        self._painter.settle(progress)

    def break_off(self, progress: Progress, *, interrupted: bool) -> None:
        self._painter.break_off(progress, interrupted=interrupted)
