"""The store of rows' answers in a kernel that is interrupted or killed at any moment."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from zhipu_magic.history.journal.file import torn_file
from zhipu_magic.history.rows.store import RowStore

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such timer, and no kill -9")

_BEGUN = """
import base64, itertools, os, random, select, signal, sys, threading, time
from contextlib import suppress
from pathlib import Path
from zhipu_magic.history.rows.row import Row
from zhipu_magic.history.rows.store import RowStore
path = Path(sys.argv[1])

def key(number):
    return base64.urlsafe_b64encode(number.to_bytes(16, "big"))[:22].decode()

def answer(number):
    return Row(key(number), f"answer {number}", usage=(1, 2, 3))
"""

_INTERRUPTED = """
store, inside, came = RowStore(path), set(), 0

def interrupt(*_):
    global came
    if inside:
        inside.clear()
        came += 1
        raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
chance = random.Random(7)
done, mean = 0, 0.005
while done < 400 or came < 50:
    with suppress(KeyboardInterrupt):
        inside.add(1)
        mean *= 1.2  # on a slow machine, too, one gets done in the end
        signal.setitimer(signal.ITIMER_REAL, 1e-4 + chance.expovariate(1 / mean))
        store.add(answer(done))
        if done % 7 == 0:
            store.refresh()
        if done % 50 == 0:
            store.flush()
        if done % 100 == 0:
            store.move(path.with_name(f"{done}.rows.jsonl"))
            store.move(path)
        assert store.find(key(done)) is not None
        done, mean = done + 1, 0.005
        inside.clear()
signal.setitimer(signal.ITIMER_REAL, 0)
asked = threading.Thread(target=store.add, args=(answer(done),))
asked.start()
asked.join(30)
assert not asked.is_alive(), "a lock was left taken"
while store._waiting._is_due:
    time.sleep(0.01)
again = RowStore(path, warn=sys.exit)
assert all(again.find(key(number)) == answer(number) for number in range(done + 1))
store.close()
again.close()
"""

_KILLED = r"""
# Child after child adds rows until it is killed; each tells when it was given which row.
chance = random.Random(5)
for name in range(12):
    hear, told = os.pipe()
    child = os.fork()
    if child == 0:
        store = RowStore(path)
        for number in itertools.count(name * 1_000_000):
            store.add(answer(number))
            os.write(told, b"%d %f\n" % (number, time.monotonic()))
            time.sleep(0.002)
    os.close(told)
    time.sleep(chance.uniform(0.3, 0.8))
    os.kill(child, signal.SIGKILL)
    killed = time.monotonic()
    os.waitpid(child, 0)
    with os.fdopen(hear, "rb") as file:
        for line in file.read().splitlines():
            number, given = line.split()
            print(int(number), killed - float(given))
"""


def run(script: str, path: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _BEGUN + script, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ran.stdout


def test_interrupts_leave_no_lock_taken_and_lose_nothing(tmp_path: Path) -> None:
    run(_INTERRUPTED, tmp_path / "page.rows.jsonl")


def test_a_kernel_that_is_killed_loses_only_what_came_last(tmp_path: Path) -> None:
    path = tmp_path / "page.rows.jsonl"
    given = [line.split() for line in run(_KILLED, path).splitlines()]
    store = RowStore(path, warn=pytest.fail)
    lost = [float(ago) for number, ago in given if store.find(_key(int(number))) is None]
    assert len(given) - len(lost) > 500
    assert lost, "none was killed in the middle"
    # A quarter of a second, and what the disk and this machine take.
    assert max(lost) < 2
    store.close()
    assert path.read_bytes().endswith(b"}\n") or not torn_file(path).exists()


def _key(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(16, "big"))[:22].decode()
