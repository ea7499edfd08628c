"""Reads the documents of a prompt in two goes, so that none is uploaded for what cannot go out.

first ──▶ all that is here or known; in the place of each other document stands that it would be uploaded
            │ the prompt is made of that, and checked: references, files, options, the model, the budget
again ──▶ what the first has read, once more; the others are uploaded

A prompt that is made once more after that gets what was read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ...values.documents.pages import Pages
    from ...values.documents.reading import Documents, OpenDocuments, Reading
    from ...values.documents.source import Source

_Made = TypeVar("_Made")


class Rehearsal:
    """The goes. `opened` makes what reads; if it gets a list, what would have to be uploaded is put there."""

    def __init__(self, opened: Callable[[list[Source] | None], Documents]) -> None:
        self._opened = opened
        self._readings: list[tuple[str, Reading | None]] = []
        self._passed: list[str] = []

    def made(self, make: Callable[[OpenDocuments], _Made], check: Callable[[_Made], object]) -> _Made:
        """What `make` makes with these documents. Where some are to be uploaded, `check` looks at it before that.

        Raises GLMError, as both do.
        """
        awaited: list[Source] = []
        found = self._go(make, awaited)
        if not awaited:
            return found
        check(found)
        return self._go(make, None)

    def again(self, make: Callable[[OpenDocuments], _Made]) -> _Made:
        """What `make` makes with the same documents, which are not read once more."""
        return self._go(make, None)

    def _go(self, make: Callable[[OpenDocuments], _Made], awaited: list[Source] | None) -> _Made:
        readings, passed = deque(self._readings), deque(self._passed)
        self._readings, self._passed = [], []

        def read(source: Source) -> Reading:
            known = readings.popleft()[1] if readings and readings[0][0] == source.sha256 else None
            before = len(awaited or ())
            reading = self._opened(awaited).read(source) if known is None else known
            self._readings.append((source.sha256, reading if len(awaited or ()) == before else None))
            return reading

        def part(url: str, *, beside_images: bool) -> str:
            known = passed.popleft() if passed else self._opened(awaited).passed(url, beside_images=beside_images)
            self._passed.append(known)
            return known

        return make(lambda: _Documents(read, part, self._opened(awaited).recorded))


class _Documents:
    """What reads in one go."""

    def __init__(
        self,
        read: Callable[[Source], Reading],
        passed: Callable[..., str],
        recorded: Callable[[str, Pages], Reading | None],
    ) -> None:
        self.read = read
        self.passed = passed
        self.recorded = recorded
