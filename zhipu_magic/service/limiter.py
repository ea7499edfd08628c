"""How many requests may be in flight at a service that does not say so: learned from what it refuses.

Pure: no clock, no threads, and nothing is read or written. What it knows, in the order in which it is learned:

    growth      more and more are let out, until something is refused (or where nothing is: by the throughput)
    a refusal   with so many others in flight: that is the limit, and the ceiling
    one more    before anything new was let in: fewer and fewer, and then back to the ceiling
    rests       unless the place was only freed late: it is tried again, a little later
    probing     at the ceiling, now and then one more
    storm       the service is busy, or refuses even what is alone: pauses, and one scout after each
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, Literal

from .limiting.cut import Cut
from .limiting.growth import Growth
from .limiting.pace import Pace
from .limiting.probing import Probing
from .limiting.requests import Request
from .limiting.rests import Rests
from .limiting.storm import Storm
from .limiting.throughput import Throughput

#: How a request ended: answered; refused, since too many are in flight; refused, since the service is busy; failed in
#: the service or on the way, as others may too; or in any other way, which says nothing of the service.
Outcome = Literal["answered", "refused", "busy", "failed", "other"]

#: More are never in flight.
MOST: Final = 128
#: In flight at first; if a limit is remembered, at most the second.
_FIRST: Final = 2
FIRST_REMEMBERED: Final = 4
#: Answers for each place from which on a limit counts as proven.
_PROOF = 2
#: So many times in a row the service must be busy for a storm, while others are in flight.
_STORM = 3
#: The next pause, as a share of the time since a storm began: the service is busy, or refuses even what is alone.
_PAUSE_BUSY, _PAUSE_ALONE = 0.2, 1.0


class Limiter:
    """Decides when a request may begin. Times are in seconds of any clock that goes on.

    `limit` is how many may be in flight now, and `ceiling` the most that the service is known to take; None if none has
    been refused since more were let in. `remembered` is what was `learned` in another session.
    """

    def __init__(self, *, remembered: int | None = None, random: Callable[[], float] | None = None) -> None:
        self.ceiling: int | None = None
        self.learned: int | None = None
        """The latest ceiling, even while more are tried; None if nothing was ever refused."""
        self.limit = _FIRST
        self._in_flight: dict[int, Request] = {}
        self._next = 0
        self._storm = Storm(random or Random().random)
        self._rests = Rests()
        self._probing = Probing(remembered=False)
        self._throughput = Throughput(MOST)
        self._vacant = 0
        """Places that have become free and were not taken since."""
        self._busy_in_a_row = 0
        self._pace = Pace(remembered=False)
        self._proven = 0
        """The highest limit that has lasted for a while."""
        self._growth = Growth(self.limit - 1)
        self._cut = Cut()
        self._ever_proven = False
        self._was_growing = True
        """Whether the first refusal came while the limit grew: then it says nothing of a fall."""
        self._is_probing = False
        self._watched: Request | None = None
        """The one that shows whether anything new is let in: it is, if it stays for longer than a refusal takes."""
        if remembered is not None:
            self.recall(remembered)

    def recall(self, remembered: int) -> None:
        """Begin with what was learned in another session, if nothing has been learned in this one."""
        if self.learned is not None:
            return
        self.ceiling = self.learned = max(1, min(remembered, MOST))
        self.limit = min(self.ceiling, FIRST_REMEMBERED)
        self._growth.begin(self.limit - 1)
        self._probing, self._pace = Probing(remembered=True), Pace(remembered=True)

    @property
    def in_flight(self) -> int:
        """How many are in flight."""
        return len(self._in_flight)

    @property
    def busy_until(self) -> float:
        """When the next try comes, while the service is busy; otherwise 0.0."""
        return self._storm.until if self._storm.is_on else 0.0

    @property
    def is_used_up(self) -> bool:
        """Whether as many are in flight as the service is known to take."""
        return self.learned is not None and len(self._in_flight) >= self.learned

    def may_begin(self, now: float) -> bool:
        """Whether there is a place now. To be asked only if there is something to ask, since a limit grows by it."""
        self._look(now)
        if self._storm.holds(now):
            return False
        taken = len(self._in_flight) + self._rests.count(now)
        return taken < self.limit or (self._grow(now) and taken < self.limit)

    def begin(self, now: float) -> int:
        """A request begins, even if there is no place. Returns the ticket to end it with."""
        number, resting = self._next, self._rests.count(now)
        taken = len(self._in_flight) + resting
        self._next += 1
        request = Request(
            number,
            now,
            self._rests.freed_at,
            replaces=self._vacant > resting,
            beyond=taken >= max(self._proven, self.ceiling or 0),
            resting=resting,
        )
        self._vacant -= request.replaces
        self._in_flight[number] = request
        if self._storm.is_on and self._storm.scout is None:
            self._storm.send(number, now)
        probes = self._is_probing and taken + 1 >= self.limit
        if self._watched is None and (probes or self._is_waiting):
            self._watched = request
        return number

    def end(self, ticket: int, now: float, outcome: Outcome, *, retry_after: float | None = None) -> None:
        """The request has ended. `retry_after` are the seconds that the service asks to wait.

        A ticket that is not known, or has ended before, changes nothing.
        """
        ended = self._in_flight.pop(ticket, None)
        if ended is None:
            return
        scouted = ticket == self._storm.scout
        if scouted:
            self._storm.scout = None
        if outcome == "answered":
            self._answered(ended, now, scouted=scouted)
        elif outcome == "refused":
            self._refused(ended, now, retry_after, scouted=scouted)
        elif outcome != "other":
            self._busy(ended, now, retry_after, scouted=scouted)
        if self._watched is ended:
            self._watched = None
            if self._is_probing:  # nothing is known of it
                self._is_probing, self.limit = False, self.limit - 1
        if outcome in ("answered", "other"):
            self._vacant += 1
            self._rests.freed(now)
        self._vacant = max(0, min(self._vacant, self.limit - len(self._in_flight)))

    def next_look(self, now: float) -> float | None:
        """When `may_begin`, which has just said no, may change by time alone; None if only an end can change it."""
        in_storm = self._storm.next_look(now)
        if in_storm is not None:
            return in_storm
        looks = [self._rests.next_look(), self._growth.next_look(self.limit, self._pace.window)]
        if self._watched is not None:
            looks.append(self._watched.begun + self._pace.window)
        return min((look for look in looks if look is not None and look > now), default=None)

    # What was let in

    @property
    def _is_waiting(self) -> bool:
        """Whether it matters now that something new is let in."""
        return self._cut.is_open or self._rests.is_trying

    def _look(self, now: float) -> None:
        """See what has been let in by now."""
        if self._storm.has_passed(now):
            self._end_storm()
        if self._watched is not None and now >= self._watched.begun + self._pace.window:
            self._let_in(self._watched)

    def _let_in(self, request: Request) -> None:
        self._watched = None
        self._rests.let_in(begun=request.begun, freed=request.freed)
        if self._cut.is_open:
            self._cut.is_open = False
            self._growth.begin(self.limit - 1)
        elif self._is_probing:
            self._is_probing = False
            self.ceiling = None
            self._probing.begin_anew()
            self._growth.begin(self.limit - 1)

    def _answered(self, request: Request, now: float, *, scouted: bool) -> None:
        full, took = len(self._in_flight) + 1 >= self.limit, now - request.begun
        self._pace.answered(took)
        self._busy_in_a_row = 0
        self._probing.answered()
        self._rests.answered()
        if scouted:
            self._end_storm()
        if request is self._watched or (self._is_waiting and request.number >= self._cut.since):
            self._let_in(request)
        if not self._cut.is_open and not self._is_probing and self._probing.answers >= _PROOF * self.limit:
            self._proven = self.limit
            self._ever_proven = True
        if self.learned is None:
            first = request.number < _FIRST
            self._throughput.answered(now, took=took, first=first, limit=self.limit, full=full)
            self.limit = min(self.limit, self._throughput.most)

    def _grow(self, now: float) -> bool:
        """Allow more, if it is time."""
        if self._is_waiting or self._is_probing:
            return False
        if self.ceiling is not None and self.limit >= self.ceiling:
            return self._probe()
        before = self.limit
        most = self.ceiling or (MOST if self.learned is not None else self._throughput.most)
        self.limit = self._growth.grown(now, before, most, self._pace.window)
        return self.limit > before

    def _probe(self) -> bool:
        if self.limit >= MOST or not self._probing.is_due(self.limit):
            return False
        self._is_probing = True
        self.limit += 1
        return True

    # What was refused

    def _refused(self, request: Request, now: float, retry_after: float | None, *, scouted: bool) -> None:
        others, took = len(self._in_flight), now - request.begun
        self._pace.refused(took)
        if self._is_freed_late(request, now, alone=not others):
            self._vacant += 1
            self._watched = None
            self._cut.since = self._next
            return
        told = others if self._cut.is_open else max(others, min(others + request.resting, self.limit))
        kind = self._cut.refused(request.number, others=told, following=self._next)
        if kind == "first":
            self._tell_probing(request)
            self.ceiling = self._cut.limit
        elif kind == "together":
            self.ceiling = min(self.ceiling or MOST, self._cut.limit)
        elif self._cut.again > self._was_growing:
            self._probing.has_fallen()
        self.limit = self._cut.limit
        self._settle_after_refusal(others)
        if not others or (kind == "again" and retry_after):
            if not self._storm.is_on:
                self._storm.begin(now, self.limit)
            self._storm.pause(now, share=_PAUSE_ALONE, took=took, asked=retry_after)
        elif scouted:  # the service is there
            self._storm.end()

    def _is_freed_late(self, request: Request, now: float, *, alone: bool) -> bool:
        """Whether the place that it took may not be free yet."""
        is_new = request.number >= self._cut.since and (not self._cut.is_open or self._rests.is_trying)
        if not is_new or not request.replaces or request.beyond or self._storm.is_on:
            return False
        return self._rests.refused(now, begun=request.begun, freed=request.freed, alone=alone)

    def _tell_probing(self, request: Request) -> None:
        self._was_growing = request.beyond or not self._ever_proven
        if not self._was_growing:
            self._probing.has_fallen()
        elif self.learned is not None and self._cut.limit > self.learned + 1:
            self._probing.has_risen()
        elif self.learned is not None:
            self._probing.was_in_vain()

    def _settle_after_refusal(self, others: int) -> None:
        self.learned = self.ceiling
        self._proven = min(self._proven, others)
        self._is_probing = False
        self._watched = None
        self._probing.begin_anew()
        self._growth.begin(self.limit)

    # Storms

    def _busy(self, request: Request, now: float, retry_after: float | None, *, scouted: bool) -> None:
        self._busy_in_a_row += 1
        if self._storm.is_on:
            if not scouted:  # it went out before the pause
                return
        elif self._busy_in_a_row < _STORM and self._in_flight and not retry_after:
            return
        else:
            self._storm.begin(now, max(1, (self.ceiling or self.limit) // 2))
        self._storm.pause(now, share=_PAUSE_BUSY, took=now - request.begun, asked=retry_after)

    def _end_storm(self) -> None:
        self._storm.end()
        self._busy_in_a_row = 0
        self.limit = min(self._storm.limit, self.ceiling or MOST)
        self._growth.begin(self.limit - 1)
