"""Has turns stand where their cells stand on the page, as its front end tells it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence, Set
from contextlib import suppress
from typing import TYPE_CHECKING

from ...text.errors import GLMError
from ..asides import Asides
from ..jobs import Jobs
from ..settings import Settings
from .identity import CellIdentity, is_position
from .listed import ListedCells

if TYPE_CHECKING:
    from ...chat.chat import Chat
    from ...history.conversation import Conversation


class PageOrder:
    """The order of the page's cells, and what follows from it in the conversation."""

    def __init__(
        self,
        settings: Settings,
        identity: CellIdentity,
        *,
        jobs: Jobs,
        asides: Asides,
        chat: Callable[[], Chat | None],
        set_aside: Callable[[Iterable[str]], None],
    ) -> None:
        """`set_aside` sets the turns of deleted cells aside."""
        self._settings = settings
        self._chat = chat
        self._identity = identity
        self._jobs = jobs
        self._asides = asides
        self._set_aside = set_aside
        self._listed = ListedCells()
        self._cells: tuple[str, ...] = ()
        self._has_positions = False
        #: The conversation that was brought into order, with these cells, and for these that may ask.
        self._done: tuple[Conversation, Sequence[str], Set[str]] | None = None

    def tell(self, cells: tuple[str, ...], page: str = "") -> None:
        """Note that these are the cells of the page of this name that ask, in their order."""
        if cells is not self._cells:
            self._cells, self._has_positions = cells, any(map(is_position, cells))
        self._listed.note(page, cells)

    def missing(self, page: str, there: Collection[str]) -> list[str]:
        """The cells that this page has listed and that are not among its code cells, which are all `there`."""
        return self._listed.missing(page, there)

    def forget(self, cells: Iterable[str]) -> None:
        """Note that these cells are on no page."""
        self._listed.forget(cells)

    def lose(self, cells: Collection[str]) -> None:
        """Set the turns of these cells aside, which are no longer on the page."""
        if cells:
            self.forget(cells)
            self._set_aside(cells)

    def follow(self, running: str | None = None) -> None:
        """Bring the conversation into the page's order, and turns back whose deleted cells are there again.

        `running` is the cell that may ask now. Does nothing while that makes no difference, or turns keep the order of
        time.
        """
        chat = self._chat()
        if chat is None or not self._cells or self._settings.rerun != "replace":
            return
        known: Sequence[str] = self._cells
        if self._has_positions:
            known = tuple(cell for cell in map(self._identity.known, known) if cell is not None)
        asking = {cell for cell in (running, *(job.work.cell for job in self._jobs.running)) if cell is not None}
        if self._is_done(chat, known, asking):
            return
        with suppress(GLMError):
            chat.history.arrange(known, asking)
        self._asides.bring_back(known)
        self._done = (chat.state.conversation, known, asking)

    def _is_done(self, chat: Chat, known: Sequence[str], asking: Set[str]) -> bool:
        if self._done is None:
            return False
        conversation, cells, might_ask = self._done
        return conversation is chat.state.conversation and cells == known and asking <= might_ask
