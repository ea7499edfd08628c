"""`%%glm --each … --bg`: a map over a table as the work of a job of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..chat.undisturbed import undisturbed
from ..text.characters import shorten
from ..text.languages.messages import _
from . import hints
from .each_shown import begun_after, interrupted, settle
from .jobs import LOOK, Job
from .ticker import Ticker

if TYPE_CHECKING:
    from ..chat.rows.mapped import Mapped
    from .display.map_output import MapPainter
    from .line.cell_line import CellOptions
    from .session import Session

#: Characters of the template by which a job is known.
_LONGEST_TITLE = 40
#: Seconds between two looks at a map that goes on.
_GAP = 0.25


def map_in_background(
    session: Session, begin: Callable[[], Mapped], template: str, options: CellOptions, *, painter: MapPainter
) -> None:
    """Begin a map and return at once: it is painted, bound and ended as a job of the page. Raises GLMError."""
    mapped: Mapped | None = None
    job: Job | None = None
    earlier = session.chat.mapped_by(session.anchor())

    def begin_job() -> None:
        nonlocal job
        assert mapped is not None
        if options.bind:
            session.shell.push({options.bind: mapped})
        work = MapWork(session, mapped, shorten(" ".join(template.split()), _LONGEST_TITLE), options, painter=painter)
        job = session.jobs.add(work)
        if not work.done:
            work.begin(job.number)
            Ticker(job.step).start(LOOK)
        job.step()

    try:
        mapped = begin()
        undisturbed(begin_job)
    except BaseException as error:
        mapped = begun_after(session, earlier) if mapped is None else mapped
        if mapped is not None:
            mapped.stop()
            if job is None:
                settle(session, mapped, options, painter)
            else:
                job.step()
        if isinstance(error, KeyboardInterrupt):
            raise interrupted(mapped) from None
        raise


class MapWork:
    """A map as the work of a job (see `jobs.Work`)."""

    thread = None

    def __init__(
        self, session: Session, mapped: Mapped, title: str, options: CellOptions, *, painter: MapPainter
    ) -> None:
        self.title = title
        self._session = session
        self._mapped = mapped
        self._options = options
        self._painter = painter
        anchor = session.anchor()
        self.cell, self.run = anchor.cell, anchor.run
        self._is_apart = self._forgotten = False

    @property
    def state(self) -> str:
        figures = self._mapped.figures()
        if self.error is not None:
            return _("failed")
        return _("stopped") if self._mapped.was_stopped else f"{figures.done:,}/{figures.rows:,}"

    @property
    def seconds(self) -> float:
        return self._mapped.figures().seconds

    @property
    def tokens(self) -> int | None:
        figures = self._mapped.figures()
        return figures.prompt_tokens + figures.completion_tokens

    @property
    def done(self) -> bool:
        return self._mapped.done

    @property
    def kept_as(self) -> str:
        return self._mapped.kept_as

    @property
    def error(self) -> Exception | None:
        return self._mapped.error

    @property
    def told(self) -> bool:
        return self._mapped.error_was_raised

    def begin(self, number: int) -> None:
        """Make its places in the cell that runs, or say where it will be shown."""
        self._is_apart = True
        self._session.extension.asks_table(self._mapped, self._options.each or "")
        if self._painter.stays:
            self._painter.begin_apart(self._mapped.figures())
        else:
            self._session.answer(
                _(
                    "Asked in the background: job {number}. It is shown when a later cell runs after it has ended.",
                    number=number,
                )
            )

    def stop(self) -> None:
        self._mapped.stop()

    def paint(self) -> float:
        if self._painter.stays:
            self._painter.paint(self._mapped.figures())
        self._session.extension.changed()
        return _GAP

    def finish(self) -> None:
        self._session.extension.table_is_over(self._mapped)
        if self._forgotten:
            return
        if self._is_apart and not self._painter.stays:
            self._painter = self._session.display.map_painter(panel=not self._options.quiet)
            self._session.notify(_("Of the background, about “{title}”:", title=self.title))
        if self.error is not None and not self.told:
            self._session.notify(hints.in_words(self.error))
        if self.error is None and self._mapped.was_stopped:
            self._session.notify(hints.in_words(interrupted(self._mapped)))
        # Its name was bound at the beginning, and may be another cell's by now.
        gone = settle(self._session, self._mapped, self._options, self._painter, is_bound=True)
        if gone is not None and self.error is None:
            self._session.notify(hints.in_words(gone))

    def fail(self) -> None:
        if self.error is not None:
            self._mapped.error_was_raised = True
            raise self.error

    def forget(self) -> None:
        self._forgotten = self._mapped.error_was_raised = True
        self._session.extension.table_is_over(self._mapped)
