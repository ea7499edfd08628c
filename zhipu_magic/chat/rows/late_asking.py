"""Asks rows from when the first is to be asked: where all are known, neither a key nor the service is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from ...history.rows.row import Row
from ...service.connection import Service
from ...service.places import Places, places_of
from ...text.errors import SettingsError
from ...text.languages.language import language_of
from ..replies.tool_loop import ToolLimits
from ..replies.typed_answer import value_of
from .asked import Answered, RoundEnded
from .asking import RowAsking
from .caller import Caller, StopAll, Watch
from .map_request import MapRequest
from .part import ToAsk


class AtService(NamedTuple):
    """How it stands with the service: the `limit` of requests in flight, until when it is busy (by `time.monotonic`;
    else 0), and what every request has met since the last answer, if that was a fault.
    """

    limit: int
    busy_until: float
    trouble: str


class LateAsking:
    """Asks the rows of one map at the service."""

    def __init__(
        self, asked: MapRequest, service: Service, tool_limits: Callable[[], ToolLimits], watch: Callable[[], Watch]
    ) -> None:
        self._asked = asked
        self._service = service
        self._tool_limits = tool_limits
        self._watch = watch
        self._places: Places | None = None
        self._caller: Caller | None = None
        self._asking: RowAsking | None = None
        self._lock = threading.Lock()

    def ask(self, row: ToAsk, round_ended: RoundEnded) -> Answered:
        """Ask this row (see `run.Asks`). Raises Stopped or StopAll."""
        try:
            with self._lock:
                asking = self._asking = self._asking or self._made()
        except SettingsError as error:
            raise StopAll(error) from None
        return asking.ask(row, round_ended)

    def value(self, row: Row) -> Any:
        """The value of an answer that was kept. Raises InvalidAnswer."""
        shape = self._asked.request.shape
        return row.text if shape is None else value_of(row.text, shape, row.finish, was_retried=row.rounds > 1)

    def state(self) -> AtService | None:
        """How it stands with the service; None before the first request."""
        if self._places is None or self._caller is None:
            return None
        state, most, fault = self._places.state, self._asked.options.in_flight, self._caller.faults.last
        return AtService(
            limit=state.limit if most is None else min(state.limit, most),
            busy_until=state.busy_until or 0.0,
            trouble="" if fault is None else fault.happened,
        )

    def _made(self) -> RowAsking:
        service, asked = self._service, self._asked
        endpoint = service.endpoint()
        self._places = places_of(endpoint, asked.request.model)
        places = self._places.caller(most=asked.options.in_flight)
        caller = self._caller = Caller(service, endpoint, places, self._watch(), max_retries=service.max_retries)
        return RowAsking(
            asked.requests,
            caller,
            endpoint.profile,
            read=self.value,
            tool_limits=self._tool_limits,
            language=language_of(asked.written),
            practice=endpoint.practice,
        )
