"""Replies whose cells have ended: they change only in the places that were made while the cell ran."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ...chat.replies.progress import Progress
from ...chat.watch import Painter
from ...text.languages.messages import _
from ...text.markup import Markup
from .display import InBackground
from .figures import Figures
from .growing import waiting
from .painter import LONGEST_GAP, PagePainter, PanelOutput
from .reply_text import ReplyText

_STOPPED = _("Stopped before it began.")


class PlacedPanel(PanelOutput, Protocol):
    """A panel whose place is made before anything can change there."""

    def hold_place(self) -> None:
        """Show the current figures where they cannot change until a later cell runs."""


class NoPanel:
    """Where no panel is wanted there is no place for notes either: they are told with what is shown next."""

    shown = False

    def __init__(self, figures: Callable[[], Figures], tell: Callable[[str], None]) -> None:
        self._figures = figures
        self._tell = tell

    def hold_place(self) -> None:
        """Make no place."""

    def draw(self) -> None:
        """Show no figures."""

    def settle(self, *, told: bool = False) -> None:
        figures = self._figures()
        for note in (figures.told_below() if told else figures).notes:
            self._tell(note)

    def give_up(self, *, cleared: bool) -> None:
        """Take nothing away."""


class PlacePainter:
    """Paints a reply in two outputs that `begin` has made in its cell (see `display.BackgroundPainter`).

    `notes` are those that stand with the panel.
    """

    def __init__(
        self, page: PagePainter, text: ReplyText, panel: PlacedPanel, *, notes: list[str], job: InBackground
    ) -> None:
        self._page = page
        self._text = text
        self._panel = panel
        self._notes = notes
        self._job = job

    def begin(self, progress: Progress) -> None:
        if self._job.ticks:
            self._text.wait(waiting(progress))
            self._panel.draw()
        else:
            self._text.wait(
                _(
                    "… asked in the background (job {number}). The reply is shown here when a cell runs after it has "
                    "ended; %glm wait, in the last cell, waits for it.",
                    number=self._job.number,
                )
            )
            self._panel.hold_place()

    def patience(self, progress: Progress) -> tuple[float, float]:
        return self._page.patience(progress)

    def paint(self, progress: Progress) -> None:
        self._page.paint(progress)

    def settle(self, progress: Progress) -> None:
        self._page.settle(progress)

    def break_off(self, progress: Progress, *, interrupted: bool) -> None:
        self.fail(progress, _STOPPED)

    def fail(self, progress: Progress, why: str) -> None:
        if progress.has_begun:
            self._notes.append(why)
            self._page.break_off(progress, interrupted=False)
        else:
            self._text.fail(why)
            self._panel.give_up(cleared=False)


class ElsewherePainter:
    """Shows a reply once, when a cell runs after it has ended, where its own cell cannot change any more."""

    def __init__(self, show: Callable[[Markup], None], new_painter: Callable[[], Painter], job: InBackground) -> None:
        self._show = show
        self._new_painter = new_painter
        self._job = job
        self._waits = False

    def begin(self, progress: Progress) -> None:
        self._waits = True
        self._show(
            Markup(
                "Asked in the background: job {number}. The reply cannot grow here; it is shown below when a cell runs "
                "after it has ended. `%glm wait` waits for it.",
                number=self._job.number,
            )
        )

    def patience(self, progress: Progress) -> tuple[float, float]:
        return LONGEST_GAP, 0.0

    def paint(self, progress: Progress) -> None:
        """Show nothing: what is shown stays."""

    def settle(self, progress: Progress) -> None:
        self._head()
        self._new_painter().settle(progress)

    def break_off(self, progress: Progress, *, interrupted: bool) -> None:
        self.fail(progress, _STOPPED)

    def fail(self, progress: Progress, why: str) -> None:
        self._head()
        if progress.has_begun:
            self._new_painter().break_off(progress, interrupted=False)
        self._show(Markup("{why}", why=why))

    def _head(self) -> None:
        if self._waits:
            self._show(Markup("Job {number}, {heading}:", number=self._job.number, heading=self._job.heading))
