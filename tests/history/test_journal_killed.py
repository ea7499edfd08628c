"""A kernel that is killed at any moment loses at most the reply in flight."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from journals import events_of

from zhipu_magic import Chat
from zhipu_magic.history.journal.file import torn_file
from zhipu_magic.history.journal.reader import read
from zhipu_magic.practice import PracticeServer
from zhipu_magic.text.errors import JournalError

POINTS = 50

#: Imports once, then has child after child ask until it is killed, some time after its first few replies; prints how
#: many replies each had been given.
_KERNELS = """
import json, os, random, select, signal, sys, time
import certifi, httpcore
import zhipu_magic.service.client
from zhipu_magic import Chat
url, key, folder, points = sys.argv[1:]

def ask(name, told):
    chat = Chat("glm-4", base_url=url, api_key=key, journal=f"{folder}/{name}.jsonl", warn=sys.exit)
    number = 0
    while True:
        number += 1
        assert chat.ask(f"{name}/{number}").text
        os.write(told, b".")

given = []
chance = random.Random(3)
for name in range(int(points)):
    hear, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            ask(name, told)
        finally:
            os._exit(1)
    os.close(told)
    count = 0
    for _ in range(chance.randrange(6)):
        count += len(os.read(hear, 1))
    select.select([], [], [], chance.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "it ended by itself"
    while more := os.read(hear, 100):
        count += len(more)
    os.close(hear)
    given.append(count)
print(json.dumps(given))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no kill -9")
def test_killed_at_fifty_points_no_reply_that_was_given_is_missing(tmp_path: Path) -> None:
    with PracticeServer(pace=0) as server:
        run = [sys.executable, "-c", _KERNELS, server.base_url, server.api_key, str(tmp_path), str(POINTS)]
        given = json.loads(subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True).stdout)
        assert len(given) == POINTS
        assert len(set(given)) > 3, "they were all killed at the same point"
        sent = [request.body["messages"][-1]["content"] for request in server.requests]
        for name, count in enumerate(given):
            asked = [prompt for prompt in sent if prompt.startswith(f"{name}/")]
            _goes_on(server, tmp_path / f"{name}.jsonl", asked, count)


def _goes_on(server: PracticeServer, path: Path, asked: list[str], given: int) -> None:
    """The journal holds all that was given and at most one reply more, and a new kernel goes on from there."""
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path, warn=pytest.fail)
    try:
        chat.history.resume()
    except JournalError:
        assert given == 0
        assert len(asked) <= 1
        return
    kept = [turn.prompt for turn in chat.thread().turns]
    assert kept == asked[: len(kept)]
    assert given <= len(kept) <= given + 1
    assert len(asked) - 1 <= len(kept)

    assert chat.ask("and on").text
    chat.close()
    messages: list[dict[str, Any]] = server.requests[-1].body["messages"]
    assert [message["content"] for message in messages[::2]] == [*kept, "and on"]
    assert [message["role"] for message in messages] == ["user", "assistant"] * len(kept) + ["user"]
    lines = read(path)
    assert lines.notes == []
    assert [event["prompt"] for event in events_of(lines) if event["event"] == "turn"] == [*kept, "and on"]


@pytest.mark.parametrize("cut", [1, 2, 50, 10_000])
def test_a_write_that_was_cut_anywhere_loses_that_line_alone(tmp_path: Path, server: PracticeServer, cut: int) -> None:
    path = tmp_path / "page.jsonl"
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    for prompt in ("one", "two"):
        assert chat.ask(prompt).text
    before = path.read_bytes()
    assert chat.ask("three").text
    line = path.read_bytes()[len(before) :]
    torn = line[: min(cut, len(line) - 1)]
    path.write_bytes(before + torn)

    again = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    (note,) = again.history.resume()
    assert "torn" in note
    assert [turn.prompt for turn in again.thread().turns] == ["one", "two"]
    assert torn_file(path).read_bytes() == torn + b"\n"
    assert path.read_bytes().startswith(before)
    assert read(path).notes == []
    chat.close()
    again.close()
