"""Third-party clients, each taking the practice server for the service.

They cannot live beside `zhipuai` (which wants an older pyjwt than `zai-sdk`), so they have an environment of their own:
`make test-clients`. Elsewhere they are skipped. Nothing of `tests/conftest.py` is used here.
"""

from __future__ import annotations

import base64
import os
import struct
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from zhipu_magic.practice import PracticeServer

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # otherwise importing it asks the network


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the environment of all other tests, a client that happens to be there has not what it asks for."""
    if find_spec("zhipuai") is not None:
        here = Path(__file__).parent
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="make test-clients runs this"))


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, address or key of the machine's own reaches a client."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("OPENAI_", "ZAI_", "ZHIPUAI_", "LANGSMITH_")):
            monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer(pace=0) as running:
        yield running
        objections = [received.objection for received in running.requests]
        assert [fault for fault in objections if fault is not None] == []


@pytest.fixture
def picture() -> bytes:
    """A PNG of 3 × 2 pixels."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header, rows = struct.pack(">IIBBBBB", 3, 2, 8, 2, 0, 0, 0), zlib.compress((b"\0" + bytes(9)) * 2)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", rows) + part(b"IEND", b"")


@pytest.fixture
def data_url(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
