"""The tables whose rows are being asked, for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...text.characters import shorten

if TYPE_CHECKING:
    from ...chat.rows.mapped import Mapped

_LONGEST_NAME = 80


class AskedTables:
    """The maps that go on, with the cells that began them."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[str | None, str, Mapped]] = {}

    def add(self, cell: str | None, name: str, mapped: Mapped) -> None:
        """Note that this map over the table of this name goes on."""
        self._asked[id(mapped)] = (cell, shorten(name, _LONGEST_NAME), mapped)

    def remove(self, mapped: Mapped) -> None:
        self._asked.pop(id(mapped), None)

    def told(self) -> list[dict[str, Any]]:
        """Where each of them stands."""
        return [_told(cell or "", name, mapped) for cell, name, mapped in self._asked.values() if not mapped.done]


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
