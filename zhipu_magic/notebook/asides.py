"""Sets turns aside whose cells were deleted, or run again with something else in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..text.errors import GLMError
from . import notices

if TYPE_CHECKING:
    from ..chat.chat import Chat
    from .jobs import Jobs


class _Aside(NamedTuple):
    """What is to be set aside in a thread: the turns of these cells, except those of one run."""

    thread: str
    cells: Sequence[str]
    why: str
    except_run: int | None


class Asides:
    """Sets turns aside, and adds a notice for each thread.

    Where a job has the turn in a thread, this is done once that has ended: to wait for it would hold up a cell that
    need not ask, and a cell that asks there waits for it anyway.
    """

    def __init__(self, jobs: Jobs, chat: Callable[[], Chat | None], notify: Callable[[str], None]) -> None:
        self._jobs = jobs
        self._chat = chat
        self._notify = notify
        self._later: list[_Aside] = []

    def set_aside(self, cells: Iterable[str | None], why: str, *, except_run: int | None = None) -> None:
        """Set aside the turns of these cells; with the exception of a run, only in the current thread."""
        chat, known = self._chat(), [cell for cell in cells if cell is not None]
        if chat is None or not known:
            return
        here = chat.thread().name
        threads = [here] if except_run is not None else list({thread.name for thread in chat.history.threads} | {here})
        busy = self._jobs.threads
        if not busy.intersection(threads):
            self._do(chat, known, why, except_run=except_run)
            return
        wanted = [_Aside(thread, known, why, except_run) for thread in sorted(threads)]
        for aside in wanted:
            if aside.thread in busy:
                self._later.append(aside)
            else:
                self._do(chat, known, why, except_run=except_run, thread=aside.thread)

    def bring_back(self, cells: Collection[str]) -> None:
        """Restore the turns of these cells that were set aside because they were deleted: they are there again.

        Where a job has the turn in a thread, this is done when the page is looked at next.
        """
        chat, busy = self._chat(), self._jobs.threads
        self._later = [
            aside if aside.except_run is not None else aside._replace(cells=[*set(aside.cells).difference(cells)])
            for aside in self._later
        ]
        if chat is None:
            return
        with suppress(GLMError):
            for thread in chat.history.threads:
                if thread.name not in busy and thread.latest_aside:
                    chat.history.bring_back(cells, thread=thread.name)

    def catch_up(self) -> None:
        """Do what had to wait, where no job has the turn any more."""
        chat, busy, waiting = self._chat(), self._jobs.threads, self._later
        if chat is None:
            return
        self._later = [aside for aside in waiting if aside.thread in busy]
        for aside in waiting:
            if aside.thread not in busy:
                self._do(chat, aside.cells, aside.why, except_run=aside.except_run, thread=aside.thread)

    def _do(
        self, chat: Chat, cells: Sequence[str], why: str, *, except_run: int | None, thread: str | None = None
    ) -> None:
        system = chat.system
        with suppress(GLMError):
            for name, count in chat.history.set_aside(cells, except_run=except_run, thread=thread).items():
                elsewhere = name if name != chat.thread().name else ""
                self._notify(notices.set_aside(count, why, elsewhere=elsewhere))
            if chat.system != system:
                self._notify(notices.system_gone(system, why, chat.system))
