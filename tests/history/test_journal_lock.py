"""The lock on a journal, on Windows too: there a byte far behind its end is locked, by a call that is played here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fcntl", reason="where there is no fcntl, the other lock is the only one")

_AS_ON_WINDOWS = """
import fcntl, os, sys, types
played = types.ModuleType("msvcrt")
played.LK_NBLCK, played.LK_UNLCK = 2, 0

def locking(descriptor, how, count):
    place = os.lseek(descriptor, 0, os.SEEK_CUR)
    assert place > 1 << 31, "what is locked cannot be read"
    if how == played.LK_UNLCK:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, count, place)
        return
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, count, place)
    except BlockingIOError:
        raise PermissionError(13, "Permission denied") from None

played.locking = locking
sys.modules["msvcrt"], sys.modules["fcntl"] = played, None
from pathlib import Path
from zhipu_magic.history.events.changes import SwitchEvent
from zhipu_magic.history.journal.journal import Journal
from zhipu_magic.history.journal.lock import CAN_LOCK, locked
assert CAN_LOCK
path = Path(sys.argv[1])
"""
_WRITE = """
told = []
journal = Journal(path, warn=told.append)
journal.begin({})
for number in range(40):
    journal.add(SwitchEvent(id=journal.next_id(), thread=f"t{number}"))
assert not told, told
"""
_HOLD = """
with path.open("r+b") as file, locked(file.fileno()):
    print("locked", flush=True)
    sys.stdin.read()
"""
_REFUSED = """
told = []
journal = Journal(path, warn=told.append)
journal.begin({})
journal.add(SwitchEvent(id=journal.next_id(), thread="t"))
assert len(told) == 1 and "another program has locked it" in told[0], told
"""


def started(script: str, path: Path) -> subprocess.Popen[str]:
    run = [sys.executable, "-c", _AS_ON_WINDOWS + script, str(path)]
    return subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_two_kernels_on_windows_write_whole_lines_and_cut_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id": "x-0", "event": "switch", "thread": "x"}\n{"id": "x-1", "event": "tor')
    for writer in [started(_WRITE, path) for _ in range(2)]:
        writer.communicate()
        assert writer.returncode == 0
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert len({line["id"] for line in lines}) == len(lines) == 1 + 2 * 41


@pytest.mark.timeout(30)
def test_a_journal_that_another_program_has_locked_on_windows_is_waited_for_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id": "x-0", "event": "switch", "thread": "x"}\n')
    holder = started(_HOLD, path)
    assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
    refused = started(_REFUSED, path)
    refused.communicate()
    holder.communicate()
    assert (refused.returncode, holder.returncode) == (0, 0)
    assert path.read_bytes().count(b"\n") == 1
