"""One table under way: which rows are answered, which are equal, which are left to ask."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ...history.rounds import is_full
from ...history.rows.row import Row
from ...text.errors import GLMError, InvalidAnswer, InvalidRequest
from ...text.languages.messages import _
from ...values.frames.table import LOOK, NOT_YET
from ...values.row_prompt import RowPrompt
from .asked import Answered, FailedRow, failed_row, fault_of, is_interrupt, unreadable
from .requests import RowRequests
from .table_rows import Rows


class _Unanswered:
    def __repr__(self) -> str:
        return "<no answer yet>"


UNANSWERED: Final = _Unanswered()
"""The value of a row that has no answer yet."""


class Keyed(NamedTuple):
    """A row that was looked at: the key of its request and its prompt, or why it has none."""

    key: str
    prompt: RowPrompt | None
    cut: bool = False
    error: InvalidRequest | None = None


#: What stands for the key of a row that has none.
_NO_KEY: Final = "-" * 22

#: Called with the place of a row, its prompt, and what is known of it: for the first of all rows that are equal.
Seen = Callable[[int, RowPrompt, Row | None], None]


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A row that is to be asked."""

    part: Part
    index: int
    key: str
    prompt: RowPrompt

    def bring(self, answered: Answered) -> None:
        """This came of it, or of an equal row."""
        self.part.bring(self.index, answered)

    def put_back(self) -> None:
        """It is to be asked later."""
        self.part.put_back(self)

    def changed(self) -> None:
        """Something came of it, or it was put back."""
        self.part.changed()


class Part:
    """The rows of one table being asked. One thread prepares them; others ask what is left, and bring what came of it.

    `find` looks an answer up, `read` makes its value. `changed` is called after each step that its own thread makes,
    and is to be called by whoever brings an answer. `retry` asks again where a known answer is not of the type.
    """

    def __init__(
        self,
        rows: Rows,
        requests: RowRequests,
        *,
        find: Callable[[str], Row | None],
        read: Callable[[Row], Any],
        retry: bool,
        ask: bool = True,
        changed: Callable[[], None],
    ) -> None:
        self._rows = rows
        self._requests = requests
        self._find = find
        self._read = read
        self._retry = retry
        self._ask = ask
        self.changed = changed
        self.values: list[Any] = [UNANSWERED] * rows.size
        self.failures: dict[int, FailedRow] = {}
        self.arrived: list[int] = []
        """The rows that have ended, in the order in which they did."""
        self.prepared = self.equal = self.known = self.answered = self.cut_off = self.cut = 0
        self.unanswered = 0
        """The rows that have failed because none is to be asked."""
        self.is_prepared = False
        self._is_closed = False
        self.error: BaseException | None = None
        """What ended the reading of its rows."""
        self._first: dict[str, int] = {}
        self._same: dict[int, list[int]] = {}
        self._changed_rows = set[int]()
        """Rows that make another prompt than they did when they were prepared."""
        self._left: deque[int] = deque()
        self._back: list[ToAsk] = []
        self._digest = hashlib.sha256()
        self._lock = threading.Lock()
        self._placing = threading.Lock()
        """Held while a row is placed. What this calls of the user is at most the making of a value."""
        self._prompts: Iterator[Any] | None = None
        self._at = 0

    @property
    def size(self) -> int:
        return len(self.values)

    @property
    def done(self) -> int:
        """The rows that have ended, with an answer or without."""
        return len(self.arrived)

    @property
    def has_left(self) -> bool:
        """Whether there are rows to ask now."""
        return bool(self._left or self._back)

    @property
    def left(self) -> int:
        """How many requests there are to ask."""
        return len(self._left) + len(self._back)

    @property
    def is_done(self) -> bool:
        return self.is_prepared and self.done == self.size

    @property
    def distinct(self) -> int:
        """How many different requests its rows make."""
        return len(self._first)

    @property
    def key(self) -> str:
        """What identifies all of its requests together, once it is prepared."""
        return self._digest.hexdigest()

    def close(self) -> None:
        """Change no more: what comes from now on is not of this table."""
        with self._placing, self._lock:
            self._is_closed = True
            self._prompts = None  # nothing is made ahead any more

    # Preparing: in one thread

    def keyed(self, stopped: Callable[[], bool] = lambda: False) -> Iterator[Keyed]:
        """Every row with its key, in order. Waits for those that are not there, unless `stopped`."""
        for row in self._rows:
            if row is NOT_YET:
                if stopped():
                    return
                time.sleep(LOOK)
                continue
            try:
                prompt = self._requests.prompt(self._rows.prompt(row))
                key = self._requests.key(prompt)
            except InvalidRequest as error:
                yield Keyed(_NO_KEY, None, error=error)
            else:
                yield Keyed(key, prompt, bool(prompt.cut))

    def prepare(
        self, stopped: Callable[[], bool], seen: Seen | None = None, rows: Iterable[Keyed] | None = None
    ) -> None:
        """Look at every row: its prompt, its key, whether that is known. `seen` is called with each distinct one.

        Without `rows`, at all of the table's.
        """
        for row in self.keyed(stopped) if rows is None else rows:
            with self._placing:
                if stopped() or self._is_closed:
                    return
                self._place(self.prepared, row, seen)
                self.prepared += 1
            self.changed()
        self.is_prepared = self.prepared == self.size
        self.changed()

    def _place(self, index: int, row: Keyed, seen: Seen | None) -> None:
        key = row.key
        self._digest.update(key.encode())
        if row.error is not None:
            self._end(index, failure=failed_row(index, row.error, 0))
            return
        self.cut += row.cut
        first = self._first.setdefault(key, index)
        if first != index:
            self.equal += 1
            with self._lock:
                if first in self._changed_rows:
                    self._first[key] = index
                    self._left.append(index)
                    return
                if self.values[first] is UNANSWERED and first not in self.failures:
                    self._same.setdefault(first, []).append(index)
                    return
            self._repeat(index, first)
            return
        known = self._find(key)
        if seen is not None and row.prompt is not None:
            seen(index, row.prompt, known)
        if known is None and not self._ask:
            none = FailedRow(row=index, code="", message=_("It has no answer yet."), tries=0, reason="row.unanswered")
            self.unanswered += 1
            self._end(index, failure=none)
        elif known is None:
            self._left.append(index)
        elif known.error is not None:
            error = known.error
            failure = FailedRow(
                row=index, code=error.code, message=error.message, tries=known.rounds, reason=error.reason
            )
            self._end(index, failure=failure)
        elif self._take_known(index, known):
            self.known += 1
        else:
            self._left.append(index)

    def _take_known(self, index: int, known: Row) -> bool:
        """Take an answer that was kept. Returns False for one that is to be asked again."""
        try:
            value = self._read(known)
        except InvalidAnswer as mismatch:
            if self._retry:
                return False
            self.fail(index, mismatch, known.rounds)
        except BaseException as error:  # the type's own code may raise anything
            if is_interrupt(error):
                raise
            self.fail(index, fault_of(error), known.rounds)
        else:
            self.answer(index, value, is_cut_off=is_full(known.finish))
        return True

    def is_known(self, row: ToAsk) -> bool:
        """Whether this row has been answered since it was prepared, by another map; it is then answered here too."""
        known = self._find(row.key)
        return known is not None and known.error is None and self._take_known(row.index, known)

    # Asking: in many threads

    def take(self, *, wait: bool = False) -> ToAsk | None:
        """The next row to ask; None where there is none now. Another map may have answered it meanwhile.

        With `wait`, it waits for a row that is not there yet, as others that land rows meanwhile must not.
        Where none can be read any more, there is none, and `error` says why.
        """
        if self._prompts is None and not self.has_left:  # of many tables, most have none
            return None
        while True:
            with self._lock:
                if self._back:
                    return self._back.pop()
                if not self._left or self.error is not None:
                    if self.is_prepared:
                        self._prompts = None  # some rows may have been made ahead of the last
                    return None
                index = self._left.popleft()
                row, failure = self._row_or_failure(index)
                if row is NOT_YET:
                    self._left.appendleft(index)
                if isinstance(failure, GLMError):
                    self._left.appendleft(index)
                    self.error = failure
                    return None
            if row is NOT_YET:
                if not wait:
                    return None
                time.sleep(LOOK)
                continue
            if (found := self._to_ask(index, row, failure)) is not None:
                return found
            self.changed()

    def _to_ask(self, index: int, row: Any, failure: BaseException | None) -> ToAsk | None:
        """The row at this place as it is asked; None for one that fails now.

        A value's own code may make another prompt of it than when it was prepared, and so another key.
        """
        try:
            if failure is not None:
                raise failure
            prompt = self._requests.prompt(self._rows.prompt(row))
        except InvalidRequest as error:
            self._part_with_equal_rows(index)
            self.fail(index, error, 0)
        except BaseException as error:
            if is_interrupt(error):
                raise
            self._part_with_equal_rows(index)
            self.fail(index, unreadable(error), 0)
        else:
            key = self._requests.key(prompt)
            if self._first.get(key) != index:
                self._part_with_equal_rows(index)
            return ToAsk(self, index, key, prompt)
        return None

    def _part_with_equal_rows(self, index: int) -> None:
        """The row at this place is not what it was when it was prepared: those that were equal are asked themselves."""
        with self._lock:
            self._changed_rows.add(index)
            self._left = deque(sorted([*self._left, *self._same.pop(index, [])]))

    def _row_or_failure(self, index: int) -> tuple[Any, BaseException | None]:
        """The row at this place, which is none before the last one that was taken; or why it cannot be read."""
        try:
            if self._prompts is None:
                self._prompts = iter(self._rows)
            if index < self._at:
                raise ValueError("rows are read in order")
            while (row := next(self._prompts)) is not NOT_YET:
                self._at += 1
                if self._at > index:
                    break
        except BaseException as error:  # the table has changed meanwhile, or its own code has failed
            if is_interrupt(error):
                raise
            return None, error
        return row, None

    def put_back(self, row: ToAsk) -> None:
        """This row was taken, and nothing came of it."""
        with self._lock:
            self._back.append(row)

    def bring(self, index: int, answered: Answered) -> None:
        """This came of the row at this place, and so of all that are equal to it."""
        if answered.error is None:
            self.answer(index, answered.value, is_cut_off=answered.is_cut_off)
        else:
            self.fail(index, answered.error, answered.tries)

    def answer(self, index: int, value: Any, *, is_cut_off: bool) -> None:
        """This row, and all that are equal to it, have this value."""
        self._end(index, value, is_cut_off=is_cut_off)
        for same in self._same_as(index):
            self._end(same, value, is_cut_off=is_cut_off)

    def fail(self, index: int, error: GLMError, tries: int) -> None:
        """This row, and all that are equal to it, have no answer."""
        self._end(index, failure=failed_row(index, error, tries))
        for same in self._same_as(index):
            self._repeat(same, index)

    def _same_as(self, index: int) -> list[int]:
        with self._lock:
            return self._same.pop(index, [])

    def _repeat(self, index: int, first: int) -> None:
        failure = self.failures.get(first)
        if failure is None:
            self._end(index, self.values[first])
        else:
            self._end(index, failure=FailedRow(**{**vars(failure), "row": index}))

    def _end(
        self, index: int, value: Any = UNANSWERED, *, failure: FailedRow | None = None, is_cut_off: bool = False
    ) -> None:
        with self._lock:
            if self._is_closed:
                return
            if failure is not None:
                self.failures[index] = failure
            else:
                self.values[index] = value
                self.answered += 1
                self.cut_off += is_cut_off
            self.arrived.append(index)
