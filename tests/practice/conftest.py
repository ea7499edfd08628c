"""A practice server for each test, and a plain HTTP client that has its key."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from key import key_of

from zhipu_magic.practice import PracticeServer


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer(pace=0) as server:
        yield server


@pytest.fixture
def client(server: PracticeServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, headers=key_of(server), trust_env=False) as client:
        yield client


@pytest.fixture
def ask(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Ask as a user would: one text, or a list of messages, and any other members of the request."""

    def ask(prompt: str | list[dict[str, Any]], timeout: float = 5, **members: Any) -> httpx.Response:
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        body = {"model": "glm-4", "messages": messages, **members}
        return client.post("/chat/completions", json=body, timeout=timeout)

    return ask


@pytest.fixture
def connection(server: PracticeServer) -> Iterator[socket.socket]:
    """A bare connection over which an empty chat request has been sent."""
    url = httpx.URL(server.base_url)
    with socket.create_connection((url.host, url.port or 80), timeout=5) as connection:
        lines = [
            f"POST {url.path}/chat/completions HTTP/1.1",
            f"Host: {url.netloc.decode()}",
            f"Authorization: Bearer {server.api_key}",
            "Content-Length: 2",
        ]
        connection.sendall("\r\n".join([*lines, "", "{}"]).encode())
        yield connection
