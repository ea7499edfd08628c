"""Where a map stands: what its line and its panel say."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

#: Seconds over which the speed is measured.
_WINDOW = 20.0


@dataclass(frozen=True)
class MapFigures:
    """A map at one moment.

    Of its `rows`, `done` have ended, `equal` repeat another one, `known` were answered before, `failed` have no answer,
    and `cut_off` answers reached their maximum length. `prepared` counts the rows that were looked at; the other
    counts are final once those are all. `cost` is in yuan, None where no price is known; `expected_cost` is that of
    all once it is done. `eta` and `seconds` are in seconds, `busy_for` those until the next try, where the service is
    busy. `trouble` is what all requests meet, if that is a fault; `waits_for` tells of rows that cannot be
    read yet.
    """

    rows: int
    prepared: int
    done: int
    equal: int
    known: int
    failed: int
    cut_off: int
    cut: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    estimated_tokens: int
    requests: int
    cost: float | None
    seconds: float
    in_flight: int = 0
    limit: int = 0
    busy_for: float = 0.0
    trouble: str = ""
    waits_for: str = ""
    expected_cost: float | None = None
    eta: float | None = None
    is_over: bool = False
    practice: bool = False
    plan: bool = False


class Speed:
    """How fast rows end lately."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def seconds_for(self, left: int, ended: int) -> float | None:
        """Seconds until so many more rows have ended, `ended` of which have by now; None where nothing is known yet."""
        now = time.monotonic()
        self._seen.append((now, ended))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        since, before = self._seen[0]
        if ended <= before or now <= since:
            return None
        return left * (now - since) / (ended - before)
