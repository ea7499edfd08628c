"""The event of what was asked besides turns, tables and drawings: texts became vectors, or were ranked."""

from __future__ import annotations

from typing import ClassVar

from ...service.wire import Usage
from ..ledger import Entry
from .event import Event, State, event_class
from .members import Amount, Count, Flag, Id, Name, Text


@event_class
class UsedEvent(Event):
    """What `requests` of one kind have taken; what came of them is in the vectors file.

    `what` says it in words. `key` identifies all that was asked together. `tokens` are as the service counted them; of
    `uncounted` requests they are `estimated_tokens`. `cost` is in yuan, absent where it is not known. `of` is the id
    of the event that this one repeats.
    """

    event: Text = "used"
    what: Text
    key: Id
    model: Name
    requests: Count
    time: Text | None = None
    thread: Name | None = None
    host: Text | None = None
    practice: Flag | None = None
    tokens: Count | None = None
    uncounted: Count | None = None
    estimated_tokens: Count | None = None
    cost: Amount | None = None
    seconds: Amount | None = None
    of: Id | None = None

    null_is_absent: ClassVar[bool] = True

    def apply(self, state: State) -> None:
        uncounted = self.uncounted or 0
        if counted := self.requests - uncounted:
            tokens = self.tokens or 0
            usage = Usage(prompt_tokens=tokens, total_tokens=tokens)
            state.ledger = state.ledger.add(self._entry(counted, usage))
        if uncounted:
            entry = self._entry(uncounted, None)._replace(estimated_tokens=self.estimated_tokens or 0)
            state.ledger = state.ledger.add(entry)

    def _entry(self, requests: int, usage: Usage | None) -> Entry:
        return Entry(
            model=self.model,
            prompt=self.what,
            usage=usage,
            cost=self.cost if usage is not None else None,
            seconds=self.seconds or 0.0,
            replayed=self.of is not None,
            practice=self.practice is not None,
            thread=self.thread or "",
            requests=requests,
        )
