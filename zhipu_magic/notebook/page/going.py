"""What goes on beside the conversation, for the page: the tables whose rows are asked, and the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...text.characters import shorten
from ..jobs import Jobs
from .identity import CellIdentity

if TYPE_CHECKING:
    from ...chat.rows.mapped import Mapped

_LONGEST_NAME = 80


class GoingOn:
    """The maps and the jobs that go on, with the cells that began them."""

    def __init__(self, jobs: Jobs, identity: CellIdentity) -> None:
        self._jobs = jobs
        self._identity = identity
        self._asked: dict[int, tuple[str | None, str, Mapped]] = {}

    def add(self, cell: str | None, name: str, mapped: Mapped) -> None:
        """Note that this map over the table of this name goes on."""
        self._asked[id(mapped)] = (cell, shorten(name, _LONGEST_NAME), mapped)

    def remove(self, mapped: Mapped) -> None:
        self._asked.pop(id(mapped), None)

    def told(self) -> dict[str, Any]:
        """Where each of the maps stands, and the cells on the page that have jobs."""
        tables = [_told(cell or "", name, mapped) for cell, name, mapped in self._asked.values() if not mapped.done]
        cells = (job.work.cell for job in self._jobs.running if job.work.cell is not None)
        return {"tables": tables, "jobs": list(dict.fromkeys(filter(None, map(self._identity.on_page, cells))))}

    def stop(self, cell: str) -> None:
        """Stop the jobs of this cell of the page. What has come of them is shown soon, as when they end."""
        known = self._identity.known(cell)
        for job in self._jobs.running:
            if known is not None and job.work.cell == known:
                job.work.stop()


def _told(cell: str, name: str, mapped: Mapped) -> dict[str, Any]:
    figures = mapped.figures()
    return {
        "cell": cell,
        "name": name,
        "done": figures.done,
        "total": figures.rows,
        "failed": figures.failed,
        "in_flight": figures.in_flight,
        "limit": figures.limit,
    }
