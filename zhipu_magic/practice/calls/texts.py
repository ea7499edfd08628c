"""`/embeddings`, `/rerank` and `/tokenizer`: texts as vectors, in an order, and counted."""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from .. import encode
from ..request import ChatRequest
from ..script import Fault
from ..text import estimate_tokens
from .call import Answer, Calls, illegal, missing

#: By model: the most tokens of a text and texts of a request, and the dimensions (see docs/protocol.md).
_VECTORS = {"embedding-3": (3_072, 64, (256, 512, 1024, 2048)), "embedding-2": (512, 64, (1024,))}
_MOST_DOCUMENTS, _LONGEST = 128, 4_096
#: A word, or one sign of Chinese.
_PIECE = re.compile(r"[\u4e00-\u9fff]|\w+")


class Embeddings(Calls):
    """`POST /embeddings`. Equal texts have equal vectors, and texts that share words have near ones."""

    def answer(self, body: dict[str, Any]) -> Answer | Fault:
        if fault := missing(body, "model", "input"):
            return fault
        model, given = body["model"], body["input"]
        if model not in _VECTORS:
            return Fault.of("1211")
        longest, most, sizes = _VECTORS[model]
        texts = given if isinstance(given, list) else [given]
        if not all(isinstance(text, str) and text for text in texts) or len(texts) > most:
            return illegal("input")
        if any(estimate_tokens(text) > longest for text in texts):
            return Fault.of("1261")
        dimensions = body.get("dimensions", sizes[-1])
        if dimensions not in sizes:
            return illegal("dimensions")
        data = [
            {"index": place, "object": "embedding", "embedding": _vector(text, dimensions)}
            for place, text in enumerate(texts)
        ]
        return {"model": model, "object": "list", "data": data, "usage": _usage(sum(map(estimate_tokens, texts)))}


class Rerank(Calls):
    """`POST /rerank`. A document's score is the share of the query's words that it has."""

    def answer(self, body: dict[str, Any]) -> Answer | Fault:
        if fault := missing(body, "model", "query", "documents"):
            return fault
        query, documents = body["query"], body["documents"]
        if body["model"] != "rerank":
            return Fault.of("1211")
        if not isinstance(query, str) or len(query) > _LONGEST:
            return illegal("query")
        if not isinstance(documents, list) or len(documents) > _MOST_DOCUMENTS:
            return illegal("documents")
        if not all(isinstance(text, str) and len(text) <= _LONGEST for text in documents):
            return illegal("documents")
        scores = [(_likeness(query, text), -place) for place, text in enumerate(documents)]
        best = sorted(scores, reverse=True)[: body.get("top_n") or None]
        results = [{"index": -place, "relevance_score": score} for score, place in best]
        if body.get("return_documents"):
            results = [{**one, "document": documents[int(one["index"])]} for one in results]
        return {
            **_identity(),
            "results": results,
            "usage": _usage(sum(map(estimate_tokens, [query, *documents]))),
        }


class Tokenizer(Calls):
    """`POST /tokenizer`."""

    def answer(self, body: dict[str, Any]) -> Answer | Fault:
        if fault := missing(body, "model", "messages"):
            return fault
        request = ChatRequest(body)
        if not isinstance(body["messages"], list) or len(request.messages) < len(body["messages"]):
            return illegal("messages")
        tokens = request.prompt_tokens
        return {**_identity(), "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def _identity() -> dict[str, Any]:
    found = encode.new_id()
    return {"created": int(time.time()), "id": found, "request_id": found}


def _usage(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}


def _vector(text: str, dimensions: int) -> list[float]:
    """The unit vector of a text: the sum of those of its words, and a little of its own."""
    parts = [_direction(piece, dimensions) for piece in _PIECE.findall(text.lower())[:_MOST_DOCUMENTS]]
    own = [value / 10 for value in _direction(text, dimensions)]
    sums = [sum(values) for values in zip(own, *parts, strict=True)]
    length = math.sqrt(sum(value * value for value in sums)) or 1.0
    return [round(value / length, 8) for value in sums]


@lru_cache(maxsize=2_000)
def _direction(text: str, dimensions: int) -> Sequence[float]:
    digest = hashlib.shake_256(text.encode("utf-8", "replace")).digest(dimensions)
    return [byte - 127.5 for byte in digest]


def _likeness(query: str, document: str) -> float:
    wanted, there = set(_PIECE.findall(query.lower())), set(_PIECE.findall(document.lower()))
    return round(len(wanted & there) / len(wanted), 6) if wanted else 0.0
