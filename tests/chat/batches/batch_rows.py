"""Rows of a table, as requests by their keys."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from zhipu_magic.chat.request import key_of

KEY = "Q7practice.Z9that-only-these-tests-know"
"""Of the server."""


def body_of(prompt: str) -> dict[str, Any]:
    return {"model": "glm-4", "messages": [{"role": "user", "content": prompt}]}


def key(prompt: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(key_of(body_of(prompt)))[:16]).decode()[:22]


def rows_of(count: int, first: int = 0, prompt: str = "row") -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(first, first + count):
        text = f"{prompt} {number}"
        yield key(text), body_of(text)
