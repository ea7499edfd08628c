"""What the front end's extension says of the page, what it is told, and what follows (docs/front-end.md).

Where there is no extension, nothing here does anything, and what it needs is not imported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, NamedTuple

from ...text.characters import printable, shorten
from ...text.languages.messages import _
from ..cell_tracker import CellTracker
from ..page_says import VERSION, PageSays, all_cells_of, cells_of, page_of
from .defaults import PageDefaults
from .going import GoingOn
from .identity import CellIdentity
from .journal import PageJournal
from .order import PageOrder

if TYPE_CHECKING:
    from ...chat.chat import Chat
    from ...chat.rows.mapped import Mapped
    from ...history.events.event import State
    from .link import PageLink
    from .picture import Picture

_LONGEST_VERSION = 20


class _Told(NamedTuple):
    """What was told last: the state that it is of, all of its picture, and how many messages it took to tell."""

    state: State
    picture: dict[str, Any]
    number: int


class PageExtension:
    """The kernel's side of the extension."""

    def __init__(
        self,
        cells: CellTracker,
        identity: CellIdentity,
        *,
        going: GoingOn,
        order: PageOrder,
        defaults: PageDefaults,
        journal: PageJournal,
        chat: Callable[[], Chat | None],
        notify: Callable[[str], None],
    ) -> None:
        self._cells = cells
        self._identity = identity
        self._chat = chat
        self._notify = notify
        self._order = order
        self._journal = journal
        self._defaults = defaults
        self._going = going
        self._link: PageLink | None = None
        self._picture: Picture | None = None
        self._is_refused = False
        self._told: _Told | None = None
        self._is_earlier_told = False
        if cells.page is not None:
            self._take(cells.page)

    # The running cell

    def begin_cell(self) -> None:
        """Before each cell: take what the page says with it."""
        page = self._cells.page
        self._order.forget(self._cells.just_deleted)
        if page is not None:
            self._take(page)
            self.follow()

    def end_cell(self) -> None:
        """After each cell: tell the page what has changed."""
        if self._cells.page is not None and not self._is_refused:
            self.follow()
            link = self._linked()
            if not link.is_open:
                self._told, self._is_earlier_told = None, False
                link.open()
        self.changed()

    def follow(self) -> None:
        """Bring the conversation into the page's order, for the cell that runs."""
        self._order.follow(self._identity.known(self._cells.cell))

    def _take(self, page: PageSays) -> None:
        if page.speaks != VERSION:
            self._refuse(page.speaks)
            return
        self._is_refused = False
        self._defaults.apply(page.settings)
        self._order.tell(page.cells or (), page.page)

    def _refuse(self, version: object) -> None:
        """Say once that the page speaks another version: then all is as without the extension."""
        if not self._is_refused:
            self._is_refused = True
            other = shorten(printable(str(version)), _LONGEST_VERSION)
            self._notify(
                _(
                    "JupyterLab has another version of zhipu_magic (it speaks {other}, the kernel {ours}), so the "
                    "order of the page is not followed. Install the same version on both sides, and reload the page.",
                    other=other,
                    ours=VERSION,
                )
            )

    @property
    def settings_in_force(self) -> list[str]:
        """The settings whose values the user has set in the front end."""
        return self._defaults.in_force

    # What is told

    def changed(self) -> None:
        """Note that the conversation may have changed: the page is told soon."""
        if self._link is not None:
            self._link.changed()

    def asks_table(self, mapped: Mapped, name: str) -> None:
        """Note that the running cell asks over the table of this name, until `table_is_over`."""
        self._going.add(self._cells.cell, name, mapped)
        self.changed()

    def table_is_over(self, mapped: Mapped) -> None:
        self._going.remove(mapped)
        self.changed()

    def close(self) -> None:
        """Tell the page that nothing more comes."""
        if self._link is not None:
            self._link.close()

    def _linked(self) -> PageLink:
        from .link import PageLink

        if self._link is None:
            self._link = PageLink(self._tell, self._hear)
        return self._link

    def _tell(self) -> dict[str, Any] | None:
        """What has changed since this was last told; None for nothing."""
        chat, before, going = self._chat(), self._told, self._going.told()
        if chat is None:
            return self._tell_earlier()
        if before is not None and before.state is chat.state:
            if all(before.picture[name] == one for name, one in going.items()):
                return None
            self._told = before._replace(picture={**before.picture, **going})
            return {"type": "going", **going}
        from ..display.dashboard_figures import figures_of
        from .picture import Picture, changes

        self._picture = self._picture or Picture(self._identity.on_page)
        known = self._picture.of(figures_of(chat), chat.history.threads, chat.service.hide)
        picture = {**known, **going, "earlier": self._journal.resumes}
        if before is None:
            self._told = _Told(chat.state, picture, number=1)
            return {**picture, "number": 1}
        changed = changes(before.picture, picture)
        self._told = _Told(chat.state, picture, before.number + bool(changed))
        return {"type": "changes", "number": self._told.number, **changed} if changed else None

    def _tell_earlier(self) -> dict[str, Any] | None:
        """What is told before anything was asked: a conversation that an earlier session left, if there is one."""
        earlier = self._journal.resumes
        if self._is_earlier_told or not earlier:
            return None
        self._is_earlier_told = True
        nothing = {"thread": "", "threads": [], "turns": [], "usage": None, **self._going.told()}
        return {"type": "state", "version": VERSION, "number": 1, **nothing, "earlier": earlier}

    def _hear(self, said: object) -> None:
        """Take what the page says while no cell runs."""
        if not isinstance(said, dict):
            return
        kind, page = said.get("type"), page_of(said.get("page"))
        if kind == "hello":
            self._told, self._is_earlier_told = None, False
            there = all_cells_of(said.get("there"))
            if there is not None:
                self._lose(self._order.missing(page, there))
        for cell in (cells_of([said.get("cell")]) if kind == "stop" else None) or ():
            self._going.stop(cell)
        cells = cells_of(said.get("cells")) if kind == "order" else None
        if cells is not None:
            self._cells.are_there(cells)
            self._order.tell(cells, page)
            self._lose(set(cells_of(said.get("gone")) or ()).difference(cells))
            self.follow()
        self.changed()

    def _lose(self, cells: Collection[str]) -> None:
        """Set the turns of these cells aside, as the page has them no more."""
        self._cells.are_gone(cells)
        self._order.lose(cells)
