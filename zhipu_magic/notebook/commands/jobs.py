"""The commands for what goes on in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.errors import Interrupted
from ...text.languages.joined import comma
from ...text.languages.messages import _
from ...text.languages.numbers import plural
from ...text.markup import Markup
from ...text.tables import table
from .command import Command, number

if TYPE_CHECKING:
    from ..jobs import Job
    from ..session import Session

_NONE = Markup("Nothing has been asked in the background. A cell that begins with `%%glm --bg` does not wait.")


def _jobs(session: Session, text: str) -> None:
    jobs = session.jobs.all
    if not jobs:
        session.answer(_NONE)
        return
    rows = [(str(job.number), job.work.title, *_figures(job)) for job in jobs]
    session.answer(table((_("job"), _("about"), _("state"), _("seconds"), _("tokens")), rows))


def _figures(job: Job) -> tuple[str, str, str]:
    work = job.work
    return work.state, f"{work.seconds:.1f}", "" if work.tokens is None else f"{work.tokens:,}"


def _stop(session: Session, text: str) -> None:
    named = _named(session, text, _("%glm stop N takes a job's number in %glm jobs."))
    running = [job for job in named if not job.work.done]
    session.jobs.stop([job for job in named if not job.is_over])
    if not running:
        session.answer(
            _("Job {number} has ended already.", number=text) if text else _("Nothing is running in the background.")
        )
        return
    numbers = comma(str(job.number) for job in running)
    session.answer(
        _("Stopped: {jobs} ({numbers}). What had come is kept.", jobs=plural(len(running), "job"), numbers=numbers)
    )


def _wait(session: Session, text: str) -> None:
    named = _named(session, text, _("%glm wait N takes a job's number in %glm jobs."))
    if not named:
        session.answer(_NONE)
        return
    try:
        session.jobs.wait(named)
    except KeyboardInterrupt:
        raise Interrupted(
            "Interrupted: nothing waits any more, and the jobs go on. %glm stop ends them.", reason="background.waits"
        ) from None
    for job in named:
        if text or not job.work.told:
            job.work.fail()


def _named(session: Session, text: str, usage: str) -> list[Job]:
    """The job of this number, or all of them. Raises UsageError for a number that no job has."""
    wanted = number(text, usage)
    if wanted is None:
        return list(session.jobs.all)
    found = [job for job in session.jobs.all if job.number == wanted]
    if not found:
        raise UsageError(_("There is no job {number}; %glm jobs lists them.", number=wanted))
    return found


COMMANDS = (
    Command(
        "jobs",
        "%glm jobs",
        "list what goes on in the background",
        _jobs,
        details="Lists the cells that were run with --bg: what each asks, where it stands, and the seconds and tokens "
        "that it has taken.",
        examples=("%glm jobs",),
    ),
    Command(
        "stop",
        "%glm stop [N]",
        "stop what goes on in the background",
        _stop,
        completes="jobs",
        details="What had come is kept, as after an interrupt. The stop button does not stop what goes on in the "
        "background.",
        arguments={"N": "the job's number in %glm jobs; without one, all of them"},
        examples=("%glm stop", "%glm stop 2"),
    ),
    Command(
        "wait",
        "%glm wait [N]",
        "wait for what goes on in the background",
        _wait,
        completes="jobs",
        details="Waits until it has ended, and fails if it has failed. An interrupt ends the waiting alone.",
        arguments={"N": "the job's number in %glm jobs; without one, all of them"},
        examples=("%glm wait", "%glm wait 1"),
    ),
)
