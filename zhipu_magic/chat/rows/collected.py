"""What has come of a table that was given to the Batch API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...text.errors import GLMError
from ..batches.intent import Intent
from ..batches.progress import Progress


@dataclass(frozen=True, repr=False)
class Collected:
    """What has come of one intent: how many rows were `answered` and `failed`, and how many have no outcome though
    nothing more will come (`missing`). While it is not over, `progress` says how far it is. `refusals` say what the
    service had against whole batches. `error` says why it could not be looked at, or not be kept; the others were.
    """

    intent: Intent
    progress: Progress | None = None
    answered: int = 0
    failed: int = 0
    missing: int = 0
    refusals: tuple[GLMError, ...] = ()
    error: GLMError | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it, and all that came is kept."""
        return self.error is None and self.progress is not None and self.progress.is_over

    @property
    def note(self) -> Mapping[str, Any]:
        """What was noted when it was submitted."""
        return self.intent.note

    def __repr__(self) -> str:
        if self.error is not None:
            return f"<Collected, {type(self.error).__name__}: {self.error.message}>"
        if not self.is_over:
            return f"<Collected, not over: {self.progress!r}>"
        counts = {"answered": self.answered, "failed": self.failed, "missing": self.missing}
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count or name == "answered")
        return f"<Collected, {told}>"
