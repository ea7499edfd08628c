"""A request in flight, as a limiter sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """When it began, and the place that it took. Times are in seconds of any clock."""

    number: int
    begun: float
    freed: float
    """When a place had become free last."""
    replaces: bool
    """Whether another has left the place, rather than the limit grown."""
    beyond: bool
    """Whether with it more are in flight than were ever proven to be let in."""
    resting: int
    """How many places rested when it began."""
