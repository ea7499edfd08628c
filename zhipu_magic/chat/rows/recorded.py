"""Answers a map from what was recorded, where nothing is asked."""

from __future__ import annotations

from collections.abc import Callable

from ...history.events.map_event import MapEvent
from ...text.errors import GLMError, NotRecorded
from ...text.notice import Notice
from .asked import Answered
from .caller import StopAll
from .part import Part, ToAsk


class Recorded:
    """Stands where the service is asked, and refuses to. `look_up` finds the event of a map by its key.

    `event` is that event, once the map has ended.
    """

    def __init__(self, look_up: Callable[[str], MapEvent | None]) -> None:
        self._look_up = look_up
        self.event: MapEvent | None = None

    def ask(self, row: ToAsk) -> Answered:
        """Raise StopAll: with what stopped the recorded map, or because this row is not recorded."""
        found = self.find(row.part.key) if row.part.is_prepared else None
        if found is not None and found.stopped is not None:
            raise StopAll(GLMError(found.stopped, reason="rows.stopped_as_recorded"))
        raise StopAll(_not_recorded(row.part))

    def check(self, part: Part) -> None:
        """Raise NotRecorded where rows of this part have no answer, and the recorded map came to its end."""
        if part.has_left and ((found := self.find(part.key)) is None or found.stopped is None):
            raise _not_recorded(part)

    def find(self, key: str) -> MapEvent | None:
        """The event of the map with this key."""
        self.event = self.event or self._look_up(key)
        return self.event


def _not_recorded(part: Part) -> NotRecorded:
    left = part.size - part.done
    return NotRecorded(
        "{left:,} of the {rows:,} rows have no answer in the rows file beside the journal.",
        hint='chat.replay = "auto" asks the service for them, and records the answers.',
        reason="replay.rows_not_recorded",
        outcomes=[Notice("Nothing was sent, because replay is 'only'.", reason="outcome.replay_only")],
        left=left,
        rows=part.size,
    )
