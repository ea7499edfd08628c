"""A program that is killed between any two steps loses no row, and pays for none twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import batch_killed
import pytest
from batch_rows import KEY, rows_of

from zhipu_magic.chat.batches.batches import Batches
from zhipu_magic.practice import PracticeServer
from zhipu_magic.service.batches import requests
from zhipu_magic.service.connection import Service

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")

#: Of a program that ends by itself (see `test_there_are_so_many_steps`).
STEPS = 41


def ends(server: PracticeServer, folder: Path, lasts: Sequence[int]) -> list[int]:
    """The exit codes of programs that were killed at these steps."""
    paths = [str(Path(batch_killed.__file__).parent), *sys.path]
    code = f"import sys; sys.path[:0] = {paths!r}; import batch_killed; batch_killed.main(*sys.argv[1:])"
    command = [sys.executable, "-c", code, server.base_url, KEY, str(folder), *map(str, lasts)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr
    return [int(line) for line in ended.stdout.split()]


def test_there_are_so_many_steps(server: PracticeServer, tmp_path: Path) -> None:
    assert ends(server, tmp_path, [1_000]) == [STEPS]


def go_on(batches: Batches, *, by_asking_again: bool) -> None:
    """Go on as a user does: collect what there is, or run the cell again."""
    if by_asking_again:
        batches.begin(rows_of(batch_killed.ROWS), model="glm-4", note={})
    for intent in batches.open():
        batches.resume(intent.id)


@pytest.mark.parametrize("quarter", range(4))
def test_no_batch_is_paid_twice_and_no_row_is_lost(
    service: Service,
    server: PracticeServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    quarter: int,
) -> None:
    monkeypatch.setattr(requests, "MOST_LINES", batch_killed.A_PART)
    lasts = range(1 + quarter, STEPS + 1, 4)
    journals = [tmp_path / str(last) / ".glm" / "notes.jsonl" for last in lasts]
    assert ends(server, tmp_path, lasts) == [-9] * len(lasts)
    for journal, last in zip(journals, lasts, strict=True):
        batches = Batches(service, journal)
        begun = {intent.id for intent in batches.open()}
        go_on(batches, by_asking_again=False)
        go_on(batches, by_asking_again=True)
        intents = batches.open()
        assert all(intent.is_submitted for intent in intents)
        asked = [key for intent in intents for part in intent.parts if part.state == "created" for key in part.keys]
        assert sorted(asked) == sorted(key for key, _ in rows_of(batch_killed.ROWS)), last
        assert len(intents) == 1 and begun <= {intents[0].id}, last
        made = [
            batch["metadata"]["part"] for batch in server.batches if batch["metadata"]["zhipu_magic"] == intents[0].id
        ]
        assert sorted(made) == ["0", "1"], last
    known = {intent.id for journal in journals for intent in Batches(service, journal).open()}
    assert {batch["metadata"]["zhipu_magic"] for batch in server.batches} == known
    left = {path.name[:16] for path in (tmp_path / "user data").rglob("*.requests.jsonl")}
    assert not left & known
