"""What refusals tell of the limit, from the first one to the next request that is let in."""

from __future__ import annotations

from typing import Literal

#: The first refusal, one of a request that went out with that one, or of one that went out after it.
Kind = Literal["first", "together", "again"]

#: Halvings beyond which there is nothing left to cut.
_MOST = 16


class Cut:
    """While it `is_open`, nothing new has been let in since the first refusal. `limit` is what may be in flight."""

    def __init__(self) -> None:
        self.is_open = False
        self.limit = 1
        self.since = 0
        """The number of the first request that began after the latest refusal was known."""
        self._from = 1
        self.again = 0
        """How many refusals came after the first one."""

    def refused(self, number: int, *, others: int, following: int) -> Kind:
        """Request `number` was refused, with so many others in flight; `following` is the number of the next one.

        The first tells the limit: it is the others. Those that went out together tell it more exactly, one after the
        other. Each one more that is refused takes away 1, 2, 4, … more.
        """
        kind: Kind = "first" if not self.is_open else "together" if number < self.since else "again"
        if kind == "again":
            self.again += 1
            self.limit = max(1, self._from + 1 - 2 ** min(self.again, _MOST))
        else:
            self.again = self.again if self.is_open else 0
            self._from = max(1, min(others, self._from) if self.is_open else others)
            self.limit = min(self.limit, self._from) if self.is_open else self._from
        self.is_open, self.since = True, following
        return kind
