"""The items of one exchange with the service, in the order in which they arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: A piece of a reply, as JSON; a plain reply is a single one.
Chunk = Mapping[str, Any]

#: The service's `data: [DONE]`; it also follows the single chunk of a plain reply.
DONE: Chunk = {}


@dataclass(frozen=True)
class Retry:
    """The same request is sent again in `wait` seconds, because of `reason`, as retry `number` of `most`."""

    number: int
    most: int
    wait: float
    reason: str


#: A chunk of the reply, or the announcement of a retry.
StreamItem = Chunk | Retry
