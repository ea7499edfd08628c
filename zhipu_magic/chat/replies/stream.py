"""Where a reply comes from, the service or a recording, and the events that it comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ...history.rounds import Called
from ...service.stream import Retry, StreamItem

if TYPE_CHECKING:
    from ..request import Request


class Calling(NamedTuple):
    """A tool is about to run."""

    name: str
    arguments: str


class Again(NamedTuple):
    """The round is over and another one follows: with the results of tools, or to correct what was `wrong`."""

    wrong: str = ""


@dataclass(frozen=True)
class Smaller(Retry):
    """The request was too long, and is sent once more as this one."""

    request: Request


StreamEvent = StreamItem | Calling | Called | Again


class Source(Protocol):
    """Where a reply comes from: the service, or a recording."""

    def wait(self, timeout: float, linger: float) -> None:
        """Wait at most `timeout` seconds for something to come, and `linger` seconds for more of it to gather."""

    def take(self) -> Sequence[StreamEvent] | None:
        """What has come since the last call; None once all has been taken.

        Raises what ended the exchange, after all that came before it.
        """

    def notify(self, call: Callable[[], None]) -> None:
        """Call this once, in whatever thread, as soon as there is something to take."""

    def wake(self) -> None:
        """Wake those who wait: another thread has taken what came."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes: the next `take` may be the last."""

    @property
    def runs_tools(self) -> bool:
        """Whether the next `take` may take long, for it runs a tool."""

    def follow(self, body: Mapping[str, Any]) -> bool:
        """Whether more follows the complete reply `body`: the tools that it calls, and another round."""

    def would_follow(self, body: Mapping[str, Any]) -> bool:
        """Whether `follow` would say so. Nothing is begun, so that a reply can be stopped here."""

    def close(self) -> Sequence[StreamEvent]:
        """Close the connection at once. Returns what had come and was not taken."""
