"""The event of a map: rows of a table were asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ...service.wire import Usage
from ...text.languages.messages import _
from ..ledger import Entry, Sums
from .event import Event, State, event_class
from .members import Amount, Count, Flag, Id, Name, Text

_A_TABLE = _("a table")


@event_class
class MapEvent(Event):
    """Rows of a table were asked. Their answers are in the rows file; here are the sums.

    `key` identifies the requests of all rows together, `written` is the template. Of the `rows`, `equal` repeat another
    one, `known` were answered before, `answered` and `failed` have ended; `cut_off` answers reached their longest.
    The tokens are those of this asking, as the service counted them; of `uncounted` requests they are
    `estimated_tokens`. `cost` is in yuan.
    Its answers came later than `since`, and not later than `until`, in milliseconds since 1970: a replay shows the rows
    as they were then. Where it was stopped before all rows had been looked at, `prepared` were, and `key` identifies
    those.
    `batch` says that they were asked by the Batch API, whose answers were collected. So many requests were `submitted`
    to it, and `earlier` ones were under way there: such an event is one of its own, and has taken nothing.
    `stopped` says what ended it early. `late` marks what arrived after it was stopped, and `of` is the id of the event
    that this one repeats.
    """

    event: Text = "map"
    key: Id
    model: Name
    rows: Count
    time: Text | None = None
    thread: Name | None = None
    cell: Id | None = None
    run: Id | None = None
    execution_count: Count | None = None
    written: Text | None = None
    host: Text | None = None
    practice: Flag | None = None
    equal: Count | None = None
    known: Count | None = None
    answered: Count | None = None
    failed: Count | None = None
    cut_off: Count | None = None
    requests: Count | None = None
    uncounted: Count | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    cached_tokens: Count | None = None
    estimated_tokens: Count | None = None
    cost: Amount | None = None
    estimated_cost: Amount | None = None
    seconds: Amount | None = None
    since: Count | None = None
    until: Count | None = None
    prepared: Count | None = None
    stopped: Text | None = None
    late: Flag | None = None
    batch: Flag | None = None
    submitted: Count | None = None
    earlier: Count | None = None
    of: Id | None = None

    null_is_absent: ClassVar[bool] = True

    @property
    def usage(self) -> Usage | None:
        """The tokens that were counted; None for none."""
        prompt, completion = self.prompt_tokens or 0, self.completion_tokens or 0
        if not (prompt or completion):
            return None
        return Usage(
            prompt_tokens=prompt,
            completion_tokens=completion,
            total_tokens=prompt + completion,
            cached_tokens=self.cached_tokens or 0,
        )

    def apply(self, state: State) -> None:
        for entry in self._entries():
            state.ledger = state.ledger.add(entry)

    @property
    def sums(self) -> Sums:
        """The sums of what it has cost."""
        return Sums().with_entries(self._entries())

    def _entries(self) -> Iterator[Entry]:
        """What it has cost: what the service has counted, and what it has not."""
        uncounted = self.uncounted or 0
        if counted := (self.requests or 0) - uncounted:
            yield self._entry(counted, self.usage or Usage(), self.cost)
        if uncounted:
            estimates = self.estimated_tokens or 0, self.estimated_cost or 0.0
            yield self._entry(uncounted, None, None)._replace(
                estimated_tokens=estimates[0], estimated_cost=estimates[1]
            )

    def _entry(self, requests: int, usage: Usage | None, cost: float | None) -> Entry:
        return Entry(
            model=self.model,
            prompt=self.written or "",
            usage=usage,
            cost=cost,
            seconds=self.seconds or 0.0,
            note=_A_TABLE,
            replayed=self.of is not None,
            practice=self.practice is not None,
            thread=self.thread or "",
            requests=requests,
        )
