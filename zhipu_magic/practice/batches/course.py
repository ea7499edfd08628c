"""How files and batches go other than well: what a test has asked for."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TypeAlias

from ..script import Drop, Fault, Raw
from .lines import Mistake


@dataclass(frozen=True)
class Course:
    """How a batch goes. It `ends` in a state of the service's, or stays for good in any other.

    So many of its lines are answered before that, all of them without a number. `output` and `errors` are written to
    its two files after the replies, byte for byte. `mistakes` are what is told of its lines, as where it fails. Where
    it is not `counted`, the counts are null; where its times are `in_seconds`, they are as the documents say.
    """

    ends: str = "completed"
    answers: int | None = None
    output: bytes = b""
    errors: bytes = b""
    mistakes: tuple[Mistake, ...] = ()
    counted: bool = True
    in_seconds: bool = False


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
