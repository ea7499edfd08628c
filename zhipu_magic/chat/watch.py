"""Reads a reply and has it painted meanwhile. How it is painted is up to the display."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol, runtime_checkable

from ..text.errors import GLMError
from .replies.progress import Progress
from .replies.reply import Reply


class Painter(Protocol):
    """Paints one reply. It only looks at its progress, and never waits."""

    def begin(self, progress: Progress) -> None:
        """Show that the reply is on its way."""

    def patience(self, progress: Progress) -> tuple[float, float]:
        """Seconds to wait for something to paint, and seconds more for the rest to gather."""

    def paint(self, progress: Progress) -> None:
        """Show what there is so far, if it is time to."""

    def settle(self, progress: Progress) -> None:
        """Show the reply as it stays."""

    def break_off(self, progress: Progress, *, interrupted: bool) -> None:
        """Show what there is of a reply that has failed, or was `interrupted` by the user."""


@runtime_checkable
class RunPainter(Protocol):
    """A painter that can also show what code prints while it runs."""

    def paint_run(self, progress: Progress, printed: str) -> bool:
        """Show what the code that the reply runs has printed so far. Returns whether that was possible.

        It is called in a thread of its own, while the one that reads the reply runs the code and paints nothing.
        """


def watch(reply: Reply, painter: Painter) -> None:
    """Read the reply to its end and have it painted. Raises the error that ended it.

    An error in the painter ends the painting and nothing else: it is raised once the reply is complete and committed.
    """
    progress, fault, more = reply.progress, None, True

    def paint(painting: Callable[[Progress], None]) -> None:
        nonlocal fault
        if fault is None:
            try:
                painting(progress)
            except Exception as error:
                fault = error

    def patience() -> tuple[float, float]:
        nonlocal fault
        if fault is None:
            try:
                return painter.patience(progress)
            except Exception as error:
                fault = error
        return _UNPAINTED, 0.0

    try:
        paint(painter.begin)
        while more:
            more = reply.advance(*patience())
            if more:
                paint(painter.paint)
        paint(painter.settle)
    except BaseException as ending:
        reply.interrupt()  # does nothing to a reply that has ended
        interrupted = isinstance(ending, KeyboardInterrupt)
        with suppress(Exception):  # a fault of the painter does not hide what ended the reply
            try:
                painter.break_off(progress, interrupted=interrupted)
            except KeyboardInterrupt:  # an impatient user presses twice
                painter.break_off(progress, interrupted=True)
        raise
    if fault is not None:
        with suppress(Exception):  # what was painted last does not stay as if the reply were still under way
            painter.break_off(progress, interrupted=False)
        raise fault


class ComparisonPainter(Protocol):
    """Paints several replies to one question. It only looks at their progress, and never waits."""

    def begin(self) -> None:
        """Show that they are on their way."""

    def patience(self) -> float:
        """Seconds to wait for something to paint."""

    def paint(self) -> None:
        """Show what there is so far, if it is time to."""

    def settle(self) -> None:
        """Show the replies as they stay, and what each has failed with."""


def watch_all(replies: Sequence[Reply], painter: ComparisonPainter) -> None:
    """Read the replies to their ends and have them painted. What one has failed with ends none of the others.

    An error in the painter ends the painting and nothing else: it is raised once all replies have ended. An interrupt
    stops them all.
    """
    fault: Exception | None = None

    def paint(painting: Callable[[], None]) -> None:
        nonlocal fault
        if fault is None:
            try:
                painting()
            except Exception as error:
                fault = error

    try:
        paint(painter.begin)
        under_way = list(replies)
        while under_way:
            seconds = painter.patience() / len(under_way) if fault is None else _UNPAINTED
            under_way = [reply for reply in under_way if _goes_on(reply, seconds)]
            paint(painter.paint)
    except BaseException:
        for reply in replies:
            reply.interrupt()
        try:
            paint(painter.settle)
        except KeyboardInterrupt:  # an impatient user presses twice
            paint(painter.settle)
        raise
    paint(painter.settle)
    if fault is not None:
        raise fault


def _goes_on(reply: Reply, seconds: float) -> bool:
    """Take in what has come of a reply; whether more will come. Its error stays with it."""
    try:
        return reply.advance(seconds)
    except GLMError:
        return False


#: Seconds between two looks at a reply that is not painted any more.
_UNPAINTED = 0.25
