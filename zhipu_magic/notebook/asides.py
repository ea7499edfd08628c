"""Sets turns aside whose cells were deleted, or run again with something else in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence, Set
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..text.errors import GLMError
from . import notices

if TYPE_CHECKING:
    from ..chat.chat import Chat
    from .jobs import Jobs


#: Notices that are taken back where they are not true any more.
_MOST_NOTICES = 20


class _Aside(NamedTuple):
    """What is to be set aside in a thread: the turns of these cells, except those of one run."""

    thread: str
    cells: Sequence[str]
    why: str
    except_run: int | None


class _Notice(NamedTuple):
    """What was said, and the deleted cells that it is of."""

    text: str
    cells: Set[str]


class Asides:
    """Sets turns aside, and adds a notice for each thread: taken back if the cells are back before it is shown.

    Where a job has the turn in a thread, this is done once that has ended: to wait for it would hold up a cell that
    need not ask, and a cell that asks there waits for it anyway.
    """

    def __init__(
        self,
        jobs: Jobs,
        chat: Callable[[], Chat | None],
        notify: Callable[[str], None],
        withdraw: Callable[[str], None],
    ) -> None:
        self._jobs = jobs
        self._chat = chat
        self._notify = notify
        self._withdraw = withdraw
        self._notices: list[_Notice] = []
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
        back = [notice for notice in self._notices if notice.cells <= set(cells)]
        for notice in back:
            self._notices.remove(notice)
            self._withdraw(notice.text)
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
        system, said = chat.system, list[str]()
        with suppress(GLMError):
            for name, count in chat.history.set_aside(cells, except_run=except_run, thread=thread).items():
                elsewhere = name if name != chat.thread().name else ""
                said.append(notices.set_aside(count, why, elsewhere=elsewhere))
            if chat.system != system:
                said.append(notices.system_gone(system, why, chat.system))
        for text in said:
            self._notify(text)
        if except_run is None:
            asked = {cell for cell in cells if any(cell in one.cells for one in chat.history.threads)}
            self._notices = [*self._notices, *(_Notice(text, asked) for text in said)][-_MOST_NOTICES:]
