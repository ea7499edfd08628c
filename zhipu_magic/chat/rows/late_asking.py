"""Asks rows from when the first is to be asked: where all are known, neither a key nor the service is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...history.rows.row import Row
from ...service.connection import Service
from ...service.places import Places, PlacesState, places_of
from ...text.errors import SettingsError
from ...text.language import is_chinese
from ..replies.tool_loop import ToolLimits
from ..replies.typed_answer import value_of
from .asked import Answered
from .asking import RowAsking
from .caller import Caller, StopAll, Watch
from .map_request import MapRequest
from .part import ToAsk


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
        self._asking: RowAsking | None = None
        self._lock = threading.Lock()

    def ask(self, row: ToAsk) -> Answered:
        """Ask this row. Raises Stopped or StopAll."""
        try:
            with self._lock:
                asking = self._asking = self._asking or self._made()
        except SettingsError as error:
            raise StopAll(error) from None
        return asking.ask(row)

    def value(self, row: Row) -> Any:
        """The value of an answer that was kept. Raises InvalidAnswer."""
        shape = self._asked.request.shape
        return row.text if shape is None else value_of(row.text, shape, row.finish, None)

    def state(self) -> PlacesState | None:
        """How many requests it may have in flight; None before the first."""
        if self._places is None:
            return None
        state, most = self._places.state, self._asked.options.in_flight
        return state if most is None else replace(state, limit=min(state.limit, most))

    def _made(self) -> RowAsking:
        service, asked = self._service, self._asked
        endpoint = service.endpoint()
        self._places = places_of(endpoint, asked.request.model)
        places = self._places.caller(most=asked.options.in_flight)
        caller = Caller(service, endpoint, places, self._watch(), max_retries=service.max_retries)
        return RowAsking(
            asked.requests,
            caller,
            endpoint.profile,
            tool_limits=self._tool_limits,
            chinese=is_chinese(asked.written),
            practice=endpoint.practice,
        )
