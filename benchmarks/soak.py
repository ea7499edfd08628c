"""`make soak`: 200 kills and 200 interrupts at random moments, which must lose nothing and leave nothing behind.

    python -m benchmarks.soak --seed 7 --kills 200 --interrupts 200

Takes about three minutes, and needs Linux, whose /proc shows the resources of a process. The exit status is 1 unless
every count of something wrong is zero.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from .asker import Address
from .interrupted import interrupt
from .killed import kill
from .servers import Servers

#: The counts that need not be zero.
_TRIED = ("killed", "replies given before", "interrupts", "turns that were stopped", "turns kept in part")
_LONGEST = 300.0


def main() -> int:
    """Run both. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="the seed of the random moments")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--interrupts", type=int, default=200)
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    began = time.monotonic()
    with TemporaryDirectory(prefix="zhipu_magic-soak-") as folder, Servers() as servers:
        fast, slow = (servers.practice(pace=pace).environment() for pace in (0, 500))
        killed = kill(given.kills, given.seed, fast, Path(folder))
        interrupted = _in_its_own_process(given.interrupts, given.seed, fast, slow, Path(folder))
    wrong = 0
    for counts in (killed, interrupted):
        for what, count in sorted(counts.items(), key=lambda counted: counted[0] not in _TRIED):
            wrong += 0 if what in _TRIED else count
            print(f"{count:6}  {what}{'   ✗' if count and what not in _TRIED else ''}")
        print()
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


def _in_its_own_process(times: int, seed: int, fast: Address, slow: Address, folder: Path) -> Counter[str]:
    context = get_context("spawn")
    hear, results = context.Pipe(duplex=False)
    process = context.Process(target=interrupt, args=(times, seed, fast, slow, folder, results))
    process.start()
    results.close()
    try:
        if hear.poll(_LONGEST):
            counts: Counter[str] = hear.recv()
            return counts
    except EOFError:
        pass
    finally:
        process.kill()
        process.join()
    return Counter({"processes that hung or died": 1})


if __name__ == "__main__":
    sys.exit(main())
