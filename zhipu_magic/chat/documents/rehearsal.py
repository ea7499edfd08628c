"""Reads the documents of a prompt in two goes, so that none is uploaded for what cannot go out.

first ──▶ all that is here or known; in the place of each other document stands that it would be uploaded
            │ the prompt is made of that, and checked: references, files, options, the model, the budget
again ──▶ what the first has read, once more; the others are uploaded
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ...values.documents.pages import Pages
    from ...values.documents.reading import Documents, Reading
    from ...values.documents.source import Source

_Made = TypeVar("_Made")


class Rehearsal:
    """The two goes. `opened` makes what reads; if it gets a list, what would have to be uploaded is put there."""

    def __init__(self, opened: Callable[[list[Source] | None], Documents]) -> None:
        self._opened = opened
        self._awaited: list[Source] = []
        self._readings: deque[tuple[str, Reading | None]] = deque()
        self._passed: deque[str] = deque()

    def made(self, make: Callable[[Callable[[], Documents]], _Made], check: Callable[[_Made], object]) -> _Made:
        """What `make` makes with these documents. Where some are to be uploaded, `check` looks at it before that.

        Raises GLMError, as both do.
        """
        found = make(lambda: _First(self, self._opened(self._awaited)))
        if not self._awaited:
            return found
        check(found)
        return make(lambda: _Again(self, self._opened(None)))


class _First:
    """Uploads nothing."""

    def __init__(self, whole: Rehearsal, documents: Documents) -> None:
        self._whole = whole
        self._documents = documents

    def read(self, source: Source) -> Reading:
        whole, before = self._whole, len(self._whole._awaited)
        reading = self._documents.read(source)
        whole._readings.append((source.sha256, None if len(whole._awaited) > before else reading))
        return reading

    def passed(self, url: str, *, beside_images: bool) -> str:
        part = self._documents.passed(url, beside_images=beside_images)
        self._whole._passed.append(part)
        return part

    def recorded(self, written: str, pages: Pages) -> Reading | None:
        return self._documents.recorded(written, pages)


class _Again(_First):
    """Uploads what the first go could not read."""

    def read(self, source: Source) -> Reading:
        readings = self._whole._readings
        if readings and readings[0][0] == source.sha256:  # else a file has changed meanwhile
            reading = readings.popleft()[1]
            if reading is not None:
                return reading
        return self._documents.read(source)

    def passed(self, url: str, *, beside_images: bool) -> str:
        passed = self._whole._passed
        return passed.popleft() if passed else self._documents.passed(url, beside_images=beside_images)
