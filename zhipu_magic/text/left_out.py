"""What a text leaves out of the value that it shows, told to whoever has asked for the text.

A text is cut deep inside, by what knows how, and its user wants to know: `told` collects what `tell` says meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_told: ContextVar[list[str] | None] = ContextVar("zhipu_magic: left out", default=None)


def tell(what: str) -> None:
    """Say what is sent in place of a whole value: `406 × 9, 60 rows sent`."""
    told = _told.get()
    if told is not None:
        told.append(what)


@contextmanager
def told() -> Iterator[list[str]]:
    """What is told within, here alone: for an attempt, whose text may not be used, the list is ignored."""
    collected: list[str] = []
    token = _told.set(collected)
    try:
        yield collected
    finally:
        _told.reset(token)
