"""What comes of one exchange with the service, while it comes."""

from __future__ import annotations

from dataclasses import dataclass

from .wire import Chunk


@dataclass(frozen=True)
class Retry:
    """For this `reason` the same request goes out again in `wait` seconds, as retry `number` of `most`."""

    number: int
    most: int
    wait: float
    reason: str


#: What comes of an exchange: a chunk of the reply, or word that the request goes out again.
StreamItem = Chunk | Retry
