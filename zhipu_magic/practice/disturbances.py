"""What the next requests of a kind are answered with, if a test has asked for it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TypeAlias

from .script import Drop, Fault, Raw

Ill: TypeAlias = Fault | Raw | Drop


@dataclass
class Disturbances:
    """What the next requests of a kind are answered with. A kind is a method and a path, such as `GET /batches/*`."""

    waiting: deque[tuple[str, Ill, bool]] = field(default_factory=deque)

    def add(self, kind: str, *answers: Ill, takes_effect: bool) -> None:
        self.waiting.extend((kind, answer, takes_effect) for answer in answers)

    def next_of(self, request: str) -> tuple[Ill, bool] | None:
        """What this request is answered with, and whether it takes effect all the same; None for the usual answer."""
        for place, (kind, answer, takes_effect) in enumerate(self.waiting):
            if fnmatchcase(request, kind):
                del self.waiting[place]
                return answer, takes_effect
        return None
