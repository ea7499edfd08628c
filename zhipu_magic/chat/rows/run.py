"""The threads of one map: they take the rows that are left, ask them, and keep what came.

The thread that got an answer keeps it, so that whoever waits for the map can leave at any moment: what is in flight
lands all the same.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ...history.rows.store import RowStore
from ...history.turn import Anchor
from ...service.exchange import call_all, wait_for_call
from ...service.forks import register_at_fork
from ...text.errors import GLMError, OverBudget, rows_asked_elsewhere
from ..budget_check import Held
from ..undisturbed import undisturbed
from .asked import Answered, RoundEnded, fault_of, faulty
from .caller import StopAll, Stopped
from .claims import Claims, Waiting
from .counts import Tally
from .part import Part, ToAsk
from .spending import NoRoom, RowInHand, RowSpending
from .workers import Workers

#: Requests that must all have been refused, and none answered, until the same is expected of all others: for what all
#: rows share, and not for what one of them says.
_REFUSED_ALIKE = 50
_OF_THE_REQUEST = frozenset({"service.parameter", "service.refused", "service.search"})


class Asks(Protocol):
    """What asks one row."""

    def ask(self, row: ToAsk, round_ended: RoundEnded) -> Answered:
        """Ask it, and call this after each round that brought anything. Raises Stopped or StopAll."""


class Run:
    """The rows of some tables being asked. `parts` grows while it runs, until `is_complete` is set.

    `asks` asks one row, answers are kept in the `store`. `ended` is called when it has ended, and once more, with True,
    when the last in flight has landed after that. What lands then is in the store, and in none of the tables.
    """

    def __init__(
        self,
        spending: RowSpending,
        claims: Claims,
        *,
        asks: Asks,
        store: RowStore,
        ended: Callable[[bool], None],
        anchor: Anchor,
    ) -> None:
        self.spending = spending
        self._claims = claims
        self.anchor = anchor
        self._store = store
        self.since, self.until = store.mark(), 0
        """The moments between which its answers came (see `RowStore.mark`)."""
        self._ended = ended
        self._asks = asks
        self.parts: list[Part] = []
        self.tally = Tally()
        self.is_complete = False
        self.error: GLMError | None = None
        """What stopped it before its end."""
        self.stopped = False
        self.is_over = False
        """Whether nothing more is asked. What is in flight may still land."""
        self.started = time.monotonic()
        self.event_id = ""
        """The id of its event, once there is one; of a replay, that of the recorded one."""
        self.is_settled = False
        """Whether it is over, and what it took is recorded."""
        self.over_at: float | None = None
        self.workers = Workers(self._work, self._gone)
        self._refused: int | None = 0
        self._ending = threading.Lock()
        self._in_hand = 0
        self._choosing = threading.Lock()
        self._on_change: deque[Callable[[], None]] = deque()
        self._on_end: deque[Callable[[], None]] = deque()
        register_at_fork(self)

    # For those who wait

    def wait(self, seconds: float) -> None:
        """Wait for its end, up to so many seconds."""
        wait_for_call(self._on_end, lambda: self.is_settled, seconds)

    def wait_for_change(self, seconds: float, until: Callable[[], bool]) -> None:
        """Wait up to so many seconds, or until this is so, for anything to change."""
        wait_for_call(self._on_change, lambda: self.is_settled or until(), seconds)

    def notify(self, call: Callable[[], None]) -> None:
        """Call this once, in any thread, when it ends."""
        self._on_end.append(call)

    def stop(self, error: GLMError | None = None) -> None:
        """Ask no further row. What is in flight lands, and is kept. An interrupt is delivered afterwards."""
        undisturbed(lambda: self._stop(error))

    def _stop(self, error: GLMError | None) -> None:
        if not self.is_over:
            self.error = self.error or error
            self.stopped = True
            self._end()

    def after_fork(self, *, in_child: bool) -> None:
        """In a child it is over with what there is: its threads are the parent's, which also records it."""
        if in_child and not self.is_settled:
            self.error = self.error or rows_asked_elsewhere()
            self.over_at = self.over_at or time.monotonic()
            self.stopped = self.is_over = self.is_settled = True

    def change(self) -> None:
        """Something has changed."""
        call_all(self._on_change)
        if self.is_settled:
            call_all(self._on_end)

    @property
    def has_landed(self) -> bool:
        """Whether it is over, and nothing is in flight."""
        return self.is_over and not self._in_hand

    @property
    def held(self) -> Held:
        """What it has taken beyond the ledger, and what its rows in hand may take."""
        return self.spending.held

    @property
    def seconds(self) -> float:
        return (self.over_at or time.monotonic()) - self.started

    # What a caller looks at (see `caller.Watch`)

    @property
    def is_alone(self) -> bool:
        return self._in_hand == 1 and not any(part.has_left or not part.is_prepared for part in list(self.parts))

    # The threads

    def add(self, part: Part) -> None:
        """Ask the rows of this part as well; another thread prepares them, unless they are."""
        self.parts.append(part)
        if part.is_prepared:
            self.more()
            return
        threading.Thread(target=self._prepare, args=(part,), name="zhipu_magic rows", daemon=True).start()
        self.workers.want()

    def end_with(self, part: Part, error: GLMError | None) -> None:
        """Be stopped with this part as far as it is."""
        self.parts.append(part)
        self.stop(error)

    def close(self, part: Part) -> None:
        """This part is done with, and is not looked at any more."""
        with self._choosing:
            self.tally.close(part)
            self.parts.remove(part)

    def complete(self) -> None:
        """No further part is added."""
        self.is_complete = True
        self.more()

    def _prepare(self, part: Part) -> None:
        try:
            part.prepare(lambda: self.stopped)
        except BaseException as error:  # the table's own code may raise anything
            part.error = error
            self._stop_unread()
        self.more()

    def more(self) -> None:
        """There may be rows to ask that were not there before."""
        self.workers.tell()
        if all(part.is_done for part in self.parts) and self.is_complete:
            self._end()
        else:
            self.workers.want()
        self.change()

    def _work(self) -> None:
        try:
            self._ask_rows()
        except BaseException as error:  # a fault of ours; without this, a row would never end, and nor would the map
            _report()
            self.stop(fault_of(error))

    def _ask_rows(self) -> None:
        while (next_row := self._next()) is not None:
            row, in_hand = next_row
            answered: Answered | None = None
            try:
                answered = self._asked(row, in_hand)
            finally:
                self._land(row, in_hand, answered)
            if answered is not None:
                self._expect_the_same(answered)
            self.more()

    def _gone(self, is_last: bool) -> None:
        if is_last:
            self._ended(True)
        self.change()

    def _next(self) -> tuple[ToAsk, RowInHand] | None:
        """The next row to ask, once there is one and the budget has room for it; None when nothing more is asked."""
        while not self.is_over:
            if self.workers.are_enough:
                self.workers.rest()
                continue
            with self._choosing:
                row = next(filter(None, (part.take() for part in list(self.parts))), None)
                in_hand = None if row is None else self.spending.reserve(row.prompt)
                if isinstance(in_hand, RowInHand):
                    self._in_hand += 1
                elif row is not None:
                    row.put_back()
                is_stuck = isinstance(in_hand, NoRoom) and in_hand.is_final and not self._in_hand
            if row is not None and isinstance(in_hand, RowInHand):
                if not self._claims.claim(row.key, row):
                    self._let_go(in_hand)  # it waits for an equal one that is being asked
                elif not self._is_known(row, in_hand):
                    return row, in_hand
                continue
            if any(part.error is not None for part in list(self.parts)):
                self._stop_unread()
            elif is_stuck and isinstance(in_hand, NoRoom):
                self.stop(self._over_budget(in_hand))
            elif not self.workers.look_again():
                self.workers.rest()
        return None

    def _stop_unread(self) -> None:
        """Stop, because the rows of a part can be read no more."""
        errors = [part.error for part in list(self.parts) if part.error is not None]
        self.stop(next((error for error in errors if isinstance(error, GLMError)), None))

    def _let_go(self, in_hand: RowInHand) -> None:
        in_hand.end()
        with self._choosing:
            self._in_hand -= 1

    def _is_known(self, row: ToAsk, in_hand: RowInHand) -> bool:
        """Whether another map has asked this row meanwhile; then it is answered."""
        with self._claims.landing:
            is_known = row.part.is_known(row)
        if is_known:
            self._land(row, in_hand, None)
            self.more()
        return is_known

    def _asked(self, row: ToAsk, in_hand: RowInHand) -> Answered | None:
        """Ask the row. Returns None where nothing came: the map was stopped."""
        try:
            return self._asks.ask(row, in_hand.round_ended)
        except Stopped:
            return None
        except StopAll as stop:
            self.stop(stop.error)
            return None
        except BaseException as error:  # even a SystemExit of the type's own code: this row fails, and the others go on
            _report()
            return faulty(row.key, error)

    def _land(self, row: ToAsk, in_hand: RowInHand, answered: Answered | None) -> None:
        """Keep what came of a row, if anything did, and bring it to all that are equal."""
        others: list[Waiting] = []
        try:
            with self._claims.landing:
                try:
                    if answered is not None:
                        self._store.add(answered.row)
                        row.bring(answered)
                finally:
                    others = self._claims.settle(row.key, answered)
        finally:
            self._let_go(in_hand)
        for other in others:
            other.changed()

    def _expect_the_same(self, answered: Answered) -> None:
        """Stop where every other row would end as this one has; or may, as the request of each so far was refused."""
        if answered.stops is not None:
            self.stop(answered.stops)
        elif answered.error is None or answered.error.reason not in _OF_THE_REQUEST:
            self._refused = None
        elif self._refused is not None:
            self._refused += 1
            if self._refused >= _REFUSED_ALIKE:
                self.stop(answered.error)

    def _over_budget(self, found: NoRoom) -> OverBudget:
        budget = self.spending.budget
        assert budget is not None
        return OverBudget(
            "The budget ends here: another row takes up to about {row}, and {left} are left of {budget}.",
            hint="Raise it, or remove it (chat.budget = None); what was answered is kept and is not asked again.",
            reason="budget.rows",
            row=budget.in_words(found.takes),
            left=budget.in_words(max(0.0, found.left)),
            budget=budget.in_words(budget.limit),
        )

    def _end(self) -> None:
        with self._claims.landing:
            with self._ending:
                if self.is_over:
                    return
                self.is_over = True
                self.over_at = time.monotonic()
            self.workers.end()
            self.until = self._store.mark()
            self.spending.close()
            for part in list(self.parts):
                part.close()
        self._ended(False)
        self.is_settled = True
        if self.workers.release():
            self._ended(True)
        self.change()


def _report() -> None:
    """Report the error that is being handled, as that of this thread, which goes on."""
    threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
