"""The changes of a thread that can be undone and redone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..text.languages.messages import _
from .link import Link
from .order import NO_ORDER, Order
from .turn import Turn

#: The change that adds a turn.
A_TURN = _("a turn")


@dataclass(slots=True, eq=False, repr=False)
class Step:
    """A change that can be undone or redone: `what` it was, and the `last` link of the thread without it.

    With a `count`, it stands for so many changes that each added one link; `last` belongs to the latest of them.
    `left_by_reset` is what the thread had of that without the change (see `SystemTexts`), `order` the page's order.
    """

    last: Link | None
    what: str
    _before: Step | None
    count: int = 1
    left_by_reset: Turn | None = None
    order: Order = NO_ORDER

    @property
    def before(self) -> Step | None:
        """The change before this one."""
        if self.count == 1 or self.last is None:
            return self._before
        return replace(self, last=self.last.before, count=self.count - 1)
