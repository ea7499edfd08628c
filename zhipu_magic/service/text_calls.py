"""`/embeddings`, `/rerank` and `/tokenizer`: texts as vectors, in an order, and counted (docs/protocol.md)."""

from __future__ import annotations

import math
import sys
import threading
from array import array
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

from .client import Client
from .json_calls import post
from .response_members import count_of, objects
from .wire import Usage

#: The largest number that a float32 holds, and the most dimensions of a vector.
_LARGEST: Final = 3.4028234663852886e38
_MOST_DIMENSIONS: Final = 65_536


class Vectors(NamedTuple):
    """The vectors of some texts, in their order: each as float32, little-endian. `tokens` is None if not counted."""

    vectors: list[bytes]
    tokens: int | None


class Ranked(NamedTuple):
    """Places in a list of documents and their scores, the best first. `tokens` is None if not counted."""

    places: list[tuple[int, float]]
    tokens: int | None


def embed(client: Client, body: Mapping[str, Any], cancelled: threading.Event) -> Vectors:
    """The vectors of the texts in `input`. One try. Raises GLMError."""
    return post(client, "/embeddings", body, lambda value: _vectors(value, body), cancelled=cancelled)


def rerank(client: Client, body: Mapping[str, Any], *, tries: int, cancelled: threading.Event) -> Ranked:
    """The order of the `documents`. Raises GLMError."""
    return post(client, "/rerank", body, lambda value: _ranked(value, body), tries=tries, cancelled=cancelled)


def count(client: Client, body: Mapping[str, Any], *, tries: int, cancelled: threading.Event) -> int:
    """The tokens of the `messages`, as the model counts them. Raises GLMError."""
    return post(client, "/tokenizer", body, _counted, tries=tries, cancelled=cancelled)


def _vectors(value: Mapping[str, Any], body: Mapping[str, Any]) -> Vectors | None:
    texts, dimensions = body["input"], body.get("dimensions")
    found: dict[int, bytes] = {}
    for one in objects(value.get("data")):
        place, numbers = count_of(one.get("index")), one.get("embedding")
        vector = _float32(numbers, dimensions)
        if place is None or place in found or vector is None:
            return None
        found[place] = vector
    if found.keys() != set(range(len(texts))) or len({len(vector) for vector in found.values()}) != 1:
        return None
    return Vectors([found[place] for place in range(len(texts))], _tokens(value))


def _float32(numbers: Any, dimensions: int | None) -> bytes | None:
    """The numbers as float32; None for what is no vector of so many dimensions."""
    if not isinstance(numbers, list) or not 0 < len(numbers) <= _MOST_DIMENSIONS:
        return None
    if dimensions is not None and len(numbers) != dimensions:
        return None
    if not all(type(one) in (float, int) and abs(one) <= _LARGEST for one in numbers):
        return None
    packed = array("f", numbers)
    if sys.byteorder == "big":  # pragma: no cover  # no machine that the tests run on
        packed.byteswap()
    return packed.tobytes()


def _ranked(value: Mapping[str, Any], body: Mapping[str, Any]) -> Ranked | None:
    if not isinstance(value.get("results"), list):
        return None
    places: list[tuple[int, float]] = []
    for one in objects(value["results"]):
        place, score = count_of(one.get("index")), one.get("relevance_score")
        if place is None or place >= len(body["documents"]) or not _is_number(score):
            return None
        places.append((place, float(cast(float, score))))
    if len({place for place, _ in places}) != len(places) or not places:
        return None
    return Ranked(sorted(places, key=lambda one: (-one[1], one[0])), _tokens(value))


def _is_number(value: Any) -> bool:
    return type(value) in (float, int) and math.isfinite(value)


def _counted(value: Mapping[str, Any]) -> int | None:
    usage = value.get("usage")
    if not isinstance(usage, Mapping):
        return None
    found = count_of(usage.get("total_tokens"))
    return found if found is not None else count_of(usage.get("prompt_tokens"))


def _tokens(value: Mapping[str, Any]) -> int | None:
    given = value.get("usage")
    if not isinstance(given, Mapping):
        return None
    found = Usage.read({"completion_tokens": 0, **given})
    return found.total_tokens if found is not None else None
