"""How files and batches go other than well: what a test has asked for."""

from __future__ import annotations

from dataclasses import dataclass

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
