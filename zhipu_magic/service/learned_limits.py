"""How many requests services take at once, as it was learned: a small file of the user's, for the next session.

It tells nobody who was asked: a service and its model are a digest in it. A file that is broken is as good as none, and
a disk that cannot be written to matters to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ..text import regular_files
from ..text.untrusted_json import loads

_NAME: Final = "limits.json"
#: Of the file, and of the limits in it; the oldest are dropped.
_MOST_BYTES, _MOST_LIMITS = 64 * 1024, 500
#: Limits that are believed.
_LIMITS: Final = range(1, 10_000)
_DIGITS = 24
#: Without a home, there is no folder either.
_NO_DISK = (OSError, RuntimeError)


def recall(base_url: str, model: str) -> int | None:
    """The limit that was learned of this model at this address; None if there is none."""
    with suppress(*_NO_DISK):
        return _read(_path()).get(_name_of(base_url, model))
    return None


def keep(base_url: str, model: str, limit: int) -> None:
    """Keep a limit. What another session keeps in the same moment may be lost: it will learn it again."""
    with suppress(*_NO_DISK):
        path, name = _path(), _name_of(base_url, model)
        limits = {other: one for other, one in _read(path).items() if other != name}
        newest = [*limits.items(), (name, limit)][-_MOST_LIMITS:]
        regular_files.replace(path, [json.dumps({"limits": dict(newest)}, indent=1).encode()], make=True)


def _path() -> Path:
    from platformdirs import user_data_path

    return user_data_path("zhipu_magic", appauthor=False) / _NAME


def _name_of(base_url: str, model: str) -> str:
    return sha256(f"{base_url}\n{model}".encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _read(path: Path) -> dict[str, int]:
    """The limits in the file, the oldest first."""
    try:
        found: Any = loads(regular_files.read(path, _MOST_BYTES))
    except (FileNotFoundError, ValueError):
        return {}
    limits = found.get("limits") if isinstance(found, Mapping) else None
    if not isinstance(limits, Mapping):
        return {}
    return {name: limit for name, limit in limits.items() if type(limit) is int and limit in _LIMITS}
