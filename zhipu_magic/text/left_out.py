"""Which parts of a value a text leaves out.

A text is cut by the code that knows how, many calls below the one that shows it, and the user wants to know. So
`collecting_cuts` gathers what `note_cut` is called with meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_cuts: ContextVar[list[str] | None] = ContextVar("zhipu_magic: left out", default=None)


def note_cut(what: str) -> None:
    """Note what is sent in place of a whole value: `406 × 9, 60 rows sent`."""
    cuts = _cuts.get()
    if cuts is not None:
        cuts.append(what)


@contextmanager
def collecting_cuts() -> Iterator[list[str]]:
    """A list of the cuts that are noted within; a block around this one does not see them.

    An attempt whose text may not be used ignores the list.
    """
    cuts: list[str] = []
    token = _cuts.set(cuts)
    try:
        yield cuts
    finally:
        _cuts.reset(token)
