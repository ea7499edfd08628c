"""A batch as the service tells of it, each member by its type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from ...text.characters import printable, shortened
from ..response_members import as_text, count_of, name_of, objects

#: The states after which nothing more happens to a batch.
OVER: Final = frozenset({"completed", "failed", "expired", "cancelled"})

#: Of the text of a mistake, and of the name of a state, so many characters.
_LONGEST_WORDS, _LONGEST_STATE = 500, 40
#: The most pairs of metadata, as the specification has it.
_MOST_PAIRS = 16
#: Times from here on are in milliseconds: seconds reach it in the year 5138.
_MILLISECONDS = 1e11
#: An id stands in an address: nothing in one may lead elsewhere.
_ID = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,199}")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What was wrong with a line of a batch's file, which counts from 1; without one, with the whole file."""

    line: int | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch: its state, when it began and will expire (seconds since 1970), and how many of its lines are done.

    What the service does not tell is None. A state that is not in `OVER`, known or not, may be followed by another.
    """

    id: str
    status: str
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: float | None = None
    expires_at: float | None = None
    total: int | None = None
    completed: int | None = None
    failed: int | None = None
    mistakes: tuple[Mistake, ...] = ()
    metadata: Mapping[str, str] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come. Replies that are counted as done, and that no file has yet, still will."""
        awaits_file = self.status == "completed" and bool(self.completed) and self.output_file_id is None
        return self.status in OVER and not awaits_file


def batch_of(value: Any) -> Batch | None:
    """The batch in a service's answer; None if it is none."""
    if not isinstance(value, Mapping):
        return None
    id, status = id_of(value.get("id")), _words(value.get("status"), _LONGEST_STATE)
    if id is None or not status:
        return None
    counts = value.get("request_counts")
    counts = counts if isinstance(counts, Mapping) else value  # the specification has them beside it
    errors, metadata = value.get("errors"), value.get("metadata")
    return Batch(
        id,
        status,
        input_file_id=id_of(value.get("input_file_id")),
        output_file_id=id_of(value.get("output_file_id")),
        error_file_id=id_of(value.get("error_file_id")),
        created_at=_seconds(value.get("created_at")),
        expires_at=_seconds(value.get("expires_at")),
        total=count_of(counts.get("total")),
        completed=count_of(counts.get("completed")),
        failed=count_of(counts.get("failed")),
        mistakes=tuple(map(_mistake, objects(errors.get("data") if isinstance(errors, Mapping) else errors))),
        metadata=_pairs(metadata) if isinstance(metadata, Mapping) else None,
    )


def id_of(value: Any) -> str | None:
    """The id of a file or a batch, if it can be one."""
    text = value if isinstance(value, str) else name_of(value)  # a long one is not cut to fit
    return text if text is not None and _ID.fullmatch(text) else None


def _mistake(value: Mapping[str, Any]) -> Mistake:
    code, message = name_of(value.get("code")) or "", as_text(value.get("message"))
    return Mistake(count_of(value.get("line")), _words(code, _LONGEST_STATE), _words(message, _LONGEST_WORDS))


def _pairs(metadata: Mapping[str, Any]) -> dict[str, str]:
    return {name: as_text(value) for name, value in islice(metadata.items(), _MOST_PAIRS)}


def _words(value: Any, longest: int) -> str:
    return printable(shortened(as_text(value).strip(), longest))


def _seconds(value: Any) -> float | None:
    """A time in seconds since 1970. The service's documents say seconds, and it sends milliseconds."""
    count = count_of(value)
    if not count:
        return None
    return count / 1000 if count >= _MILLISECONDS else float(count)
