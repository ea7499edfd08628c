"""What every test stands on: the practice server over real sockets, and a clean environment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from zhipu_magic import Chat
from zhipu_magic.practice import PracticeServer


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, address, model or proxy of the machine's own reaches a test."""
    for name in ("ZHIPUAI_API_KEY", "ZHIPUAI_BASE_URL", "ZHIPU_MAGIC_MODEL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer(pace=0) as running:
        yield running


@pytest.fixture
def chat(server: PracticeServer) -> Iterator[Chat]:
    asking = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key)
    yield asking
    asking.close()
