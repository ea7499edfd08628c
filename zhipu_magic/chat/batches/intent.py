"""An intent: what is to be asked by the Batch API, and how far that has come.

It is kept as lines of JSON (see `intent_file`), each checked as it is read: the file may come from anyone.

    intent   who, when, where, how many rows, and what the caller noted
    keys     the rows of a part, in the order of its lines
    state    a part goes on: waiting → uploading → uploaded → creating → created, or it is cancelled: given up
    closed   its answers have been taken
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, cast, get_args

from ...service.batches.batch import id_of
from ...service.response_members import count_of

#: The version of the format. A newer one is refused.
VERSION: Final = 1
#: Seconds for which the service certainly knows a batch: it keeps them for 30 days.
KNOWN_SECONDS: Final = 29 * 86_400.0
#: Characters of a row's key, which is its `custom_id` too.
KEY_LENGTH: Final = 22

State = Literal["waiting", "uploading", "uploaded", "creating", "created", "cancelled"]
_STATES: Final = frozenset(get_args(State))
_KEYS = re.compile(rf"(?:[A-Za-z0-9_-]{{{KEY_LENGTH}}})+")
_INTENT_ID = re.compile(r"[0-9a-f]{16}")
#: The most parts: fifty million rows.
MOST_PARTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one file, in the order of its lines. `since` is when its state began, in seconds since 1970."""

    number: int
    keys: tuple[str, ...] = field(default=(), repr=False)
    state: State = "waiting"
    since: float = 0.0
    file_id: str | None = None
    batch_id: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be sent of it."""
        return self.state in ("created", "cancelled")


@dataclass(frozen=True)
class Intent:
    """What is to be asked: by which model, at which service (its origin), since when, and in which parts.

    `too_large` are rows that fit in no file, with their bytes. `note` is the caller's own. `digest` is of all keys, so
    that an intent that is not whole is not taken for one. It is `damaged` if a line that may be about it cannot be
    read: what it says has not happened may have happened then.
    """

    id: str
    begun: float
    service: str
    model: str
    digest: str
    parts: tuple[Part, ...] = field(repr=False)
    note: Mapping[str, Any] = field(default_factory=dict, repr=False)
    too_large: Mapping[str, int] = field(default_factory=dict, repr=False)
    closed: bool = False
    damaged: bool = False

    @property
    def keys(self) -> Iterator[str]:
        """Those of all rows that can be sent, part by part."""
        return (key for part in self.parts for key in part.keys)

    @property
    def count(self) -> int:
        """The number of its rows."""
        return sum(len(part.keys) for part in self.parts) + len(self.too_large)

    @property
    def is_submitted(self) -> bool:
        """Whether nothing more of it is to be sent."""
        return all(part.is_settled for part in self.parts)

    @property
    def is_whole(self) -> bool:
        """Whether the keys of all its rows are there."""
        return digest_of(self.keys) == self.digest

    def as_records(self) -> Iterator[dict[str, Any]]:
        """Its lines, as it begins."""
        yield {
            "intent": self.id,
            "version": VERSION,
            "time": self.begun,
            "service": self.service,
            "model": self.model,
            "count": self.count,
            "digest": self.digest,
            "note": self.note,
            **({"too_large": self.too_large} if self.too_large else {}),
        }
        for part in self.parts:
            yield {"intent": self.id, "part": part.number, "keys": "".join(part.keys)}


def digest_of(keys: Iterable[str]) -> str:
    """SHA-256 of keys in their order."""
    digest = hashlib.sha256()
    for key in keys:
        digest.update(key.encode("ascii"))
    return digest.hexdigest()


def fold(intents: dict[str, Intent], record: Any) -> bool:
    """Have a line's record change the intents. Returns whether it is one; raises NewerVersion."""
    id = record.get("intent") if isinstance(record, Mapping) else None
    if not isinstance(id, str) or not _INTENT_ID.fullmatch(id):
        return False
    if "version" in record:
        begun = _begun(id, record)
        if begun is None or id in intents:
            return False
        intents[id] = begun
        return True
    intent = intents.get(id)
    if intent is None:
        return False
    if record.get("closed") is True:
        intents[id] = replace(intent, closed=True)
        return True
    number = count_of(record.get("part"))
    if number is None or number > len(intent.parts):
        return False
    is_new = number == len(intent.parts)
    part = _part(number, record) if is_new else _changed(intent.parts[number], record)
    if part is None:
        return False
    intents[id] = replace(intent, parts=(*intent.parts[:number], part, *intent.parts[number + 1 :]))
    return True


class NewerVersion(ValueError):
    """An intent that a newer version has written."""


def _begun(id: str, record: Mapping[str, Any]) -> Intent | None:
    if record["version"] != VERSION:
        raise NewerVersion(str(record["version"]))
    service, model, digest = (record.get(name) for name in ("service", "model", "digest"))
    note, too_large = record.get("note"), record.get("too_large")
    if not (isinstance(service, str) and isinstance(model, str) and isinstance(digest, str)):
        return None
    rows = too_large.items() if isinstance(too_large, Mapping) else ()
    return Intent(
        id=id,
        begun=_time(record),
        service=service,
        model=model,
        digest=digest,
        parts=(),
        note=note if isinstance(note, Mapping) else {},
        too_large={key: count_of(size) or 0 for key, size in rows if len(key) == KEY_LENGTH and _KEYS.fullmatch(key)},
    )


def _part(number: int, record: Mapping[str, Any]) -> Part | None:
    """The next part, by the keys of its rows."""
    keys = record.get("keys")
    if number >= MOST_PARTS or not isinstance(keys, str) or not _KEYS.fullmatch(keys):
        return None
    return Part(number, tuple(keys[place : place + KEY_LENGTH] for place in range(0, len(keys), KEY_LENGTH)))


def _changed(part: Part, record: Mapping[str, Any]) -> Part | None:
    """The part in another state."""
    state = record.get("state")
    if not isinstance(state, str) or state not in _STATES:
        return None
    file_id, batch_id = id_of(record.get("file")), id_of(record.get("batch"))
    if part.state == "cancelled" or (part.state == "created" and state != "cancelled"):
        return None
    if (state in ("uploaded", "creating") and file_id is None) or (state == "created" and batch_id is None):
        return None
    return replace(part, state=cast(State, state), since=_time(record), file_id=file_id, batch_id=batch_id)


def _time(record: Mapping[str, Any]) -> float:
    found = record.get("time")
    return float(found) if isinstance(found, (int, float)) and found >= 0 else 0.0
