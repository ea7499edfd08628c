"""A collect that is killed or interrupted between any two steps loses no row, and nothing of what it has cost."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import collect_ended
import pytest
from batch_rows import KEY

from zhipu_magic import Chat
from zhipu_magic.practice import Fault, PracticeServer, Raw

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")

ROWS = ["a", "b", "c", "d", "e"]
#: The fewest steps of a collect of these rows: two for each, and those of the files.
FEWEST = 25


def submitted(server: PracticeServer, journal: Path) -> None:
    """Submit a batch, one row of which fails, and wait for its end."""
    server.enqueue(Fault.of("1301"))
    with closing(Chat(model="glm-4", base_url=server.base_url, api_key=KEY, journal=journal)) as chat:
        chat.batch("Say {{ text }}", ROWS)
    until = time.monotonic() + 20
    while server.batches[0]["status"] != "completed":
        assert time.monotonic() < until
        time.sleep(0.01)


def ends(server: PracticeServer, folder: Path, kind: str) -> list[int]:
    """The exit codes of programs that were ended one step later each; the last one was not."""
    paths = [str(Path(collect_ended.__file__).parent), *sys.path]
    code = f"import sys; sys.path[:0] = {paths!r}; import collect_ended; collect_ended.main(*sys.argv[1:])"
    command = [sys.executable, "-c", code, server.base_url, KEY, str(folder), kind]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return [int(line) for line in ended.stdout.split()]


def costs(journal: Path) -> dict[str, int]:
    """What the journal's batches took, whichever session has collected them."""
    sums = {"requests": 0, "prompt_tokens": 0, "completion_tokens": 0}
    for line in journal.read_bytes().splitlines() if journal.exists() else ():
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        if event.get("batch"):
            sums = {name: count + event.get(name, 0) for name, count in sums.items()}
    return sums


@pytest.mark.parametrize("kind", ["kill", "interrupt"])
def test_whatever_ends_it_each_row_is_kept_and_counted_once(server: PracticeServer, tmp_path: Path, kind: str) -> None:
    submitted(server, tmp_path / "begun" / "notes.jsonl")
    codes = ends(server, tmp_path, kind)
    assert len(codes) > FEWEST
    assert codes == [-9 if kind == "kill" else collect_ended.ENDED] * (len(codes) - 1) + [collect_ended.NOT_ENDED]
    whole = costs(tmp_path / str(len(codes)) / "notes.jsonl")
    assert whole["requests"] == 4 and whole["prompt_tokens"] > 0
    for last in range(1, len(codes) + 1):
        journal = tmp_path / str(last) / "notes.jsonl"
        with closing(Chat(model="glm-4", base_url=server.base_url, api_key=KEY, journal=journal)) as chat:
            assert [(one.answered, one.failed) for one in chat.collect()] in ([(4, 1)], []), last
            assert chat.collect() == [], last
            rows = chat.history.records.rows
            assert sorted(len(rows.rows(row.key)) for row in rows) == [1] * 5, last
            mapped = chat.map("Say {{ text }}", ROWS, ask=False)
            assert [value is None for value in mapped.values] == [True, False, False, False, False], last
        assert costs(journal) == whole, last


def test_answers_that_come_later_are_counted_when_they_come(server: PracticeServer, tmp_path: Path) -> None:
    journal = tmp_path / "notes.jsonl"
    submitted(server, journal)
    with closing(Chat(model="glm-4", base_url=server.base_url, api_key=KEY, journal=journal)) as chat:
        server.disturb("GET /files/*/content", Raw((b"",)), Raw((b"",)))
        [one] = chat.collect()
        assert [refusal.reason for refusal in one.refusals] == ["batch.incomplete"]
        assert costs(journal)["requests"] == 0
        assert [(one.answered, one.failed) for one in chat.collect()] == [(4, 1)]
        assert chat.collect() == []
        assert costs(journal)["requests"] == chat.ledger.spent.requests == 4


def test_a_batch_stays_open_until_its_answers_are_on_the_disk(
    server: PracticeServer, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    journal = tmp_path / "notes.jsonl"
    submitted(server, journal)
    in_the_way = tmp_path / "notes.rows.jsonl"
    in_the_way.mkdir()
    with closing(Chat(model="glm-4", base_url=server.base_url, api_key=KEY, journal=journal)) as chat:
        for _ in range(2):
            assert [(one.answered, one.failed) for one in chat.collect()] == [(4, 1)]
        in_the_way.rmdir()
        assert len(chat.collect()) == 1
        assert chat.collect() == []
        assert costs(journal)["requests"] == chat.ledger.spent.requests == 4
    assert any("notes.rows.jsonl" in str(warned.message) for warned in recwarn)
    rows = in_the_way.read_bytes()
    assert [rows.count(b'"text"'), rows.count(b'"error"')] == [4, 1]
