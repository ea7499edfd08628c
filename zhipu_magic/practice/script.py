"""Scripts: what the practice server does with a chat request. It answers, refuses, or misbehaves.

    Script
    ├── Answer   a reply, sent plain or streamed as the request asks
    ├── Fault    an HTTP error in the service's own shape
    ├── Raw      the exact bytes of a response, with pauses and bad endings
    └── Drop     no response at all

All are plain values: a script can be queued any number of times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, TypeAlias

from .faults import documented_extra, documented_status
from .messages import _, told

EVENT_STREAM: Final = "text/event-stream;charset=UTF-8"


@dataclass(frozen=True)
class Answer:
    """A reply of the model.

    Reasoning comes first, then content, then tool calls (made with `tool_call`); with tool calls, a finish reason of
    "stop" becomes "tool_calls". Token counts that are None are estimated from the texts (see `text.estimate_tokens`).
    `cached_tokens` is reported only if given, `reasoning_tokens` only with reasoning.
    """

    content: str = ""
    reasoning: str | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish_reason: str = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    id: str | None = None
    """The completion's id; None makes one like the service's, from the time in China and random digits."""
    created: int | None = None
    """Seconds since 1970; None means now."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further top-level members (`web_search`, `content_filter`); in a stream, on the last chunk."""
    pieces: tuple[str, ...] | None = None
    """The content as cut by a stream; joined, they must be the content. None cuts it as a model would."""

    def __post_init__(self) -> None:
        if self.pieces is not None and "".join(self.pieces) != self.content:
            raise ValueError(told(_("The pieces of an Answer, put together, must be its content.")))


@dataclass(frozen=True)
class Fault:
    """An HTTP error, `{"error": {"code", "message"}}`; without a message, the documented one for the code.

    `Fault.of` knows the status of every documented code. `extra` are further top-level members, such as the
    `contentFilter` of code 1301.
    """

    status: int
    code: str
    message: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, code: str, message: str | None = None) -> Fault:
        """The error of a documented code, with the status that the service gives it. Raises ValueError for others."""
        status = documented_status(code)
        if status is None:
            undocumented = _(
                "The service documents no error {code!r}: give its status too, as in Fault(429, {code!r}).", code=code
            )
            raise ValueError(told(undocumented))
        return cls(status, code, message, extra=documented_extra(code))


class Ending(Enum):
    """How a response that has begun can end badly."""

    CUT = "closes the connection, the body unfinished"
    RESET = "resets the connection (RST)"
    STALL = "sends nothing more, until the client goes away"


CUT: Final = Ending.CUT
RESET: Final = Ending.RESET
STALL: Final = Ending.STALL


@dataclass(frozen=True)
class Raw:
    """A response given step by step.

    Bytes are sent at once as a separate packet, a number waits that many seconds, and `CUT`, `RESET` or `STALL` ends it
    badly. Without one of these, the body ends properly.

    A reset may overtake bytes that the client has not read yet: put a short wait before it.
    """

    steps: tuple[bytes | float | Ending, ...]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": EVENT_STREAM})


@dataclass(frozen=True)
class Drop:
    """The connection is closed, or reset, and nothing is ever sent."""

    reset: bool = False


Script: TypeAlias = Answer | Fault | Raw | Drop
