"""The source of a reply whose request could not go out, where others of the same question did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...text.errors import GLMError
from .stream import StreamEvent


class Refused:
    """Raises at once what stands against the request (see `stream.Source`)."""

    def __init__(self, error: GLMError) -> None:
        self._error = error

    def wait(self, timeout: float, linger: float) -> None:
        """Does nothing: nothing comes."""

    def take(self) -> Sequence[StreamEvent] | None:
        raise self._error

    def notify(self, call: Callable[[], None]) -> None:
        """Call this at once: there is an error to take."""
        call()

    def wake(self) -> None:
        """Does nothing: nobody waits."""

    @property
    def is_over(self) -> bool:
        return True

    @property
    def runs_tools(self) -> bool:
        return False

    def follow(self, body: Mapping[str, Any]) -> bool:
        return False

    def would_follow(self, body: Mapping[str, Any]) -> bool:
        return False

    def close(self) -> Sequence[StreamEvent]:
        """Nothing is open."""
        return ()
