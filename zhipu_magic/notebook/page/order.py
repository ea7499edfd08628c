"""Has turns stand where their cells stand on the page, as its front end tells it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from ...text.errors import GLMError
from ..asides import Asides
from ..jobs import Jobs
from .identity import CellIdentity

if TYPE_CHECKING:
    from ...chat.chat import Chat


class PageOrder:
    """The order of the page's cells, and what follows from it in the conversation."""

    def __init__(self, chat: Callable[[], Chat | None], identity: CellIdentity, jobs: Jobs, asides: Asides) -> None:
        self._chat = chat
        self._identity = identity
        self._jobs = jobs
        self._asides = asides
        self._cells: tuple[str, ...] = ()
        #: What the conversation was brought into order with, and that conversation.
        self._done: tuple[object, ...] = ()

    def tell(self, cells: tuple[str, ...]) -> None:
        """Note that these are the cells of the page that ask, in their order."""
        self._cells = cells

    def follow(self, running: str | None = None) -> None:
        """Bring the conversation into the page's order, and turns back whose deleted cells are there again.

        `running` is the cell that may ask now. Does nothing while that makes no difference.
        """
        chat = self._chat()
        if chat is None or not self._cells:
            return
        known = [cell for cell in map(self._identity.known, self._cells) if cell is not None]
        asking = {cell for cell in (running, *(job.work.cell for job in self._jobs.running)) if cell is not None}
        if self._is_done(chat, known, asking):
            return
        with suppress(GLMError):
            chat.history.arrange(known, asking)
        self._asides.bring_back(known)
        self._done = (chat.state.conversation, known, asking)

    def _is_done(self, chat: Chat, known: list[str], asking: set[str]) -> bool:
        return bool(self._done) and self._done[0] is chat.state.conversation and self._done[1:] == (known, asking)
