"""Vectors, rankings and counts as a store keeps them: each under a key, as the text of a row."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import struct
from typing import Any

from ...history.rows.row import Row

#: Bytes of a SHA-256 that are a key: 22 characters.
_KEY_BYTES = 16


def key_of(*asked: Any) -> str:
    """By what an answer is known: the same for the same question, wherever it is asked."""
    text = json.dumps(asked, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()[:_KEY_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def vector_row(key: str, vector: bytes, model: str) -> Row:
    """The row of a vector: its numbers as float32, little-endian, in base64."""
    return Row(key, base64.b64encode(vector).decode(), model=model)


def vector_in(row: Row | None, dimensions: int | None) -> bytes | None:
    """The vector in a row; None where there is none of so many dimensions. The file may come from anywhere."""
    if row is None or row.error is not None:
        return None
    try:
        vector = base64.b64decode(row.text, validate=True)
    except (binascii.Error, ValueError):
        return None
    count, rest = divmod(len(vector), 4)
    if rest or not count or dimensions not in (None, count):
        return None
    return vector if all(map(math.isfinite, struct.unpack(f"<{count}f", vector))) else None


def ranking_in(row: Row | None, documents: int) -> list[tuple[int, float]] | None:
    """The places and scores in a row; None where it holds none of so many documents."""
    found = _json_in(row)
    if not isinstance(found, list) or not found:
        return None
    places: list[tuple[int, float]] = []
    for one in found:
        if not (isinstance(one, list) and len(one) == 2 and type(one[0]) is int and 0 <= one[0] < documents):
            return None
        if type(one[1]) not in (int, float) or not math.isfinite(one[1]):
            return None
        places.append((one[0], float(one[1])))
    return places if len({place for place, _ in places}) == len(places) else None


def count_in(row: Row | None) -> int | None:
    """The count in a row."""
    found = _json_in(row)
    return found if type(found) is int and found >= 0 else None


def json_row(key: str, value: Any, model: str) -> Row:
    """The row of any other answer."""
    return Row(key, json.dumps(value), model=model)


def _json_in(row: Row | None) -> Any:
    from ...text.untrusted_json import loads

    if row is None or row.error is not None:
        return None
    try:
        return loads(row.text)
    except ValueError:
        return None
