"""Answers a map from what was recorded, where nothing is asked: each row as it was when its cell asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from ...history.events.map_event import MapEvent
from ...history.rows.row import Row, answer_until, came_between, newest_of
from ...text.errors import REPLAY_ONLY, GLMError, InvalidAnswer, NotRecorded
from ..replies.recorded_maps import Keys
from .asked import Answered, RoundEnded
from .caller import StopAll
from .map_request import MapRequest
from .part import Part, ToAsk
from .record import STOPPED

#: Finds the event of a map by the keys that it may have.
LookUp = Callable[[Keys], MapEvent | None]


class Recorded:
    """Stands where the service is asked, and refuses to. `rows` finds all that came of a row, `read` makes its value.

    `event` is the map's event in the journal, once that was looked up. Rows of a map without one, or of a stream of
    tables, are answered with the newest that there is.
    """

    def __init__(
        self, request: MapRequest, look_up: LookUp, *, rows: Callable[[str], list[Row]], read: Callable[[Row], Any]
    ) -> None:
        self._fresh = request.request.options.fresh
        self._retry = request.options.retry
        self._look_up = look_up
        self._rows = rows
        self._read = read
        self.event: MapEvent | None = None

    def prepare(self, part: Part) -> None:
        """Prepare a part as far as the recorded map had it. Raises NotRecorded where that came to an end, and rows of
        the part have no answer.
        """
        keyed = [row._replace(prompt=None) for row in part.keyed()]
        event = self.event = self._look_up(lambda counts: _keys_of([row.key for row in keyed], counts))
        looked_at = None if event is None else event.prepared
        part.prepare(lambda: False, rows=keyed[:looked_at])
        if (part.has_left and (event is None or event.stopped is None)) or (event is None and part.unanswered):
            raise _not_recorded(part)

    def find(self, key: str) -> MapEvent | None:
        """The event, for one that could not be known before all rows were: that of a stream of tables."""
        self.event = self.event or self._look_up(lambda counts: [key])
        return self.event

    def row(self, key: str) -> Row | None:
        """What the recorded map had for this row; None if that was no answer and no error."""
        rows, event = self._rows(key), self.event
        if event is None or event.until is None:
            return newest_of(rows)
        since = event.since or 0
        if came := came_between(rows, since, event.until):
            return came
        known = answer_until(rows, since)
        return None if known is None or self._is_asked_again(known) else known

    def _is_asked_again(self, known: Row) -> bool:
        """Whether the map asks this row though it has an answer."""
        if self._retry:
            try:
                self._read(known)
            except InvalidAnswer:
                return True
        return self._fresh

    def ask(self, row: ToAsk, round_ended: RoundEnded) -> Answered:
        """Raise StopAll: this row is not recorded."""
        raise StopAll(_not_recorded(row.part))

    @property
    def stopped(self) -> GLMError | None:
        """What stopped the recorded map, if anything but its user did."""
        event = self.event
        if event is None or event.stopped is None or event.stopped == STOPPED:
            return None
        return GLMError(event.stopped, reason="rows.stopped_as_recorded")

    @property
    def was_stopped(self) -> bool:
        """Whether the recorded map was stopped before its end."""
        return self.event is not None and self.event.stopped is not None


def _keys_of(keys: Sequence[str], counts: Collection[int]) -> Iterator[str]:
    """The key of all rows, and those of the first rows alone, for each of these counts."""
    yield hashlib.sha256("".join(keys).encode()).hexdigest()
    digest = hashlib.sha256()
    for count, key in enumerate(keys):
        if count in counts:
            yield digest.hexdigest()
        digest.update(key.encode())


def _not_recorded(part: Part) -> NotRecorded:
    left = part.size - part.done + part.unanswered
    return NotRecorded(
        "{left:,} of the {rows:,} rows have no answer in the rows file beside the journal.",
        hint='chat.replay = "auto" asks the service for them, and records the answers.',
        reason="replay.rows_not_recorded",
        outcomes=[REPLAY_ONLY],
        left=left,
        rows=part.size,
    )
