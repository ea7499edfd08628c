"""A chat's batches at the practice server, which takes little time for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_rows import KEY, rows_of

from zhipu_magic.chat.batches.batches import Batches
from zhipu_magic.chat.batches.outcomes import Outcome, Outcomes
from zhipu_magic.chat.batches.progress import Progress
from zhipu_magic.practice import PracticeServer
from zhipu_magic.service.api_key import ApiKey
from zhipu_magic.service.connection import Service


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhipu_magic.service.client._wait", lambda state: 0.0)
    monkeypatch.setattr("zhipu_magic.chat.batches.submission.SETTLE", 0.05)
    monkeypatch.setattr("zhipu_magic.chat.batches.submission._BETWEEN_LOOKS", 0.02)


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer(pace=0, api_key=KEY, batch_seconds=0.03) as running:
        yield running


@pytest.fixture
def service(server: PracticeServer) -> Iterator[Service]:
    made = Service(server.base_url, ApiKey(KEY), timeout=20, max_retries=0, warn=lambda text: None)
    yield made
    made.close()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / ".glm" / "notes.jsonl"


@pytest.fixture
def batches(service: Service, journal: Path) -> Batches:
    return Batches(service, journal)


@pytest.fixture
def sent(batches: Batches) -> Callable[..., str]:
    """The id of an intent of so many rows that was sent."""

    def send(count: int = 3, **more: Any) -> str:
        new = batches.begin(rows_of(count, **more), model="glm-4", note={}).new
        assert new is not None
        return batches.resume(new.id).id

    return send


@pytest.fixture
def over(batches: Batches) -> Callable[[str], Progress]:
    def wait(id: str) -> Progress:
        until = time.monotonic() + 10
        while not (progress := batches.progress(id)).is_over:
            assert time.monotonic() < until
            time.sleep(0.005)
        return progress

    return wait


@pytest.fixture
def collected(
    batches: Batches, over: Callable[[str], Progress]
) -> Callable[[str], tuple[dict[str, Outcome], Outcomes]]:
    """All outcomes of an intent by their keys, and what was counted."""

    def collect(id: str) -> tuple[dict[str, Outcome], Outcomes]:
        over(id)
        with batches.outcomes(id) as outcomes:
            found = list(outcomes)
        by_key = {outcome.key: outcome for outcome in found}
        assert len(by_key) == len(found)
        return by_key, outcomes

    return collect
