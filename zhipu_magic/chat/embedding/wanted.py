"""The texts of one call, each once, with the keys of their vectors; and the array that these are put into."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from ...text.errors import NOTHING_SENT, InvalidRequest
from .kept import key_of


class Wanted:
    """The `texts` whose vectors a model is to make, of so many dimensions (None where only the service knows)."""

    def __init__(self, texts: Sequence[str], model: str, dimensions: int | None) -> None:
        self.texts = texts
        self.places: dict[str, int] = {}
        """Where each text stands first."""
        for place, text in enumerate(texts):
            self.places.setdefault(text, place)
        self.keys = {text: key_of("embed", model, dimensions, text) for text in self.places}

    @property
    def key(self) -> str:
        """By what the whole call is known."""
        return key_of("embed", [self.keys[text] for text in self.texts])


class VectorArray:
    """The vectors of these texts, in the rows of a numpy array that is made with the first. Any thread may put one."""

    def __init__(self, wanted: Wanted, dimensions: int | None) -> None:
        self._numpy = _numpy()
        self._texts = wanted.texts
        self._rows = {text: row for row, text in enumerate(wanted.places)}
        self._lock = threading.Lock()
        self._array = None if dimensions is None else self._empty(dimensions)

    def _empty(self, dimensions: int) -> Any:
        return self._numpy.empty((len(self._rows), dimensions), self._numpy.float32)

    def put(self, text: str, vector: bytes) -> None:
        """Put the vector of a text into its row. Raises InvalidRequest where others have more or fewer dimensions."""
        numbers = self._numpy.frombuffer(vector, "<f4")
        with self._lock:
            if self._array is None:
                self._array = self._empty(len(numbers))
        if len(numbers) != self._array.shape[1]:
            raise InvalidRequest(
                "The service returned vectors of different dimensions: {before} and {found}.",
                hint="Pass dimensions=….",
                reason="embedding.mixed",
                found=len(numbers),
                before=self._array.shape[1],
            )
        self._array[self._rows[text]] = numbers

    def in_order(self) -> Any:
        """A row for each text, equal ones included."""
        if self._array is None:  # of no texts
            return self._empty(0)
        if len(self._rows) == len(self._texts):
            return self._array
        return self._array[[self._rows[text] for text in self._texts]]


def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        raise InvalidRequest(
            "Vectors come as a numpy array, and numpy is not installed.",
            hint="pip install numpy",
            reason="embedding.no_numpy",
            outcomes=[NOTHING_SENT],
        ) from None
    return numpy
