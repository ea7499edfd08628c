"""What goes on in the background of a page: each with a number, painted and ended while other cells run.

A job is painted from the kernel's event loop between cells, from whatever of ours waits in a cell, and before and
after each cell. All of that is in the main thread.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from ..chat.undisturbed import undisturbed
from ..text.errors import NOTHING_SENT, InvalidRequest
from . import hints

#: Seconds between two looks at a job by those who wait for it.
LOOK = 0.05
#: Ended jobs that are remembered.
_MOST_ENDED = 50


class Work(Protocol):
    """What a job does: a reply, or a map over a table."""

    @property
    def title(self) -> str:
        """What it is about, in a few words of the user's."""

    @property
    def cell(self) -> str | None:
        """The cell that began it, as the conversation knows it, where cells have ids."""

    @property
    def run(self) -> int:
        """The execution that began it."""

    @property
    def thread(self) -> str | None:
        """The thread of the conversation in which it takes a turn, if it takes one."""

    @property
    def state(self) -> str:
        """Where it stands, in a word."""

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""

    @property
    def tokens(self) -> int | None:
        """What it has taken so far, as far as the service has counted."""

    @property
    def done(self) -> bool:
        """Whether nothing more comes, and what came is kept."""

    @property
    def kept_as(self) -> str:
        """The id of its event in the journal, where it was replayed that of the recording; empty if it has none yet."""

    @property
    def error(self) -> Exception | None:
        """What ended it."""

    @property
    def told(self) -> bool:
        """Whether that error has been raised somewhere."""

    def stop(self) -> None:
        """Stop it now, and keep what has come. Does nothing if it is done."""

    def paint(self) -> float:
        """Show what there is so far, without waiting. Returns the seconds until there is more to show."""

    def finish(self) -> None:
        """Once it is done: show it as it stays, and bind the names that it was given."""

    def fail(self) -> None:
        """Raise its error, if it has one, which is told by that."""

    def forget(self) -> None:
        """Show and bind nothing of it any more, and take its error as told: its cell runs again."""


class Job:
    """One of a page's jobs: the work, and the number that `%glm jobs` shows."""

    def __init__(self, number: int, work: Work) -> None:
        self.number = number
        self.work = work
        self.is_over = False
        """Whether it is done, and shown as it stays."""

    def step(self) -> float | None:
        """Show how far it is, or end it. Returns the seconds until the next step; None once it is over."""
        if self.is_over:
            return None
        if not self.work.done:
            return self.work.paint()
        undisturbed(self._finish)
        return None

    def _finish(self) -> None:
        self.is_over = True
        self.work.finish()


class Jobs:
    """The jobs of a page, in the order in which they began."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._count = 0

    @property
    def all(self) -> Sequence[Job]:
        """Those that run, and the latest of those that are over."""
        return self._jobs

    @property
    def running(self) -> list[Job]:
        return [job for job in self._jobs if not job.is_over]

    @property
    def next_number(self) -> int:
        return self._count + 1

    @property
    def threads(self) -> set[str]:
        """The threads of the conversation in which a job has the turn."""
        return {job.work.thread for job in self.running if job.work.thread is not None}

    def were_running(self, event: str) -> bool:
        """Whether one of them had not ended when this event happened, in the run that the journal has of it."""
        session, _, number = event.rpartition("-")
        for job in self._jobs:
            if not job.work.done:
                return True
            of_session, _, its_number = job.work.kept_as.rpartition("-")
            if (
                of_session == session
                and number.isdecimal()
                and its_number.isdecimal()
                and int(its_number) > int(number)
            ):
                return True
        return False

    def add(self, work: Work) -> Job:
        """Begin to look after this work."""
        self._count += 1
        job = Job(self._count, work)
        over = [known for known in self._jobs if known.is_over]
        for known in over[: max(0, len(over) - _MOST_ENDED)]:
            self._jobs.remove(known)
        self._jobs.append(job)
        return job

    def step(self) -> None:
        """Show how far all of them are, and end those that are done."""
        for job in self.running:
            job.step()

    def wait(self, jobs: Sequence[Job]) -> None:
        """Wait until these are over, and show meanwhile how far all are. An interrupt ends this wait, and no job."""
        while not all(job.is_over for job in jobs):
            self.step()
            if not all(job.is_over for job in jobs):
                time.sleep(LOOK)

    def stop(self, jobs: Sequence[Job]) -> None:
        """Stop these, and show what has come of them."""
        for job in jobs:
            job.work.stop()
        self.wait(jobs)

    def make_way(self, thread: str) -> None:
        """Wait for the turn that a job has in this thread, for the next turn is to follow it.

        Raises InvalidRequest, once, where the job before it has failed.
        """
        self.wait([job for job in self.running if job.work.thread == thread])
        for job in self._jobs:
            if job.work.thread == thread and job.work.error is not None and not job.work.told:
                try:
                    job.work.fail()
                except Exception as error:
                    raise InvalidRequest(
                        "The turn before this one (job {number}, {title}) has failed: {why}",
                        hint="Run its cell again first; or run this one again, and it is asked without that turn.",
                        reason="background.failed_before",
                        outcomes=[NOTHING_SENT],
                        number=job.number,
                        title=job.work.title,
                        why=hints.in_words(error),
                    ) from error

    def begin_cell(self, cell: str | None, run: int) -> None:
        """Before a cell runs: stop what earlier runs of it have begun, and show how far the others are."""
        self.replace(cell, run)
        self.step()

    def replace(self, cell: str | None, run: int) -> None:
        """Stop and forget what earlier runs of this cell have begun: it runs again."""
        if cell is None:
            return
        for job in self._jobs:
            if job.work.cell == cell and job.work.run != run:
                job.work.stop()
                job.work.forget()
                job.is_over = True

    def close(self) -> None:
        """Stop all, and show what has come of them."""
        for job in self.running:
            job.work.stop()
        self.step()
