"""The maps that Python code has gone through in loops, so that an interrupt can stop them.

An interrupt in the body of `for row in mapped:` is not seen by the map: to its iterator, every early end of the loop
looks like a `break`, after which the map goes on. Whoever sees the end of the code, such as a notebook that of a cell,
takes the maps and stops them.
"""

from __future__ import annotations

from typing import Protocol
from weakref import WeakValueDictionary


class Looped(Protocol):
    """What was gone through."""

    def stop(self) -> None:
        """Ask no more."""


#: By their ids.
_LOOPED: WeakValueDictionary[int, Looped] = WeakValueDictionary()


def note(one: Looped) -> None:
    """A loop begins to go through this."""
    _LOOPED[id(one)] = one


def taken() -> list[Looped]:
    """What loops have gone through since the last call, and still exists."""
    found = [one for reference in _LOOPED.valuerefs() if (one := reference()) is not None]
    _LOOPED.clear()
    return found
